//! Each endpoint function of the crate has a function in C, and calls that show it.

use crate::tests::support::functions;

#[test]
fn every_endpoint_has_a_function_in_c() {
    // A line such as `management: pub fn get_sales_unit(session: &Session, msn: &Msn) -> ...`.
    let endpoints: Vec<String> = include_str!("../../tests/api.txt")
        .lines()
        .filter(|line| line.contains("(session: &Session") || line.contains("( session: &Session"))
        .filter_map(|line| {
            let (module, rest) = line.split_once(": pub fn ")?;
            let (name, _) = rest.split_once('(')?;
            let version = if module.ends_with("::v1") { "v1_" } else { "" };
            Some(format!("vipps_{version}{name}"))
        })
        .collect();
    assert!(!endpoints.is_empty());
    let declared = functions();
    let calls = include_str!("calls.c");
    for endpoint in endpoints {
        assert!(
            declared.iter().any(|function| function.name == endpoint),
            "vipps.h has no {endpoint}: add it to c/src/endpoints.rs, then run \
             `VIPPS_WRITE_HEADER=1 cargo test -p vipps-capi made_of`"
        );
        assert!(
            calls.contains(&format!("({endpoint}(")),
            "add a good and a bad call of {endpoint} to c/tests/calls.c, then run \
             `VIPPS_WRITE_CALLS=1 cargo test -p vipps-capi as_documented`"
        );
    }
}
