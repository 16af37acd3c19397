//! Connections: lookup, socket, TLS, and a record of what was sent. The only file that uses
//! `ureq::unversioned`.
//!
//! The connector chain given to ureq is: a tunnel through the proxy, if any; a socket; TLS; and a
//! wrapper that records the progress of a request. ureq's own timeouts are not used, since they
//! start a thread and look up the host for every request: the sockets enforce the timeouts instead.

use std::fmt;
use std::io::{self, Read, Write};
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
#[cfg(feature = "native-tls")]
use ureq::unversioned::transport::NativeTlsConnector;
#[cfg(feature = "rustls")]
use ureq::unversioned::transport::RustlsConnector;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout,
    Transport,
};
use ureq::{Agent, Error, Timeout};

use super::lookup::{Addresses, NoAddress};
use super::record::{self, Phase};
use crate::config::clock::Clock;

pub(super) fn agent(config: Config, clock: Clock) -> Agent {
    let has_proxy = config.proxy().is_some();
    let addresses = Arc::new(Addresses::new(clock));
    let chain = ().chain(ConnectProxyConnector::default());
    let chain = chain.chain(SocketConnector {
        addresses,
        has_proxy,
    });
    #[cfg(feature = "rustls")]
    let chain = chain.chain(RustlsConnector::default());
    #[cfg(feature = "native-tls")]
    let chain = chain.chain(NativeTlsConnector::default());
    let chain = chain.chain(RequestConnector { has_proxy });
    Agent::with_parts(config, chain, NoLookup)
}

/// ureq asks for addresses before it looks for an idle connection. [`SocketConnector`] looks them
/// up instead, when it opens a socket.
#[derive(Debug)]
struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Opens a TCP connection to the proxy or the host, unless there is already a tunnel to the host.
struct SocketConnector {
    addresses: Arc<Addresses>,
    has_proxy: bool,
}

impl<In: Transport> Connector<In> for SocketConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        tunnel: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let is_to_proxy = self.has_proxy && tunnel.is_none();
        let transport: Self::Out = match tunnel {
            Some(tunnel) => Box::new(tunnel),
            None => Box::new(Socket::new(self.connect_to(details.uri)?, details.config)),
        };
        if details.needs_tls() {
            record::enter(if is_to_proxy {
                Phase::ProxyHandshake
            } else {
                Phase::Handshake
            });
        }
        Ok(Some(transport))
    }
}

impl SocketConnector {
    fn connect_to(&self, uri: &Uri) -> Result<TcpStream, Error> {
        let parts = uri.scheme().zip(uri.authority());
        let name = parts.and_then(|(scheme, host)| DefaultResolver::host_and_port(scheme, host));
        let name = name.ok_or_else(|| Error::BadUri(uri.to_string()))?;
        record::enter(Phase::Lookup);
        let found = self.addresses.of(&name, record::phase_end());
        let addresses = found.map_err(|error| match error {
            NoAddress::TimedOut => Error::Timeout(Timeout::Resolve),
            NoAddress::NotFound(error) => Error::Io(error),
            NoAddress::NoThread(error) => {
                record::enter(Phase::Connect);
                let text = format!("cannot start a thread for the host name lookup: {error}");
                Error::Io(io::Error::new(error.kind(), text))
            }
        })?;
        record::enter(Phase::Connect);
        let connected = connect_to_one_of(&addresses);
        if connected.is_err() {
            self.addresses.forget(&name);
        }
        connected
    }
}

impl fmt::Debug for SocketConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketConnector")
    }
}

fn connect_to_one_of(addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut failure = Error::HostNotFound;
    let mut others = addresses.len();
    for address in addresses {
        others = others.saturating_sub(1);
        let (left, reason) = record::next_wait().map_err(Error::Timeout)?;
        // Leave half of the time for the other addresses.
        let wait = if others > 0 { left / 2 } else { left };
        let connected = TcpStream::connect_timeout(address, wait.max(Duration::from_millis(1)));
        match connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return Ok(stream),
            Err(error) if is_timeout(&error) => failure = Error::Timeout(reason),
            Err(error) => failure = Error::Io(error),
        }
    }
    Err(failure)
}

/// A TCP connection, to the server or to the proxy.
struct Socket {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// The process that opened it.
    process: u32,
    /// Why nothing more can be sent, if so.
    broken: Option<Broken>,
    /// Whether the socket was checked for reuse and has sent nothing since.
    is_idle: bool,
    /// The socket's current read and write timeout.
    wait: Option<Duration>,
}

#[derive(Clone, Copy)]
enum Broken {
    /// The peer has closed the connection, and may have sent a reply first.
    Closed,
    TimedOut(Timeout),
    Failed(io::ErrorKind),
}

impl Socket {
    fn new(stream: TcpStream, config: &Config) -> Self {
        Self {
            stream,
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            process: process::id(),
            broken: None,
            is_idle: false,
            wait: None,
        }
    }

