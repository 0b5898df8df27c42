//! What a client is given besides its task: the portal, the certificate, the packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::options::Options;
use crate::portal::Portal;

/// Leads a client to the portal, and to nothing of the person who runs the bench.
pub fn lead(command: &mut Command, options: &Options, portal: &Portal) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("B24_") {
            command.env_remove(name);
        }
    }
    command
        .env("B24_WEBHOOK", portal.webhook())
        .env("BENCH_MODULES", &options.peers)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("XDG_STATE_HOME", options.out.join("state"))
        .stdin(Stdio::null());
    if let Some(ca) = portal.ca() {
        for name in [
            "BENCH_CA",
            "B24_PORTAL_CA",
            "NODE_EXTRA_CA_CERTS",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
        ] {
            command.env(name, ca);
        }
    }
}

/// The interpreter of a script of `scripts/`, and its path.
pub fn script(options: &Options, name: &str) -> [PathBuf; 2] {
    let python = Path::new(name).extension().is_some_and(|ext| ext == "py");
    let program = if python {
        options.peers.join("venv/bin/python")
    } else {
        PathBuf::from("node")
    };
    [
        program,
        options.root.join("benches/clients/scripts").join(name),
    ]
}
