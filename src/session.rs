use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::HeaderMap;

use crate::config::api_keys::Credentials;
use crate::config::clock::Clock;
use crate::config::deadline::Deadline;
use crate::config::retry::RetryPolicy;
use crate::model::identifier::Msn;
use crate::token::{AccessToken, TokenCache};
use crate::transport::{Client, Limits};

mod attempt;
mod builder;
mod gates;
mod send;

pub use attempt::Attempt;
pub use builder::{Environment, SessionBuilder};
use gates::Gates;

/// The API client that every endpoint function takes: keys, access token, connections and settings.
///
/// A session is cheap to clone and meant to be shared: clones and threads use the same token and
/// the same connections. Building a session sends nothing; the first call fetches the token.
///
/// ```
/// # use vipps::sandbox::Sandbox;
/// # let sandbox = Sandbox::start()?;
/// use std::time::Duration;
/// use vipps::{ApiKeys, Session, SystemInfo, management};
///
/// let keys = ApiKeys::standard("client-id", "client-secret", "subscription-key");
/// let system = SystemInfo::new("acme", "3.1.2")?.plugin("acme-webshop", "4.5.6")?;
/// let session = Session::builder(keys, system)
///     .merchant_serial_number("123456".parse()?)
///     .timeout(Duration::from_secs(30))
///     .build()?;
/// # let session = sandbox.session();
/// for unit in management::list_sales_units(&session)? {
///     println!("{} {}", unit.msn, unit.name);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// # Async programs
///
/// Calls block, so run them on a thread that may block, for example with tokio's `spawn_blocking`:
///
/// ```
/// # mod tokio {
/// #     pub mod task {
/// #         pub async fn spawn_blocking<T: Send + 'static>(
/// #             call: impl FnOnce() -> T + Send + 'static,
/// #         ) -> std::io::Result<T> {
/// #             let panicked = |_| std::io::Error::other("the call panicked");
/// #             std::thread::spawn(call).join().map_err(panicked)
/// #         }
/// #     }
/// # }
/// use vipps::management::{self, SalesUnit};
/// use vipps::{Msn, Session};
///
/// async fn sales_unit(
///     session: &Session,
///     msn: Msn,
/// ) -> Result<SalesUnit, Box<dyn std::error::Error + Send + Sync>> {
///     let session = session.clone();
///     let call = move || management::get_sales_unit(&session, &msn);
///     Ok(tokio::task::spawn_blocking(call).await??)
/// }
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # let mut future = std::pin::pin!(sales_unit(&session, "123456".parse()?));
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # match future.as_mut().poll(&mut context) {
/// #     std::task::Poll::Ready(unit) => assert_eq!(unit.unwrap().msn.as_str(), "123456"),
/// #     std::task::Poll::Pending => panic!("the call has ended before the await"),
/// # }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// The first `?` is for a call that panicked, the second for one that failed. Dropping the future
/// does not cancel the call, which runs until it completes or times out: limit it to the caller's
/// remaining time with [`with_timeout`](Self::with_timeout).
#[doc(alias = "Client")]
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    msn: Option<Msn>,
    timeout: Duration,
}

/// Shared by all clones.
struct Shared {
    client: Client,
    credentials: Credentials,
    /// Sent with every request, including the token request.
    headers: HeaderMap,
    /// The builder's MSN, sent with every token request, whichever sales unit's call needs the
    /// token.
    token_msn: Option<Msn>,
    tokens: TokenCache,
    gates: Gates,
    clock: Clock,
    connect_timeout: Duration,
    stall_timeout: Option<Duration>,
    retry: RetryPolicy,
    observer: Option<Observer>,
    on_new_token: Option<OnNewToken>,
    /// Texts to redact from errors.
    secrets: Vec<String>,
}

type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;
type OnNewToken = Arc<dyn Fn(&AccessToken) + Send + Sync>;

impl Session {
    /// Returns a session for another sales unit that shares this one's token and connections.
    ///
    /// Only the `Merchant-Serial-Number` header differs. For example, to send receipts for many
    /// merchants in parallel:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// # use vipps::order_management::{BottomLine, Currency, OrderLine, TaxRate};
    /// # let line = OrderLine::from_gross("Socks", "1", 10_000, TaxRate::percent(25))?;
    /// # let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(line);
    /// # let receipts = ["123456", "654321"].map(|msn| {
    /// #     let order = OrderRef::ecom(msn.parse().unwrap());
    /// #     (msn.parse::<vipps::Msn>().unwrap(), order, receipt.clone())
    /// # });
    /// use std::thread;
    /// use vipps::order_management::{OrderRef, Receipt, ensure_receipt};
    ///
    /// thread::scope(|scope| {
    ///     for (msn, order, receipt) in &receipts {
    ///         let session = session.for_sales_unit(msn);
    ///         scope.spawn(move || match ensure_receipt(&session, order, receipt) {
    ///             Ok(outcome) => println!("{msn}: {outcome:?}"),
    ///             Err(error) => eprintln!("{msn}: {error}"),
    ///         });
    ///     }
    /// });
    /// # assert_eq!(sandbox.count("POST /order-management/v2/ecom/receipts/*"), 2);
    /// # assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[doc(alias = "Merchant-Serial-Number")]
    pub fn for_sales_unit(&self, msn: &Msn) -> Self {
        Self {
            msn: Some(msn.clone()),
            ..self.clone()
        }
    }

    /// Returns a session with another [`timeout`](SessionBuilder::timeout) that shares this one's
    /// token and connections.
    ///
    /// The timeout is capped at 24 hours. If it is zero, every call times out before anything is
    /// sent.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use std::time::Duration;
    ///
    /// let hurried = session.with_timeout(Duration::from_secs(5));
    /// vipps::management::list_sales_units(&hurried)?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout: timeout.min(MAX_TIMEOUT),
            ..self.clone()
        }
    }

    /// The MSN of the sales unit that calls are made for, sent as `Merchant-Serial-Number`.
    #[doc(alias = "msn")]
    #[doc(alias = "Merchant-Serial-Number")]
    pub fn merchant_serial_number(&self) -> Option<&Msn> {
        self.msn.as_ref()
    }

    /// The base URL of the API, such as `https://api.vipps.no`, without a trailing slash.
    pub fn base_url(&self) -> &str {
        self.shared.client.base_url()
    }

    /// Drops the cached access token, so that the next call fetches a new one.
    ///
    /// Useful after the permissions of the keys have changed. A token that the API rejects is
    /// dropped automatically.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// let old = session.access_token()?;
    /// session.forget_token();
    /// let new = session.access_token()?;
    /// assert_ne!(old.secret(), new.secret());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn forget_token(&self) {
        self.shared.tokens.forget();
    }

    /// The deadline of a call that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::new(&self.shared.clock, self.timeout)
    }

    /// The limits of an attempt that may take `time_left`.
    fn limits(&self, time_left: Duration) -> Limits {
        let shared = &self.shared;
        Limits {
            total: time_left,
            connect: shared.connect_timeout,
            stall: shared.stall_timeout.unwrap_or(self.timeout / 2),
        }
    }
}

/// Short enough that deadlines cannot overflow.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("base_url", &self.base_url())
            .field(
                "merchant_serial_number",
                &self.msn.as_ref().map(Msn::as_str),
            )
            .field("access_token", &self.shared.tokens)
            .finish_non_exhaustive()
    }
}
