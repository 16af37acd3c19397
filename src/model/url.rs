use crate::error::problem::FieldProblem;

/// What is wrong with a URL, if anything: it must have a scheme and, for http and https, a host.
pub(crate) fn url_problem(field: impl Into<String>, url: &str) -> Option<FieldProblem> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let has_no_gaps = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    let is_url = url.split_once(':').is_some_and(|(scheme, rest)| {
        let is_web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
        let host = rest.strip_prefix("//").unwrap_or_default();
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        is_scheme(scheme)
            && if is_web {
                !host.is_empty()
            } else {
                !rest.is_empty()
            }
    });
    if has_no_gaps && is_url {
        return None;
    }
    let rule = "must be a URL such as https://example.com/order/1";
    Some(FieldProblem::invalid(field, rule, url))
}
