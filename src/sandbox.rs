//! A local, stateful stand-in for the service, for tests and demos. Needs the feature `sandbox`.
//!
//! The Management API exists in production only, so there is nothing of the vendor's to test
//! against. [`Sandbox`] serves it on a loopback port, and the Order Management API beside it: both
//! token flows with expiry, keys and headers checked as the service does, sales units and merchants
//! to read, product orders with their states, idempotency and 14-day expiry, images and receipts that
//! cannot be changed, categories. A test reads the requests that came in, moves the clock, and has the
//! service fail in the ways that networks and gateways do.
//!
//! ```
//! use vipps::management;
//! use vipps::sandbox::{Fault, Sandbox};
//!
//! let sandbox = Sandbox::start()?;
//! let session = sandbox.session();
//! sandbox.fault("GET /management/v1/sales-units", 1, Fault::status(503));
//!
//! let units = management::list_sales_units(&session)?; // the second attempt
//! assert_eq!(units.len(), 3);
//! assert_eq!(sandbox.count("GET /management/v1/sales-units"), 2);
//! # Ok::<(), vipps::Error>(())
//! ```
//!
//! What it holds when it starts:
//!
//! | | |
//! |---|---|
//! | merchants | `business:NO:ORG` `987654321`, `business:DK:CVR` `12345678`, `business:FI:Y-tunnus` `1234567-8`; inactive: `business:NO:ORG` `999999999` |
//! | sales units | `123456` and `654321` (Norway), `10012345` (Finland); inactive: `999999` |
//! | price packages | three, one for each market |
//!
//! Request bodies are taken and refused field by field, and answered, as the APIs' descriptions say.
//! It refuses more where the live API is known to: an order line with an empty name or without a tax
//! rate, a negative amount, an EAN-13 barcode with a wrong check digit, a picture that is not base64
//! or over 2 MB, a website that is not https. Where the service's behaviour is not known, such as the
//! status for deleting an order that was submitted (409 here), a program should not depend on the
//! sandbox's.

mod answer;
#[rustfmt::skip] // A row of a table is a line.
mod bodies;
mod endpoints;
mod faults;
mod management;
mod message;
mod order_management;
mod rules;
mod server;
mod service;
mod tokens;
mod wire;

use std::fmt;
use std::time::Duration;

use crate::management::{ProductOrderId, ProductOrderStatus};
use crate::{ApiKeys, Clock, Error, Msn, Session, SessionBuilder, SystemInfo};

pub use faults::Fault;
pub use message::ReceivedRequest;

use faults::Route;
use server::Server;
use service::Service;
use tokens::{CLIENT_ID, CLIENT_SECRET, MANAGEMENT_ID, MANAGEMENT_SECRET, SUBSCRIPTION_KEYS};

/// A running sandbox. It listens on loopback only, and stops when it is dropped: connections are closed, and a request that is held or
/// delayed at that time is neither carried out nor answered.
pub struct Sandbox {
    server: Server,
    session: Session,
    clock: Clock,
}

/// How a sandbox is to run; see [`Sandbox::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct SandboxBuilder {
    port: u16,
    clock: Clock,
}

impl SandboxBuilder {
    /// A fixed port; a free one if this is not called.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The clock that tokens and product orders expire by; [`Clock::manual`] if this is not called, so that time only passes where a test
    /// says so.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts listening.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the port cannot be had.
    pub fn start(self) -> Result<Sandbox, Error> {
        let service = Service::new(self.clock.clone());
        let server = Server::start(self.port, service)
            .map_err(|error| Error::config("port", format!("cannot be listened on: {error}")))?;
        let session = builder(server.url(), &self.clock)?.build()?;
        Ok(Sandbox {
            server,
            session,
            clock: self.clock,
        })
    }
}

