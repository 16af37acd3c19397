use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use super::AnyError;

/// How many results per thread may wait for an earlier one: about as many as come while that is
/// retried a few times.
const EARLY_RESULTS: usize = 64;

/// Does the jobs on so many threads and hands over the results in the order of the jobs. When a job
/// panics or a result is not taken it returns at once: no thread is waited for.
pub(crate) fn run<J: Send + 'static, T: Send + 'static>(
    threads: usize,
    jobs: Vec<J>,
    work: impl Fn(J) -> T + Send + Sync + 'static,
    mut take: impl FnMut(T) -> Result<(), AnyError>,
) -> Result<(), AnyError> {
    let (to_threads, todo) = mpsc::channel();
    let (to_caller, done) = mpsc::channel();
    let shared = Arc::new((Mutex::new(todo), work));
    for _ in 0..threads.min(jobs.len()) {
        let (shared, to_caller) = (Arc::clone(&shared), to_caller.clone());
        thread::Builder::new().spawn(move || {
            let (todo, work) = &*shared;
            let next = || todo.lock().ok()?.recv().ok();
            while let Some((nth, job)) = next() {
                let result = catch_unwind(AssertUnwindSafe(|| work(job)));
                if to_caller.send((nth, result)).is_err() {
                    return;
                }
            }
        })?;
    }
    let total = jobs.len();
    let mut jobs = jobs.into_iter().enumerate();
    let send = |job| to_threads.send(job).map_err(|_| "no worker is left");
    jobs.by_ref()
        .take(threads * EARLY_RESULTS)
        .try_for_each(send)?;
    let (mut early, mut taken) = (BTreeMap::new(), 0);
    for _ in 0..total {
        let (nth, result) = done.recv()?;
        early.insert(nth, result.map_err(|_| "a worker panicked")?);
        while let Some(result) = early.remove(&taken) {
            take(result)?;
            taken += 1;
            jobs.next().map_or(Ok(()), send)?;
        }
    }
    Ok(())
}
