//! A local, stateful sandbox of both APIs, for tests and demos. Requires the feature `sandbox`.
//!
//! The Management API exists in production only and has no test environment. [`Sandbox`] serves it
//! on a loopback port, together with the Order Management API and both token flows. It checks keys
//! and headers, and keeps product orders (with status, idempotency and 14-day expiry), categories,
//! receipts and images. Tests can inspect the received requests, move the clock, and inject the
//! faults of networks and gateways.
//!
//! ```
//! use vipps::management;
//! use vipps::sandbox::{Fault, Sandbox};
//!
//! let sandbox = Sandbox::start()?;
//! let session = sandbox.session();
//! sandbox.fault("GET /management/v1/sales-units", 1, Fault::status(503));
//!
//! let units = management::list_sales_units(&session)?; // second attempt
//! assert_eq!(units.len(), 3);
//! assert_eq!(sandbox.count("GET /management/v1/sales-units"), 2);
//! # Ok::<(), vipps::Error>(())
//! ```
//!
//! Its initial data, unless [`Sandbox::builder`] sets other data:
//!
//! | data | initially |
//! |---|---|
//! | merchants | `987654321` (Norway), `12345678` (Denmark), `1234567-8` (Finland) |
//! | sales units | `123456` and `654321` (Norway), `10012345` (Finland) |
//! | price packages | three, one for each market |
//!
//! Request bodies are checked field by field against the API specifications. The sandbox also
//! refuses what the live API is known to refuse: an order line with an empty name or without a tax
//! rate, a negative amount, an EAN-13 barcode with a wrong check digit, an image that is not base64
//! or is over 2 MB, a website that is not https. Where the live behavior is not known, such as the
//! status for deleting a submitted order (409 here), do not depend on the sandbox's.
#![doc = include_str!("sandbox/testing.md")]

mod answer;
#[rustfmt::skip] // Keeps one line per table row.
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

/// A running sandbox, listening on a loopback port.
///
/// It stops when dropped: connections are closed, and held or delayed requests are neither carried
/// out nor answered.
///
/// ```
/// use vipps::management::list_sales_units;
/// use vipps::sandbox::Sandbox;
///
/// let sandbox = Sandbox::start()?;
/// let units = list_sales_units(&sandbox.session())?;
/// assert_eq!(units.len(), 3);
/// # Ok::<(), vipps::Error>(())
/// ```
#[doc(alias = "mock")]
#[doc(alias = "test server")]
pub struct Sandbox {
    server: Server,
    session: Session,
    clock: Clock,
}

/// Settings and initial data of a sandbox, from [`Sandbox::builder`].
///
/// ```
/// use vipps::management::{BusinessIdentifier, Merchant, SalesUnit};
/// use vipps::sandbox::Sandbox;
///
/// let kiosk = BusinessIdentifier::norway("912345678")?;
/// let sandbox = Sandbox::builder()
///     .merchant(Merchant::new(kiosk.clone(), "The Kiosk AS"))
///     .sales_unit(SalesUnit::new("555555".parse()?, "The Kiosk", kiosk))
///     .start()?;
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SandboxBuilder {
    port: u16,
    clock: Clock,
    choice: Choice,
}

