use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};
use std::thread;

/// A value for many threads to read at once. Each reads one of several copies: what they all touched, be it a lock or a count of
/// references, would go back and forth between their cores, and cost more than the rest of the reading.
pub(super) struct Copies<T> {
    copies: [Apart<RwLock<T>>; COPIES],
}

/// More than the threads that run at once, mostly.
const COPIES: usize = 16;

/// Nothing else shares its cache lines, of which processors fetch two at a time.
#[derive(Default)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T: Clone + Default> Copies<T> {
    pub(super) fn new() -> Self {
        Self {
            copies: std::array::from_fn(|_| Apart::default()),
        }
    }

    pub(super) fn read(&self) -> T {
        let mut number = Number::default();
        thread::current().id().hash(&mut number);
        let nth = number.finish() % COPIES as u64;
        let copy = usize::try_from(nth).ok().and_then(|n| self.copies.get(n));
        let read = |Apart(copy): &Apart<RwLock<T>>| {
            let value = copy.read().unwrap_or_else(PoisonError::into_inner);
            value.clone()
        };
        copy.map(read).unwrap_or_default()
    }

    /// Makes a value for each copy. Nobody reads a new one before all of them are new.
    pub(super) fn write(&self, make: impl Fn() -> T) {
        let guards = self.copies.each_ref().map(|Apart(copy)| {
            let mut copy = copy.write().unwrap_or_else(PoisonError::into_inner);
            *copy = make();
            copy
        });
        drop(guards);
    }
}

/// The number in a thread's id as it is, which a hash would scatter: threads that were started in a row get copies in a row, and share
/// none.
#[derive(Default)]
struct Number(u64);

impl Hasher for Number {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
