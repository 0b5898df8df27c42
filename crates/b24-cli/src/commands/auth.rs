//! `b24 auth`: the webhooks that are kept, and which one is used.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::connection::{self, Files, Identity, Secret, Store};
use crate::exit::Exit;
use crate::failure::{Failure, closest};
use crate::prompt;
use crate::session::{Connection, Mode, Session};

/// Keep webhooks and choose between them.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 auth login                       asks for the webhook, shows nothing of it
  b24 auth login acme < webhook.txt    asks nothing
  b24 auth list
  b24 auth status
")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a webhook and keep it under a name.
    Login {
        /// The name; by default the first word of the portal's address.
        name: Option<String>,
    },
    /// List what is kept.
    List,
    /// Make a profile the default.
    Use {
        /// The profile.
        name: String,
    },
    /// Show portal, user, scopes and plan, and which setting chose them.
    Status {
        /// The profile; by default the one that would be used.
        name: Option<String>,
    },
    /// Forget a profile and its webhook.
    Logout {
        /// The profile.
        name: String,
    },
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let files = Files::locate(session.global.config.as_deref())?;
    match args.action {
        Action::Login { name } => login(name, &files, session).await,
        Action::List => list(&files, session),
        Action::Use { name } => choose(&name, &files, session),
        Action::Status { name } => status(name, session).await,
        Action::Logout { name } => logout(&name, &files, session),
    }
}

