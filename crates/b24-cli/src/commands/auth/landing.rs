//! A page on this machine that browsers come back to, for as long as one login takes.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use url::{Host, Url};

use crate::failure::Failure;
use crate::printer::disk_words;

/// The last page has so long to reach its browser.
const FAREWELL: Duration = Duration::from_secs(2);

/// A browser that waits for its page.
pub(super) struct Visit {
    /// What stands after the `?`.
    pub(super) query: String,
    pub(super) page: oneshot::Sender<Page>,
}

/// What a browser is told. Nothing of what it brought is repeated.
#[derive(Debug, Clone, Copy)]
pub(super) enum Page {
    Done,
    Failed,
    /// Another state than ours.
    Foreign,
    /// A code was taken already.
    Taken,
    NotThere,
}

/// The listener.
pub(super) struct Landing {
    pub(super) visits: mpsc::Receiver<Visit>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

#[derive(Clone)]
struct Door {
    path: String,
    visits: mpsc::Sender<Visit>,
}

impl Landing {
    /// Listens at an address of this machine.
    pub(super) async fn at(address: &Url) -> Result<Self, Failure> {
        let port = address.port_or_known_default().unwrap_or_default();
        let failed = |error: std::io::Error| {
            Failure::local(format!(
                "the browser cannot come back to {address}: {}",
                disk_words(&error)
            ))
            .state("nothing was kept")
            .hint(
                "another port, on the application's card and in --callback; or --callback with an address elsewhere, \
                 to paste where the browser lands",
            )
        };
        let listener = match address.host() {
            Some(Host::Ipv6(ip)) => TcpListener::bind((ip, port)).await,
            Some(Host::Ipv4(ip)) => TcpListener::bind((ip, port)).await,
            _ => TcpListener::bind(("127.0.0.1", port)).await,
        };
        let listener = listener.map_err(failed)?;
        let (sender, visits) = mpsc::channel(8);
        let (stop, stopped) = oneshot::channel::<()>();
        let door = Door {
            path: address.path().trim_end_matches('/').to_owned(),
            visits: sender,
        };
        let router = Router::new().fallback(visit).with_state(door);
        let served = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async {
                // Dropped without a word it is over too.
                let _ = stopped.await;
            });
            // Without it, nobody comes, and that is told.
            let _ = served.await;
        });
        Ok(Self {
            visits,
            stop,
            served,
        })
    }

    /// Ends when the last page has gone out.
    pub(super) async fn close(self) {
        drop(self.visits);
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(FAREWELL, self.served).await;
    }
}

async fn visit(State(door): State<Door>, method: Method, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default().to_owned();
    if method != Method::GET || uri.path().trim_end_matches('/') != door.path || query.is_empty() {
        return Page::NotThere.into_response();
    }
    let (page, answer) = oneshot::channel();
    if door.visits.send(Visit { query, page }).await.is_err() {
        return Page::Taken.into_response();
    }
    answer.await.unwrap_or(Page::Taken).into_response()
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::Done => (
                StatusCode::OK,
                "The application is connected",
                "You can close this window and go back to the terminal.",
            ),
            Self::Failed => (
                StatusCode::BAD_GATEWAY,
                "The application is not connected",
                "The terminal says why.",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "This was not asked for",
                "The state of this answer is not the one that b24 sent. Nothing was done. \
                 If you did not follow a link of somebody else, start the login again.",
            ),
            Self::Taken => (
                StatusCode::GONE,
                "A code was taken already",
                "Nothing was done with this one.",
            ),
            Self::NotThere => (StatusCode::NOT_FOUND, "There is no such page", ""),
        };
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>b24: {title}</title>\n\
             <h1>{title}</h1>\n<p>{text}</p>\n"
        );
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONNECTION, "close"),
        ];
        (status, headers, body).into_response()
    }
}
