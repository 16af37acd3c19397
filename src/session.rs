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

/// What every call of an endpoint takes: the keys, the token, the connections and the settings.
///
/// Cheap to clone, and made to be shared: clones and threads use one token and one set of connections. Building a session sends
/// nothing; the first call fetches the token.
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
/// # In an async program
///
/// Calls block, so that they belong on a thread that may, such as those of tokio's `spawn_blocking`:
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
/// #     std::task::Poll::Pending => panic!("the call is over when it is awaited"),
/// # }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// The first `?` is for a call that panicked, the second for one that failed. Dropping the future does not
/// cancel the call, which goes on until it is done or times out: give it no more time than the caller has
/// with [`with_timeout`](Self::with_timeout).
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    msn: Option<Msn>,
    timeout: Duration,
}

/// What all clones share.
struct Shared {
    client: Client,
    credentials: Credentials,
    /// Go with every request, the token request included.
    headers: HeaderMap,
    /// The builder's, for the token request: it is the same whichever sales unit's call needs the token.
    token_msn: Option<Msn>,
    tokens: TokenCache,
    gates: Gates,
    clock: Clock,
    connect_timeout: Duration,
    stall_timeout: Option<Duration>,
    retry: RetryPolicy,
    observer: Option<Observer>,
    on_new_token: Option<OnNewToken>,
    /// Texts that no error may show.
    secrets: Vec<String>,
}

type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;
type OnNewToken = Arc<dyn Fn(&AccessToken) + Send + Sync>;

impl Session {
    /// The same session for another sales unit: same token, same connections, another
    /// `Merchant-Serial-Number` header.
    ///
    /// Receipts for many merchants at once, by threads that share the session:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// # use vipps::order_management::{BottomLine, Currency, OrderLine, TaxRate};
    /// # let line = OrderLine::from_gross("Socks", "1", 10_000, TaxRate::percent(25))?;
    /// # let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(line);
    /// # let receipts = ["123456", "654321"].map(|msn| {
    /// #     (msn.parse::<vipps::Msn>().unwrap(), OrderRef::ecom(msn.parse().unwrap()), receipt.clone())
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
    pub fn for_sales_unit(&self, msn: &Msn) -> Self {
        Self {
            msn: Some(msn.clone()),
            ..self.clone()
        }
    }

    /// The same session with another [`timeout`](SessionBuilder::timeout) per call: same token, same connections. A day at the most;
    /// with no time at all every call times out before anything is sent.
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

    /// The sales unit that calls are made for, sent as `Merchant-Serial-Number`.
    pub fn merchant_serial_number(&self) -> Option<&Msn> {
        self.msn.as_ref()
    }

    /// The server that calls go to, such as `https://api.vipps.no`, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.shared.client.base_url()
    }

    /// Drops the token: the next call fetches a new one.
    ///
    /// For programs that know better than the token's lifetime, as after a change of the keys' permissions. A token that the API refuses
    /// is dropped without this.
    pub fn forget_token(&self) {
        self.shared.tokens.forget();
    }

    /// When a call that begins now has to end.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::new(&self.shared.clock, self.timeout)
    }

    /// The limits of an attempt for which so much time is left.
    fn limits(&self, time_left: Duration) -> Limits {
        let shared = &self.shared;
        Limits {
            total: time_left,
            connect: shared.connect_timeout,
            stall: shared.stall_timeout.unwrap_or(self.timeout / 2),
        }
    }
}

/// Deadlines do not run over with it.
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