impl SandboxBuilder {
    /// The port to listen on. Default: any free port.
    ///
    /// For example, a sandbox for programs in other languages, at a fixed URL and in real time:
    ///
    /// ```no_run
    /// use vipps::Clock;
    /// use vipps::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::builder()
    ///     .port(8080)
    ///     .clock(Clock::system())
    ///     .start()?;
    /// println!("{}, until you press Enter", sandbox.url());
    /// std::io::stdin().read_line(&mut String::new())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The clock that tokens and product orders expire by.
    ///
    /// Default: [`Clock::manual`], so that time passes only when a test moves the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Adds a sales unit; the first one replaces the default sales units.
    ///
    /// Its merchant is created with a generated name, unless it was added by
    /// [`merchant`](Self::merchant).
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
    /// let msn = "555555".parse()?;
    /// let unit = management::get_sales_unit(&sandbox.session(), &msn)?;
    /// assert_eq!(unit.name, "The Kiosk");
    /// assert_eq!(unit.configuration.recurring_allowed, Some(true));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn sales_unit(mut self, unit: SalesUnit) -> Self {
        self.choice.sales_units.get_or_insert_default().push(unit);
        self
    }

    /// Replaces the default sales units by `n` generated ones, with MSNs from `1000000` upwards.
    ///
    /// They belong to the merchant `business:NO:ORG` `987654321`.
    pub fn sales_units(mut self, n: usize) -> Self {
        self.choice.count = Some(n);
        self
    }

    /// Adds a merchant; the first one replaces the default merchants.
    ///
    /// As in the API, requests for a merchant that is not active get a 404.
    pub fn merchant(mut self, merchant: Merchant) -> Self {
        self.choice.merchants.get_or_insert_default().push(merchant);
        self
    }

    /// Adds a price package; the first one replaces the default price packages.
    ///
    /// ```
    /// use vipps::management::{PricePackage, list_price_packages};
    /// use vipps::sandbox::Sandbox;
    ///
    /// let id = "7a1b2c3d-0000-4000-8000-0123456789ab".parse()?;
    /// let online = PricePackage::new(id, "Online", "1.99%");
    /// let sandbox = Sandbox::builder().price_package(online.clone()).start()?;
    /// assert_eq!(list_price_packages(&sandbox.session())?, [online]);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn price_package(mut self, package: PricePackage) -> Self {
        self.choice
            .price_packages
            .get_or_insert_default()
            .push(package);
        self
    }

    /// Starts the sandbox with these settings.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the port cannot be bound.
    pub fn start(self) -> Result<Sandbox, Error> {
        let service = Service::new(self.clock.clone(), self.choice.data()?);
        let server = Server::start(self.port, service)
            .map_err(|error| Error::config("port", format!("cannot be bound: {error}")))?;
        let session = builder(server.url(), &self.clock)?.build()?;
        Ok(Sandbox {
            server,
            session,
            clock: self.clock,
        })
    }
}

