//! Redacts secrets from server texts, which may echo what was sent: plain, cut, or escaped in any
//! way.
//!
//! Escapes are not decoded: each one breaks a secret into pieces, and only pieces shorter than 8
//! bytes remain.

use std::collections::HashSet;

/// Replaces a secret.
const MARK: &str = "[redacted]";

/// The number of consecutive bytes of a secret that are never shown. Shorter secrets are matched
/// whole.
const WINDOW: usize = 8;

/// Shorter secrets are ignored, since they would match ordinary words.
const MIN_SECRET: usize = 4;

/// The windows of all secrets, built once per reply: its texts may be many, and the secrets long.
pub(crate) struct Redactor {
    windows: HashSet<Vec<u8>>,
}

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().map(str::as_bytes);
        let windows = secrets
            .filter(|secret| secret.len() >= MIN_SECRET)
            .flat_map(|secret| secret.windows(secret.len().min(WINDOW)))
            .map(<[u8]>::to_vec)
            .collect();
        Self { windows }
    }

    /// Replaces every run of characters covered by windows of a secret with one mark.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        // The end of the windows found so far.
        let mut covered = 0;
        let mut in_run = false;
        for (at, c) in text.char_indices() {
            // A window may start inside a character, since a secret need not be ASCII.
            for start in at..at + c.len_utf8() {
                covered = covered.max(self.window_end(text, start).unwrap_or_default());
            }
            let hidden = at < covered;
            if !hidden {
                clean.push(c);
            } else if !in_run {
                clean.push_str(MARK);
            }
            in_run = hidden;
        }
        clean
    }

    /// The end of the longest window that starts at `start`.
    fn window_end(&self, text: &str, start: usize) -> Option<usize> {
        (start + MIN_SECRET..=start + WINDOW).rev().find(|end| {
            let window = text.as_bytes().get(start..*end);
            window.is_some_and(|window| self.windows.contains(window))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn redact(text: &str, secrets: &[&str]) -> String {
        Redactor::new(secrets.iter().copied()).redact(text)
    }

    fn windows(secret: &str) -> impl Iterator<Item = &[u8]> {
        secret.as_bytes().windows(secret.len().min(8))
    }

    fn holds(text: &str, window: &[u8]) -> bool {
        text.as_bytes().windows(window.len()).any(|w| w == window)
    }

    /// The first secret with a window in a redacted text. A secret that contains a bracket or a
    /// piece of the word `redacted` may seem to appear across a mark, so only the text between
    /// marks counts for it.
    fn shown<'a>(text: &str, secrets: &[&'a str]) -> Option<&'a str> {
        secrets.iter().copied().find(|secret| {
            let like_a_mark =
                secret.contains(['[', ']']) || windows(secret).any(|w| holds(MARK, w));
            let texts = if like_a_mark {
                text.split(MARK).collect()
            } else {
                vec![text]
            };
            windows(secret).any(|window| texts.iter().any(|text| holds(text, window)))
        })
    }

    /// Visible ASCII like real keys, some of few letters so that their windows overlap.
    fn secrets() -> impl Strategy<Value = Vec<String>> {
        vec(
            prop_oneof!["[!-~]{8,200}", "[!-~]{4,7}", "[ab\\[]{4,20}"],
            1..4,
        )
    }

    /// A character in one of several escapes, or plain.
    fn escape(c: char, way: usize) -> String {
        let code = u32::from(c);
        match way {
            0 => format!("\\u{code:04x}"),
            1 => format!("\\\\u{code:04X}"),
            2 => format!("\\{c}"),
            3 => format!("\\\\{c}"),
            4 => format!("%{code:02X}"),
            5 => format!("%25{code:02x}"),
            6 => format!("&#{code};"),
            7 => match c {
                '"' => "&quot;".to_owned(),
                '\'' => "&apos;".to_owned(),
                '&' => "&amp;".to_owned(),
                '<' => "&lt;".to_owned(),
                '>' => "&gt;".to_owned(),
                _ => format!("&#x{code:x};"),
            },
            _ => c.to_string(),
        }
    }

    /// Secrets, and a text with pieces of them between other texts.
    fn echoes() -> impl Strategy<Value = (Vec<String>, String)> {
        let ways = prop_oneof![Just(vec![8]), vec(0..100_usize, 200), vec(0..9_usize, 200)];
        let between = prop_oneof!["", "\\PC{0,12}", "[ab]{0,12}", Just(MARK.to_owned())];
        let pieces = vec((between, any::<Index>(), ways), 1..5);
        let cuts = any::<[Index; 2]>();
        (secrets(), pieces, cuts).prop_map(|(secrets, pieces, cuts)| {
            let mut text = String::new();
            for (between, secret, ways) in pieces {
                let letters = secret.get(&secrets).chars().zip(ways.iter().cycle());
                text.extend(letters.map(|(c, way)| escape(c, *way)));
                text += &between;
            }
            // Half of the cuts remove nothing.
            let [start, end] = cuts.map(|cut| cut.index(2 * text.len()).saturating_sub(text.len()));
            let cut = text
                .get(start..text.len() - end)
                .unwrap_or(&text)
                .to_owned();
            (secrets, cut)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_window_of_a_secret_is_shown((secrets, text) in echoes()) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let clean = redact(&text, &secrets);
            prop_assert_eq!(shown(&clean, &secrets), None, "{} from {}", clean, text);
        }

        /// Checks the rule byte by byte. The letters are few and share bytes, so that windows start
        /// and end inside characters.
        #[test]
        fn each_covered_run_becomes_one_mark(
            text in "[aåæ¥€]{0,60}", secrets in vec("[aåæ¥€]{1,4}|[aåæ¥€]{4,12}", 0..4)
        ) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let mut covered = vec![false; text.len()];
            for window in secrets.iter().filter(|s| s.len() >= 4).flat_map(|s| windows(s)) {
                for start in 0..text.len() {
                    if text.as_bytes().get(start..).unwrap().starts_with(window) {
                        covered.get_mut(start..start + window.len()).unwrap().fill(true);
                    }
                }
            }
            let hidden = |(at, c): (usize, char)| {
                covered.get(at..at + c.len_utf8()).unwrap().contains(&true)
            };
            let dotted = text.char_indices().map(|(at, c)| if hidden((at, c)) { '.' } else { c });
            let mut expected: String = dotted.collect();
            while expected.contains("..") {
                expected = expected.replace("..", ".");
            }
            prop_assert_eq!(redact(&text, &secrets), expected.replace('.', MARK));
        }
    }

    #[test]
    fn marks_cover_exactly_the_windows() {
        const SECRET: &str = "0123456789abcdef";
        for (text, secrets, clean) in [
            ("", &[SECRET] as &[&str], ""),
            ("01234567", &[], "01234567"),
            // Seven bytes are shown, eight are not.
            ("<0123456> <9abcdef>", &[SECRET], "<0123456> <9abcdef>"),
            (
                "<01234567> <89abcdef>",
                &[SECRET],
                "<[redacted]> <[redacted]>",
            ),
            ("å0123456789€", &[SECRET], "å[redacted]€"),
            // Two secrets in one run.
            ("-0123456789abcdef01234567-", &[SECRET], "-[redacted]-"),
            (
                "-0123456789abcdeabcdefgh-",
                &[SECRET, "abcdefgh"],
                "-[redacted]-",
            ),
            ("-abcdefghij-", &["cdef", "abcdefgh"], "-[redacted]ij-"),
            (
                "-abcdefgh abcd-",
                &["abcd", "abcdefgh"],
                "-[redacted] [redacted]-",
            ),
            // Short secrets are matched whole, those under 4 bytes not at all.
            ("abcdef abcde", &["abcdef"], "[redacted] abcde"),
            ("abcd abc", &["abcd", "abc", ""], "[redacted] abc"),
            ("redacted", &["redacted"], "[redacted]"),
            // Windows that end or start inside a character: å and æ share their first byte, å and ¥
            // their last.
            ("-aåååæ-", &["aåååå"], "-[redacted]-"),
            ("-ååååa-", &["¥åååa"], "-[redacted]-"),
        ] {
            assert_eq!(redact(text, secrets), clean, "{text}");
        }
    }

    #[test]
    fn an_escape_leaves_only_short_pieces() {
        let secret = "a&b%5Cc-secret-0123";
        for (text, clean) in [
            ("<a&amp;b%5Cc-secret-0123>", "<a&amp;[redacted]>"),
            (r"<a\u0026b%5Cc-secret-0123>", r"<a\u0026[redacted]>"),
            ("<a%26b%255Cc-secret-0123>", "<a%26b%25[redacted]>"),
        ] {
            assert_eq!(redact(text, &[secret]), clean);
        }
    }

    #[test]
    fn a_long_text_of_the_letter_a_secret_consists_of_is_redacted() {
        let secret = "a".repeat(2000) + "b";
        let text = "a".repeat(250_000);
        assert_eq!(redact(&text, &[&secret]), MARK);
        let ended = format!("{text}c {}", &"a".repeat(7));
        assert_eq!(redact(&ended, &[&secret]), "[redacted]c aaaaaaa");
    }
}
