//! Takes secrets out of texts that came from a server, which may echo what it was sent: plain, cut,
//! or escaped in any way and any number of times. Escapes are not decoded. Each one breaks a secret
//! into pieces, and only pieces of fewer than 8 bytes are left.

use std::collections::HashSet;

/// What stands in a secret's place.
const MARK: &str = "[redacted]";

/// This many consecutive bytes of a secret are never shown. A shorter secret is matched whole.
const WINDOW: usize = 8;

/// Anything shorter is not taken for a secret, as it would match ordinary words.
const MIN_SECRET: usize = 4;

/// Built once for all texts of a reply: a list of 30,000 short texts must not cost 30,000 times
/// the length of the secrets.
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

    /// Puts one mark in the place of every run of characters that windows of a secret cover.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        // Where the windows found so far end.
        let mut covered = 0;
        let mut in_run = false;
        for (at, c) in text.char_indices() {
            // A window may begin inside a character: a secret need not be ASCII.
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

    /// Where the longest window that begins at `start` ends.
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

    /// The first window of a secret that can be seen in a text. The marks are not the server's, and
    /// the texts between them never show one. Together with a mark they may seem to, but only for
    /// a secret that has a bracket or a piece of the word `redacted` in it.
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

    /// Visible ASCII as keys are, and of few letters, so that they hold each other's windows.
    fn secrets() -> impl Strategy<Value = Vec<String>> {
        vec(
            prop_oneof!["[!-~]{8,200}", "[!-~]{4,7}", "[ab\\[]{4,20}"],
            1..4,
        )
    }

    /// A character as another text may have it, and plain for the most part.
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

    /// Secrets, and a text that holds pieces of them between others.
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
            // Half of the cuts take nothing.
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

        /// Byte by byte and window by window, as the promise is worded. The letters are few,
        /// and share bytes, so that windows begin and end inside characters.
        #[test]
        fn a_mark_stands_for_each_run_and_the_rest_stays(
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
    fn runs_are_as_long_as_their_windows() {
        const SECRET: &str = "0123456789abcdef";
        for (text, secrets, clean) in [
            ("", &[SECRET] as &[&str], ""),
            ("01234567", &[], "01234567"),
            // Seven bytes may be a word, eight are a piece of the secret.
            ("<0123456> <9abcdef>", &[SECRET], "<0123456> <9abcdef>"),
            (
                "<01234567> <89abcdef>",
                &[SECRET],
                "<[redacted]> <[redacted]>",
            ),
            ("å0123456789€", &[SECRET], "å[redacted]€"),
            // One run, though it is two secrets.
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
            // The short ones whole, and not the shortest.
            ("abcdef abcde", &["abcdef"], "[redacted] abcde"),
            ("abcd abc", &["abcd", "abc", ""], "[redacted] abc"),
            ("redacted", &["redacted"], "[redacted]"),
            // A window that ends inside a character, and one that begins inside: å and æ have the
            // same first byte, å and ¥ the same last.
            ("-aåååæ-", &["aåååå"], "-[redacted]-"),
            ("-ååååa-", &["¥åååa"], "-[redacted]-"),
        ] {
            assert_eq!(redact(text, secrets), clean, "{text}");
        }
    }

    /// Case 18.
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

    /// Case 17.
    #[test]
    fn a_long_text_of_the_letter_a_secret_consists_of_is_redacted() {
        let secret = "a".repeat(2000) + "b";
        let text = "a".repeat(250_000);
        assert_eq!(redact(&text, &[&secret]), MARK);
        let ended = format!("{text}c {}", &"a".repeat(7));
        assert_eq!(redact(&ended, &[&secret]), "[redacted]c aaaaaaa");
    }
}
