//! What the portal itself can add to a refusal: the scopes of the webhook or application, and its user.

use std::time::Duration;

use super::portal::login;
use super::{Failure, Kind};
use crate::catalogue;
use crate::connection::{Connection, scopes, user};

/// No message waits longer than this for its details.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the portal who we are and what we may, where the message gets better by it.
pub(crate) async fn refine(failure: Failure, connection: &Connection) -> Failure {
    let code = failure.code.clone().unwrap_or_default();
    let scope = code == "insufficient_scope" || code.ends_with("INSUFFICIENTSCOPEEXCEPTION");
    // By code: in a batch a refusal has no status of its own.
    let rights = failure.kind == Kind::Refused
        && (code == "ACCESS_DENIED" || code.ends_with("ACCESSDENIEDEXCEPTION"));
    let plain = failure.clone();
    let asked = async {
        if scope {
            with_scopes(failure, &code, connection).await
        } else if rights {
            with_user(failure, connection).await
        } else {
            failure
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(plain)
}

async fn with_scopes(mut failure: Failure, code: &str, connection: &Connection) -> Failure {
    let method = failure.method.clone().unwrap_or_default();
    let Ok(has) = scopes(&connection.client).await else {
        return failure;
    };
    let needs = match catalogue::find_method(&method, None) {
        Some(known) => format!("scope \"{}\"", known.scope.join("\" or \"")),
        None => "another scope".to_owned(),
    };
    failure.message = format!(
        "{method} needs {needs}; the {} has: {} ({code})",
        connection.means(),
        has.join(", ")
    );
    if connection.application.is_some() {
        failure.hints = vec![format!(
            "its maker adds the scope on the application's card; then it is authorised again: {}",
            login(connection.means(), connection.profile.as_deref())
        )];
        return failure;
    }
    let owner = match user(&connection.client).await {
        Ok(user) => format!("{user}, its owner,"),
        Err(_) => "its owner".to_owned(),
    };
    failure.hints = vec![format!(
        "let {owner} add it: portal > Developer resources > the webhook. \
         Edited by another administrator it changes owner and URL"
    )];
    failure
}

async fn with_user(mut failure: Failure, connection: &Connection) -> Failure {
    if let Ok(user) = user(&connection.client).await {
        failure.hints = vec![format!(
            "the {} acts as {user}; that role may not do this",
            connection.means()
        )];
    }
    failure
}
