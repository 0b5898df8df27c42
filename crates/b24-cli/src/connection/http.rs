//! HTTP beside the SDK: files go to and come from addresses of the portal that are no methods.

use std::fs;
use std::time::Duration;

use super::Connection;
use crate::args::Global;
use crate::failure::Failure;

const CONNECT: Duration = Duration::from_secs(10);
/// A portal that sends nothing for so long has lost us.
const SILENCE: Duration = Duration::from_secs(75);

/// A client for files: no redirects, no decoding, no address told to others.
pub(crate) fn http(global: &Global, connection: &Connection) -> Result<reqwest::Client, Failure> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .connect_timeout(CONNECT)
        .read_timeout(global.timeout.unwrap_or(SILENCE))
        .user_agent(concat!("b24-cli/", env!("CARGO_PKG_VERSION")));
    if connection.base().starts_with("http://") {
        // A portal on plain http must work on a machine without any CA certificate.
        builder = builder.tls_certs_only(std::iter::empty());
    }
    if let Some(path) = &global.portal_ca {
        let pem = fs::read(path)
            .map_err(|error| Failure::local(format!("{}: {error}", path.display())))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| {
            Failure::usage(format!("{} holds no certificate", path.display()))
                .state("nothing was sent")
        })?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .build()
        .map_err(|error| Failure::local(format!("no HTTP client: {}", cause(&error))))
}

/// The innermost cause: the others only wrap it, and name addresses with secrets in them.
pub(crate) fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    b24::redact::text(&last.to_string()).into_owned()
}
