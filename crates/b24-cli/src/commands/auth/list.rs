//! `b24 auth list`: what is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::Result;
use b24::{App, OAuth};
use serde_json::json;

use super::mode;
use crate::connection::{self, Config, Files, Store, host};
use crate::exit::Exit;
use crate::session::{Mode, Session};

pub(super) async fn list(files: &Files, session: &Session) -> Result<Exit> {
    let config = files.read()?;
    let kept = Store::beside(files).names()?;
    let moved = match addresses(&config, files).await {
        Ok(addresses) => addresses,
        Err(error) => {
            session.printer.warning(format!(
                "portals of applications are named as they were at the login: {error:#}"
            ));
            BTreeMap::new()
        }
    };
    let names: BTreeSet<&String> = config.profile.keys().chain(&kept).collect();
    let mut text = String::new();
    let mut report = Vec::new();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default();
    for name in names {
        let profile = config.profile.get(name).cloned().unwrap_or_default();
        let default = config.default_profile.as_ref() == Some(name);
        let portal = moved.get(name).or(profile.portal.as_ref());
        let secret = kept.contains(name);
        let mark = if default { '*' } else { ' ' };
        let mut remarks = String::new();
        if profile.mode != Mode::Free {
            let _ = write!(remarks, "  {}", mode(profile.mode));
        }
        let means = match &profile.client_id {
            Some(id) => {
                let _ = write!(remarks, "  application {id}");
                "secret"
            }
            None => "webhook",
        };
        if !secret {
            let _ = write!(remarks, "  no {means}");
        }
        let shown = portal.map_or("-", String::as_str);
        let _ = writeln!(text, "{mark} {name:<width$}  {shown}{remarks}");
        report.push(json!({
            "profile": name,
            "portal": portal,
            "default": default,
            "mode": profile.mode,
            "webhook": secret && profile.client_id.is_none(),
            "application": profile.client_id,
        }));
    }
    if report.is_empty() {
        session.printer.note("nothing is kept yet: b24 auth login");
    }
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

/// Where the portals of applications are by now, by profile: a portal that was renamed is followed in the store.
async fn addresses(config: &Config, files: &Files) -> Result<BTreeMap<String, String>> {
    let mut addresses = BTreeMap::new();
    let applications = config.profile.iter().filter_map(|(name, profile)| {
        let client_id = profile.client_id.as_ref()?;
        Some((name, client_id, profile.member_id.as_ref()?))
    });
    let mut applications = applications.peekable();
    if applications.peek().is_none() {
        return Ok(addresses);
    }
    let Some((store, _)) = connection::existing_store(files).await? else {
        return Ok(addresses);
    };
    for (name, client_id, member_id) in applications {
        // What the store knows needs no secret of the application.
        let oauth = OAuth::new(App::new(client_id, ""), store.clone());
        if let Some(portal) = oauth.portal(member_id).await? {
            addresses.insert(name.clone(), host(&portal.grant.client_endpoint));
        }
    }
    Ok(addresses)
}
