//! What the browser brings back from the portal's authorisation page. Pure.

use secrecy::SecretString;
use subtle::ConstantTimeEq;
use url::Url;

use super::{Grant, TokenError, answer, endpoint};

/// The redirect back: a code, good for 30 s, and where it is good.
pub(super) struct Callback {
    pub(super) code: SecretString,
    /// The portal and its server, without tokens yet.
    pub(super) before: Grant,
}

/// Reads `code`, `state`, `domain`, `member_id`, `scope` and `server_domain` of a query, an address or its path.
pub(super) fn read(query: &str, state: &str) -> Result<Callback, TokenError> {
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    let query = query.split('#').next().unwrap_or(query);
    let (mut code, mut brought, mut domain) = (None, String::new(), None);
    let (mut member_id, mut scope, mut server) = (String::new(), String::new(), None);
    let mut error = None;
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        match &*key {
            "code" => code = Some(value),
            "state" => brought = value,
            "domain" => domain = Some(value),
            "member_id" => member_id = value,
            "scope" => scope = value,
            "server_domain" => server = Some(value),
            "error" => error = Some(value),
            _ => {}
        }
    }
    if state.is_empty() || !same(&brought, state) {
        return Err(TokenError::Forged(
            "the state that came back is not the one that was sent: nothing was done",
        ));
    }
    if error.is_some() {
        return Err(TokenError::Forged(
            "the portal has not authorised the application",
        ));
    }
    let code = code
        .filter(|code| !code.is_empty())
        .ok_or(TokenError::Forged("no code came back"))?;
    let portal = domain.as_deref().and_then(endpoint::portal);
    let portal = portal.ok_or(TokenError::Forged("no portal came back with the code"))?;
    let mut before = Grant::new(member_id, portal.as_str(), "", "");
    before.server_endpoint = match server.filter(|server| !server.is_empty()) {
        Some(server) => with_scheme(&server, &portal),
        None => endpoint::server_of(&portal),
    };
    before.scope = answer::scopes(&scope);
    Ok(Callback {
        code: SecretString::from(code),
        before,
    })
}

/// `server_domain` has no scheme: https, but for this machine.
fn with_scheme(server: &str, portal: &Url) -> String {
    endpoint::portal(server).map_or_else(|| endpoint::server_of(portal), String::from)
}

/// Compares in a time that does not tell where the difference is.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const QUERY: &str = "code=c0de&state=st4te&domain=acme.bitrix24.com&member_id=m1&scope=crm%2Ctask\
                         &server_domain=oauth.bitrix.info";

    #[test]
    fn a_code_is_read_from_a_query_a_path_or_an_address() {
        for query in [
            QUERY.to_owned(),
            format!("/callback?{QUERY}"),
            format!("https://app.example/callback?{QUERY}#top"),
        ] {
            let callback = read(&query, "st4te").unwrap();
            assert_eq!(callback.code.expose_secret(), "c0de");
            assert_eq!(callback.before.member_id, "m1");
            assert_eq!(
                callback.before.client_endpoint,
                "https://acme.bitrix24.com/rest/"
            );
            assert_eq!(
                callback.before.server_endpoint,
                "https://oauth.bitrix.info/rest/"
            );
            assert_eq!(callback.before.scope, ["crm", "task"]);
        }
    }

    #[test]
    fn a_forged_state_is_refused_whatever_else_came() {
        for (query, state) in [
            (QUERY, "st4t"),
            (QUERY, "st4te2"),
            (QUERY, ""),
            ("code=c&domain=acme.bitrix24.com", "st4te"),
            ("code=c&domain=acme.bitrix24.com&state=", ""),
        ] {
            assert!(
                matches!(read(query, state), Err(TokenError::Forged(_))),
                "{query} {state}"
            );
        }
    }

    #[test]
    fn a_code_needs_a_portal() {
        for query in [
            "state=s&domain=acme.bitrix24.com",
            "state=s&code=c",
            "state=s&code=c&domain=",
            "state=s&error=access_denied",
        ] {
            assert!(read(query, "s").is_err(), "{query}");
        }
    }
}
