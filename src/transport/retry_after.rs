use std::time::{Duration, SystemTime};

use ureq::http::HeaderMap;
use ureq::http::header::{DATE, RETRY_AFTER};

/// Reads `Retry-After`: seconds, or a date, relative to the reply's `Date` since both come from the
/// server's clock.
pub(super) fn read(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        // Too large for a u64 is as good as forever.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = parse(value)?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now = date.and_then(parse).or_else(|| {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Some(since_epoch.ok()?.as_secs())
    })?;
    Some(Duration::from_secs(at.saturating_sub(now)))
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT`, the only format that RFC 9110 lets senders use, as
/// seconds since 1970.
fn parse(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = number(parts.next()?, 2, 1..=31)?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year = number(parts.next()?, 4, 1970..=9999)?;
    let mut time = parts.next()?.split(':');
    let hour = number(time.next()?, 2, 0..=23)?;
    let minute = number(time.next()?, 2, 0..=59)?;
    let second = number(time.next()?, 2, 0..=60)?;
    if time.next().is_some() || parts.next() != Some("GMT") || parts.next().is_some() {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day > days_of_month {
        return None;
    }
    // Days since 1 March of year 0, so that a leap day ends its year, minus those before 1970.
    let (shifted_year, shifted_month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leap_days = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    let days = 365 * shifted_year + leap_days + (153 * shifted_month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn number(text: &str, length: usize, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
    let digits = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    range.contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:01 GMT", 1),
            ("Thu, 01 Jan 1970 23:59:59 GMT", 86_399),
            ("Sat, 28 Feb 1970 23:59:59 GMT", 5_097_599),
            ("Sun, 01 Mar 1970 00:00:00 GMT", 5_097_600),
            ("Thu, 31 Dec 1970 00:00:00 GMT", 31_449_600),
            ("Tue, 29 Feb 1972 12:00:00 GMT", 68_212_800),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            // 2000 is a leap year, 2100 is not.
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Sun, 28 Feb 2100 00:00:00 GMT", 4_107_456_000),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            // A leap second is read as the following second.
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            // The weekday is ignored.
            ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let mut expected = 0;
        for year in 1970..=2400 {
            for month in MONTHS {
                for day in 1..=31 {
                    if let Some(seconds) =
                        parse(&format!("Day, {day:02} {month} {year} 00:00:00 GMT"))
                    {
                        assert_eq!(seconds, expected, "{day} {month} {year}");
                        expected += 86_400;
                    }
                }
            }
        }
        // 431 years, of which 105 are leap years.
        assert_eq!(expected, (431 * 365 + 105) * 86_400);
    }

    #[test]
    fn invalid_dates_are_none() {
        for text in [
            "",
            "0",
            ", ",
            "Sun, ",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 006 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 30 Feb 1994 08:49:37 GMT",
            "Sun, 29 Feb 1994 08:49:37 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 November 1994 08:49:37 GMT",
            "Sun, 06 11 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 06 Nov 1994 -8:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, \u{660}\u{666} Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
