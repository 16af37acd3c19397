//! A cache of host addresses, looked up on a separate thread.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::clock::Clock;

/// How long addresses are used without another lookup.
const FRESH: Duration = Duration::from_secs(60);

/// How long addresses are used if a new lookup fails or is slow.
const USABLE: Duration = Duration::from_secs(60 * 60);

/// How long to wait for a lookup if usable addresses are known.
const SLOW: Duration = Duration::from_secs(1);

/// The system's lookup, or a test's.
type Find = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

pub(super) struct Addresses {
    find: Box<Find>,
    clock: Clock,
    hosts: Mutex<HashMap<String, Host>>,
    /// Notified when a lookup ends.
    ended: Condvar,
}

/// What is known about a `host:port`.
#[derive(Default)]
struct Host {
    addresses: Vec<SocketAddr>,
    /// By the session's clock.
    found_at: Duration,
    in_flight: Option<Lookup>,
    /// The error of the last lookup, if it failed.
    failure: Option<(io::ErrorKind, String)>,
}

#[derive(Clone, Copy)]
struct Lookup {
    since: Instant,
    /// The process that started it: lookups of the parent do not continue in a forked child.
    process: u32,
}

/// Why there is no address.
#[derive(Debug)]
pub(super) enum NoAddress {
    TimedOut,
    NotFound(io::Error),
    /// The system could not start a thread for the lookup.
    NoThread(io::Error),
}

impl Addresses {
    pub(super) fn new(clock: Clock) -> Self {
        Self::found_by(clock, |name| Ok(name.to_socket_addrs()?.collect()))
    }

