//! Where a running portal is: what a starting one tells, and where the others find it.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use b24_portal::{InstalledApp, Portal};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use super::install;
use crate::connection::{Access, write};
use crate::failure::Failure;

/// Everything that is needed to use a portal of ours and to control it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    /// The webhook, with its secret.
    pub(super) webhook: String,
    /// `http://127.0.0.1:8724`
    pub(super) url: String,
    /// The token of the control API.
    pub(super) token: String,
    /// The certificate that clients have to trust, for https.
    pub(super) ca: Option<PathBuf>,
    /// The application of `--app` with its first tokens, as the control API shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) app: Option<serde_json::Value>,
    /// The others of `--portals`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<Address>,
}

impl Address {
    /// Of a portal of this process.
    pub(super) fn of(portal: &Portal, ca: Option<PathBuf>, app: Option<&InstalledApp>) -> Self {
        Self {
            webhook: portal.webhook().to_owned(),
            url: portal.url(),
            token: portal.control_token().to_owned(),
            ca,
            app: app.map(|app| serde_json::json!(app)),
            others: Vec::new(),
        }
    }

    /// As variables of the environment; those of the second portal end in `_2`.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let own = self.own_variables().into_iter();
        let mut variables: Vec<_> = own.map(|(name, value)| (name.to_owned(), value)).collect();
        for (other, number) in self.others.iter().zip(2..) {
            let own = other.own_variables().into_iter();
            variables.extend(own.map(|(name, value)| (format!("{name}_{number}"), value)));
        }
        variables
    }

    fn own_variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("B24_WEBHOOK", self.webhook.clone()),
            ("B24_PORTAL_URL", self.url.clone()),
            ("B24_PORTAL_TOKEN", self.token.clone()),
        ];
        if let Some(ca) = &self.ca {
            let ca = ca.display().to_string();
            // Node takes it beside its own certificates.
            variables.push(("NODE_EXTRA_CA_CERTS", ca.clone()));
            variables.push(("B24_PORTAL_CA", ca));
        }
        if let Some(app) = &self.app {
            variables.extend(install::variables(app));
        }
        variables
    }
}

/// The portal started last by this user.
#[derive(Debug)]
pub(super) struct LastStarted(PathBuf);

impl LastStarted {
    /// Where it is noted; `None` on a machine without a home.
    pub(super) fn locate() -> Option<Self> {
        let base = etcetera::choose_base_strategy().ok()?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Some(Self(state.join("b24").join("portal.json")))
    }

    /// Notes a portal that has just started.
    pub(super) fn note(&self, address: &Address) -> std::io::Result<()> {
        write(
            &self.0,
            Access::Owner,
            serde_json::to_string(address)?.as_bytes(),
        )
    }

    /// The noted portal.
    pub(super) fn read(&self) -> Option<Address> {
        serde_json::from_str(&fs::read_to_string(&self.0).ok()?).ok()
    }

    /// Forgets a portal that ends, unless another was started since.
    pub(super) fn forget(&self, address: &Address) {
        if self.read().as_ref() == Some(address) {
            // Nothing is lost if it stays: the next start overwrites it.
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Which portal to control: as told, else the one started last.
pub(super) fn running(url: Option<String>, token: Option<String>) -> Result<Address> {
    let noted = || LastStarted::locate().and_then(|last| last.read());
    let (url, token) = match (url, token) {
        (Some(url), Some(token)) => (url, token),
        (None, None) => {
            return noted().ok_or_else(|| {
                Failure::usage("no portal of yours is running")
                    .hint("b24 portal starts one; one elsewhere is named by --portal-url and --portal-token")
                    .into()
            });
        }
        _ => {
            return Err(Failure::usage("--portal-url and --portal-token go together").into());
        }
    };
    let url = url.trim_end_matches('/').to_owned();
    Ok(Address {
        webhook: String::new(),
        url,
        token,
        ca: None,
        app: None,
        others: Vec::new(),
    })
}
