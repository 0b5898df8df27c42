//! What an address says of TLS. A certificate is always checked.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use b24::store::{StoreError, StoreFault};
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a server is spoken to; `None`: in the clear.
pub(super) type Tls = Option<MakeRustlsConnect>;

/// Reads an address as libpq takes it, with `sslrootcert` and all values of `sslmode`.
pub(super) fn read(address: &str) -> Result<(Config, Tls), StoreError> {
    let Told { address, root } = Told::of(address);
    // Without the cause: it may show a part of the text, password and all.
    let config: Config = address.parse().map_err(|_| {
        StoreError::new(
            StoreFault::Other,
            "the address of PostgreSQL cannot be read: it looks like postgresql://user:password@host/database",
        )
    })?;
    let wanted = match config.get_ssl_mode() {
        SslMode::Disable => false,
        // Between programs of one machine nobody listens, and Debian's server has a certificate that nobody trusts.
        SslMode::Prefer => root.is_some() || !config.get_hosts().iter().all(is_near),
        _ => true,
    };
    let tls = wanted.then(|| client(root.as_deref().map(Path::new)));
    Ok((config, tls.transpose()?.map(MakeRustlsConnect::new)))
}

/// The words that only libpq knows, taken out of an address.
struct Told {
    address: String,
    root: Option<String>,
}

impl Told {
    fn of(address: &str) -> Self {
        let mut root = None;
        let is_url = address.starts_with("postgresql://") || address.starts_with("postgres://");
        let mut kept = |pair: &str| match pair.split_once('=') {
            Some(("sslrootcert", path)) if is_url => {
                root = Some(percent_decode_str(path).decode_utf8_lossy().into_owned());
                None
            }
            Some(("sslrootcert", path)) => {
                root = Some(path.to_owned());
                None
            }
            Some(("sslmode", mode)) => Some(format!("sslmode={}", known(mode))),
            _ => Some(pair.to_owned()),
        };
        let address = match address.split_once('?') {
            Some((server, pairs)) if is_url => {
                let pairs: Vec<_> = pairs.split('&').filter_map(kept).collect();
                format!("{server}?{}", pairs.join("&"))
            }
            _ if is_url => address.to_owned(),
            _ => {
                let pairs: Vec<_> = address.split(' ').filter_map(&mut kept).collect();
                pairs.join(" ")
            }
        };
        Self { address, root }
    }
}

/// A mode that checks less than is checked here is the next stricter one.
fn known(mode: &str) -> &str {
    match mode {
        "allow" => "prefer",
        "verify-ca" | "verify-full" => "require",
        mode => mode,
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Trusts what this machine trusts, or only who is in this file.
fn client(root: Option<&Path>) -> Result<ClientConfig, StoreError> {
    let refused = |why: String| StoreError::new(StoreFault::Other, why);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(format!("TLS cannot be spoken: {error}")))?;
    let Some(path) = root else {
        let builder = builder.with_platform_verifier();
        let builder = builder.map_err(|error| {
            refused(format!(
                "the certificates of this machine cannot be read: {error}"
            ))
        })?;
        return Ok(builder.with_no_client_auth());
    };
    let unreadable = |why: &dyn std::fmt::Display| {
        refused(format!(
            "sslrootcert {} cannot be used: {why}",
            path.display()
        ))
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"no certificate is in it"));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_libpq_are_understood() {
        for (told, read, root) in [
            (
                "postgresql://b24:p%20w@db.acme.com/b24?sslmode=verify-full&sslrootcert=%2Fetc%2Frds.pem&connect_timeout=3",
                "postgresql://b24:p%20w@db.acme.com/b24?sslmode=require&connect_timeout=3",
                Some("/etc/rds.pem"),
            ),
            (
                "host=db user=b24 sslmode=allow sslrootcert=/etc/rds.pem",
                "host=db user=b24 sslmode=prefer",
                Some("/etc/rds.pem"),
            ),
            ("postgres://b24@db/b24", "postgres://b24@db/b24", None),
        ] {
            let found = Told::of(told);
            assert_eq!(
                (found.address.as_str(), found.root.as_deref()),
                (read, root)
            );
        }
    }

    #[test]
    fn what_leaves_the_machine_is_sealed_unless_told_otherwise() {
        for (address, sealed) in [
            ("postgresql://b24@db.acme.com/b24", true),
            ("postgresql://b24@db.acme.com/b24?sslmode=disable", false),
            ("postgresql://b24@127.0.0.1/b24", false),
            ("postgresql://b24@localhost/b24?sslmode=verify-full", true),
            ("host=/run/postgresql user=b24", false),
        ] {
            assert_eq!(read(address).unwrap().1.is_some(), sealed, "{address}");
        }
        let missing = read("postgresql://b24@db/b24?sslrootcert=/nowhere.pem");
        let error = missing.err().unwrap().to_string();
        assert!(error.contains("sslrootcert /nowhere.pem"), "{error}");
    }
}
