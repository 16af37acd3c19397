//! Time by turns, and memory of all threads.

use std::alloc::System;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use heapster::Heapster;

/// All threads: ureq works on others too. The server has to allocate nothing for a request, and does not.
#[global_allocator]
static HEAP: Heapster<System> = Heapster::new(System);

/// How much work a figure is worth.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Effort {
    Full,
    /// To see that it runs.
    Once,
}

impl Effort {
    pub(crate) fn rounds(self) -> usize {
        match self {
            Self::Full => 15,
            Self::Once => 1,
        }
    }

    /// Calls that make a round of about this length, or as many as have a median worth the name.
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

/// The time of one call of each, and how they compare.
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

/// Takes turns call by call, each side first as often as the others. Of each round it takes the median
/// call.
pub(crate) fn by_turns<const N: usize>(
    effort: Effort,
    mut sides: [&mut dyn FnMut(); N],
) -> Rounds<N> {
    // To warm up: connections, caches, the memory that the allocator keeps.
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

/// Each side's time in each round. The figures are the medians of the rounds'.
pub(crate) struct Rounds<const N: usize>(pub(crate) Vec<[f64; N]>);

impl<const N: usize> Rounds<N> {
    pub(crate) fn time(&self, side: usize) -> Duration {
        Duration::from_secs_f64(median(self.0.iter().map(|times| times[side])))
    }

    pub(crate) fn ratio(&self, side: usize, to: usize) -> f64 {
        median(self.0.iter().map(|times| times[side] / times[to]))
    }
}

/// What a call did on the heap.
pub(crate) struct Heap {
    /// Allocations, those that make something larger included.
    pub(crate) allocations: f64,
    /// The most that was asked for at once, beyond what was before. What moves to grow counts once: large blocks are mapped anew, not copied.
    pub(crate) peak: f64,
    /// What is still in use with the result at hand.
    pub(crate) result: f64,
}

/// The medians of several calls.
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

/// How many threads Rust code started meanwhile: their identifiers are numbers in order.
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

/// From when the first thread begins to when the last is done; they begin together.
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
