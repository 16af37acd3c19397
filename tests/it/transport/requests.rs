//! Whole requests as they stand on the wire, the order of their headers aside.

use vipps::ApiKeys;

use super::{get, post, session};
use crate::support::{RawServer, builder_without_token, json_reply, system};

const TOKEN: &str = r#"{"access_token": "fetched", "expires_in": 900}"#;

#[test]
fn a_standard_token_request_is_empty_and_says_so() {
    let server = RawServer::start([json_reply(TOKEN), json_reply("[]")]);
    get(&builder_without_token(&server.url()).build().unwrap()).unwrap();
    let requests: Vec<String> = server.requests().iter().map(|r| sorted(r)).collect();
    // A gateway answers 411 to a POST without a length.
    let token = with_settings(
        "POST /accesstoken/get HTTP/1.1\n\
         accept-encoding: {encoding}\n\
         accept: application/json\n\
         client_id: test-client-id\n\
         client_secret: test-client-secret\n\
         content-length: 0\n\
         host: (the server)\n\
         merchant-serial-number: 123456\n\
         ocp-apim-subscription-key: test-subscription-key\n\
         user-agent: vipps-rust/{version}\n\
         vipps-system-name: acme\n\
         vipps-system-plugin-name: acme-webshop\n\
         vipps-system-plugin-version: 4.5.6\n\
         vipps-system-version: 3.1.2\n\n",
    );
    // The keys go to the token endpoint only.
    let call = with_settings(
        "GET /management/v1/sales-units HTTP/1.1\n\
         accept-encoding: {encoding}\n\
         accept: application/json\n\
         authorization: Bearer fetched\n\
         host: (the server)\n\
         merchant-serial-number: 123456\n\
         ocp-apim-subscription-key: test-subscription-key\n\
         user-agent: vipps-rust/{version}\n\
         vipps-system-name: acme\n\
         vipps-system-plugin-name: acme-webshop\n\
         vipps-system-plugin-version: 4.5.6\n\
         vipps-system-version: 3.1.2\n\n",
    );
    assert_eq!(requests, [token, call]);
}

#[test]
fn a_management_token_request_is_a_form_without_a_subscription_key() {
    let server = RawServer::start([json_reply(TOKEN), json_reply("[]")]);
    let keys = ApiKeys::management("test-client-id", "test-client-secret");
    let session = vipps::Session::builder(keys, system()).base_url(server.url());
    get(&session.build().unwrap()).unwrap();
    let requests: Vec<String> = server.requests().iter().map(|r| sorted(r)).collect();
    let token = with_settings(
        "POST /miami/v1/token HTTP/1.1\n\
         accept-encoding: {encoding}\n\
         accept: application/json\n\
         authorization: Basic dGVzdC1jbGllbnQtaWQ6dGVzdC1jbGllbnQtc2VjcmV0\n\
         content-length: 29\n\
         content-type: application/x-www-form-urlencoded\n\
         host: (the server)\n\
         user-agent: vipps-rust/{version}\n\
         vipps-system-name: acme\n\
         vipps-system-plugin-name: acme-webshop\n\
         vipps-system-plugin-version: 4.5.6\n\
         vipps-system-version: 3.1.2\n\n\
         grant_type=client_credentials",
    );
    let call = with_settings(
        "GET /management/v1/sales-units HTTP/1.1\n\
         accept-encoding: {encoding}\n\
         accept: application/json\n\
         authorization: Bearer fetched\n\
         host: (the server)\n\
         user-agent: vipps-rust/{version}\n\
         vipps-system-name: acme\n\
         vipps-system-plugin-name: acme-webshop\n\
         vipps-system-plugin-version: 4.5.6\n\
         vipps-system-version: 3.1.2\n\n",
    );
    assert_eq!(requests, [token, call]);
}

#[test]
fn a_body_has_its_length_and_type_once() {
    let id = r#"{"prefilledOrderId": "81b83246-5c19-7b94-875b-ea6d1114f099"}"#;
    let server = RawServer::start([json_reply(id)]);
    // The rest of the reply is of no interest here.
    drop(post(&session(&server.url())));
    let request = sorted(&server.requests()[0]);
    let (head, body) = request.split_once("\n\n").unwrap();
    let length = body.len();
    let expected = with_settings(
        "POST /management/v1/product-orders HTTP/1.1\n\
         accept-encoding: {encoding}\n\
         accept: application/json\n\
         authorization: Bearer test-token\n\
         content-length: {length}\n\
         content-type: application/json\n\
         host: (the server)\n\
         idempotency-key: a-key-of-this-test\n\
         merchant-serial-number: 123456\n\
         ocp-apim-subscription-key: test-subscription-key\n\
         user-agent: vipps-rust/{version}\n\
         vipps-system-name: acme\n\
         vipps-system-plugin-name: acme-webshop\n\
         vipps-system-plugin-version: 4.5.6\n\
         vipps-system-version: 3.1.2",
    );
    assert_eq!(head, expected.replace("{length}", &length.to_string()));
    assert!(length > 0);
}

/// Fills in what depends on how the crate was built.
fn with_settings(text: &str) -> String {
    // ureq asks for what it can decompress, which is not for this crate's caller to find out by surprise.
    let encoding = if cfg!(feature = "gzip") {
        "gzip"
    } else {
        "identity"
    };
    text.replace("{encoding}", encoding)
        .replace("{version}", env!("CARGO_PKG_VERSION"))
}

/// A request with its headers sorted and its lines ended by `\n`, the host's port left out.
fn sorted(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap();
    let mut headers: Vec<&str> = lines
        .map(|line| match line.starts_with("host: 127.0.0.1:") {
            true => "host: (the server)",
            false => line,
        })
        .collect();
    headers.sort_unstable();
    format!("{first}\n{}\n\n{body}", headers.join("\n"))
}
