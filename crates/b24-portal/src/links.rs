//! Links to files: they carry the caller's credential and a signature, as on a real portal.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::access::Credentials;
use crate::play::Facts;

/// Makes the links of one request's answer.
pub(crate) struct Links {
    /// `http://127.0.0.1:8724`
    root: String,
    credentials: Credentials,
}

impl fmt::Debug for Links {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Links")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl Links {
    pub(crate) fn new(facts: &Facts, credentials: &Credentials) -> Self {
        Self {
            root: format!("{}://{}", facts.scheme, facts.host),
            credentials: credentials.clone(),
        }
    }

    /// A page of the portal, which only a browser can open.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// A call of `download` or `upload` with this token.
    pub(crate) fn signed(&self, method: &str, token: &str) -> String {
        let token = utf8_percent_encode(token, NON_ALPHANUMERIC);
        let root = &self.root;
        match &self.credentials {
            Credentials::Webhook(user, secret) => {
                format!("{root}/rest/{user}/{secret}/{method}/?token={token}")
            }
            Credentials::Token(auth) => {
                let auth = utf8_percent_encode(auth, NON_ALPHANUMERIC);
                format!("{root}/rest/{method}.json?auth={auth}&token={token}")
            }
            Credentials::None => format!("{root}/rest/{method}.json?token={token}"),
        }
    }
}

/// Signs tokens: scope, query in base64 and signature with bars between. Known to one portal, until it is reset.
#[derive(Debug, Default)]
pub(crate) struct Signer(RandomState);

impl Signer {
    pub(crate) fn token(&self, scope: &str, query: &str) -> String {
        let signed = format!("{scope}|{}", STANDARD.encode(query));
        format!("{signed}|{:016x}", self.0.hash_one(&signed))
    }

    /// Scope and query of a token that this portal has signed.
    pub(crate) fn read(&self, token: &str) -> Option<(String, String)> {
        let (signed, signature) = token.rsplit_once('|')?;
        let is_ours = signature == format!("{:016x}", self.0.hash_one(signed));
        let (scope, query) = signed.split_once('|').filter(|_| is_ours)?;
        let query = String::from_utf8(STANDARD.decode(query).ok()?).ok()?;
        Some((scope.to_owned(), query))
    }
}

#[cfg(test)]
mod tests {
    use super::Signer;

    #[test]
    fn a_token_is_read_only_where_it_was_signed() {
        let (here, there) = (Signer::default(), Signer::default());
        let token = here.token("disk", "id=7");
        let read = Some(("disk".to_owned(), "id=7".to_owned()));
        assert_eq!(here.read(&token), read);
        assert_eq!(there.read(&token), None);
        assert_eq!(here.read(&token.replace("disk", "crm")), None);
        assert_eq!(here.read(""), None);
    }
}
