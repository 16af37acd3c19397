//! Times calls in alternation, and measures the memory of all threads.

use std::alloc::System;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use heapster::Heapster;

/// Counts all threads, because ureq uses several. The server does not allocate while serving
/// requests.
#[global_allocator]
static HEAP: Heapster<System> = Heapster::new(System);

/// How much work to spend on a figure.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Effort {
    Full,
    /// Only checks that it runs.
    Once,
}

impl Effort {
    pub(crate) fn rounds(self) -> usize {
        match self {
            Self::Full => 15,
            Self::Once => 1,
        }
    }

    /// How many calls make up a round of about this length, and at least enough for a useful
    /// median.
    pub(crate) fn calls(self, round: Duration, call: impl FnMut()) -> usize {
        match self {
            Self::Full => {
                let one = timed(call).as_nanos().max(1);
                usize::try_from(round.as_nanos() / one).unwrap().max(7)
            }
            Self::Once => 1,
        }
    }
}

/// The time of one call of each side, and their ratio.
pub(crate) struct Compared {
    pub(crate) ours: Duration,
    pub(crate) by_hand: Duration,
    pub(crate) ratio: f64,
}

pub(crate) fn compare(
    effort: Effort,
    mut ours: impl FnMut(),
    mut by_hand: impl FnMut(),
) -> Compared {
    let rounds = by_turns(effort, [&mut ours, &mut by_hand]);
    Compared {
        ours: rounds.time(0),
        by_hand: rounds.time(1),
        ratio: rounds.ratio(0, 1),
    }
}

/// Alternates call by call, with each side first equally often. The figure of a round is its median
/// call.
pub(crate) fn by_turns<const N: usize>(
    effort: Effort,
    mut sides: [&mut dyn FnMut(); N],
) -> Rounds<N> {
    // Warms up connections, caches and the allocator.
    for _ in 0..3 {
        sides.iter_mut().for_each(|call| call());
    }
    let calls = effort.calls(Duration::from_millis(100), &mut sides[1]);
    let round = |_| {
        let mut times = [const { Vec::new() }; N];
        for call in 0..calls {
            for turn in 0..N {
                let side = (call + turn) % N;
                times[side].push(timed(&mut sides[side]).as_secs_f64());
            }
        }
        times.map(median)
    };
    Rounds((0..effort.rounds()).map(round).collect())
}

/// Each side's time in each round. The figures are the medians over the rounds.
pub(crate) struct Rounds<const N: usize>(pub(crate) Vec<[f64; N]>);

impl<const N: usize> Rounds<N> {
    pub(crate) fn time(&self, side: usize) -> Duration {
        Duration::from_secs_f64(median(self.0.iter().map(|times| times[side])))
    }

    pub(crate) fn ratio(&self, side: usize, to: usize) -> f64 {
        median(self.0.iter().map(|times| times[side] / times[to]))
    }
}

/// The heap usage of a call.
pub(crate) struct Heap {
    /// Number of allocations, including reallocations that grow.
    pub(crate) allocations: f64,
    /// Peak size on top of what was in use before. A growing reallocation counts once, because
    /// large blocks are remapped instead of copied.
    pub(crate) peak: f64,
    /// What is still in use while the result is alive.
    pub(crate) result: f64,
}

/// Returns the medians of several calls.
pub(crate) fn heap<T>(mut call: impl FnMut() -> T) -> Heap {
    drop(call());
    let calls: Vec<Heap> = (0..9)
        .map(|_| {
            HEAP.reset();
            let before = HEAP.use_curr();
            let result = call();
            let heap = Heap {
                allocations: (HEAP.alloc_count() + HEAP.realloc_growth_count()) as f64,
                peak: HEAP.use_max() as f64 - before as f64,
                result: HEAP.use_curr() as f64 - before as f64,
            };
            drop(result);
            heap
        })
        .collect();
    Heap {
        allocations: median(calls.iter().map(|heap| heap.allocations)),
        peak: median(calls.iter().map(|heap| heap.peak)),
        result: median(calls.iter().map(|heap| heap.result)),
    }
}

pub(crate) fn heap_in_use() -> usize {
    HEAP.use_curr()
}

/// How many threads Rust code started meanwhile. Thread ids are consecutive numbers.
pub(crate) fn threads_started(work: impl FnOnce()) -> usize {
    let next = || {
        let id = thread::spawn(|| thread::current().id()).join().unwrap();
        let digits = format!("{id:?}");
        let digits = digits.trim_matches(|c: char| !c.is_ascii_digit());
        digits.parse::<usize>().unwrap()
    };
    let before = next();
    work();
    next() - before - 1
}

/// From when the first thread starts to when the last is done. All start together.
pub(crate) fn by_threads(threads: usize, work: impl Fn() + Sync) -> Duration {
    let ready = Barrier::new(threads);
    let run = || {
        ready.wait();
        let began = Instant::now();
        work();
        (began, Instant::now())
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let times = running.into_iter().map(|thread| thread.join().unwrap());
        let all = times.reduce(|(began, ended), (b, e)| (began.min(b), ended.max(e)));
        let (began, ended) = all.unwrap();
        ended - began
    })
}

pub(crate) fn timed(mut call: impl FnMut()) -> Duration {
    let began = Instant::now();
    call();
    began.elapsed()
}

pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
