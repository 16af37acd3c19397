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
//! What it holds when it starts, unless [`Sandbox::builder`] gives it other data:
//!
//! | | |
//! |---|---|
//! | merchants | `business:NO:ORG` `987654321`, `business:DK:CVR` `12345678`, `business:FI:Y-tunnus` `1234567-8` |
//! | sales units | `123456` and `654321` (Norway), `10012345` (Finland) |
//! | price packages | three, one for each market |
//!
//! Request bodies are taken and refused field by field, and answered, as the APIs' descriptions say.
//! It refuses more where the live API is known to: an order line with an empty name or without a tax
//! rate, a negative amount, an EAN-13 barcode with a wrong check digit, a picture that is not base64
//! or over 2 MB, a website that is not https. Where the service's behaviour is not known, such as the
//! status for deleting an order that was submitted (409 here), a program should not depend on the
//! sandbox's.
#![doc = include_str!("sandbox/testing.md")]

mod answer;
#[rustfmt::skip] // A row of a table is a line.
mod bodies;
mod data;
mod endpoints;
mod faults;
mod management;
mod message;
mod order_management;
mod rules;
mod served;
mod server;
mod service;
mod tokens;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::management::{
    BusinessIdentifier, Merchant, PricePackage, ProductOrderId, ProductOrderStatus, SalesUnit,
};
use crate::{ApiKeys, Clock, Error, Msn, Session, SessionBuilder, SystemInfo};

pub use answer::Answer;
pub use faults::Fault;
pub use message::ReceivedRequest;

