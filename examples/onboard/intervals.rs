use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Whatever the service asks for, after an hour it is worth a try.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(60 * 60);

/// How long the `nth` wait since the last change is, counted from 0: by half longer than the one before, and not less than the service
/// asked for.
pub(crate) fn wait(first: Duration, nth: u32, asked_for: Option<Duration>) -> Duration {
    let longest = LONGEST.max(first);
    let wait = (0..nth).fold(first, |wait, _| (wait * 3 / 2).min(longest));
    wait.max(asked_for.unwrap_or_default().min(LONGEST_ASKED_FOR))
}
