//! The one place that knows on which platform we run: clock, sleep, spawn, `Send`, and the making of the HTTP client.
//!
//! Natively everything stands on the caller's tokio: paused tokio time pauses the client too. In a
//! browser it stands on the event loop of the page.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
mod platform {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use tracing::Instrument;

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

    /// A boxed stream, `Send` natively.
    pub type BoxStream<T> = std::pin::Pin<Box<dyn futures_core::Stream<Item = T> + Send>>;

    pub(crate) async fn sleep(duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Work that goes on while nobody polls it; aborted when this is dropped.
    #[derive(Debug)]
    pub(crate) struct Task<T>(tokio::task::JoinHandle<T>);

    impl<T> Drop for Task<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    impl<T> Future for Task<T> {
        type Output = T;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
            match std::task::ready!(Pin::new(&mut self.0).poll(cx)) {
                Ok(out) => Poll::Ready(out),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is shutting down, and we with it.
                    Err(_) => Poll::Pending,
                },
            }
        }
    }

    pub(crate) fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Task(tokio::spawn(future.in_current_span()))
    }

    /// Work that goes on to its end whoever waits for it.
    pub(crate) fn detach<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(tokio::spawn(future.in_current_span()));
    }

    /// Whether https can be spoken.
    pub(crate) const HAS_TLS: bool = cfg!(feature = "rustls");

    /// Whether no connection came about, so that the portal certainly saw nothing.
    pub(crate) fn never_sent(error: &reqwest::Error) -> bool {
        error.is_builder() || error.is_connect()
    }

    /// The whole body in one piece, without holding it twice.
    pub(crate) async fn body(mut response: reqwest::Response) -> Result<Bytes, reqwest::Error> {
        let length = response.content_length().unwrap_or(0) as usize;
        let mut body = Vec::with_capacity(length.min(crate::room::transport::MOST_ROOM));
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }

    /// The body as it comes.
    pub(crate) fn body_stream<E: Send + 'static>(
        response: reqwest::Response,
        failed: fn(reqwest::Error) -> E,
    ) -> super::BoxStream<Result<Bytes, E>> {
        Box::pin(futures_util::stream::try_unfold(
            response,
            move |mut response| async move {
                let chunk = response.chunk().await.map_err(failed)?;
                Ok(chunk.map(|chunk| (chunk, response)))
            },
        ))
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
        #[cfg(not(feature = "rustls"))]
        tracing::debug!(
            plain_http = settings.plain_http,
            ca_certificates = settings.ca_certificates.len(),
            "built without TLS"
        );
        builder.build()
    }
}

#[cfg(target_family = "wasm")]
mod platform {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use futures_util::future::{AbortHandle, abortable};
    use tracing::Instrument;

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

    /// A boxed stream, `Send` natively.
    pub type BoxStream<T> = std::pin::Pin<Box<dyn futures_core::Stream<Item = T>>>;

    pub(crate) async fn sleep(duration: Duration) {
        // A browser's timer holds 31 bits of milliseconds, and rings at once for more.
        let most = Duration::from_millis(i32::MAX as u64);
        gloo_timers::future::sleep(duration.min(most)).await;
    }

    /// Work that goes on while nobody polls it; aborted when this is dropped.
    #[derive(Debug)]
    pub(crate) struct Task<T> {
        answer: tokio::sync::oneshot::Receiver<T>,
        abort: AbortHandle,
    }

    impl<T> Drop for Task<T> {
        fn drop(&mut self) {
            self.abort.abort();
        }
    }

    impl<T> Future for Task<T> {
        type Output = T;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
            match std::task::ready!(Pin::new(&mut self.answer).poll(cx)) {
                Ok(out) => Poll::Ready(out),
                // The page is going away, and we with it.
                Err(_) => Poll::Pending,
            }
        }
    }

    pub(crate) fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future<Output: 'static> + 'static,
    {
        let (sender, answer) = tokio::sync::oneshot::channel();
        let work = async move {
            // Nobody waits for the answer any more: nothing to do.
            let _ = sender.send(future.await);
        };
        let (work, abort) = abortable(work.in_current_span());
        wasm_bindgen_futures::spawn_local(async move {
            let _ = work.await;
        });
        Task { answer, abort }
    }

    /// Work that goes on to its end whoever waits for it.
    pub(crate) fn detach<F>(future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        wasm_bindgen_futures::spawn_local(future.in_current_span());
    }

    /// Whether https can be spoken: the browser's business.
    pub(crate) const HAS_TLS: bool = true;

    /// In a browser nothing tells a refused connection from a lost answer.
    pub(crate) fn never_sent(error: &reqwest::Error) -> bool {
        error.is_builder()
    }

    /// The whole body.
    pub(crate) async fn body(response: reqwest::Response) -> Result<Bytes, reqwest::Error> {
        response.bytes().await
    }

    /// The body, once it is there.
    pub(crate) fn body_stream<E: 'static>(
        response: reqwest::Response,
        failed: fn(reqwest::Error) -> E,
    ) -> super::BoxStream<Result<Bytes, E>> {
        Box::pin(futures_util::stream::once(async move {
            response.bytes().await.map_err(failed)
        }))
    }

    /// The browser's `fetch`; it decides about connections, proxies and certificates itself.
    pub(crate) fn http_client(
        settings: &crate::room::transport::HttpSettings,
    ) -> Result<reqwest::Client, reqwest::Error> {
        tracing::debug!(
            connect_timeout = ?settings.connect_timeout,
            user_agent = settings.user_agent,
            proxy = settings.proxy.is_some(),
            ca_certificates = settings.ca_certificates.len(),
            plain_http = settings.plain_http,
            "a browser has settings of its own for these"
        );
        reqwest::Client::builder().build()
    }
}

pub use platform::{BoxFuture, BoxStream, MaybeSend, MaybeSync};
pub(crate) use platform::{
    HAS_TLS, Instant, Task, body, body_stream, detach, http_client, never_sent, sleep, spawn,
};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Time since the Unix epoch by the clock of this machine, right or wrong.
pub(crate) fn unix_time() -> Duration {
    let now = jiff::Timestamp::now().as_millisecond();
    Duration::from_millis(now.max(0) as u64)
}

/// The moment `duration` from now; for a duration that no clock holds, a moment that never comes.
pub(crate) fn after(duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);
    let now = now();
    now.checked_add(duration).unwrap_or_else(|| now + NEVER)
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
