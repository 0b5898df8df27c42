//! Who a webhook acts for, and what it may: what the portal itself says.

use anyhow::Result;
use b24::Client;
use serde::Serialize;
use serde_json::Value;

/// The user, scopes and plan behind a credential.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Identity {
    /// Whom it acts for.
    pub(crate) user: User,
    /// The parts of the portal that it may use.
    pub(crate) scopes: Vec<String>,
    /// The plan of the portal, if it tells.
    pub(crate) licence: Option<String>,
}

/// A user of the portal.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct User {
    /// The id, as text.
    pub(crate) id: String,
    /// First and last name.
    pub(crate) name: String,
    /// Whether it is an administrator.
    pub(crate) admin: bool,
}

/// `user 17 (Anna Petrova)`
impl std::fmt::Display for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "user {}", self.id)?;
        if self.name.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.name)
        }
    }
}

impl Identity {
    /// Asks the portal: `profile`, `scope`, `app.info`.
    pub(crate) async fn ask(client: &Client) -> Result<Self, b24::Error> {
        let user = user(client).await?;
        let scopes = scopes(client).await?;
        // Not every portal tells its plan to a webhook.
        let info = client.v2().call("app.info").await.unwrap_or_default();
        Ok(Self {
            user,
            scopes,
            licence: licence(&info).map(str::to_owned),
        })
    }
}

/// The plan in the answer to `app.info`.
pub(crate) fn licence(info: &Value) -> Option<&str> {
    info.get("LICENSE")?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// The user of the credential.
pub(crate) async fn user(client: &Client) -> Result<User, b24::Error> {
    Ok(User::read(&client.v2().call("profile").await?))
}

impl User {
    /// Reads the answer to `profile`.
    pub(crate) fn read(profile: &Value) -> Self {
        let text = |key: &str| match profile.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let admin = profile
            .get("ADMIN")
            .is_some_and(|admin| *admin == Value::Bool(true) || admin == "Y");
        let name = format!("{} {}", text("NAME"), text("LAST_NAME"));
        Self {
            id: text("ID"),
            name: name.trim().to_owned(),
            admin,
        }
    }
}

/// The scopes of the credential.
pub(crate) async fn scopes(client: &Client) -> Result<Vec<String>, b24::Error> {
    let scopes = client.v2().call("scope").await?;
    let scopes = scopes.as_array().into_iter().flatten();
    Ok(scopes
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect())
}
