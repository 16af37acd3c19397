//! The sandbox's token endpoints, and the headers that every call needs.

use super::*;

#[test]
fn the_standard_flow_gives_numbers_as_strings() {
    let sandbox = Sandbox::start().unwrap();
    for (nth, key) in [KEY, SECOND_KEY].into_iter().enumerate() {
        let headers = [ID, SECRET, key, EMPTY];
        let answer = ask(&sandbox, "POST /accesstoken/get", &headers, "");
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.headers,
            ["content-type: application/json;charset=UTF-8"]
        );
        assert_eq!(
            answer.json(),
            json!({
                "token_type": "Bearer",
                "expires_in": "3600",
                "ext_expires_in": "3600",
                "expires_on": "1600003600",
                "not_before": "1600000000",
                "resource": "00000002-0000-0000-c000-000000000000",
                "access_token": format!("sandbox-token-00000{}", nth + 1),
            })
        );
    }
}

#[test]
fn the_management_flow_gives_a_number() {
    let sandbox = Sandbox::start().unwrap();
    let with_charset = (
        "Content-Type",
        "application/x-www-form-urlencoded; charset=utf-8",
    );
    for (nth, (form, body)) in [
        (FORM, "grant_type=client_credentials"),
        (
            with_charset,
            "scope=donations&grant_type=client%5fcredentials",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = ask(&sandbox, "POST /miami/v1/token", &[BASIC, form], body);
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json(),
            json!({
                "access_token": format!("sandbox-token-00000{}", nth + 1),
                "token_type": "Bearer",
                "expires_in": 900,
            })
        );
    }
}

#[test]
fn token_requests_are_refused_as_the_api_refuses_them() {
    let sandbox = Sandbox::start().unwrap();
    let form = "grant_type=client_credentials";
    let standard = "POST /accesstoken/get";
    let management = "POST /miami/v1/token";
    let oauth = |error: &str, description: &str| {
        let codes = [7_000_215];
        json!({"error": error, "error_description": description, "error_codes": codes})
    };
    let gateway = |message: &str| json!({"statusCode": 401, "message": message});
    let wrong_client = oauth("invalid_client", "Client authentication failed.");
    let wrong_form = oauth(
        "unsupported_grant_type",
        "The grant_type must be client_credentials.",
    );
    let wrong_member = oauth(
        "invalid_request",
        "The form must hold a grant_type and may hold a scope.",
    );
    for (line, headers, body, status, expected) in [
        (
            standard,
            [ID, SECRET, ("Ocp-Apim-Subscription-Key", "other"), EMPTY].as_slice(),
            "",
            401,
            gateway("The subscription key is not valid."),
        ),
        (
            standard,
            &[ID, SECRET, EMPTY],
            "",
            401,
            gateway("The subscription key is missing."),
        ),
        (
            standard,
            &[ID, ("client_secret", "other"), KEY, EMPTY],
            "",
            401,
            oauth("invalid_client", "The client secret is wrong."),
        ),
        (
            standard,
            &[ID, KEY, EMPTY],
            "",
            401,
            oauth("invalid_client", "The client secret is wrong."),
        ),
        (
            standard,
            &[("client_id", "other"), SECRET, KEY, EMPTY],
            "",
            400,
            oauth("unauthorized_client", "The client id is unknown."),
        ),
        // The keys of one flow do not work in the other.
        (
            standard,
            &[
                ("client_id", "sandbox-management-id"),
                ("client_secret", "sandbox-mgmt-secret"),
                KEY,
                EMPTY,
            ],
            "",
            400,
            oauth("unauthorized_client", "The client id is unknown."),
        ),
        (management, &[FORM], form, 401, wrong_client.clone()),
        (
            management,
            &[("Authorization", "Basic b3RoZXI6b3RoZXI="), FORM],
            form,
            401,
            wrong_client.clone(),
        ),
        // With a subscription key, even valid keys are refused.
        (
            management,
            &[BASIC, FORM, KEY],
            form,
            401,
            wrong_client.clone(),
        ),
        // Without a grant type, or without a form.
        (management, &[BASIC, JSON], form, 401, wrong_client.clone()),
        (
            management,
            &[BASIC, FORM],
            "scope=donations",
            401,
            wrong_client.clone(),
        ),
        (management, &[BASIC, FORM, EMPTY], "", 401, wrong_client),
        (
            management,
            &[BASIC, FORM],
            "grant_type=password",
            400,
            wrong_form,
        ),
        (
            management,
            &[BASIC, FORM],
            "grant_type=client_credentials&user=x",
            400,
            wrong_member,
        ),
    ] {
        let answer = ask(&sandbox, line, headers, body);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.headers, ["content-type: application/json"]);
        assert_eq!(answer.json(), expected, "{headers:?}");
    }
    // Refused before anything else is checked, because the length is missing.
    let answer = ask(&sandbox, standard, &[ID, SECRET, KEY], "");
    assert_eq!(answer.status, 411);
    assert_eq!(answer.headers, ["content-type: text/html"]);
    assert_eq!(answer.body, "<html><title>Length Required</title></html>");
}

