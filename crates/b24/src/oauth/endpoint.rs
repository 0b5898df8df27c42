//! Which hosts may be given a secret. Pure.

use url::Url;

use super::TokenError;
use crate::webhook::is_loopback;

/// The vendor's authorisation servers (documentation, "OAuth"; the second one serves Russia and the CIS).
const SERVERS: &[&str] = &["oauth.bitrix.info", "oauth.bitrix24.tech"];

/// The server of a grant that names none.
pub(super) const DEFAULT_SERVER: &str = "https://oauth.bitrix.info/rest/";

/// The portal that a person, a query or a stored grant names, as `https://acme.bitrix24.com/rest/`.
///
/// Plain http is for this machine only.
pub(crate) fn portal(text: &str) -> Option<Url> {
    let text = text.trim();
    let mut url = if text.contains("://") {
        Url::parse(text).ok()?
    } else {
        let https = Url::parse(&format!("https://{text}")).ok()?;
        if is_loopback(&https) {
            Url::parse(&format!("http://{text}")).ok()?
        } else {
            https
        }
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let bare = url.username().is_empty() && url.password().is_none();
    if !safe || !bare || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/rest").unwrap_or(path);
    url.set_path(&format!("{path}/rest/"));
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

/// Where tokens are asked for: the server that a grant names, if a secret may go there.
///
/// That is the vendor's, one that the user has named, and this machine if the portal is on it too.
pub(super) fn token_url(
    server_endpoint: &str,
    portal: &Url,
    named: &[String],
) -> Result<Url, TokenError> {
    let unreadable = || TokenError::Untrusted {
        host: "an unreadable address".to_owned(),
    };
    let mut url = self::portal(server_endpoint).ok_or_else(unreadable)?;
    let host = url.host_str().unwrap_or_default();
    let vendors = SERVERS.contains(&host) && url.port().is_none();
    let listed = named.iter().any(|name| name.eq_ignore_ascii_case(host));
    let local = is_loopback(&url) && is_loopback(portal);
    if !(vendors || listed || local) {
        return Err(TokenError::Untrusted {
            host: host.to_owned(),
        });
    }
    url.set_path("/oauth/token/");
    Ok(url)
}

/// Whether a grant that somebody outside brings, by a form or a query, may lead to the server `brought`.
///
/// To this machine only if the program has named it, or keeps tokens of that very server: else anybody could have the
/// client secret sent to any of its ports.
pub(super) fn may_be_brought(brought: &str, named: &[String], kept: Option<&str>) -> bool {
    let Some(url) = portal(brought) else {
        return false;
    };
    let is_here = |name: &String| portal(name).is_some_and(|named| is_loopback(&named));
    !is_loopback(&url)
        || named.iter().any(is_here)
        || kept.and_then(portal).is_some_and(|kept| kept == url)
}

/// The server of a portal that has named none: the vendor's, or the portal itself if it is on this machine.
pub(crate) fn server_of(portal: &Url) -> String {
    if is_loopback(portal) {
        return portal.as_str().to_owned();
    }
    DEFAULT_SERVER.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(server: &str, to: &str) -> Option<String> {
        let portal = portal(to).unwrap();
        let named = ["oauth.acme.example".to_owned()];
        token_url(server, &portal, &named).ok().map(String::from)
    }

    #[test]
    fn a_secret_goes_to_the_vendor_to_named_hosts_and_from_a_local_portal_to_this_machine() {
        let cloud = "https://acme.bitrix24.com/rest/";
        for (server, portal, expected) in [
            (
                "https://oauth.bitrix.info/rest/",
                cloud,
                Some("https://oauth.bitrix.info/oauth/token/"),
            ),
            (
                "https://oauth.bitrix24.tech/rest/",
                cloud,
                Some("https://oauth.bitrix24.tech/oauth/token/"),
            ),
            (
                "https://oauth.acme.example/rest/",
                cloud,
                Some("https://oauth.acme.example/oauth/token/"),
            ),
            (
                "http://127.0.0.1:8724/rest/",
                "http://acme.localhost:8724/rest/",
                Some("http://127.0.0.1:8724/oauth/token/"),
            ),
            ("http://127.0.0.1:8724/rest/", cloud, None),
            ("http://oauth.bitrix.info/rest/", cloud, None),
            ("https://oauth.bitrix.info:8443/rest/", cloud, None),
            ("https://evil.example/rest/", cloud, None),
            ("https://oauth.bitrix.info.evil.example/rest/", cloud, None),
            ("https://oauth.bitrix.info@evil.example/rest/", cloud, None),
            ("", cloud, None),
        ] {
            assert_eq!(goes(server, portal).as_deref(), expected, "{server}");
        }
    }

    #[test]
    fn this_machine_is_no_server_because_a_stranger_says_so() {
        let (here, there) = (
            "http://127.0.0.1:8724/rest/",
            "https://oauth.bitrix.info/rest/",
        );
        for (brought, named, kept, may) in [
            (there, None, None, true),
            (here, None, None, false),
            (here, None, Some(there), false),
            (here, None, Some("http://127.0.0.1:8725/rest/"), false),
            (here, None, Some("http://127.0.0.1:8724"), true),
            (here, Some("oauth.acme.example"), None, false),
            (here, Some("localhost"), None, true),
            (
                "http://acme.localhost:1/rest/",
                Some("127.0.0.1"),
                None,
                true,
            ),
            ("", Some("localhost"), None, false),
        ] {
            let named: Vec<String> = named.map(str::to_owned).into_iter().collect();
            assert_eq!(
                may_be_brought(brought, &named, kept),
                may,
                "{brought} {named:?} {kept:?}"
            );
        }
    }

    #[test]
    fn a_portal_is_named_in_any_form() {
        for (text, expected) in [
            ("acme.bitrix24.com", Some("https://acme.bitrix24.com/rest/")),
            (
                "https://acme.bitrix24.com/rest/",
                Some("https://acme.bitrix24.com/rest/"),
            ),
            (
                "https://acme.example/sub/?x=1#y",
                Some("https://acme.example/sub/rest/"),
            ),
            ("127.0.0.1:8724", Some("http://127.0.0.1:8724/rest/")),
            ("http://acme.bitrix24.com", None),
            ("ftp://acme.bitrix24.com", None),
            ("https://user:password@acme.bitrix24.com", None),
            ("", None),
        ] {
            assert_eq!(portal(text).as_ref().map(Url::as_str), expected, "{text}");
        }
    }
}