async fn login(name: Option<String>, files: &Files, session: &Session) -> Result<Exit> {
    if let Some(name) = &name {
        check_name(name)?;
    }
    let webhook = ask_webhook(session).await?;
    let connection = connection::connect_to(
        webhook.clone(),
        "auth login",
        &session.global,
        &session.printer,
    )?;
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
    Store::beside(files).keep(&name, &webhook)?;
    files.add_profile(&name, &connection.host, identity.licence.as_deref())?;
    let default = files.read()?.default_profile.as_deref() == Some(name.as_str());
    let report = described(
        &connection.host,
        &name,
        &identity,
        &[("default", default.into())],
    );
    let mut text = format!(
        "profile {name} is kept{}\n",
        if default { ", and is the default" } else { "" }
    );
    identity_lines(&mut text, &connection.host, &identity);
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
        return connection::read_secret(path);
    }
    if !io::stdin().is_terminal() {
        return connection::read_secret(Path::new("-"));
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

/// `acme` of `acme.bitrix24.com`; a portal on this machine is `local`.
fn name_of(host: &str) -> String {
    let first = host.split(['.', ':']).next().unwrap_or_default();
    let letters = first.chars().next().is_some_and(char::is_alphabetic);
    if letters && first != "localhost" {
        first.to_owned()
    } else {
        "local".to_owned()
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    let failure = Failure::usage("the name of a profile is of letters, digits, - _ and .");
    Err(failure
        .state("nothing was kept")
        .hint("b24 auth login acme, then paste the webhook"))
}

fn list(files: &Files, session: &Session) -> Result<Exit> {
    let config = files.read()?;
    let kept = Store::beside(files).names()?;
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
        let portal = profile.portal.as_deref().unwrap_or("-");
        let webhook = kept.contains(name);
        let mark = if default { '*' } else { ' ' };
        let mut remarks = String::new();
        if profile.mode != Mode::Free {
            let _ = write!(remarks, "  {}", mode(profile.mode));
        }
        if !webhook {
            remarks.push_str("  no webhook");
        }
        let _ = writeln!(text, "{mark} {name:<width$}  {portal}{remarks}");
        report.push(json!({
            "profile": name,
            "portal": profile.portal,
            "default": default,
            "mode": profile.mode,
            "webhook": webhook,
        }));
    }
    if report.is_empty() {
        session.printer.note("nothing is kept yet: b24 auth login");
    }
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

fn choose(name: &str, files: &Files, session: &Session) -> Result<Exit> {
    known(name, files)?;
    if session.global.dry_run {
        let text = format!("{name} would be the default profile; nothing was changed\n");
        return plan(&json!({ "event": "plan", "default": name }), text, session);
    }
    files.set_default(name)?;
    session.printer.report(
        &json!({ "default": name }),
        format!("{name} is the default profile\n"),
    )?;
    Ok(Exit::Done)
}

async fn status(name: Option<String>, session: &Session) -> Result<Exit> {
    let other;
    let session = match name {
        Some(name) => {
            let global = crate::args::Global {
                profile: Some(name),
                ..session.global.clone()
            };
            other = Session::new("auth", global, session.printer.clone());
            &other
        }
        None => session,
    };
    let connection = session.connection().await?;
    let identity = Identity::ask(&connection.client).await?;
    let profile = connection.profile.as_deref().unwrap_or_default();
    let extra = [
        ("origin", connection.origin.clone().into()),
        ("mode", json!(connection.mode)),
        ("webhook", connection.client.redacted_webhook().into()),
    ];
    let report = described(&connection.host, profile, &identity, &extra);
    let mut text = String::new();
    let _ = writeln!(text, "{:<9} {}", "chosen by", connection.origin);
    identity_lines(&mut text, &connection.host, &identity);
    let _ = writeln!(
        text,
        "{:<9} {}",
        "webhook",
        connection.client.redacted_webhook()
    );
    let _ = writeln!(text, "{:<9} {}", "mode", mode(connection.mode));
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

fn logout(name: &str, files: &Files, session: &Session) -> Result<Exit> {
    known(name, files)?;
    if session.global.dry_run {
        let text = format!("profile {name} would be forgotten; nothing was changed\n");
        return plan(
            &json!({ "event": "plan", "forgotten": name }),
            text,
            session,
        );
    }
    let forgotten = Store::beside(files).forget(name)?;
    files.remove_profile(name)?;
    if forgotten {
        session
            .printer
            .note("the portal still takes this webhook; delete it there if nobody needs it");
    }
    session.printer.report(
        &json!({ "forgotten": name }),
        format!("profile {name} is forgotten\n"),
    )?;
    Ok(Exit::Done)
}

/// What `--dry-run` says.
fn plan(report: &Value, text: String, session: &Session) -> Result<Exit> {
    session.printer.report(report, text)?;
    Ok(Exit::Done)
}

/// The profile is in one of the files.
fn known(name: &str, files: &Files) -> Result<()> {
    let mut names = Store::beside(files).names()?;
    names.extend(files.read()?.profile.into_keys());
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    let failure =
        Failure::usage(format!("there is no profile {name}")).state("nothing was changed");
    Err(match closest(name, names.iter().map(String::as_str)) {
        Some(similar) => failure.hint(format!("did you mean {similar}?")),
        None => failure.hint("b24 auth list"),
    }
    .into())
}

fn described(host: &str, profile: &str, identity: &Identity, extra: &[(&str, Value)]) -> Value {
    let mut object = json!({
        "portal": host,
        "profile": (!profile.is_empty()).then_some(profile),
        "user": identity.user,
        "scopes": identity.scopes,
        "licence": identity.licence,
    });
    for (key, value) in extra {
        object[*key] = value.clone();
    }
    object
}

fn identity_lines(text: &mut String, host: &str, identity: &Identity) {
    let admin = if identity.user.admin {
        ", administrator"
    } else {
        ""
    };
    let _ = writeln!(text, "{:<9} {host}", "portal");
    let _ = writeln!(text, "{:<9} {}{admin}", "user", identity.user);
    let _ = writeln!(text, "{:<9} {}", "scopes", identity.scopes.join(", "));
    let _ = writeln!(
        text,
        "{:<9} {}",
        "plan",
        identity.licence.as_deref().unwrap_or("not told")
    );
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Free => "free",
        Mode::Confirm => "confirm",
        Mode::ReadOnly => "read-only",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_named_after_its_portal() {
        assert_eq!(name_of("acme.bitrix24.com"), "acme");
        assert_eq!(name_of("127.0.0.1:8724"), "local");
        assert_eq!(name_of("localhost:8724"), "local");
        assert_eq!(name_of("[::1]:8724"), "local");
    }
}