impl Sandbox {
    /// Starts a sandbox on a free port, with a clock that stands still.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if no port can be had.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// Settings for one that is different.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            port: 0,
            clock: Clock::manual(),
        }
    }

    /// Its address, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The keys that it takes for the standard token flow, which are a partner's.
    pub fn api_keys(&self) -> ApiKeys {
        let [subscription_key, _secondary] = SUBSCRIPTION_KEYS;
        ApiKeys::standard(CLIENT_ID, CLIENT_SECRET, subscription_key)
    }

    /// The keys that it takes for the management token flow.
    pub fn management_keys(&self) -> ApiKeys {
        ApiKeys::management(MANAGEMENT_ID, MANAGEMENT_SECRET)
    }

    /// A session with the standard keys on the sandbox's clock, for the sales unit `123456`. All that this gives share one token.
    pub fn session(&self) -> Session {
        self.session.clone()
    }

    /// The settings of [`session`](Self::session), for one with a token and settings of its own.
    ///
    /// # Errors
    ///
    /// None that a caller could cause.
    pub fn session_builder(&self) -> Result<SessionBuilder, Error> {
        builder(self.url(), &self.clock)
    }

    /// The clock that it lives by. Its sessions do too.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Moves the clock: tokens last an hour (15 minutes in the management flow), product orders 14 days.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The same sandbox with `n` sales units of the Norwegian merchant, `1000000` and on, instead of those that it started with.
    pub fn with_sales_units(self, n: usize) -> Self {
        self.server.service().management.set_sales_units(n);
        self
    }

    /// How long tokens of either flow last from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.server.service().tokens.set_lifetime(lifetime);
    }

    /// Serves the endpoints of version 1 of the Order Management API, which the service no longer offers: without this they answer 410.
    pub fn enable_v1(&self) {
        self.server.service().has_v1 = true;
    }

    /// Forgets all tokens: the next call of every session is refused with a 401.
    pub fn revoke_tokens(&self) {
        self.server.service().tokens.revoke();
    }

    /// Does the merchant's and the service's part for a product order. A completed one has a sales unit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if there is no such order.
    pub fn set_product_order_status(
        &self,
        id: &ProductOrderId,
        status: ProductOrderStatus,
    ) -> Result<(), Error> {
        let mut service = self.server.service();
        if service.management.set_order_status(id.as_str(), &status) {
            Ok(())
        } else {
            let rule = "must be the id of an order in the sandbox";
            Err(Error::invalid("productOrderId", rule, id.as_str()))
        }
    }

    /// Has the next `times` requests of a route fail.
    ///
    /// A route is a method and a path, either of which may be `*`; a `*` in the path stands for one
    /// segment: `"GET /management/v1/sales-units/*"`, `"POST *"`, `"*"`. Without a query it fits every
    /// query. A path may be written in any way that the endpoint is served under: percent-encoded or
    /// not, its fixed parts in any case, with or without a slash at the end.
    ///
    /// A request takes the first fault that fits it, in the order in which they were set, until that
    /// is used up. `usize::MAX` is for good. Token requests fit `"*"` too; a session fetches its token
    /// before its first call.
    ///
    /// # Panics
    ///
    /// If the method is not in capitals, or no endpoint has the method and path, as in all functions
    /// that take a route: a misspelt fault must not make a test pass.
    #[track_caller]
    pub fn fault(&self, route: &str, times: usize, fault: Fault) {
        self.server.add_fault(parsed(route), times, 1, fault);
    }

    /// Has every `nth` request of a route fail for good, such as 20 for one in 20; otherwise as [`fault`](Self::fault).
    ///
    /// Counted are the requests that no fault set before took.
    #[track_caller]
    pub fn fault_every(&self, route: &str, nth: usize, fault: Fault) {
        self.server.add_fault(parsed(route), usize::MAX, nth, fault);
    }

    /// Takes back all faults, and lets go of the requests that [`Fault::Hold`] holds.
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// Lets go of the requests that [`Fault::Hold`] holds: all that [`wait_for`](Self::wait_for) has seen, and none that come later.
    pub fn release(&self) {
        self.server.release();
    }

    /// Breaks the connections that are open, idle ones too. Requests that are held or delayed lose their answers.
    pub fn close_connections(&self) {
        self.server.close_connections();
    }

    /// How many connections are open, idle ones too.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// How many requests for the same method and path were being served at the same time, at the most, among those of a route. 1 for
    /// `"POST /accesstoken/get"` says that no two token requests ever overlapped.
    #[track_caller]
    pub fn most_at_once(&self, route: &str) -> usize {
        self.server.most_at_once(&parsed(route))
    }

    /// All requests so far, in the order in which they came in. They hold keys and tokens: the
    /// sandbox's own. Where bodies are more than 4 MiB together the oldest are dropped.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.requests()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.server.clear_requests();
    }

    /// How many requests of a route there were.
    #[track_caller]
    pub fn count(&self, route: &str) -> usize {
        self.server.count(&parsed(route))
    }

    /// Waits until there were `n` requests of a route, 10 s at the most, and says whether there were. A request counts when it has been
    /// read, before it is answered: one that is held or lost does too.
    #[track_caller]
    pub fn wait_for(&self, route: &str, n: usize) -> bool {
        self.server.wait_for(&parsed(route), n)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url())
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// A route that is none is the test's mistake.
#[track_caller]
#[allow(clippy::panic)]
fn parsed(route: &str) -> Route {
    match Route::parse(route) {
        Ok(route) => route,
        Err(reason) => panic!("{route:?} is not a route of the sandbox: {reason}"),
    }
}

fn builder(url: &str, clock: &Clock) -> Result<SessionBuilder, Error> {
    let [subscription_key, _secondary] = SUBSCRIPTION_KEYS;
    let keys = ApiKeys::standard(CLIENT_ID, CLIENT_SECRET, subscription_key);
    let system = SystemInfo::new("sandbox", "1.0")?;
    Ok(Session::builder(keys, system)
        .base_url(url)
        .clock(clock.clone())
        .merchant_serial_number(Msn::new("123456")?))
}
