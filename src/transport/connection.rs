//! Connections, from the lookup of a name to the bytes of a request. The only file that names `ureq::unversioned`.
//!
//! ureq is given the chain: a tunnel through the proxy if there is one, a socket, TLS, and at its end what writes down how far a request
//! has come. It has no timeouts of its own: with one it starts a thread and looks up the host's name for every request. The sockets know
//! how long they may wait.

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

/// ureq asks for addresses before it looks for a kept connection. They are looked up when a socket needs them.
#[derive(Debug)]
struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Connects to the proxy if there is one, or else to the host, unless there is a tunnel to it.
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
                let text = format!("no thread for the host name lookup: {error}");
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
        // Half of it leaves time for the others.
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
    /// The one that made it.
    process: u32,
    /// Nothing more can be sent, and why.
    broken: Option<Broken>,
    /// Nothing was sent since ureq kept it.
    is_idle: bool,
    /// How long the system lets a read or a write wait.
    wait: Option<Duration>,
}

#[derive(Clone, Copy)]
enum Broken {
    /// The other end has closed the connection, and may have said why.
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

    /// One write or read, again if a signal interrupts it. `limit` is ureq's own.
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

    /// Most waits are as long as the one before.
    fn set_wait(&mut self, wait: Duration) -> io::Result<()> {
        if self.wait == Some(wait) {
            return Ok(());
        }
        let read = self.stream.set_read_timeout(Some(wait));
        match read.and_then(|()| self.stream.set_write_timeout(Some(wait))) {
            Ok(()) => self.wait = Some(wait),
            // macOS does not take it after the other end has gone. Reading what that said needs no time.
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

    /// A connection that the other end has closed takes everything, so that ureq and TLS go on to read what was said before.
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

    /// Asked before a connection is kept, and again before it is used: only then does it matter what
    /// the other end has done meanwhile. One that was made before a fork is the parent's.
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
        // Its buffers hold keys.
        f.debug_tuple("Socket")
            .field(&self.stream.peer_addr().ok())
            .finish()
    }
}

/// Neither closed nor with bytes to read, which nobody asked for.
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

/// Which of these it is depends on what the system had sent when the other end closed the connection.
pub(super) fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// Puts the record on what requests go through. The connection to a proxy comes through the same chain, and is not that.
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
        // To the proxy itself ureq connects with the same settings, less the proxy.
        if self.has_proxy && details.config.proxy().is_none() {
            record::enter(Phase::Proxy);
            return Ok(Some(Box::new(ToProxy(connection))));
        }
        record::enter(Phase::Send);
        Ok(Some(Box::new(Recorded(connection))))
    }
}

/// A connection to a proxy, which says with a status whether it has made a tunnel.
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

/// A connection to the server.
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
