//! Threads that do jobs, with the results in the order of the jobs.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

/// Does the jobs on this many threads. A panic ends the results at once, even if earlier ones are
/// outstanding. Dropping the iterator does not wait for threads.
pub(crate) fn run<J: Send + 'static, T: Send + 'static>(
    threads: usize,
    jobs: Vec<J>,
    work: impl Fn(J) -> T + Send + Sync + 'static,
) -> Result<impl Iterator<Item = Result<T, &'static str>>, String> {
    let (to_threads, todo) = mpsc::channel();
    let (to_caller, done) = mpsc::channel();
    let shared = Arc::new((Mutex::new(todo), work));
    for _ in 0..threads.min(jobs.len()) {
        let (shared, to_caller) = (Arc::clone(&shared), to_caller.clone());
        let worker = move || {
            std::iter::from_fn(|| shared.0.lock().ok()?.recv().ok())
                .map(|(nth, job)| (nth, catch_unwind(AssertUnwindSafe(|| (shared.1)(job)))))
                .try_for_each(|result| to_caller.send(result))
        };
        let spawned = thread::Builder::new().spawn(worker);
        spawned.map_err(|error| format!("cannot start a thread: {error}"))?;
    }
    let all = 0..jobs.len();
    let mut jobs = jobs.into_iter().enumerate();
    let mut send_next = move || jobs.next().map(|job| to_threads.send(job));
    // So many results are kept while an earlier one is outstanding.
    for _ in 0..threads * 64 {
        send_next();
    }
    let mut early = BTreeMap::new();
    Ok(all.map(move |wanted| {
        loop {
            if let Some(result) = early.remove(&wanted) {
                send_next();
                return Ok(result);
            }
            let (nth, result) = done.recv().map_err(|_| "no worker is left")?;
            early.insert(nth, result.map_err(|_| "a worker panicked")?);
        }
    }))
}