    fn found_by(
        clock: Clock,
        find: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            find: Box::new(find),
            clock,
            hosts: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// The addresses of a `host:port`, by `end`. Concurrent callers share one lookup.
    pub(super) fn of(
        self: &Arc<Self>,
        name: &str,
        end: Instant,
    ) -> Result<Vec<SocketAddr>, NoAddress> {
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        let mut hosts = self.lock();
        let mut has_waited = false;
        loop {
            let host = hosts.entry(name.to_owned()).or_default();
            let age = self.clock.now().saturating_sub(host.found_at);
            if !host.addresses.is_empty() && age < FRESH {
                return Ok(host.addresses.clone());
            }
            let usable = Some(host.addresses.clone()).filter(|a| !a.is_empty() && age < USABLE);

            let process = std::process::id();
            let in_flight = host.in_flight.filter(|lookup| lookup.process == process);
            let since = match (in_flight, &host.failure) {
                (Some(lookup), _) => lookup.since,
                (None, Some((kind, text))) if has_waited => {
                    let failure = || NoAddress::NotFound(io::Error::new(*kind, text.clone()));
                    return usable.ok_or_else(failure);
                }
                (None, _) => {
                    if let Err(error) = self.begin(name) {
                        return usable.ok_or(NoAddress::NoThread(error));
                    }
                    let since = Instant::now();
                    host.in_flight = Some(Lookup { since, process });
                    host.failure = None;
                    since
                }
            };
            let mut left = end.saturating_duration_since(Instant::now());
            if usable.is_some() {
                left = left.min(SLOW.saturating_sub(since.elapsed()));
            }
            if left.is_zero() {
                return usable.ok_or(NoAddress::TimedOut);
            }
            let woken = self.ended.wait_timeout(hosts, left);
            hosts = woken.unwrap_or_else(PoisonError::into_inner).0;
            has_waited = true;
        }
    }

    /// Drops the addresses of a host, after connecting to all of them has failed.
    pub(super) fn forget(&self, name: &str) {
        if let Some(host) = self.lock().get_mut(name) {
            host.addresses.clear();
        }
    }

    fn begin(self: &Arc<Self>, name: &str) -> io::Result<()> {
        let (addresses, name) = (Arc::clone(self), name.to_owned());
        let lookup = move || addresses.end(&name, (addresses.find)(&name));
        let thread = thread::Builder::new().name("vipps lookup".to_owned());
        thread.spawn(lookup).map(drop)
    }

    fn end(&self, name: &str, found: io::Result<Vec<SocketAddr>>) {
        let mut hosts = self.lock();
        let host = hosts.entry(name.to_owned()).or_default();
        host.in_flight = None;
        match found {
            Ok(addresses) if !addresses.is_empty() => {
                host.addresses = addresses;
                host.found_at = self.clock.now();
            }
            Ok(_) => host.failure = Some((io::ErrorKind::NotFound, "no address found".to_owned())),
            Err(error) => host.failure = Some((error.kind(), error.to_string())),
        }
        drop(hosts);
        self.ended.notify_all();
    }

    /// No foreign code runs under this lock, so its state is consistent even if poisoned.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    const NAME: &str = "api.example:443";

    /// Lookups that find 10.0.0.1, then 10.0.0.2 and so on, except those for which `fails` is true.
    fn lookups(clock: &Clock, fails: fn(usize) -> bool) -> (Arc<Addresses>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let addresses = Addresses::found_by(clock.clone(), move |name| {
            assert_eq!(name, NAME);
            let nth = counted.fetch_add(1, Ordering::SeqCst) + 1;
            match fails(nth) {
                true => Err(io::Error::other("no answer")),
                false => Ok(vec![address(nth)]),
            }
        });
        (Arc::new(addresses), count)
    }

    fn address(nth: usize) -> SocketAddr {
        format!("10.0.0.{nth}:443").parse().unwrap()
    }

    /// The addresses, or a failure, with more than enough time.
    fn found(addresses: &Arc<Addresses>) -> Result<Vec<SocketAddr>, String> {
        let end = Instant::now() + Duration::from_secs(60);
        addresses
            .of(NAME, end)
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn addresses_are_kept_for_a_minute() {
        let clock = Clock::manual();
        let (addresses, count) = lookups(&clock, |_| false);
        assert_eq!(found(&addresses), Ok(vec![address(1)]));
        clock.advance(FRESH - Duration::from_nanos(1));
        assert_eq!(found(&addresses), Ok(vec![address(1)]));
        clock.advance(Duration::from_nanos(1));
        assert_eq!(found(&addresses), Ok(vec![address(2)]));
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn old_addresses_are_used_for_an_hour_if_a_lookup_fails() {
        let clock = Clock::manual();
        let (addresses, count) = lookups(&clock, |nth| nth > 1);
        found(&addresses).unwrap();
        clock.advance(USABLE - Duration::from_nanos(1));
        assert_eq!(found(&addresses), Ok(vec![address(1)]));
        clock.advance(Duration::from_nanos(1));
        let error = found(&addresses).unwrap_err();
        assert!(error.starts_with("NotFound("), "{error}");
        assert!(error.contains("no answer"), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let (addresses, _) = lookups(&Clock::manual(), |nth| nth == 1);
        found(&addresses).unwrap_err();
        assert_eq!(found(&addresses), Ok(vec![address(2)]));
    }

    #[test]
    fn old_addresses_are_used_while_a_lookup_is_slow() {
        let clock = Clock::manual();
        let (go_on, told) = mpsc::channel::<()>();
        let told = Mutex::new(told);
        let count = AtomicUsize::new(0);
        let addresses = Arc::new(Addresses::found_by(clock.clone(), move |_| {
            let nth = count.fetch_add(1, Ordering::SeqCst) + 1;
            if nth > 1 {
                told.lock().unwrap().recv().unwrap();
            }
            Ok(vec![address(nth)])
        }));
        found(&addresses).unwrap();
        clock.advance(FRESH);
        assert_eq!(found(&addresses), Ok(vec![address(1)]));
        go_on.send(()).unwrap();
        while found(&addresses) != Ok(vec![address(2)]) {
            thread::yield_now();
        }
    }

    #[test]
    fn a_timed_out_lookup_continues_for_the_next_caller() {
        let (go_on, told) = mpsc::channel::<()>();
        let told = Mutex::new(told);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let addresses = Arc::new(Addresses::found_by(Clock::manual(), move |_| {
            told.lock().unwrap().recv().unwrap();
            Ok(vec![address(counted.fetch_add(1, Ordering::SeqCst) + 1)])
        }));
        let error = addresses.of(NAME, Instant::now()).unwrap_err();
        assert!(matches!(error, NoAddress::TimedOut), "{error:?}");
        go_on.send(()).unwrap();
        assert_eq!(found(&addresses), Ok(vec![address(1)]));
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn many_threads_share_one_lookup() {
        let (addresses, count) = lookups(&Clock::manual(), |_| false);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(found(&addresses), Ok(vec![address(1)])));
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn forgotten_addresses_are_looked_up_again() {
        let (addresses, _) = lookups(&Clock::manual(), |_| false);
        found(&addresses).unwrap();
        addresses.forget(NAME);
        assert_eq!(found(&addresses), Ok(vec![address(2)]));
    }

    #[test]
    fn a_literal_address_needs_no_lookup() {
        let (addresses, count) = lookups(&Clock::manual(), |_| true);
        for literal in ["127.0.0.1:80", "[::1]:443"] {
            let found = addresses.of(literal, Instant::now()).unwrap();
            assert_eq!(found, [literal.parse().unwrap()]);
        }
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_host_without_an_address_is_not_found() {
        let addresses = Arc::new(Addresses::found_by(Clock::manual(), |_| Ok(Vec::new())));
        let error = found(&addresses).unwrap_err();
        assert!(error.contains("no address found"), "{error}");
    }
}
