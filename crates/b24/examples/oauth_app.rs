//! An application of a portal: sends a browser there, takes the code that it comes back with, greets its user by name,
//! and forgets the portal that uninstalls it: `cargo run --example oauth_app`, then open <http://127.0.0.1:3000/login>.
//! `PORTAL`, `CLIENT_ID` and `CLIENT_SECRET` name an application whose card has `http://127.0.0.1:3000/callback` as its
//! address; without them a local portal plays all of it.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use b24::{MemoryStore, OAuth, Uninstallation};
use tokio::net::TcpListener;

/// The application, and the portal that its users come from.
#[derive(Clone)]
struct Site {
    oauth: OAuth,
    portal: String,
}

/// Serves the application. Tokens that shall outlive the program go into a store of the crate `b24-store`.
pub(crate) fn site(oauth: OAuth, portal: &str) -> Router {
    Router::new()
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/events", post(event))
        .with_state(Site {
            oauth,
            portal: portal.to_owned(),
        })
}

/// To the portal, with a state that only this browser knows.
async fn login(State(site): State<Site>) -> Result<Response, Failure> {
    let state = OAuth::new_state();
    let url = site.oauth.authorize_url(&site.portal, &state)?;
    let cookie = format!("state={state}; HttpOnly; SameSite=Lax; Max-Age=600");
    let headers = [(header::LOCATION, url), (header::SET_COOKIE, cookie)];
    Ok((StatusCode::FOUND, headers).into_response())
}

/// Back from the portal: its code becomes tokens, and they are saved.
async fn callback(
    State(site): State<Site>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<String, Failure> {
    let state = cookie(&headers, "state").unwrap_or_default();
    let grant = site
        .oauth
        .exchange(&query.unwrap_or_default(), state)
        .await?;
    let b24 = site.oauth.client(&grant.member_id).await?;
    let helper = b24.helper().app().profile().await?;
    let (user, licence) = (helper.profile()?, helper.licence()?);
    Ok(format!("Hello, {} of {}\n", user.name, licence.licence))
}

/// `ONAPPUNINSTALL`, which counts only with the token that the installation brought.
async fn event(State(site): State<Site>, body: Bytes) -> Result<(), Failure> {
    let uninstallation = Uninstallation::from_event(&body)?;
    Ok(site.oauth.uninstall(&uninstallation).await?)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?.split("; ");
    let mut pairs = cookies.filter_map(|cookie| cookie.split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The visitor is told what went wrong, not with which tokens: errors show none.
struct Failure(Box<dyn Error>);

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::FORBIDDEN, format!("{}\n", self.0)).into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let var = |name: &str| std::env::var(name);
    let named = (var("PORTAL"), var("CLIENT_ID"), var("CLIENT_SECRET"));
    let (oauth, portal, _local) = if let (Ok(portal), Ok(id), Ok(secret)) = named {
        let app = b24::App::new(id, secret);
        (OAuth::new(app, MemoryStore::new()), portal, None)
    } else {
        let local = b24_portal::Portal::start().await;
        let app = local.add_app(b24_portal::App::new("http://127.0.0.1:3000/callback"));
        let app = b24::App::new(app.client_id, app.client_secret);
        let oauth = OAuth::new(app, MemoryStore::new()).trust_server("localhost");
        (oauth, local.url(), Some(local))
    };
    Ok(axum::serve(listener, site(oauth, &portal)).await?)
}
