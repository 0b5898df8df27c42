//! `b24 auth login`: a webhook.

use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::Result;

use super::status::{described, identity_lines};
use super::{check_name, name_of};
use crate::connection::{self, Files, Identity, Profile, Secret, Store};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prompt;
use crate::session::{Connection, Session};

pub(super) async fn login(name: Option<String>, files: &Files, session: &Session) -> Result<Exit> {
    if let Some(name) = &name {
        check_name(name)?;
    }
    let webhook = ask_webhook(session).await?;
    let connection = connection::connect_to(
        webhook.clone(),
        "auth login",
        files,
        &session.global,
        &session.printer,
    )
    .await?;
    let name = name.unwrap_or_else(|| name_of(&connection.host));
    let identity = Identity::ask(&connection.client)
        .await
        .map_err(|error| not_kept(&error, &connection))?;
    if session.global.dry_run {
        let extra = [("event", "plan".into())];
        let report = described(&connection.host, &name, &identity, &extra);
        let mut text = format!("profile {name} would be kept; nothing was changed\n");
        identity_lines(&mut text, &connection.host, &identity);
        session.printer.report(&report, text)?;
        return Ok(Exit::Done);
    }
    let turn = files.turn()?;
    Store::beside(files).keep(&turn, &name, &webhook)?;
    let known = Profile {
        portal: Some(connection.host.clone()),
        licence: identity.licence.clone(),
        ..Profile::default()
    };
    files.add_profile(&turn, &name, &known)?;
    drop(turn);
    kept(&name, &connection.host, &identity, files, session)
}

/// Says what is kept now.
pub(super) fn kept(
    name: &str,
    host: &str,
    identity: &Identity,
    files: &Files,
    session: &Session,
) -> Result<Exit> {
    let default = files.read()?.default_profile.as_deref() == Some(name);
    let report = described(host, name, identity, &[("default", default.into())]);
    let mut text = format!(
        "profile {name} is kept{}\n",
        if default { ", and is the default" } else { "" }
    );
    identity_lines(&mut text, host, identity);
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

fn not_kept(error: &b24::Error, connection: &Connection) -> Failure {
    let mut failure = crate::failure::from_sdk(error, Some(connection));
    if error.kind() == b24::Kind::Auth {
        failure.hints =
            vec!["copy the webhook again: portal > Developer resources > the webhook".to_owned()];
    }
    failure.state("nothing was kept")
}

async fn ask_webhook(session: &Session) -> Result<Secret> {
    if let Some(webhook) = &session.global.webhook {
        return Ok(Secret::new(webhook));
    }
    if let Some(path) = &session.global.webhook_file {
        return connection::read_secret(path, "webhook");
    }
    if !io::stdin().is_terminal() {
        return connection::read_secret(Path::new("-"), "webhook");
    }
    if !session.can_ask() {
        let failure = Failure::usage("auth login needs a webhook, and nobody can be asked here")
            .state("nothing was kept")
            .hint("b24 auth login --webhook-file PATH, or b24 auth login < PATH");
        return Err(failure.into());
    }
    let line = prompt::hidden("webhook, as the portal shows it (it stays hidden): ").await?;
    Ok(Secret::new(&line))
}
