//! `b24 auth status` and `b24 auth refresh`: who is connected, and for how long.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::mode;
use crate::connection::{Identity, Standing, host};
use crate::exit::Exit;
use crate::failure::{Failure, from_sdk};
use crate::session::{Connection, Session};

/// A refresh token that lives no longer is worth a warning.
const SOON: Duration = Duration::from_secs(30 * 86_400);

pub(super) async fn status(name: Option<String>, session: &Session) -> Result<Exit> {
    let other = other(name, session);
    let session = other.as_ref().unwrap_or(session);
    let connection = session.connection().await?;
    let identity = match Identity::ask(&connection.client).await {
        Ok(identity) => identity,
        Err(error) => {
            warn_of_the_end(connection, session).await;
            return Err(from_sdk(&error, Some(connection)).into());
        }
    };
    let profile = connection.profile.as_deref().unwrap_or_default();
    let mut text = String::new();
    let _ = writeln!(text, "{:<9} {}", "chosen by", connection.origin);
    let mut extra = vec![
        ("origin", connection.origin.clone().into()),
        ("mode", json!(connection.mode)),
    ];
    let mut now_at = connection.host.clone();
    if let Some(standing) = &connection.application {
        let tokens = Tokens::of(standing, connection).await?;
        now_at.clone_from(&tokens.host);
        identity_lines(&mut text, &now_at, &identity);
        tokens.lines(&mut text);
        extra.push(("application", tokens.object()));
    } else {
        let webhook = connection.client.redacted_webhook();
        identity_lines(&mut text, &now_at, &identity);
        let _ = writeln!(text, "{:<9} {webhook}", "webhook");
        extra.push(("webhook", webhook.into()));
    }
    let _ = writeln!(text, "{:<9} {}", "mode", mode(connection.mode));
    let report = described(&now_at, profile, &identity, &extra);
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

/// A call that succeeds renews the tokens; after one that has failed it matters how long there is time.
async fn warn_of_the_end(connection: &Connection, session: &Session) {
    let Some(standing) = &connection.application else {
        return;
    };
    let Ok(tokens) = Tokens::of(standing, connection).await else {
        return;
    };
    if !tokens.refresh.is_zero() && tokens.refresh < SOON {
        session.printer.warning(format!(
            "the refresh token ends in {} days, at {}: used by then it is renewed, after that the portal has to \
             authorise again",
            tokens.refresh.as_secs() / 86_400,
            moment(tokens.refresh)
        ));
    }
}

/// Gets new tokens now, and says how long they are good.
pub(super) async fn refresh(name: Option<String>, session: &Session) -> Result<Exit> {
    let other = other(name, session);
    let session = other.as_ref().unwrap_or(session);
    let connection = session.connection().await?;
    let Some(standing) = &connection.application else {
        return Err(Failure::usage(format!(
            "{connection} is a webhook, which is never refreshed: its secret is good until it is changed"
        ))
        .state("nothing was sent")
        .into());
    };
    if session.global.dry_run {
        let text = format!("the tokens for {connection} would be refreshed; nothing was changed\n");
        let plan = json!({ "event": "plan", "portal": connection.host });
        session.printer.report(&plan, text)?;
        return Ok(Exit::Done);
    }
    let renewed = standing.oauth.refresh(&standing.member_id).await;
    renewed.map_err(|error| from_sdk(&error, Some(connection)))?;
    let tokens = Tokens::of(standing, connection).await?;
    let mut text = format!("the tokens for {} are new\n", tokens.host);
    tokens.lines(&mut text);
    let report = json!({
        "portal": tokens.host,
        "profile": connection.profile,
        "application": tokens.object(),
    });
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

/// A session of another profile.
pub(super) fn other(name: Option<String>, session: &Session) -> Option<Session> {
    Some(session.of_profile(name?))
}

/// What may be told of an application's tokens.
struct Tokens {
    client_id: String,
    member_id: String,
    obtained: String,
    access: Duration,
    refresh: Duration,
    host: String,
}

impl Tokens {
    async fn of(standing: &Standing, connection: &Connection) -> Result<Self, Failure> {
        let failed = |error: b24::Error| from_sdk(&error, Some(connection));
        let known = standing.oauth.portal(&standing.member_id).await;
        let missing = || failed(b24::TokenError::Missing.into());
        let known = known.map_err(failed)?.ok_or_else(missing)?;
        Ok(Self {
            client_id: standing.client_id.clone(),
            member_id: standing.member_id.clone(),
            obtained: known.grant.status.clone(),
            access: known.access_left,
            refresh: known.refresh_left,
            host: host(&known.grant.client_endpoint),
        })
    }

    fn lines(&self, text: &mut String) {
        let obtained = obtained(&self.obtained);
        let _ = writeln!(text, "{:<9} {}{obtained}", "app", self.client_id);
        let access = if self.access.is_zero() {
            "expired; the next call renews it".to_owned()
        } else {
            format!("until {}", moment(self.access))
        };
        let _ = writeln!(text, "{:<9} {access}", "access");
        let refresh = if self.refresh.is_zero() {
            "expired: authorise again".to_owned()
        } else {
            format!("until {}; each use renews it", moment(self.refresh))
        };
        let _ = writeln!(text, "{:<9} {refresh}", "refresh");
    }

    fn object(&self) -> Value {
        json!({
            "client_id": self.client_id,
            "member_id": self.member_id,
            "status": self.obtained,
            "access_until": moment(self.access),
            "refresh_until": moment(self.refresh),
        })
    }
}

/// What the letter of a grant means.
fn obtained(letter: &str) -> &'static str {
    match letter {
        "F" => " (free)",
        "D" => " (demo)",
        "T" => " (trial)",
        "P" => " (paid)",
        "L" => " (local)",
        "S" => " (subscription)",
        _ => "",
    }
}

fn moment(left: Duration) -> String {
    let now = jiff::Zoned::now();
    let end = jiff::SignedDuration::try_from(left)
        .ok()
        .and_then(|left| now.checked_add(left).ok());
    let end = end.unwrap_or(now);
    end.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(super) fn described(
    host: &str,
    profile: &str,
    identity: &Identity,
    extra: &[(&str, Value)],
) -> Value {
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

pub(super) fn identity_lines(text: &mut String, host: &str, identity: &Identity) {
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
