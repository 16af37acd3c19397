//! Bodies that are too long, too deep, cut or without a content type.

use super::*;

#[test]
fn at_most_4_kib_of_a_body_are_kept() {
    let euros = |n: usize| "€".repeat(n);
    let letters = |n: usize| "x".repeat(n);
    // 4096 is not a multiple of the three bytes of a euro sign.
    for (sent, kept, shown) in [
        (euros(2000), euros(1365), euros(200) + "..."),
        (letters(4096), letters(4096), letters(200) + "..."),
        (letters(4097), letters(4096), letters(200) + "..."),
        (letters(300_000), letters(4096), letters(200) + "..."),
        (euros(200), euros(200), euros(200)),
        (euros(201), euros(201), euros(200) + "..."),
    ] {
        let display = format!("GET /management/v1/sales-units: 400 Bad Request: {shown}");
        let says = Facts {
            body: Some(kept),
            ..answered(Rejected, 400, &display)
        };
        check([case("a proxy", TEXT, sent, says)]);
    }
}

#[test]
fn at_most_4_kib_of_a_text_are_kept() {
    let long = "€".repeat(2000);
    let body =
        format!(r#"{{"title":"{long}","invalidParams":[{{"name":"n","reason":"{long}"}}]}}"#);
    let kept = "€".repeat(1365);
    let says = Facts {
        title: Some(kept.clone()),
        fields: vec![("n".to_owned(), kept.clone())],
        ..answered(
            Rejected,
            400,
            &format!("GET /management/v1/sales-units: 400 Bad Request: {kept} (n: {kept})"),
        )
    };
    check([case("nowhere", PROBLEM, body, says)]);
}

/// Deeper than a recursive parser can go.
#[test]
fn deeply_nested_json_is_an_ordinary_body() {
    let arrays = "[".repeat(10_000);
    let objects = r#"{"error":"#.repeat(10_000);
    for deep in [arrays, objects] {
        let shown: String = deep.chars().take(200).collect();
        let display = format!("GET /management/v1/sales-units: 400 Bad Request: {shown}...");
        let says = Facts {
            body: some(&deep[..4096]),
            ..answered(Rejected, 400, &display)
        };
        check([case("nowhere", JSON, deep, says)]);
    }
    // As deep as the parser goes, with a value at the bottom.
    let nested = format!(
        "{}{}{}",
        r#"{"error":"#.repeat(100),
        r#"{"message":"bottom"}"#,
        "}".repeat(100)
    );
    let says = says(Rejected, "400 Bad Request: bottom").detail("bottom");
    check([case("nowhere", JSON, nested, says)]);
}

/// All of them can be queried, but the message stays readable.
#[test]
fn only_the_first_field_problems_are_shown() {
    for (n, shown, more) in [
        (20, 20, ""),
        (21, 20, "; and 1 more"),
        (5000, 20, "; and 4980 more"),
    ] {
        let names: Vec<String> = (0..n).map(|nth| format!("f{nth}")).collect();
        let list: Vec<String> = names
            .iter()
            .map(|name| format!(r#"{{"name":"{name}","reason":"no"}}"#))
            .collect();
        let body = format!(r#"{{"title":"Many","invalidParams":[{}]}}"#, list.join(","));
        let texts: Vec<String> = names
            .iter()
            .take(shown)
            .map(|name| format!("{name}: no"))
            .collect();
        let display = format!(
            "GET /management/v1/sales-units: 400 Bad Request: Many ({}{more})",
            texts.join("; ")
        );
        let says = Facts {
            title: some("Many"),
            fields: names
                .into_iter()
                .map(|name| (name, "no".to_owned()))
                .collect(),
            ..answered(Rejected, 400, &display)
        };
        check([case("nowhere", JSON, body, says)]);
    }
}

/// The code of a field problem is shown with it, but only if that problem is shown at all.
#[test]
fn a_code_is_shown_exactly_once() {
    for (before, display) in [
        (1, "Many (f: no; ErrorCode: E7)".to_owned()),
        (
            20,
            format!("E7: Many ({}; and 1 more)", ["f: no"; 20].join("; ")),
        ),
    ] {
        let list = r#"{"name":"f","reason":"no"},"#.repeat(before);
        let body = format!(
            r#"{{"title":"Many","extraDetails":[{list}{{"name":"ErrorCode","reason":"E7"}}]}}"#
        );
        let display = format!("GET /management/v1/sales-units: 400 Bad Request: {display}");
        let said = [[("f", "no")].repeat(before), vec![("ErrorCode", "E7")]].concat();
        let says = Facts {
            title: some("Many"),
            code: some("E7"),
            fields: fields(&said),
            ..answered(Rejected, 400, &display)
        };
        check([case("the Management API", PROBLEM, body, says)]);
    }
}

#[test]
fn a_huge_array_of_strings_is_truncated() {
    let texts = vec![r#""no""#; 20_000].join(",");
    let kept = "no; ".repeat(1024);
    // The space at the cut is kept but not shown.
    let says = Facts {
        detail: Some(kept.clone()),
        ..answered(
            Rejected,
            400,
            &format!(
                "GET /management/v1/sales-units: 400 Bad Request: {}",
                kept.trim_end()
            ),
        )
    };
    check([case("nowhere", JSON, format!("[{texts}]"), says)]);
}

#[test]
fn the_status_survives_a_cut_body() {
    let (sandbox, session) = sandbox();
    let head =
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nnot for";
    let error = error_of(&sandbox, &session, Fault::Raw(head.into()));
    let says = says(Forbidden, "403 Forbidden: not for").body("not for");
    assert_eq!(facts(&error), says);
}

#[test]
fn a_reply_without_a_content_type_is_read() {
    let (sandbox, session) = sandbox();
    let fault = raw_reply(&["HTTP/1.1 404 Gone Fishing"], br#"{"title":"No unit"}"#);
    let error = error_of(&sandbox, &session, fault);
    let says = says(NotFound, "404 Not Found: No unit").title("No unit");
    assert_eq!(facts(&error), says);
}
