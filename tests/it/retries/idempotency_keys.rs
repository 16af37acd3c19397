//! Random idempotency keys.

use super::*;

#[test]
fn random_idempotency_keys_never_collide() {
    let threads = 4;
    let keys = at_once(threads, || {
        let keys = (0..25_000).map(|_| IdempotencyKey::random());
        keys.collect::<Vec<_>>()
    });
    let keys: Vec<IdempotencyKey> = keys.into_iter().flatten().collect();
    for key in &keys {
        let key = key.as_str();
        // xxxxxxxx-xxxx-4xxx-[89ab]xxx-xxxxxxxxxxxx
        let fits = |(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => b"89ab".contains(&byte),
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        };
        assert!(
            key.len() == 36 && key.bytes().enumerate().all(fits),
            "{key}"
        );
    }
    // Every bit varies, except those that mark a version 4 UUID.
    let bits = keys
        .iter()
        .map(|key| u128::from_str_radix(&key.as_str().replace('-', ""), 16).unwrap());
    let (always, ever) = bits.fold((u128::MAX, 0), |(and, or), key| (and & key, or | key));
    assert_eq!(format!("{always:032x}"), "00000000000040008000000000000000");
    assert_eq!(format!("{ever:032x}"), "ffffffffffff4fffbfffffffffffffff");
    // Not even their halves collide, so neither is a constant or a small counter.
    for half in [0..18, 19..36] {
        let mut halves: Vec<&str> = keys.iter().map(|key| &key.as_str()[half.clone()]).collect();
        halves.sort_unstable();
        halves.dedup();
        assert_eq!(halves.len(), 100_000, "{half:?}");
    }
}
