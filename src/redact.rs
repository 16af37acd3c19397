//! Takes secrets out of texts that came from a server, which may repeat what it was sent: as it is, escaped, or cut.

/// What stands in a secret's place.
const MARK: &str = "[redacted]";

/// Shorter ones are no secrets, and would hit words of the text.
const MIN_SECRET: usize = 4;

/// How much of a secret the end of a text must hold to be taken for a secret that was cut there.
const MIN_START: usize = 8;

/// Backslashes that are passed over at once: those of four levels of JSON, and no more, as a body may be full of them.
const MAX_SLASHES: usize = 32;

/// Longer than any escape of one character.
const MAX_ESCAPE: usize = 10;

/// Puts a mark in the place of each secret, of the longest one where several begin.
pub(crate) fn redact(text: &str, secrets: &[&str]) -> String {
    let first_letters: Vec<u8> = secrets
        .iter()
        .filter_map(|secret| secret.bytes().find(|b| *b != b'\\'))
        .collect();
    // Wherever a secret may begin: this passes over nearly all of a text.
    let may_begin = |b: u8| b"\\%&".contains(&b) || first_letters.contains(&b);

    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(may_begin) {
        // Of a long row of backslashes the last few may belong to a secret.
        let row = rest.bytes().skip(at).take_while(|b| *b == b'\\').count();
        let at = at + row.saturating_sub(MAX_SLASHES);
        clean.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let lengths = secrets.iter().filter_map(|secret| find_at(rest, secret));
        let length = match lengths.max() {
            Some(length) => {
                clean.push_str(MARK);
                length
            }
            None => {
                let first = rest.chars().next();
                clean.extend(first);
                first.map_or(0, char::len_utf8)
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    clean.push_str(rest);
    clean
}

/// How much of `text` is the secret, if it begins with it.
fn find_at(text: &str, secret: &str) -> Option<usize> {
    if secret.len() < MIN_SECRET {
        return None;
    }
    let plain = text.starts_with(secret).then_some(secret.len());
    plain.max(find_escaped_at(text, secret))
}

/// The same for a secret as JSON, URLs or HTML escape it. Each level of JSON doubles backslashes, so they are compared as if there were none.
fn find_escaped_at(text: &str, secret: &str) -> Option<usize> {
    let mut letters = secret.chars().filter(|c| *c != '\\');
    // Most places end here.
    let first = letters.next()?;
    // All places where what was compared so far may end: `%25` may be a percent sign or three characters.
    let mut ends: Vec<usize> = lengths(text, first).into_iter().flatten().collect();
    // Not by counting: this is asked at every place where a secret may begin.
    if ends.is_empty() || letters.clone().nth(MIN_SECRET - 2).is_none() {
        return None;
    }
    for (nth, letter) in (1..).zip(letters) {
        let mut next = Vec::new();
        for end in ends {
            let rest = text.get(end..).unwrap_or_default();
            if nth >= MIN_START && is_cut(rest) {
                return Some(text.len());
            }
            for length in lengths(rest, letter).into_iter().flatten() {
                // In order and each once, at the end as a rule. A sort would be more code than all of this.
                if let Err(place) = next.binary_search(&(end + length)) {
                    next.insert(place, end + length);
                }
            }
        }
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    let end = ends.into_iter().max()?;
    let rest = text.get(end..).unwrap_or_default();
    let slashes = if secret.ends_with('\\') {
        skip_slashes(rest)
    } else {
        0
    };
    Some(end + slashes)
}

/// How long `letter` is at the beginning of `text`, as it is and escaped, with the backslashes before it.
fn lengths(text: &str, letter: char) -> [Option<usize>; 2] {
    let slashes = skip_slashes(text);
    let rest = text.get(slashes..).unwrap_or_default();
    let plain = rest.starts_with(letter).then_some(letter.len_utf8());
    let escaped = unescape(rest, slashes > 0).filter(|(c, _)| *c == letter);
    [plain, escaped.map(|(_, length)| length)].map(|length| Some(length? + slashes))
}

/// How long the backslashes are at the beginning of `text`, escaped ones too.
fn skip_slashes(text: &str) -> usize {
    let row = text.bytes().take_while(|b| *b == b'\\');
    let mut skipped = row.take(MAX_SLASHES).count();
    while skipped < MAX_SLASHES {
        let rest = text.get(skipped..).unwrap_or_default();
        skipped += match unescape(rest, skipped > 0) {
            _ if rest.starts_with('\\') => 1,
            Some(('\\', length)) => length,
            _ => break,
        };
    }
    skipped
}

/// Reads `u002f` and `x2f` after a backslash, `%2F`, `&#47;`, `&#x2F;` and `&quot;`: the character, and the length of its escape.
fn unescape(text: &str, after_slash: bool) -> Option<(char, usize)> {
    let hex = |digits: usize| {
        let code = u32::from_str_radix(text.get(1..=digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 1 + digits))
    };
    match text.bytes().next()? {
        b'u' if after_slash => hex(4),
        b'x' if after_slash => hex(2),
        b'%' => hex(2),
        b'&' => {
            let end = text.bytes().take(MAX_ESCAPE).position(|b| b == b';')?;
            let c = match text.get(1..end)? {
                "quot" => '"',
                "apos" => '\'',
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                name => {
                    let number = name.strip_prefix('#')?;
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16),
                        None => number.parse(),
                    };
                    char::from_u32(code.ok()?)?
                }
            };
            Some((c, end + 1))
        }
        _ => None,
    }
}

/// Whether there is no more of a text, or no more than a part of an escape.
fn is_cut(text: &str) -> bool {
    let slashes = skip_slashes(text);
    let rest = text.get(slashes..).unwrap_or_default();
    let begins = slashes > 0 && rest.starts_with(['u', 'x']) || rest.starts_with(['%', '&']);
    let goes_on = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#');
    let part = rest.get(1..).unwrap_or_default();
    rest.is_empty()
        || begins
            && rest.len() < MAX_ESCAPE
            && goes_on(part)
            && unescape(rest, slashes > 0).is_none()
}
