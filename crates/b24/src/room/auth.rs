//! Where an attempt goes, and with what right.

use std::sync::{Mutex, PoisonError};

use url::Url;

use crate::call::Version;
use crate::webhook::WebhookUrl;

/// The right to call: a webhook, whose secret is part of its path.
#[derive(Debug)]
pub(crate) struct Access {
    webhook: WebhookUrl,
    portal: String,
    trusted_hosts: Vec<String>,
    /// Where a redirect has moved the portal to: `https://new.example`.
    moved: Mutex<Option<String>>,
}

impl Access {
    pub(crate) fn new(webhook: WebhookUrl, trusted_hosts: Vec<String>) -> Self {
        let portal = authority(&webhook).to_owned();
        Self {
            webhook,
            portal,
            trusted_hosts,
            moved: Mutex::default(),
        }
    }

    /// The address of `method`, without a query.
    pub(crate) fn endpoint(&self, version: Version, method: &str) -> String {
        let endpoint = match version {
            Version::V2 => self.webhook.v2(method),
            Version::V3 => self.webhook.v3(method),
        };
        match &*self.moved.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(origin) => format!("{origin}{}", path(&endpoint)),
            None => endpoint,
        }
    }

    /// Sends everything to the host of `location` from now on, if that is the same call on a host that may have it.
    /// Returns whether it is, and the host for the message.
    pub(crate) fn follow(&self, endpoint: &str, location: &str) -> (bool, String) {
        let (origin, host) = self.may_follow(endpoint, location);
        let trusted = origin.is_some();
        if let Some(origin) = origin {
            *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(origin);
        }
        (trusted, host)
    }

    /// The origin of `location` if it may be followed, and its host.
    fn may_follow(&self, endpoint: &str, location: &str) -> (Option<String>, String) {
        let (Ok(from), Ok(to)) = (
            Url::parse(endpoint),
            Url::parse(endpoint).and_then(|base| base.join(location)),
        ) else {
            return (None, "an unreadable address".to_owned());
        };
        let (Some(old), Some(new)) = (from.host_str(), to.host_str()) else {
            return (None, "an address without a host".to_owned());
        };
        let listed = self
            .trusted_hosts
            .iter()
            .any(|host| host.eq_ignore_ascii_case(new));
        let related = old == new || parent(old).is_some_and(|known| parent(new) == Some(known));
        let sibling = related && to.port() == from.port();
        let trusted = to.scheme() == "https" && to.path() == from.path() && (listed || sibling);
        let origin = trusted.then(|| to.origin().ascii_serialization());
        (origin, new.to_owned())
    }

    /// Host and port, for messages.
    pub(crate) fn portal(&self) -> &str {
        &self.portal
    }

    pub(crate) fn webhook(&self) -> &WebhookUrl {
        &self.webhook
    }
}

/// Host, and port if it is not the scheme's own.
pub(crate) fn authority(webhook: &WebhookUrl) -> &str {
    let base = webhook.base();
    let host = base.find("://").map_or(base, |at| &base[at + 3..]);
    host.split('/').next().unwrap_or(host)
}

/// What follows scheme and host.
fn path(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or("", |at| &url[host + at..])
}

/// `bitrix24.com` of `acme.bitrix24.com`; an address or a bare domain has no parent to share. Nor has a domain right
/// under what reads like a registry's suffix (`co.uk`, `com.br`): strangers are neighbours there.
fn parent(host: &str) -> Option<&str> {
    if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let (_, rest) = host.split_once('.')?;
    let (owner, top) = rest.split_once('.')?;
    let is_registry = top.len() == 2 && owner.len() <= 3;
    (!is_registry).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(location: &str) -> (bool, String) {
        let webhook = WebhookUrl::parse("https://acme.bitrix24.com/rest/1/secret/").unwrap();
        let access = Access::new(webhook, vec!["crm.example.org".to_owned()]);
        access.follow(&access.endpoint(Version::V2, "profile"), location)
    }

    #[test]
    fn a_renamed_portal_is_followed() {
        assert!(follow("https://acme-new.bitrix24.com/rest/1/secret/profile").0);
        assert!(follow("https://crm.example.org/rest/1/secret/profile").0);
    }

    #[test]
    fn an_address_without_a_scheme_is_remembered_too() {
        let webhook = WebhookUrl::parse("https://acme.bitrix24.com/rest/1/secret/").unwrap();
        let access = Access::new(webhook, Vec::new());
        let endpoint = access.endpoint(Version::V2, "profile");
        assert!(
            access
                .follow(&endpoint, "//acme-new.bitrix24.com/rest/1/secret/profile")
                .0
        );
        assert_eq!(
            access.endpoint(Version::V2, "profile"),
            "https://acme-new.bitrix24.com/rest/1/secret/profile"
        );
    }

    #[test]
    fn a_host_may_turn_to_https_and_neighbours_under_a_registry_are_strangers() {
        let follow = |from: &str, to: &str| {
            let webhook = WebhookUrl::parse_with(from, true).unwrap();
            let access = Access::new(webhook, Vec::new());
            access
                .follow(&access.endpoint(Version::V2, "profile"), to)
                .0
        };
        let path = "rest/1/secret/profile";
        for (from, to, trusted) in [
            ("http://portal.local", "https://portal.local", true),
            ("https://acme.co.uk", "https://evil.co.uk", false),
            ("https://acme.com.br", "https://evil.com.br", false),
            (
                "https://acme.bitrix24.com.br",
                "https://new.bitrix24.com.br",
                true,
            ),
            ("https://crm.acme.co.uk", "https://b24.acme.co.uk", true),
            ("https://acme.bitrix24.ru", "https://new.bitrix24.ru", true),
        ] {
            assert_eq!(
                follow(&format!("{from}/rest/1/secret/"), &format!("{to}/{path}")),
                trusted,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_go_to_strangers() {
        for location in [
            "https://evil.example/rest/1/secret/profile",
            "http://acme-new.bitrix24.com/rest/1/secret/profile",
            "https://acme-new.bitrix24.com/login",
            "https://acme.bitrix24.com.evil.example/rest/1/secret/profile",
            "https://acme-new.bitrix24.com:8443/rest/1/secret/profile",
            "::",
        ] {
            assert!(!follow(location).0, "{location}");
        }
        assert_eq!(
            follow("https://evil.example/rest/1/secret/profile").1,
            "evil.example"
        );
    }
}
