//! Parses `NO_PROXY`. There is no standard; this accepts what curl and Go accept.

use std::net::IpAddr;

use crate::config::base_url::split_port;

/// Whether a `NO_PROXY` list names this host.
///
/// Entries are separated by commas or blanks. A domain includes its subdomains, with or without a
/// leading `.` or `*.`; a trailing `*` matches any ending; addresses and CIDR blocks match hosts
/// that are addresses, since names are not looked up. All but CIDR blocks may have a port. Other
/// entries match nothing.
pub(crate) fn names(list: &str, host: &str, port: u16) -> bool {
    let host = without_brackets(host).trim_end_matches('.');
    list.split([',', ' ', '\t'])
        .any(|entry| matches(entry, host, port))
}

fn matches(entry: &str, host: &str, port: u16) -> bool {
    if let Some((network, length)) = entry.split_once('/') {
        return is_in_block(network, length, host);
    }
    // In `::1` the last colon does not start a port.
    let (name, its_port) = match entry.parse::<IpAddr>() {
        Ok(_) => (entry, None),
        Err(_) => split_port(entry),
    };
    if its_port.is_some_and(|its| its.parse() != Ok(port)) {
        return false;
    }
    if let Some(beginning) = name.strip_suffix('*') {
        return starts_with(host, beginning);
    }
    match host.parse::<IpAddr>() {
        Ok(address) => without_brackets(name).parse() == Ok(address),
        Err(_) => is_within(host, name),
    }
}

/// Whether `host` is this domain or a subdomain.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix('*').unwrap_or(domain);
    let domain = domain.trim_matches('.');
    let Some(above) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let is_boundary = above == 0 || host.get(..above).is_some_and(|sub| sub.ends_with('.'));
    let ending = host.get(above..).unwrap_or_default();
    !domain.is_empty() && is_boundary && ending.eq_ignore_ascii_case(domain)
}

fn starts_with(host: &str, beginning: &str) -> bool {
    host.get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

fn is_in_block(network: &str, length: &str, host: &str) -> bool {
    let Ok(length) = length.parse::<u32>() else {
        return false;
    };
    let in_common = match (network.parse(), host.parse()) {
        (Ok(IpAddr::V4(network)), Ok(IpAddr::V4(host))) => {
            (length <= 32).then(|| (network.to_bits() ^ host.to_bits()).leading_zeros())
        }
        (Ok(IpAddr::V6(network)), Ok(IpAddr::V6(host))) => {
            (length <= 128).then(|| (network.to_bits() ^ host.to_bits()).leading_zeros())
        }
        _ => None,
    };
    in_common.is_some_and(|bits| bits >= length)
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_hosts() {
        const API: &str = "api.vipps.no";
        let table = [
            ("", API, false),
            (",", API, false),
            ("*", API, true),
            ("*:443", API, true),
            ("*:8443", API, false),
            ("vipps.no", API, true),
            ("VIPPS.no", "API.vipps.NO", true),
            ("api.vipps.no", API, true),
            ("api.vipps.no.", API, true),
            ("api.vipps.no", "api.vipps.no.", true),
            (".vipps.no", API, true),
            (".vipps.no", "vipps.no", true),
            ("*.vipps.no", API, true),
            ("ipps.no", API, false),
            ("pi.vipps.no", API, false),
            ("no", API, true),
            (".", API, false),
            ("api.vipps.no.example.com", API, false),
            ("api.vipps.no:443", API, true),
            ("vipps.no:443", API, true),
            ("api.vipps.no:8443", API, false),
            ("api.vipps.no:", API, false),
            ("api.vipps.no:https", API, false),
            ("api.*", API, true),
            ("api.*", "apitest.vipps.no", false),
            ("example.com,api.vipps.no", API, true),
            ("example.com, api.vipps.no", API, true),
            ("example.com api.vipps.no", API, true),
            ("https://api.vipps.no", API, false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3:443", "10.1.2.3", true),
            ("10.1.2.3:80", "10.1.2.3", false),
            ("2.3", "10.1.2.3", false),
            ("10.1.*", "10.1.2.3", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.0/24", "10.1.2.3", true),
            ("10.1.2.4/31", "10.1.2.3", false),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("0.0.0.0/0", "10.1.2.3", true),
            ("10.0.0.0/33", "10.1.2.3", false),
            ("10.0.0.0/", "10.1.2.3", false),
            ("10.0.0.0/8", API, false),
            ("0.0.0.0/0", "[::1]", false),
            ("::1", "[::1]", true),
            ("[::1]", "[::1]", true),
            ("[::1]:443", "[::1]", true),
            ("[::1]:80", "[::1]", false),
            ("0:0:0:0:0:0:0:1", "[::1]", true),
            ("fd00::/8", "[fd12:3456::1]", true),
            ("fd00::/8", "[fe80::1]", false),
            ("::/129", "[::1]", false),
            ("æøå.no", API, false),
        ];
        for (list, host, is_named) in table {
            assert_eq!(names(list, host, 443), is_named, "{list:?} {host}");
        }
    }
}
