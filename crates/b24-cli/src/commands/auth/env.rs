//! `b24 auth env`: what a script needs to call the portal by itself.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Map, Value};

use super::status::other;
use crate::connection::Standing;
use crate::exit::Exit;
use crate::failure::{Failure, from_sdk};
use crate::prompt::confirmed;
use crate::session::{Connection, Session};

/// A token that a script gets is good for so long at least, if the portal's tokens live that long at all.
const ENOUGH: Duration = Duration::from_secs(1800);

pub(super) async fn env(name: Option<String>, session: &Session) -> Result<Exit> {
    let other = other(name, session);
    let session = other.as_ref().unwrap_or(session);
    let connection = session.connection().await?;
    consent(connection, session)?;
    let mut variables = match (&connection.application, &connection.webhook) {
        (Some(standing), _) => of_application(standing, connection).await?,
        (None, Some(webhook)) => vec![("B24_WEBHOOK", webhook.expose().to_owned())],
        (None, None) => Vec::new(),
    };
    if let Some(path) = &session.global.portal_ca {
        variables.push(("B24_PORTAL_CA", path.display().to_string()));
    }
    let mut text = String::new();
    let mut report = Map::new();
    for (name, value) in variables {
        let _ = writeln!(text, "{name}={}", quoted(&value));
        report.insert(name.to_owned(), value.into());
    }
    session.printer.report(&Value::Object(report), text)?;
    Ok(Exit::Done)
}

fn consent(connection: &Connection, session: &Session) -> Result<()> {
    let question = format!("this shows secrets of {connection}. Show them?");
    if session.global.yes || (session.can_ask() && confirmed(&question)?) {
        return Ok(());
    }
    let failure = if session.can_ask() {
        Failure::usage(format!("the secrets of {connection} are not shown"))
    } else {
        Failure::usage(format!(
            "this would show secrets of {connection}, and nobody can be asked here"
        ))
        .hint("--yes shows them")
    };
    Err(failure.state("nothing was shown").into())
}

/// The access token, and nothing that outlives it: the refresh token is used up by whoever uses it first.
async fn of_application(
    standing: &Standing,
    connection: &Connection,
) -> Result<Vec<(&'static str, String)>> {
    let failed = |error: b24::Error| from_sdk(&error, Some(connection));
    let known = standing.oauth.portal(&standing.member_id).await;
    let known = known.map_err(failed)?;
    let lasting = known.filter(|known| known.access_left > ENOUGH);
    let grant = if let Some(known) = lasting {
        known.grant
    } else {
        let renewed = standing.oauth.refresh(&standing.member_id).await;
        renewed.map_err(failed)?
    };
    Ok(vec![
        ("B24_CLIENT_ID", standing.client_id.clone()),
        ("B24_MEMBER_ID", grant.member_id.clone()),
        ("B24_CLIENT_ENDPOINT", grant.client_endpoint.clone()),
        ("B24_ACCESS_TOKEN", grant.access_token().to_owned()),
        ("B24_SCOPE", grant.scope.join(",")),
    ])
}

/// For a POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/,@%+".contains(c);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_takes_a_value_as_it_is() {
        assert_eq!(
            quoted("https://a.example/rest/1/x/"),
            "https://a.example/rest/1/x/"
        );
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
