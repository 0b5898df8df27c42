//! A client of others as an application: its calls and refreshes against the portal's OAuth server.

use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{Bench, told};

/// Who called, three times; how often tokens were renewed in between; what the portal counted.
fn expected() -> Value {
    json!({
        "users": ["1", "1", "1"],
        "saved": [{"member": true}, {"member": true}],
        "oauth": {
            "codes": 0, "refreshes": 2, "refused_refreshes": 0, "reused_refresh_tokens": 0,
        },
    })
}

impl Bench {
    /// Runs the vendor's client with tokens of a new application, over http.
    pub(super) fn application(&self) -> Result<()> {
        let mut portal = Command::new(&self.b24);
        portal
            .args(["--quiet", "portal", "--port", "0", "--deals", "100"])
            .args(["--app", "http://127.0.0.1:9/", "--", "node"])
            .arg(self.scripts.join("b24jssdk_oauth.mjs"))
            .env("COMPAT_MODULES", &self.peers.folder)
            .env_remove("B24_PROFILE");
        let mut told = told(&mut portal, "b24jssdk as an application")?;
        let version = told.as_object_mut().and_then(|told| told.remove("version"));
        ensure!(
            told == expected(),
            "b24jssdk as an application: {told}, not {}",
            expected()
        );
        let version = version.unwrap_or_default();
        let version = version.as_str().unwrap_or("?");
        eprintln!(
            "\n@bitrix24/b24jssdk {version} as an application: 6 calls, 2 refreshes, none refused"
        );
        Ok(())
    }
}
