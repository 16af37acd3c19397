use std::time::{Duration, Instant};

/// What was said about waits.
#[derive(Default)]
pub(crate) struct Waits {
    until: Option<Instant>,
}

/// A wait is worth a line if it is this long, or this much longer than was said before.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

impl Waits {
    /// Whether to say that there is such a wait from now on: not to each worker that is told so.
    pub(crate) fn is_news(&mut self, wait: Duration, now: Instant) -> bool {
        let until = now + wait;
        let said = self.until.map_or(now, |said| said.max(now));
        let is_news = until >= said + WORTH_A_LINE;
        if is_news {
            self.until = Some(until);
        }
        is_news
    }
}
