//! What the portal itself can add to a refusal: the scopes of the webhook, and its user.

use std::time::Duration;

use super::Failure;
use crate::catalogue;
use crate::session::Connection;

/// No message waits longer than this for its details.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the portal who we are and what we may, where the message gets better by it.
pub(crate) async fn refine(failure: Failure, connection: &Connection) -> Failure {
    let code = failure.code.clone().unwrap_or_default();
    let scope = code == "insufficient_scope" || code.ends_with("INSUFFICIENTSCOPEEXCEPTION");
    let rights = failure.status == Some(403)
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
    let needs = catalogue::find_method(&method, None).map(|known| known.scope.join(", ")).unwrap_or_default();
    let has = match connection.client.v2().call("scope").await {
        Ok(serde_json::Value::Array(scopes)) => {
            scopes.iter().filter_map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
        }
        _ => return failure,
    };
    let needs = if needs.is_empty() { "another scope".to_owned() } else { format!("scope \"{needs}\"") };
    failure.message = format!("{method} needs {needs}; the webhook has: {has} ({code})");
    failure.hints = vec![format!(
        "let {}, its owner, add it: portal > Developer resources > the webhook. \
         Edited by another administrator it changes owner and URL",
        user(connection).await.unwrap_or_else(|| "its user".to_owned())
    )];
    failure
}

async fn with_user(mut failure: Failure, connection: &Connection) -> Failure {
    if let Some(user) = user(connection).await {
        failure.hints = vec![format!("the webhook acts as {user}; the role of that user may not do this")];
    }
    failure
}

/// `user 17 (Anna Petrova)`.
async fn user(connection: &Connection) -> Option<String> {
    let profile = connection.client.v2().call("profile").await.ok()?;
    let text = |key: &str| profile.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let id = match profile.get("ID")? {
        serde_json::Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    let name = format!("{} {}", text("NAME"), text("LAST_NAME"));
    Some(match name.trim() {
        "" => format!("user {id}"),
        name => format!("user {id} ({name})"),
    })
}
