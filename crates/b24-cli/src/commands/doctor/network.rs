//! The way to the portal: its name, a connection, its certificate.

use std::time::{Duration, Instant};

use reqwest::tls::TlsInfo;
use tokio::net::{TcpStream, lookup_host};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Check, Verdict};
use crate::connection::cause;
use crate::failure::Kind;
use crate::session::{Connection, Session};

const PATIENCE: Duration = Duration::from_secs(10);
/// Fewer days left than this are told.
const FEW_DAYS: i64 = 14;

/// Variables that put a proxy between us and the portal.
const PROXIES: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

pub(super) async fn check(connection: &Connection, session: &Session) -> Vec<Check> {
    let tls = connection.client.redacted_webhook().starts_with("https:");
    let (name, port) = address(&connection.host, tls);
    let mut checks = Vec::new();
    let proxy = PROXIES
        .iter()
        .find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if let (Some(proxy), true) = (proxy, tls) {
        checks.push(Check::skipped(
            "name",
            format!("the proxy of {proxy} looks it up"),
        ));
    } else {
        let addresses = match resolve(name, port).await {
            Ok(addresses) => addresses,
            Err(why) => {
                let check = Check::failed(
                    "name",
                    Kind::Temporary,
                    format!("{name} is not found: {why}"),
                );
                return vec![check.hint("check the address, the network and its name servers")];
            }
        };
        let shown: Vec<String> = addresses
            .iter()
            .take(3)
            .map(|at| at.ip().to_string())
            .collect();
        checks.push(Check::ok("name", format!("{name} is {}", shown.join(", "))));
        let begun = Instant::now();
        if let Err(why) = connect(&addresses).await {
            let text = format!("{name}, port {port}, cannot be reached: {why}");
            let check = Check::failed("connection", Kind::Temporary, text);
            checks.push(check.hint("a firewall, or a proxy that has to be named in HTTPS_PROXY"));
            return checks;
        }
        let took = begun.elapsed().as_secs_f64();
        checks.push(Check::ok(
            "connection",
            format!("port {port} in {took:.3} s"),
        ));
    }
    checks.push(if tls {
        certificate(&connection.host, session).await
    } else {
        Check::skipped("certificate", "plain http, for this machine only")
    });
    checks
}

fn address(host: &str, tls: bool) -> (&str, u16) {
    let default = if tls { 443 } else { 80 };
    match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') => match port.parse() {
            Ok(port) => (name.trim_matches(['[', ']']), port),
            Err(_) => (host, default),
        },
        _ => (host, default),
    }
}

async fn resolve(name: &str, port: u16) -> Result<Vec<std::net::SocketAddr>, String> {
    match tokio::time::timeout(PATIENCE, lookup_host((name, port))).await {
        Ok(Ok(found)) => {
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                Err("it has no address".to_owned())
            } else {
                Ok(found)
            }
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
    }
}

async fn connect(addresses: &[std::net::SocketAddr]) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, TcpStream::connect(addresses)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
    }
}

/// Asks for the front page, which needs no secret, and looks at the certificate.
async fn certificate(host: &str, session: &Session) -> Check {
    let failed = |text: String| {
        Check::failed("certificate", Kind::Temporary, text).hint(
            "a portal with its own authority: --portal-ca FILE names the certificate to trust; \
             SSL_CERT_FILE, where the machine has none",
        )
    };
    let client = match client(session) {
        Ok(client) => client,
        Err(why) => return failed(why),
    };
    let sent = client.head(format!("https://{host}/")).send();
    let answer = match sent.await {
        Ok(answer) => answer,
        Err(error) => return failed(format!("not trusted, or no TLS: {}", cause(&error))),
    };
    let der = answer.extensions().get::<TlsInfo>();
    let Some(der) = der.and_then(TlsInfo::peer_certificate) else {
        return Check::skipped("certificate", "trusted; what it says cannot be read");
    };
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => told(&certificate, jiff::Timestamp::now().as_second()),
        Err(_) => Check::skipped("certificate", "trusted; what it says cannot be read"),
    }
}

fn client(session: &Session) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .tls_info(true);
    if let Some(path) = &session.global.portal_ca {
        let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|_| format!("{} holds no certificate", path.display()))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| cause(&error))
}

fn told(certificate: &X509Certificate<'_>, now: i64) -> Check {
    let issuer = certificate.issuer();
    let common = issuer.iter_common_name().next();
    let name = common.and_then(|name| name.as_str().ok());
    let organisation = issuer.iter_organization().next();
    let organisation = organisation.and_then(|name| name.as_str().ok());
    let by = match (name, organisation) {
        (Some(name), Some(organisation)) if name != organisation => {
            format!("{name} ({organisation})")
        }
        (Some(name), _) => name.to_owned(),
        (None, Some(organisation)) => organisation.to_owned(),
        (None, None) => "somebody without a name".to_owned(),
    };
    days(
        &by,
        (certificate.validity().not_after.timestamp() - now) / 86_400,
    )
}

fn days(by: &str, days: i64) -> Check {
    let text = format!("by {by}, {days} days left");
    if days < FEW_DAYS {
        let hint = "whoever runs the portal has to renew it";
        return Check::warning("certificate", text, hint);
    }
    Check::new("certificate", Verdict::Ok, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_ports() {
        assert_eq!(
            address("acme.bitrix24.com", true),
            ("acme.bitrix24.com", 443)
        );
        assert_eq!(address("127.0.0.1:8724", false), ("127.0.0.1", 8724));
        assert_eq!(address("[::1]:8724", true), ("::1", 8724));
    }

    #[test]
    fn few_days_are_a_warning() {
        assert_eq!(days("R11", 54).verdict, Verdict::Ok);
        let few = days("R11", 3);
        assert_eq!(few.verdict, Verdict::Warning);
        assert_eq!(few.text, "by R11, 3 days left");
    }
}
