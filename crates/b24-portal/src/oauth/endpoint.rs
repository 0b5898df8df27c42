//! `/oauth/token/` and `/oauth/authorize/`: from a request to an answer.

use http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::exchange::Ask;
use super::registry::{Seat, host};
use super::tokens::{NoTokens, Tokens};
use super::{Installation, Realm};
use crate::access::is_active;
use crate::http::HttpAnswer;
use crate::php::{Php, PhpArray};
use crate::shared::{Shared, lock};

/// The two doors of OAuth; `None` for other paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Authorize,
    Token,
}

impl Door {
    /// Doubled slashes count as one, and the last may be missing.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let mut segments = parts.uri.path().split('/').filter(|text| !text.is_empty());
        match [segments.next()?, segments.next()?] {
            ["oauth", "authorize"] if segments.next().is_none() => Some(Self::Authorize),
            ["oauth", "token"] if segments.next().is_none() => Some(Self::Token),
            _ => None,
        }
    }

    /// What faults and the log call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "oauth/authorize",
            Self::Token => "oauth/token",
        }
    }

    /// Answers for one portal.
    pub(crate) fn answer(self, portal: &Shared, params: &PhpArray) -> HttpAnswer {
        match self {
            Self::Authorize => authorize(portal, params),
            Self::Token => token(portal, params),
        }
    }
}

fn text<'a>(params: &'a PhpArray, name: &'static str) -> Option<&'a str> {
    let value = params.get(&name.into()).and_then(Php::as_str);
    value.filter(|text| !text.is_empty())
}

/// The code or refresh token that a request brings.
fn ask(params: &PhpArray) -> Result<Ask<'_>, NoTokens> {
    let required = |name| text(params, name).ok_or(NoTokens::NoParameter(name));
    match text(params, "grant_type") {
        Some("authorization_code") => Ok(Ask::Code(required("code")?)),
        Some("refresh_token") => Ok(Ask::Refresh(required("refresh_token")?)),
        _ => Err(NoTokens::NoGrantType),
    }
}

/// The portal whose code or refresh token a request brings.
pub(crate) fn member_of(realm: &Realm, params: &PhpArray) -> Option<String> {
    let ask = ask(params).ok()?;
    lock(&realm.registry).member_of(&ask).map(str::to_owned)
}

fn token(portal: &Shared, params: &PhpArray) -> HttpAnswer {
    let asked = ask(params);
    let exchanged = asked.and_then(|ask| exchange(&portal.realm, params, &ask));
    let is_refresh = text(params, "grant_type") == Some("refresh_token");
    lock(&portal.oauth_counts).count(is_refresh, exchanged.as_ref().err());
    match exchanged {
        Ok(tokens) => {
            let body = serde_json::to_vec(&tokens).unwrap_or_default();
            let mut out = Vec::new();
            Php::from_json(&body)
                .unwrap_or_default()
                .write_json(&mut out);
            HttpAnswer::json(200, out)
        }
        Err(refusal) => refuse(&portal.realm, refusal),
    }
}

fn exchange(realm: &Realm, params: &PhpArray, ask: &Ask<'_>) -> Result<Tokens, NoTokens> {
    let required = |name| text(params, name).ok_or(NoTokens::NoParameter(name));
    let (client_id, secret) = (required("client_id")?, required("client_secret")?);
    let scope = text(params, "scope");
    lock(&realm.registry).exchange(client_id, secret, ask, scope, realm.clock.now())
}

fn refuse(realm: &Realm, refusal: NoTokens) -> HttpAnswer {
    let (code, status, text) = refusal.told();
    let status = realm.statuses.get(code).copied().unwrap_or(status);
    let body = Php::map([("error", code.into()), ("error_description", text.into())]);
    let mut out = Vec::new();
    body.write_json(&mut out);
    HttpAnswer::json(status, out).error(code)
}

/// Sends the browser back to the application with a code. There is no login: the user is the parameter `user`, else
/// the portal's acting user.
fn authorize(portal: &Shared, params: &PhpArray) -> HttpAnswer {
    let realm = &portal.realm;
    let Some(client_id) = text(params, "client_id") else {
        return page("No client_id");
    };
    let user_id = match params.get(&"user".into()) {
        Some(user) => user.to_int(),
        None => portal.acting_user(),
    };
    let is_active = is_active(portal, user_id);
    let seat = Seat::of(portal, client_id);
    let mut registry = lock(&realm.registry);
    let Some(app) = registry.app(client_id).cloned() else {
        return page("Application not found");
    };
    match registry.state(&seat) {
        None | Some(Installation::Uninstalled) => return page("Application not installed"),
        Some(Installation::PaymentExpired) => return page("Payment required"),
        Some(_) => {}
    }
    if !is_active || !app.admits(user_id) {
        return page("The user does not have access to the application.");
    }
    let code = registry.issue_code(seat, user_id, realm.clock.now());
    let answer = [
        ("code", code.as_str()),
        ("state", text(params, "state").unwrap_or_default()),
        ("domain", host(&portal.url())),
        ("member_id", &portal.member_id),
        ("scope", &app.scopes.unwrap_or_default().join(",")),
        ("server_domain", host(registry.server())),
    ]
    .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
    .join("&");
    let separator = if app.url.contains('?') { '&' } else { '?' };
    HttpAnswer::redirect(&format!("{}{separator}{answer}", app.url))
}

/// Errors here are for people.
fn page(text: &str) -> HttpAnswer {
    HttpAnswer::html(
        400,
        &format!("<!DOCTYPE html>\n<title>Bitrix24</title>\n<p class=\"error\">{text}</p>\n"),
    )
    .error(text)
}
