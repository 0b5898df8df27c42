//! The address of an inbound webhook, which is a password.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Position, Url};

/// Escapes what would end the path segment of a method.
pub(crate) const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A webhook: portal, user and secret.
///
/// Whoever has the address acts as its user, so `Display` and `Debug` show the
/// secret as `***`. It is read from any form in which people copy it:
///
/// ```
/// use b24::WebhookUrl;
///
/// for pasted in [
///     "https://acme.bitrix24.com/rest/1/k3ys3cret/",
///     "https://acme.bitrix24.com/rest/api/1/k3ys3cret",
///     " <https://ACME.bitrix24.com:443/rest/1/k3ys3cret/crm.deal.get.json?id=5> ",
/// ] {
///     let webhook = WebhookUrl::parse(pasted)?;
///     assert_eq!(webhook.to_string(), "https://acme.bitrix24.com/rest/1/***/");
///     assert_eq!(webhook.user(), 1);
///     assert_eq!(webhook.host(), "acme.bitrix24.com");
/// }
///
/// let error = WebhookUrl::parse("http://acme.bitrix24.com/rest/1/k3ys3cret/").unwrap_err();
/// assert!(!error.to_string().contains("k3ys3cret"));
/// # Ok::<(), b24::WebhookError>(())
/// ```
#[derive(Clone)]
pub struct WebhookUrl {
    /// Scheme, host, port and path prefix, ending in `/`.
    base: Url,
    user: u64,
    secret: SecretString,
}

/// Why a text is not a webhook address. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// Nothing but space.
    #[error("the webhook address is empty")]
    Empty,
    /// No address at all.
    #[error(
        "the webhook address cannot be read: it looks like https://acme.bitrix24.com/rest/1/secret/"
    )]
    Address,
    /// Neither http nor https.
    #[error("the webhook address must begin with https://")]
    Scheme,
    /// Plain http to another machine.
    #[error(
        "the webhook address begins with http://, which would send its secret in the clear: \
         use https://, or allow plain http for this portal"
    )]
    PlainHttp,
    /// A user name or password before the host.
    #[error("the webhook address has a user name or password before the host: remove it")]
    Credentials,
    /// No `/rest/` in the path: a link to a page of the portal.
    #[error(
        "the address has no /rest/ in its path: take the one that the portal shows under \
         Developer resources, Inbound webhook; it looks like \
         https://acme.bitrix24.com/rest/1/secret/"
    )]
    NotRest,
    /// The user is not a number.
    #[error("the webhook address must have the number of a user after /rest/")]
    User,
    /// The address ends at the user, or a method stands in the secret's place.
    #[error("the webhook address has no secret after the user")]
    NoSecret,
    /// The secret is masked or mangled.
    #[error(
        "the secret of the webhook address is masked or damaged: copy it again from the portal"
    )]
    Secret,
}

