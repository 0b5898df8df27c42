//! The one place that knows on which platform we run: clock, sleep, spawn, `Send`, and the making of the HTTP client.
//!
//! Natively everything stands on the caller's tokio: paused tokio time pauses the client too. In a
//! browser it stands on the event loop of the page.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
mod platform {
    use super::{Duration, Future};

    pub(crate) type Instant = tokio::time::Instant;

    /// `Send` natively, nothing in a browser.
    pub trait MaybeSend: Send {}
    impl<T: Send + ?Sized> MaybeSend for T {}
    /// `Sync` natively, nothing in a browser.
    pub trait MaybeSync: Sync {}
    impl<T: Sync + ?Sized> MaybeSync for T {}

    /// A boxed future, `Send` natively.
    pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

    pub(crate) async fn sleep(duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// The HTTP client of the transport: no redirects, no retries of its own.
    pub(crate) fn http_client(
        settings: &crate::room::transport::HttpSettings,
    ) -> Result<reqwest::Client, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(settings.connect_timeout)
            .user_agent(settings.user_agent.as_str())
            .tcp_nodelay(true);
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.as_str())?);
        }
        #[cfg(feature = "rustls")]
        {
            // A portal on plain http must work on a machine without any CA certificate.
            if settings.plain_http {
                builder = builder.tls_certs_only(std::iter::empty());
            }
            for pem in &settings.ca_certificates {
                builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
            }
        }
        builder.build()
    }
}

#[cfg(target_family = "wasm")]
mod platform {
    use super::{Duration, Future};

    pub(crate) type Instant = web_time::Instant;

    /// `Send` natively, nothing in a browser.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}
    /// `Sync` natively, nothing in a browser.
    pub trait MaybeSync {}
    impl<T: ?Sized> MaybeSync for T {}

    /// A boxed future, `Send` natively.
    pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + 'a>>;

    pub(crate) async fn sleep(duration: Duration) {
        gloo_timers::future::sleep(duration).await;
    }

    /// The browser's `fetch`; it decides about redirects, proxies and certificates itself.
    pub(crate) fn http_client(
        _settings: &crate::room::transport::HttpSettings,
    ) -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder().build()
    }
}

pub use platform::{BoxFuture, MaybeSend, MaybeSync};
pub(crate) use platform::{Instant, http_client, sleep};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Runs `future` for at most `limit`. An answer that is ready counts even when it is polled late.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut timer: Pin<Box<_>> = Box::pin(sleep(limit));
    std::future::poll_fn(move |cx| {
        if let std::task::Poll::Ready(out) = future.as_mut().poll(cx) {
            return std::task::Poll::Ready(Some(out));
        }
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}
