//! The server: accepting, and coming to an end.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use b24_portal::Tls;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::access_log::AccessLog;
use super::clients::Clients;
use super::handle::Proxy;
use super::{Args, not_started};
use crate::args::LogFormat;
use crate::connection::{Access, Connection, write};
use crate::failure::Failure;
use crate::session::Session;

/// Before the next connection is accepted: out of file descriptors, trying at once would fail at once.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// A proxy that listens.
pub(super) struct Server {
    proxy: Arc<Proxy>,
    accepting: JoinHandle<()>,
    ca: Option<PathBuf>,
    /// The certificate's file, when nobody said where to put it.
    _ca: Option<tempfile::NamedTempFile>,
}

impl Server {
    pub(super) async fn start(
        args: &Args,
        clients: Clients,
        read_only: bool,
        session: &Session,
        connection: &Connection,
    ) -> Result<Self> {
        let json = session.global.log_format == LogFormat::Json || session.printer.is_json();
        let log = AccessLog::open(args.access_log.as_deref(), json, session.printer.clone())?;
        let wanted = SocketAddr::new(args.listen, args.port);
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| not_started(&wanted.to_string(), &error))?;
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        let (tls, ca, ca_file) = certificate(args)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let proxy = Arc::new(Proxy {
            portal: connection.client.clone(),
            clients,
            log,
            origin: format!("{scheme}://{address}"),
            read_only,
            wait: args.wait,
            max_body: args.max_body,
            given_up: Arc::default(),
            stopping: CancellationToken::new(),
        });
        let acceptor = tls.map(|tls| tls.acceptor);
        let accepting = tokio::spawn(accept(listener, acceptor, Arc::clone(&proxy)));
        Ok(Self {
            proxy,
            accepting,
            ca,
            _ca: ca_file,
        })
    }

    /// `http://127.0.0.1:8726`
    pub(super) fn origin(&self) -> &str {
        &self.proxy.origin
    }

    /// The certificate that clients have to trust.
    pub(super) fn ca(&self) -> Option<&PathBuf> {
        self.ca.as_ref()
    }

    /// The names of the clients, and the address of each.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&str, String)> {
        let origin = self.origin();
        let all = self.proxy.clients.all();
        all.map(move |(name, token)| (name, format!("{origin}/rest/1/{token}/")))
    }

    /// As variables of the environment: `B24_WEBHOOK` is the first client's.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        for (name, address) in self.addresses() {
            if variables.is_empty() {
                variables.push(("B24_WEBHOOK".to_owned(), address.clone()));
            }
            let name = name.to_uppercase().replace(['-', '.'], "_");
            variables.push((format!("B24_WEBHOOK_{name}"), address));
        }
        if let Some(ca) = &self.ca {
            let ca = ca.display().to_string();
            // Node takes it beside its own certificates.
            variables.push(("NODE_EXTRA_CA_CERTS".to_owned(), ca.clone()));
            variables.push(("B24_PORTAL_CA".to_owned(), ca));
        }
        variables
    }

    /// Takes no more calls and answers those under way: who waits hears that nothing was sent, and what was sent gets its
    /// answer. How many calls there were.
    pub(super) async fn drain(self) -> u64 {
        self.proxy.stopping.cancel();
        // It ends when its connections have.
        let _ = self.accepting.await;
        self.proxy.log.calls()
    }
}

type Certificate = (
    Option<Tls>,
    Option<PathBuf>,
    Option<tempfile::NamedTempFile>,
);

fn certificate(args: &Args) -> Result<Certificate> {
    if !args.https && args.ca_out.is_none() {
        return Ok((None, None, None));
    }
    let hosts = vec!["localhost".to_owned(), args.listen.to_string()];
    let tls = Tls::for_hosts(hosts)
        .map_err(|error| Failure::local(format!("no certificate can be made: {error}")))?;
    if let Some(path) = &args.ca_out {
        write(path, Access::Anyone, tls.ca_pem.as_bytes()).map_err(|error| {
            let why = crate::printer::disk_words(&error);
            Failure::local(format!("--ca-out {}: {why}", path.display()))
        })?;
        return Ok((Some(tls), Some(std::path::absolute(path)?), None));
    }
    let mut file = tempfile::Builder::new()
        .prefix("b24-proxy-")
        .suffix(".pem")
        .tempfile()?;
    file.write_all(tls.ca_pem.as_bytes())?;
    let path = file.path().to_owned();
    Ok((Some(tls), Some(path), Some(file)))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, proxy: Arc<Proxy>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = proxy.stopping.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, tls.clone(), Arc::clone(&proxy)));
                }
                Err(_) => tokio::time::sleep(AFTER_A_FAILURE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, proxy: Arc<Proxy>) {
    // Without it answers are only slower.
    let _ = stream.set_nodelay(true);
    match tls {
        None => speak(stream, proxy).await,
        Some(tls) => {
            // Who cannot agree on TLS has said nothing yet.
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, proxy).await;
            }
        }
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, proxy: Arc<Proxy>) {
    let service = service_fn(|request| {
        let proxy = Arc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy.handle(request).await) }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut served = std::pin::pin!(served);
    // How a connection ends is the client's business.
    tokio::select! {
        _ = served.as_mut() => return,
        () = proxy.stopping.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}