impl WebhookUrl {
    /// Reads an address as it was pasted: with or without a slash at the end,
    /// `/rest/api/`, a method and a query after it, a port, a path before
    /// `/rest/`, spaces, quotes or angle brackets round it. Without a scheme it
    /// is taken for https; plain http is taken for this machine only.
    ///
    /// # Errors
    /// [`WebhookError`], which never shows the text.
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        Self::parse_with(text, false)
    }

    /// As [`parse`](Self::parse); with `allow_http`, plain http is taken for
    /// any host: for a portal in a network that is trusted.
    ///
    /// # Errors
    /// [`WebhookError`], which never shows the text.
    pub fn parse_with(text: &str, allow_http: bool) -> Result<Self, WebhookError> {
        let text = strip_wrapping(text);
        if text.is_empty() {
            return Err(WebhookError::Empty);
        }
        let has_scheme = text
            .split(['/', '?', '#'])
            .next()
            .is_some_and(|part| part.ends_with(':'));
        let url = if has_scheme {
            Url::parse(text)
        } else {
            Url::parse(&format!("https://{text}"))
        };
        let url = url.map_err(|_| WebhookError::Address)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebhookError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookError::Credentials);
        }
        let segments: Vec<&str> = url
            .path()
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let (prefix, user, secret) = split_path(&segments)?;

        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        base.set_path(
            &prefix
                .iter()
                .fold(String::from("/"), |path, part| path + part + "/"),
        );
        if base.scheme() == "http" && !allow_http && !is_loopback(&base) {
            return Err(WebhookError::PlainHttp);
        }
        Ok(Self {
            base,
            user,
            secret: SecretString::from(secret),
        })
    }

    /// The host, in lower case and in its ASCII form.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// The portal's address: scheme, host, port and what stands before
    /// `/rest/`, with a slash at the end. There is no secret in it.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn origin(&self) -> &str {
        &self.base[..Position::BeforePath]
    }

    /// The user whom the webhook acts as.
    pub const fn user(&self) -> u64 {
        self.user
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// The whole address, secret included: for a store that keeps it.
    pub fn expose(&self) -> String {
        self.v2("")
    }

    /// What must not be shown.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Where a method of API v2 is called, secret included.
    pub(crate) fn v2(&self, method: &str) -> String {
        self.endpoint("rest", method)
    }

    /// Where a method of API v3 is called, secret included.
    pub(crate) fn v3(&self, method: &str) -> String {
        self.endpoint("rest/api", method)
    }

    fn endpoint(&self, root: &str, method: &str) -> String {
        let (base, user, secret) = (&self.base, self.user, self.secret.expose_secret());
        let method = utf8_percent_encode(method, SEGMENT);
        format!("{base}{root}/{user}/{secret}/{method}")
    }
}

/// The address with `***` for the secret.
impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}rest/{}/***/", self.base, self.user)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookError;

    fn from_str(text: &str) -> Result<Self, WebhookError> {
        Self::parse(text)
    }
}

impl PartialEq for WebhookUrl {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base
            && self.user == other.user
            && self.secret.expose_secret() == other.secret.expose_secret()
    }
}

impl Eq for WebhookUrl {}

/// Spaces, quotes and brackets that came along with the address.
fn strip_wrapping(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '<' | '>'
                    | '"'
                    | '\''
                    | '`'
                    | '('
                    | ')'
                    | '«'
                    | '»'
                    | '“'
                    | '”'
                    | '„'
                    | '‘'
                    | '’'
                    | ','
                    | ';'
                    | '\u{feff}'
                    | '\u{200b}'
            )
    })
}

/// Prefix, user and secret of `prefix…/rest[/api]/user/secret[/method]`. Of
/// several `rest` the first counts that is followed by user and secret.
fn split_path<'a>(segments: &'a [&'a str]) -> Result<(&'a [&'a str], u64, &'a str), WebhookError> {
    let mut error = WebhookError::NotRest;
    for (place, _) in segments
        .iter()
        .enumerate()
        .filter(|(_, part)| **part == "rest")
    {
        let mut rest = &segments[place + 1..];
        if let ["api", after @ ..] = rest {
            rest = after;
        }
        match read_credentials(rest) {
            Ok((user, secret)) => return Ok((&segments[..place], user, secret)),
            Err(why) => error = why,
        }
    }
    Err(error)
}

fn read_credentials<'a>(parts: &[&'a str]) -> Result<(u64, &'a str), WebhookError> {
    let [user, rest @ ..] = parts else {
        return Err(WebhookError::User);
    };
    if !user.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WebhookError::User);
    }
    let user = user.parse().map_err(|_| WebhookError::User)?;
    match rest {
        [] => Err(WebhookError::NoSecret),
        // No secret has a dot, and every method has one.
        [method, ..] if method.contains('.') && !method.contains("..") => {
            Err(WebhookError::NoSecret)
        }
        [secret, ..] if !secret.bytes().all(is_secret_byte) => Err(WebhookError::Secret),
        [secret, ..] => Ok((user, secret)),
    }
}

fn is_secret_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether an address leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
