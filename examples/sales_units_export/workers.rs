use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

/// Has so many threads do the same work, and waits for all of them. As soon as one fails, panics or cannot be started, `stop` is called,
/// which has to bring the others to their end.
pub(crate) fn run(
    count: usize,
    work: impl Fn() -> Result<(), Box<dyn Error + Send + Sync>> + Sync,
    stop: impl Fn() + Sync,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let work = || {
        let result = catch_unwind(AssertUnwindSafe(&work));
        if !matches!(result, Ok(Ok(()))) {
            stop();
        }
        result.unwrap_or_else(|panic| resume_unwind(panic))
    };
    thread::scope(|scope| {
        let start = |_| {
            let worker = thread::Builder::new().spawn_scoped(scope, work);
            worker.inspect_err(|_| stop())
        };
        let workers: Vec<_> = (0..count).map(start).collect();
        for worker in workers {
            worker?.join().map_err(|_| "a worker panicked")??;
        }
        Ok(())
    })
}
