//! What became of the request that this thread is sending, written down as it happens, and how long each wait for it may take.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ureq::Timeout;
use ureq::http::StatusCode;

use crate::error::Delivery;

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Start,
    Lookup,
    Connect,
    /// TLS with the proxy is agreed on.
    ProxyHandshake,
    /// The proxy is asked for a tunnel.
    Proxy,
    Handshake,
    /// The request is being sent.
    Send,
    /// All of it was handed over.
    Wait,
}

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For all of it.
    pub(crate) total: Duration,
    /// For the lookup of the host's name, and again for connecting.
    pub(crate) connect: Duration,
    /// For each wait for the next bytes, once it is connected.
    pub(crate) stall: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) limits: Limits,
    pub(super) phase: Phase,
    /// The other end closed the connection, or reset it.
    pub(super) is_closed: bool,
    /// What the proxy answered to the request for a tunnel.
    pub(super) proxy_status: Option<StatusCode>,
    /// What is left of the request was not sent, whatever is handed over from now on.
    is_cut: bool,
    deadline: Instant,
    /// When the phase has to end.
    phase_end: Instant,
}

impl Record {
    /// Until its last byte was handed over no server acts on a request.
    pub(super) fn delivery(&self) -> Delivery {
        match self.phase {
            Phase::Wait => Delivery::Unknown,
            _ => Delivery::NotSent,
        }
    }
}

thread_local! {
    /// ureq hands nothing of a call through to its connectors and transports, but does all of a call on the thread that makes it.
    static CURRENT: Cell<Option<Record>> = const { Cell::new(None) };
}

/// One exchange of this thread. It ends with the drop of this, also if the thread panics.
pub(super) struct Exchange {
    at_start: Record,
}

impl Exchange {
    pub(super) fn begin(limits: Limits) -> Self {
        let now = Instant::now();
        // Every limit of a session is a day at the most.
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

    /// What happened so far.
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
            // These belong to connecting.
            Phase::ProxyHandshake | Phase::Proxy | Phase::Handshake => record.phase_end,
            Phase::Start | Phase::Send | Phase::Wait => record.deadline,
        };
    });
}

/// ureq begins to wait for the answer: it has handed over all of the request. That says nothing if some of it did not get through.
pub(super) fn handed_over() {
    if CURRENT.get().is_some_and(|record| !record.is_cut) {
        enter(Phase::Wait);
    }
}

pub(super) fn cut() {
    update(|record| record.is_cut = true);
}

/// What has arrived from the proxy so far, which matters as long as it has made no tunnel.
pub(super) fn proxy_said(reply: &[u8]) {
    update(|record| {
        if record.phase == Phase::Proxy {
            record.proxy_status = status_in(reply);
        }
    });
}

/// The status of a reply that begins with `HTTP/1.1 200`.
fn status_in(reply: &[u8]) -> Option<StatusCode> {
    let rest = reply.strip_prefix(b"HTTP/1.")?;
    StatusCode::from_bytes(rest.get(2..5)?).ok()
}

pub(super) fn closed() {
    update(|record| record.is_closed = true);
}

/// When the phase has to end.
pub(super) fn phase_end() -> Instant {
    CURRENT
        .get()
        .map_or_else(Instant::now, |record| record.phase_end)
}

/// How long the next wait may take, which is not zero, and what it means if it takes longer.
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