impl Sandbox {
    /// Starts a sandbox with its default data on a free port, with a manual clock.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if no port can be bound.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// A builder for a sandbox with other settings or data.
    ///
    /// ```
    /// use vipps::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::builder().sales_units(500).start()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            port: 0,
            clock: Clock::manual(),
            choice: Choice::default(),
        }
    }

    /// The sandbox's base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The partner keys that the sandbox accepts for the standard token flow.
    ///
    /// For a session with your program's own [`SystemInfo`], to test the headers that it sends:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use vipps::{Session, SystemInfo, management};
    ///
    /// let system = SystemInfo::new("acme", "3.1.2")?;
    /// let session = Session::builder(sandbox.api_keys(), system)
    ///     .base_url(sandbox.url())
    ///     .build()?;
    /// management::list_sales_units(&session)?;
    /// let request = &sandbox.requests_to("GET *")[0];
    /// assert_eq!(request.header("Vipps-System-Version"), Some("3.1.2"));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn api_keys(&self) -> ApiKeys {
        let [subscription_key, _secondary] = SUBSCRIPTION_KEYS;
        ApiKeys::standard(CLIENT_ID, CLIENT_SECRET, subscription_key)
    }

    /// The keys that the sandbox accepts for the management token flow.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use vipps::{Session, SystemInfo};
    ///
    /// let system = SystemInfo::new("acme", "3.1.2")?;
    /// let session = Session::builder(sandbox.management_keys(), system)
    ///     .base_url(sandbox.url())
    ///     .build()?;
    /// vipps::management::list_price_packages(&session)?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn management_keys(&self) -> ApiKeys {
        ApiKeys::management(MANAGEMENT_ID, MANAGEMENT_SECRET)
    }

    /// A session for the sales unit `123456`, with the standard keys and the sandbox's clock.
    ///
    /// All sessions from this method share one token.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// let session = sandbox.session();
    /// assert_eq!(session.merchant_serial_number().unwrap(), "123456");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn session(&self) -> Session {
        self.session.clone()
    }

    /// A builder with the settings of [`session`](Self::session), for a session with other settings
    /// and its own token.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use std::time::Duration;
    ///
    /// let session = sandbox
    ///     .session_builder()?
    ///     .timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// None that a caller can cause.
    pub fn session_builder(&self) -> Result<SessionBuilder, Error> {
        builder(self.url(), &self.clock)
    }

    /// The clock of the sandbox and its sessions.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use std::time::Duration;
    /// use vipps::management::list_sales_units;
    /// use vipps::sandbox::Fault;
    ///
    /// sandbox.fault("GET *", 1, Fault::status_retry_after(429, "30"));
    /// let start = sandbox.clock().now();
    /// list_sales_units(&session)?; // waits, but takes no real time
    /// assert!(sandbox.clock().now() - start >= Duration::from_secs(30));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Advances the clock, for example to expire tokens or product orders.
    ///
    /// Tokens last an hour (15 minutes with management keys), and unsubmitted product orders 14
    /// days.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use std::time::Duration;
    /// use vipps::management::list_sales_units;
    ///
    /// list_sales_units(&session)?;
    /// sandbox.advance(Duration::from_secs(3600));
    /// list_sales_units(&session)?; // fetches a new token
    /// assert_eq!(sandbox.count("POST /accesstoken/get"), 2);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Adds a sales unit, or replaces the one with the same MSN.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use vipps::management::get_sales_unit;
    ///
    /// let msn = "123456".parse()?;
    /// let mut unit = get_sales_unit(&sandbox.session(), &msn)?;
    /// unit.name = "ACME Gym".to_owned();
    /// sandbox.put_sales_unit(unit);
    /// assert_eq!(get_sales_unit(&sandbox.session(), &msn)?.name, "ACME Gym");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn put_sales_unit(&self, unit: SalesUnit) {
        self.server.service().management.data.put_sales_unit(unit);
    }

    /// Removes a sales unit, if it exists. Later requests for it get a 404.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use vipps::ErrorKind;
    /// use vipps::management::get_sales_unit;
    ///
    /// let msn = "123456".parse()?;
    /// sandbox.remove_sales_unit(&msn);
    /// let error = get_sales_unit(&sandbox.session(), &msn).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn remove_sales_unit(&self, msn: &Msn) {
        let data = &mut self.server.service().management.data;
        data.sales_units.retain(|unit| unit.msn != *msn);
    }

    /// Adds a merchant, or replaces the one with the same business identifier.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use vipps::management::{BusinessIdentifier, Merchant, get_merchant};
    ///
    /// let kiosk = BusinessIdentifier::norway("912345678")?;
    /// sandbox.put_merchant(Merchant::new(kiosk.clone(), "The Kiosk AS"));
    /// assert_eq!(get_merchant(&sandbox.session(), &kiosk)?.name, "The Kiosk AS");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn put_merchant(&self, merchant: Merchant) {
        self.server.service().management.data.put_merchant(merchant);
    }

    /// Removes a merchant, if it exists. Its sales units stay.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use vipps::management::{BusinessIdentifier, get_merchant};
    ///
    /// let acme = BusinessIdentifier::norway("987654321")?;
    /// sandbox.remove_merchant(&acme);
    /// assert!(get_merchant(&sandbox.session(), &acme).is_err());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn remove_merchant(&self, id: &BusinessIdentifier) {
        let data = &mut self.server.service().management.data;
        data.merchants
            .retain(|merchant| merchant.business_identifier != *id);
    }

    /// Sets the lifetime of tokens issued from now on, in both token flows.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use std::time::Duration;
    ///
    /// sandbox.set_token_lifetime(Duration::from_secs(120));
    /// let token = sandbox.session().access_token()?;
    /// assert_eq!(token.expires_in(), Duration::from_secs(120));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.server.service().tokens.set_lifetime(lifetime);
    }

    /// Enables the version 1 endpoints of the Order Management API, which otherwise reply 410.
    ///
    /// See [`v1`](crate::order_management::v1).
    ///
    /// ```
    /// # #![allow(deprecated)]
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::ErrorKind;
    /// use vipps::order_management::v1;
    ///
    /// let id = "5001419121".parse()?;
    /// let error = v1::get_receipt(&session, &id).unwrap_err();
    /// assert_eq!(error.status(), Some(410));
    /// sandbox.enable_v1();
    /// let error = v1::get_receipt(&session, &id).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn enable_v1(&self) {
        self.server.service().has_v1 = true;
    }

    /// Revokes all tokens: the next request of every session gets a 401.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::list_sales_units;
    ///
    /// list_sales_units(&session)?;
    /// sandbox.revoke_tokens();
    /// list_sales_units(&session)?; // fetches a new token
    /// assert_eq!(sandbox.count("POST /accesstoken/get"), 2);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn revoke_tokens(&self) {
        self.server.service().tokens.revoke();
    }

    /// Sets the status of a product order, as the merchant or Vipps MobilePay would.
    ///
    /// Completing an order creates its sales unit and, if needed, its merchant.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::*;
    ///
    /// let merchant = BusinessIdentifier::norway("912345678")?;
    /// let order = PrefillProductOrder::new(merchant, ProductType::Checkout);
    /// let id = prefill_product_order(&session, &order)?.prefilled_order_id;
    ///
    /// sandbox.set_product_order_status(&id, ProductOrderStatus::Completed)?;
    /// let sales_unit = get_product_order(&session, &id)?.sales_unit;
    /// println!("MSN: {}", sales_unit.unwrap().msn);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the order does not exist.
    pub fn set_product_order_status(
        &self,
        id: &ProductOrderId,
        status: ProductOrderStatus,
    ) -> Result<(), Error> {
        let mut service = self.server.service();
        if service.management.set_order_status(id.as_str(), &status) {
            Ok(())
        } else {
            let rule = "must be the id of a product order in the sandbox";
            Err(Error::invalid("productOrderId", rule, id.as_str()))
        }
    }

    /// Serves an endpoint with a function, for endpoints of other APIs or to replace one of the
    /// sandbox's.
    ///
    /// The route is a method and a path, where `*` matches one segment. The access token and the
    /// subscription key are checked first. The route also works for faults, counts and
    /// [`requests_to`](Self::requests_to).
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
    /// let payment = json!({
    ///     "reference": "order-17",
    ///     "amount": {"currency": "NOK", "value": 49_00},
    /// });
    /// let created: Value = sandbox
    ///     .session()
    ///     .request("POST", "/epayment/v1/payments")
    ///     .idempotency_key(&IdempotencyKey::new("order-17")?) // allows retries
    ///     .json(&payment)
    ///     .send()?
    ///     .json()?;
    /// assert_eq!(created["reference"], "order-17");
    /// assert_eq!(sandbox.count(route), 2);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// The function must not call the same sandbox, which would deadlock.
    ///
    /// # Panics
    ///
    /// If the route is not an upper-case method and a path.
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
            _ => {
                panic!("{route:?} must be a method and a path, such as POST /epayment/v1/payments")
            }
        }
    }

    /// The environment variables that point [`Session::from_env`] at the sandbox, for child
    /// processes.
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

    /// Injects a fault into the next `times` requests of a route.
    ///
    /// A route is a method and a path, either of which can be `*`. Within a path, `*` matches one
    /// segment: `"GET /management/v1/sales-units/*"`, `"POST *"`, `"*"`. A route without a query
    /// matches any query. As in the API, the fixed parts of a path match in any case,
    /// percent-encoded or not, and with or without a trailing slash.
    ///
    /// Each request uses the first matching fault that is not used up, in the order they were
    /// added. With `usize::MAX`, the fault applies until [`clear_faults`](Self::clear_faults). Note
    /// that `"*"` also matches token requests, and a session fetches its token before its first
    /// call.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::list_sales_units;
    /// use vipps::sandbox::Fault;
    ///
    /// let route = "GET /management/v1/sales-units";
    /// sandbox.fault(route, 2, Fault::status(503));
    /// list_sales_units(&session)?; // succeeds on the third attempt
    /// assert_eq!(sandbox.count(route), 3);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As all methods that take a route: if the method is not upper case, or no endpoint has this
    /// method and path. A misspelled route must not make a test pass.
    #[track_caller]
    pub fn fault(&self, route: &str, times: usize, fault: Fault) {
        self.server.add_fault(self.route(route), times, 1, fault);
    }

    /// Injects a fault into every `nth` request of a route: 20 for one request in 20.
    ///
    /// Requests that use an earlier [`fault`](Self::fault) are not counted. The fault applies until
    /// [`clear_faults`](Self::clear_faults).
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::list_sales_units;
    /// use vipps::sandbox::Fault;
    ///
    /// sandbox.fault_every("GET *", 2, Fault::CloseAfterReading);
    /// list_sales_units(&session)?;
    /// list_sales_units(&session)?; // needs two attempts
    /// assert_eq!(sandbox.count("GET *"), 3);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[track_caller]
    pub fn fault_every(&self, route: &str, nth: usize, fault: Fault) {
        self.server
            .add_fault(self.route(route), usize::MAX, nth, fault);
    }

    /// The routes of faults that are not used up yet, and how many times each remains.
    ///
    /// Faults that apply until cleared are left out. End a test with this check to be sure that all
    /// its faults occurred:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// # use vipps::management::list_sales_units;
    /// use vipps::sandbox::Fault;
    ///
    /// sandbox.fault("GET *", 1, Fault::LoseReply);
    /// list_sales_units(&session)?;
    /// assert_eq!(sandbox.unused_faults(), []);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn unused_faults(&self) -> Vec<(String, usize)> {
        self.server.unused_faults()
    }

    /// Removes all faults and releases requests held by [`Fault::Hold`].
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// # use vipps::management::list_sales_units;
    /// use vipps::sandbox::Fault;
    ///
    /// sandbox.fault("GET *", usize::MAX, Fault::status(403));
    /// assert!(list_sales_units(&session).is_err());
    /// sandbox.clear_faults();
    /// assert!(list_sales_units(&session).is_ok());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// Releases requests held by [`Fault::Hold`]: all that [`wait_for`](Self::wait_for) has seen,
    /// but none that arrive later.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use std::thread;
    /// use vipps::management::list_sales_units;
    /// use vipps::sandbox::Fault;
    ///
    /// let route = "GET /management/v1/sales-units";
    /// sandbox.fault(route, 1, Fault::Hold);
    /// let call = thread::spawn(move || list_sales_units(&session));
    /// assert!(sandbox.wait_for(route, 1)); // the request is in flight now
    /// sandbox.release();
    /// assert!(call.join().unwrap().is_ok());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn release(&self) {
        self.server.release();
    }

    /// Closes all open connections, including idle ones. Held or delayed requests get no reply.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::list_sales_units;
    ///
    /// list_sales_units(&session)?;
    /// sandbox.close_connections();
    /// list_sales_units(&session)?; // opens a new connection
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn close_connections(&self) {
        self.server.close_connections();
    }

    /// The number of open connections, including idle ones.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::list_sales_units;
    ///
    /// list_sales_units(&session)?;
    /// list_sales_units(&session)?; // reuses the connection
    /// assert_eq!(sandbox.connections(), 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The highest number of concurrent requests for any one method and path of a route.
    ///
    /// For example, 1 for `"POST /accesstoken/get"` means that no two token requests overlapped.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use std::thread;
    /// use vipps::management::list_sales_units;
    ///
    /// thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| list_sales_units(&session));
    ///     }
    /// });
    /// assert_eq!(sandbox.most_at_once("POST /accesstoken/get"), 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[track_caller]
    pub fn most_at_once(&self, route: &str) -> usize {
        self.server.most_at_once(&self.route(route))
    }

    /// All requests received so far, in order, including their headers with the sandbox's keys and
    /// tokens.
    ///
    /// When bodies exceed 4 MiB in total, the oldest bodies are dropped.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// vipps::management::list_sales_units(&sandbox.session())?;
    /// let requests = sandbox.requests();
    /// assert_eq!(requests[0].path, "/accesstoken/get");
    /// assert_eq!(requests[1].path, "/management/v1/sales-units");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.requests()
    }

    /// The requests to a route received so far, in order.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// vipps::management::list_sales_units(&sandbox.session())?;
    /// let requests = sandbox.requests_to("GET /management/v1/sales-units");
    /// let msn = requests[0].header("Merchant-Serial-Number");
    /// assert_eq!(msn, Some("123456"));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[track_caller]
    pub fn requests_to(&self, route: &str) -> Vec<ReceivedRequest> {
        self.server.requests_to(&self.route(route))
    }

    /// Removes and returns the requests received so far.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// vipps::management::list_sales_units(&sandbox.session())?;
    /// for request in sandbox.take_requests() {
    ///     println!("{} {}", request.method, request.path);
    /// }
    /// assert_eq!(sandbox.requests(), []);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.server.take_requests()
    }

    /// Removes the requests received so far.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::list_sales_units;
    ///
    /// list_sales_units(&session)?; // fetches the token
    /// sandbox.clear_requests();
    /// list_sales_units(&session)?;
    /// assert_eq!(sandbox.count("*"), 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn clear_requests(&self) {
        self.take_requests();
    }

    /// The number of requests to a route received so far.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// vipps::management::list_sales_units(&sandbox.session())?;
    /// assert_eq!(sandbox.count("GET *"), 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[track_caller]
    pub fn count(&self, route: &str) -> usize {
        self.server.count(&self.route(route))
    }

    /// Waits up to 10 s until `n` requests to a route have been received; `false` on timeout.
    ///
    /// A request counts once it has been read, before its reply, and even if it is held or its
    /// reply is lost. See [`release`](Self::release) for an example.
    #[track_caller]
    pub fn wait_for(&self, route: &str, n: usize) -> bool {
        self.server.wait_for(&self.route(route), n)
    }
}

impl Sandbox {
    /// Panics for an invalid route, which is a mistake in the test.
    #[track_caller]
    #[allow(clippy::panic)]
    fn route(&self, route: &str) -> Route {
        let is_served = |method: &str, path: &str| {
            let service = self.server.service();
            service.served.has_route(method, path)
        };
        match Route::parse(route, is_served) {
            Ok(route) => route,
            Err(reason) => panic!("{route:?} is not a valid route: {reason}"),
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