#[test]
fn a_call_needs_a_valid_token_and_matching_keys() {
    let sandbox = Sandbox::start().unwrap();
    let (standard, management) = (standard_token(&sandbox), management_token(&sandbox));
    let good = ("Authorization", standard.as_str());
    let managing = ("Authorization", management.as_str());
    for headers in [&[good, KEY], &[good, SECOND_KEY], &[managing, ("X", "y")]] {
        assert_eq!(ask(&sandbox, LIST, headers, "").status, 200, "{headers:?}");
    }

    let form = "The Authorization header must hold a bearer token.";
    for (headers, detail) in [
        ([KEY].as_slice(), form),
        (
            &[
                ("Authorization", standard.strip_prefix("Bearer ").unwrap()),
                KEY,
            ],
            form,
        ),
        (&[BASIC, KEY], form),
        (
            &[("Authorization", "Bearer other"), KEY],
            "The token is unknown.",
        ),
        (&[("Authorization", "Bearer "), KEY], form),
    ] {
        let answer = ask(&sandbox, LIST, headers, "");
        assert_eq!(answer.problem(), (401, detail.to_owned()));
    }
    for (headers, message) in [
        ([good].as_slice(), "The subscription key is missing."),
        (
            &[good, ("Ocp-Apim-Subscription-Key", "other")],
            "The subscription key is not valid.",
        ),
        (
            &[managing, KEY],
            "A management token must be sent without a subscription key.",
        ),
    ] {
        let answer = ask(&sandbox, LIST, headers, "");
        assert_eq!(
            answer.json(),
            json!({"statusCode": 401, "message": message})
        );
        assert_eq!(answer.status, 401);
    }
}

#[test]
fn tokens_expire_by_the_clock() {
    let sandbox = Sandbox::start().unwrap();
    let status = |token: &str, headers: &[(&str, &str)]| {
        let headers = [&[("Authorization", token)], headers].concat();
        ask(&sandbox, LIST, &headers, "")
    };
    let expired = (401, "The token has expired.".to_owned());
    for (lifetime, token, headers) in [
        (
            3600,
            standard_token as fn(&Sandbox) -> String,
            [KEY].as_slice(),
        ),
        (900, management_token, &[]),
    ] {
        let token = token(&sandbox);
        sandbox.advance(Duration::from_secs(lifetime - 1));
        assert_eq!(status(&token, headers).status, 200);
        sandbox.advance(Duration::from_secs(1));
        assert_eq!(status(&token, headers).problem(), expired);
    }

    // Tokens keep the lifetime that they were issued with.
    let hour = standard_token(&sandbox);
    sandbox.set_token_lifetime(Duration::from_secs(60));
    let minute = standard_token(&sandbox);
    let managing = management_token(&sandbox);
    sandbox.advance(Duration::from_secs(60));
    assert_eq!(status(&hour, &[KEY]).status, 200);
    assert_eq!(status(&minute, &[KEY]).problem(), expired);
    assert_eq!(status(&managing, &[]).problem(), expired);

    sandbox.revoke_tokens();
    let unknown = (401, "The token is unknown.".to_owned());
    assert_eq!(status(&hour, &[KEY]).problem(), unknown);

    sandbox.set_token_lifetime(Duration::MAX);
    assert_eq!(status(&standard_token(&sandbox), &[KEY]).status, 200);
}

#[test]
fn a_sandbox_session_uses_the_sandboxs_clock() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    management::list_sales_units(&session).unwrap();
    // The sandbox's sessions share a token with each other, but not with one from a builder.
    management::list_sales_units(&sandbox.session()).unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    management::list_sales_units(&single(&sandbox)).unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);

    sandbox.advance(Duration::from_secs(3600));
    assert_eq!(sandbox.clock().now(), Duration::from_secs(3600));
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 3);
    // The session noticed that its token had expired: nothing was refused.
    assert_eq!(sandbox.count(LIST), 4);
    sandbox.revoke_tokens();
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.count(LIST), 6);

    let keys = sandbox.management_keys();
    let system = vipps::SystemInfo::new("acme", "1").unwrap();
    let session = Session::builder(keys, system)
        .base_url(sandbox.url())
        .build();
    assert_eq!(
        management::list_sales_units(&session.unwrap())
            .unwrap()
            .len(),
        3
    );
    assert_eq!(sandbox.count("POST /miami/v1/token"), 1);
}

/// Each API has its own limits and names the header in its own format.
#[test]
fn headers_are_checked_as_the_api_describes_them() {
    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    let good = [("Authorization", token.as_str()), KEY];
    let order = "GET /order-management/v2/ecom/order-1";
    let detail = "The request has invalid headers.";
    let system = [
        "vipps-system-name",
        "vipps-system-version",
        "vipps-system-plugin-name",
        "vipps-system-plugin-version",
    ];
    for name in system {
        for length in [0, 30, 31, 100, 101] {
            let value = "x".repeat(length);
            let headers = [&good[..], &[(name, &value)]].concat();
            let answer = ask(&sandbox, LIST, &headers, "");
            if length <= 30 {
                assert_eq!(answer.status, 200);
            } else {
                let expected =
                    format!("{detail} {name}: must be a string of at most 30 characters;");
                assert_eq!(answer.problem(), (400, expected));
            }

            let headers = [&headers[..], &[("Merchant-Serial-Number", "123456")]].concat();
            let answer = ask(&sandbox, order, &headers, "");
            if length <= 100 {
                assert_eq!(answer.status, 404);
            } else {
                let params =
                    json!([{"name": name, "reason": "must be a string of at most 100 characters"}]);
                assert_eq!(answer.status, 400);
                assert_eq!(answer.json()["invalidParams"], params);
            }
        }
    }
    for msn in ["", "123", "12345678901", "12a45"] {
        let headers = [&good[..], &[("Merchant-Serial-Number", msn)]].concat();
        let expected = format!(
            "{detail} Merchant-Serial-Number: must be a string of 4 to 10 characters (digits);"
        );
        let problem = ask(&sandbox, LIST, &headers, "").problem();
        assert_eq!(problem, (400, expected));
    }
    // Headers that the endpoint does not define are ignored.
    let headers = [&good[..], &[("Idempotency-Key", "")]].concat();
    assert_eq!(ask(&sandbox, LIST, &headers, "").status, 200);
}