    /// Makes one write or read, restarted if a signal interrupts it. `limit` is ureq's.
    fn within<T>(
        &mut self,
        limit: NextTimeout,
        mut act: impl FnMut(&mut Self) -> io::Result<T>,
    ) -> Result<T, Error> {
        loop {
            let (mut wait, mut reason) = record::next_wait().map_err(Error::Timeout)?;
            if *limit.after < wait {
                (wait, reason) = (*limit.after, limit.reason);
            }
            self.set_wait(wait)?;
            match act(self) {
                Ok(done) => return Ok(done),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return Err(Error::Timeout(reason)),
                Err(error) => return Err(Error::Io(error)),
            }
        }
    }

    /// Sets the socket timeouts, unless they are already set: most waits are equally long.
    fn set_wait(&mut self, wait: Duration) -> io::Result<()> {
        if self.wait == Some(wait) {
            return Ok(());
        }
        let read = self.stream.set_read_timeout(Some(wait));
        match read.and_then(|()| self.stream.set_write_timeout(Some(wait))) {
            Ok(()) => self.wait = Some(wait),
            // macOS refuses it once the peer has gone. What the peer sent can be read without
            // waiting.
            Err(error)
                if cfg!(target_os = "macos") && error.kind() == io::ErrorKind::InvalidInput => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn send(&mut self, amount: usize, limit: NextTimeout) -> Result<(), Error> {
        let mut sent = 0;
        while sent < amount {
            sent += self.within(limit, |socket| {
                let output = socket.buffers.output().get(sent..amount);
                match socket.stream.write(output.unwrap_or_default())? {
                    0 => Err(io::ErrorKind::WriteZero.into()),
                    written => Ok(written),
                }
            })?;
        }
        Ok(())
    }
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// A connection that the peer has closed pretends to send, so that ureq and TLS go on to read
    /// the reply that came before.
    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), Error> {
        self.is_idle = false;
        if self.broken.is_none() {
            match self.send(amount, limit) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    record::cut();
                    self.broken = Some(match error {
                        Error::Timeout(reason) => Broken::TimedOut(reason),
                        Error::Io(error) if is_closed(&error) => Broken::Closed,
                        Error::Io(error) => Broken::Failed(error.kind()),
                        _ => Broken::Failed(io::ErrorKind::Other),
                    });
                }
            }
        }
        match self.broken {
            None | Some(Broken::Closed) => Ok(()),
            Some(Broken::TimedOut(reason)) => Err(Error::Timeout(reason)),
            Some(Broken::Failed(kind)) => Err(Error::Io(kind.into())),
        }
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, Error> {
        let read = self.within(limit, |socket| {
            socket.stream.read(socket.buffers.input_append_buf())
        });
        let is_end = match &read {
            Ok(read) => *read == 0,
            Err(Error::Io(error)) => is_closed(error),
            Err(_) => false,
        };
        if is_end {
            record::closed();
        }
        let read = read?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    /// Checks, before a connection is kept and again before it is reused, whether the peer has
    /// closed it. A connection opened before a fork belongs to the parent.
    fn is_open(&mut self) -> bool {
        let was_idle = mem::replace(&mut self.is_idle, true);
        if self.broken.is_some() {
            return false;
        }
        let is_own = || self.process == process::id();
        !was_idle || is_own() && is_silent(&self.stream).unwrap_or(false)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The buffers contain keys.
        f.debug_tuple("Socket")
            .field(&self.stream.peer_addr().ok())
            .finish()
    }
}

/// Whether the connection is open and has no unexpected bytes to read.
fn is_silent(mut stream: &TcpStream) -> io::Result<bool> {
    stream.set_nonblocking(true)?;
    let read = stream.read(&mut [0]);
    stream.set_nonblocking(false)?;
    Ok(read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Whether the peer closed the connection. The kind depends on what the system had sent by then.
pub(super) fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// Records what is sent to the server. ureq runs the whole chain for the connection to a proxy too,
/// which is not recorded as sent.
#[derive(Debug)]
struct RequestConnector {
    has_proxy: bool,
}

impl<In: Transport> Connector<In> for RequestConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        connection: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(connection) = connection else {
            return Ok(None);
        };
        // ureq connects to the proxy itself with the same settings but without a proxy.
        if self.has_proxy && details.config.proxy().is_none() {
            record::enter(Phase::Proxy);
            return Ok(Some(Box::new(ToProxy(connection))));
        }
        record::enter(Phase::Send);
        Ok(Some(Box::new(Recorded(connection))))
    }
}

/// A connection to a proxy, whose status says whether it opened a tunnel.
#[derive(Debug)]
struct ToProxy<T>(T);

impl<T: Transport> Transport for ToProxy<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, limit)
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, Error> {
        let is_open = self.0.await_input(limit)?;
        record::proxy_said(self.0.buffers().input());
        Ok(is_open)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

/// A connection to the server that records the progress of a request.
#[derive(Debug)]
struct Recorded<T>(T);

impl<T: Transport> Transport for Recorded<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), Error> {
        record::enter(Phase::Send);
        self.0.transmit_output(amount, limit)
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, Error> {
        record::handed_over();
        self.0.await_input(limit)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}
