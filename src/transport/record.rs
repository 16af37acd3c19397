//! Records the progress of the request that this thread is sending, and limits each of its waits.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ureq::Timeout;
use ureq::http::StatusCode;

use crate::error::Delivery;

/// The phase of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Start,
    Lookup,
    Connect,
    /// TLS handshake with the proxy.
    ProxyHandshake,
    /// Asking the proxy for a tunnel.
    Proxy,
    /// TLS handshake with the server.
    Handshake,
    /// Sending the request.
    Send,
    /// The whole request was handed over; waiting for the reply.
    Wait,
}

/// The time limits of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For the whole exchange.
    pub(crate) total: Duration,
    /// For the lookup of the host, and again for connecting.
    pub(crate) connect: Duration,
    /// For each read or write once connected.
    pub(crate) stall: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) limits: Limits,
    pub(super) phase: Phase,
    /// The peer closed or reset the connection.
    pub(super) is_closed: bool,
    /// The proxy's reply to the request for a tunnel.
    pub(super) proxy_status: Option<StatusCode>,
    /// A write failed, so the rest of the request is not sent even if ureq hands it over.
    is_cut: bool,
    deadline: Instant,
    /// The deadline of the current phase.
    phase_end: Instant,
}

impl Record {
    /// No server acts on a request before it has the last byte.
    pub(super) fn delivery(&self) -> Delivery {
        match self.phase {
            Phase::Wait => Delivery::Unknown,
            _ => Delivery::NotSent,
        }
    }
}

thread_local! {
    /// ureq passes no context to connectors and transports, but runs a call on the caller's thread.
    static CURRENT: Cell<Option<Record>> = const { Cell::new(None) };
}

/// The exchange of this thread. It ends when this is dropped, also if the thread panics.
pub(super) struct Exchange {
    at_start: Record,
}

impl Exchange {
    pub(super) fn begin(limits: Limits) -> Self {
        let now = Instant::now();
        // Cannot overflow: the limits are at most 24 hours.
        let deadline = now.checked_add(limits.total).unwrap_or(now);
        let at_start = Record {
            limits,
            phase: Phase::Start,
            is_closed: false,
            proxy_status: None,
            is_cut: false,
            deadline,
            phase_end: deadline,
        };
        CURRENT.set(Some(at_start));
        Self { at_start }
    }

    /// The record so far.
    pub(super) fn record(&self) -> Record {
        CURRENT.get().unwrap_or(self.at_start)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

fn update(change: impl FnOnce(&mut Record)) {
    if let Some(mut record) = CURRENT.get() {
        change(&mut record);
        CURRENT.set(Some(record));
    }
}

pub(super) fn enter(phase: Phase) {
    update(|record| {
        record.phase = phase;
        record.phase_end = match phase {
            Phase::Lookup | Phase::Connect => {
                let end = Instant::now().checked_add(record.limits.connect);
                end.unwrap_or(record.deadline).min(record.deadline)
            }
            // Part of connecting, with the same deadline.
            Phase::ProxyHandshake | Phase::Proxy | Phase::Handshake => record.phase_end,
            Phase::Start | Phase::Send | Phase::Wait => record.deadline,
        };
    });
}

/// ureq starts waiting for the reply, so it has handed over the whole request. That does not count
/// if a write failed.
pub(super) fn handed_over() {
    if CURRENT.get().is_some_and(|record| !record.is_cut) {
        enter(Phase::Wait);
    }
}

pub(super) fn cut() {
    update(|record| record.is_cut = true);
}

/// Notes what the proxy has sent so far. It matters until the tunnel is open.
pub(super) fn proxy_said(reply: &[u8]) {
    update(|record| {
        if record.phase == Phase::Proxy {
            record.proxy_status = status_in(reply);
        }
    });
}

/// The status of a reply that begins with a status line such as `HTTP/1.1 200`.
fn status_in(reply: &[u8]) -> Option<StatusCode> {
    let rest = reply.strip_prefix(b"HTTP/1.")?;
    StatusCode::from_bytes(rest.get(2..5)?).ok()
}

pub(super) fn closed() {
    update(|record| record.is_closed = true);
}

/// The deadline of the current phase.
pub(super) fn phase_end() -> Instant {
    CURRENT
        .get()
        .map_or_else(Instant::now, |record| record.phase_end)
}

/// How long the next wait may take, never zero, and the timeout that it hits if it takes longer.
pub(super) fn next_wait() -> Result<(Duration, Timeout), Timeout> {
    let Some(record) = CURRENT.get() else {
        return Err(Timeout::Global);
    };
    let left = record.phase_end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Timeout::Global);
    }
    let stall = record.limits.stall;
    match record.phase {
        Phase::Send | Phase::Wait if stall < left => Ok((stall, Timeout::PerRead)),
        _ => Ok((left, Timeout::Global)),
    }
}