use data::Choice;
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
    choice: Choice,
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

    /// A sales unit instead of those that a sandbox has by itself, or one more after the first. Its
    /// merchant is there too, under an invented name unless [`merchant`](Self::merchant) gives it one.
    ///
    /// ```
    /// use vipps::management::{self, BusinessIdentifier, SalesUnit};
    /// use vipps::sandbox::Sandbox;
    ///
    /// let merchant = BusinessIdentifier::norway("912345678")?;
    /// let mut kiosk = SalesUnit::new("555555".parse()?, "The Kiosk", merchant);
    /// kiosk.configuration.recurring_allowed = Some(true);
    /// let sandbox = Sandbox::builder().sales_unit(kiosk).start()?;
    ///
    /// let unit = management::get_sales_unit(&sandbox.session(), &"555555".parse()?)?;
    /// assert_eq!((unit.name.as_str(), unit.configuration.recurring_allowed), ("The Kiosk", Some(true)));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn sales_unit(mut self, unit: SalesUnit) -> Self {
        self.choice.sales_units.get_or_insert_default().push(unit);
        self
    }

    /// `n` sales units of the merchant `business:NO:ORG` `987654321`, with the MSNs `1000000` and on,
    /// instead of those that a sandbox has by itself.
    pub fn sales_units(mut self, n: usize) -> Self {
        self.choice.count = Some(n);
        self
    }

    /// A merchant instead of those that a sandbox has by itself, or one more after the first. One that
    /// is not active is answered with a 404, as by the API.
    pub fn merchant(mut self, merchant: Merchant) -> Self {
        self.choice.merchants.get_or_insert_default().push(merchant);
        self
    }

    /// A price package instead of those that a sandbox has by itself, or one more after the first.
    pub fn price_package(mut self, package: PricePackage) -> Self {
        self.choice
            .price_packages
            .get_or_insert_default()
            .push(package);
        self
    }

    /// Starts listening.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the port cannot be had.
    pub fn start(self) -> Result<Sandbox, Error> {
        let service = Service::new(self.clock.clone(), self.choice.data()?);
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
            choice: Choice::default(),
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

    /// Adds a sales unit, or replaces the one with its MSN, as when it gets another name.
    pub fn put_sales_unit(&self, unit: SalesUnit) {
        self.server.service().management.data.put_sales_unit(unit);
    }

    /// Removes a sales unit, if it is there: the API answers a 404 for it from then on.
    pub fn remove_sales_unit(&self, msn: &Msn) {
        let data = &mut self.server.service().management.data;
        data.sales_units.retain(|unit| unit.msn != *msn);
    }

    /// Adds a merchant, or replaces the one with its business identifier.
    pub fn put_merchant(&self, merchant: Merchant) {
        self.server.service().management.data.put_merchant(merchant);
    }

    /// Removes a merchant, if it is there. Its sales units stay.
    pub fn remove_merchant(&self, id: &BusinessIdentifier) {
        let data = &mut self.server.service().management.data;
        data.merchants
            .retain(|merchant| merchant.business_identifier != *id);
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

    /// Does the merchant's and the API's part for a product order. A completed one has a sales unit, which
    /// all endpoints know from then on, and its merchant with it.
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

    /// Has a function of the test answer an endpoint that the sandbox does not know, or in place of its
    /// own: a method and a path, in which a `*` stands for one segment. The access token and the
    /// subscription key are checked before. Faults, counts and the list of requests take the route too.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use serde_json::{Value, json};
    /// use vipps::IdempotencyKey;
    /// use vipps::sandbox::{Answer, Fault};
    ///
    /// let route = "POST /epayment/v1/payments";
    /// sandbox.serve(route, |request| {
    ///     let payment = request.json().unwrap_or_default();
    ///     Answer::json(201, &json!({"reference": payment["reference"]}))
    /// });
    /// sandbox.fault(route, 1, Fault::LoseReply);
    ///
    /// // The key makes a retry safe.
    /// let made: Value = sandbox
    ///     .session()
    ///     .request("POST", "/epayment/v1/payments")
    ///     .idempotency_key(&IdempotencyKey::new("order-17")?)
    ///     .json(&json!({"reference": "order-17", "amount": {"currency": "NOK", "value": 4900}}))
    ///     .send()?
    ///     .json()?;
    /// assert_eq!(made["reference"], "order-17");
    /// assert_eq!(sandbox.count(route), 2);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// The function must not make calls to the same sandbox, which would wait for itself.
    ///
    /// # Panics
    ///
    /// If the route has no method in capitals or no path.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn serve(
        &self,
        route: &str,
        handler: impl Fn(&ReceivedRequest) -> Answer + Send + Sync + 'static,
    ) {
        let is_method = |method: &str| method.bytes().all(|b| b.is_ascii_uppercase());
        match route.split_once(" /") {
            Some((method, rest)) if !method.is_empty() && is_method(method) => {
                let path = format!("/{rest}");
                let mut service = self.server.service();
                service.served.add(method, &path, Arc::new(handler));
            }
            _ => panic!("{route:?} is not a method and a path, such as POST /epayment/v1/payments"),
        }
    }

    /// The variables that point [`Session::from_env`] at the sandbox, for a program that a test starts.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// let mut program = std::process::Command::new("my-program");
    /// program.env_clear().envs(sandbox.env());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn env(&self) -> [(&'static str, String); 5] {
        let [subscription_key, _secondary] = SUBSCRIPTION_KEYS;
        [
            ("VIPPS_BASE_URL", self.url().to_owned()),
            ("VIPPS_CLIENT_ID", CLIENT_ID.to_owned()),
            ("VIPPS_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("VIPPS_SUBSCRIPTION_KEY", subscription_key.to_owned()),
            ("VIPPS_MERCHANT_SERIAL_NUMBER", MSN.to_owned()),
        ]
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
        self.server.add_fault(self.route(route), times, 1, fault);
    }

    /// Has every `nth` request of a route fail for good, such as 20 for one in 20; otherwise as [`fault`](Self::fault).
    ///
    /// Counted are the requests that no fault set before took.
    #[track_caller]
    pub fn fault_every(&self, route: &str, nth: usize, fault: Fault) {
        self.server
            .add_fault(self.route(route), usize::MAX, nth, fault);
    }

    /// The faults that have not happened as often as they were to: their routes, and how often they still
    /// are. A test that ends with `assert_eq!(sandbox.unused_faults(), [])` has met all that it set up. A
    /// fault that is for good is not among them.
    pub fn unused_faults(&self) -> Vec<(String, usize)> {
        self.server.unused_faults()
    }

    /// Removes all faults, and releases the requests that [`Fault::Hold`] holds.
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
        self.server.most_at_once(&self.route(route))
    }

    /// All requests so far, in the order in which they came in. They hold keys and tokens: the
    /// sandbox's own. Where bodies are more than 4 MiB together the oldest are dropped.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.requests()
    }

    /// The requests of a route so far, in the order in which they came in.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// vipps::management::list_sales_units(&sandbox.session())?;
    /// let requests = sandbox.requests_to("GET /management/v1/sales-units");
    /// assert_eq!(requests[0].header("Merchant-Serial-Number"), Some("123456"));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[track_caller]
    pub fn requests_to(&self, route: &str) -> Vec<ReceivedRequest> {
        self.server.requests_to(&self.route(route))
    }

    /// The requests so far, and forgets them: for a program that looks at them as they come.
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.server.take_requests()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.take_requests();
    }

    /// How many requests of a route there were.
    #[track_caller]
    pub fn count(&self, route: &str) -> usize {
        self.server.count(&self.route(route))
    }

    /// Waits until there were `n` requests of a route, 10 s at the most, and says whether there were. A request counts when it has been
    /// read, before it is answered: one that is held or lost does too.
    #[track_caller]
    pub fn wait_for(&self, route: &str, n: usize) -> bool {
        self.server.wait_for(&self.route(route), n)
    }
}

impl Sandbox {
    /// A route that is none is the test's mistake.
    #[track_caller]
    #[allow(clippy::panic)]
    fn route(&self, route: &str) -> Route {
        let is_served = |method: &str, path: &str| {
            let service = self.server.service();
            service.served.has_route(method, path)
        };
        match Route::parse(route, is_served) {
            Ok(route) => route,
            Err(reason) => panic!("{route:?} is not a route of the sandbox: {reason}"),
        }
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

/// The sales unit of the sandbox's sessions.
const MSN: &str = "123456";

fn builder(url: &str, clock: &Clock) -> Result<SessionBuilder, Error> {
    let [subscription_key, _secondary] = SUBSCRIPTION_KEYS;
    let keys = ApiKeys::standard(CLIENT_ID, CLIENT_SECRET, subscription_key);
    let system = SystemInfo::new("sandbox", "1.0")?;
    Ok(Session::builder(keys, system)
        .base_url(url)
        .clock(clock.clone())
        .merchant_serial_number(Msn::new(MSN)?))
}
