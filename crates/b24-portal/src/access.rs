//! Who may call: webhooks and their scopes.

use crate::play::{Actor, ActorKind};

/// The credentials of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    None,
    /// User (id or login) and secret.
    Webhook(String, String),
    /// An OAuth token.
    Token(String),
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    NoCredentials,
    WrongWebhook,
    HttpsRequired,
    UnknownToken,
}

/// Who was let in.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) actor: Actor,
    /// Names the credential in counters; not a secret.
    pub(crate) entity: String,
}

impl Admitted {
    /// `scope` is one of the catalogue: alternatives separated by commas; empty or `basic` needs none.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        scope.is_empty()
            || scope == "basic"
            || scope
                .split(',')
                .any(|one| self.actor.scopes.iter().any(|own| own == one))
    }
}

#[derive(Debug)]
struct Webhook {
    user_id: i64,
    login: String,
    secret: String,
    scopes: Vec<String>,
    active: bool,
}

#[derive(Debug)]
struct AppToken {
    user_id: i64,
    token: String,
    scopes: Vec<String>,
}

/// All webhooks of a portal, the first of which is its own, and the tokens of applications.
#[derive(Debug, Default)]
pub(crate) struct Access {
    webhooks: Vec<Webhook>,
    tokens: Vec<AppToken>,
}

impl Access {
    pub(crate) fn add(&mut self, user_id: i64, secret: String, scopes: Vec<String>) {
        let login = if user_id == 1 {
            "admin".to_owned()
        } else {
            format!("user{user_id}")
        };
        self.webhooks.push(Webhook {
            user_id,
            login,
            secret,
            scopes,
            active: true,
        });
    }

    pub(crate) fn add_token(&mut self, user_id: i64, token: String, scopes: Vec<String>) {
        self.tokens.push(AppToken {
            user_id,
            token,
            scopes,
        });
    }

    /// Switches every webhook off or on.
    pub(crate) fn set_active(&mut self, active: bool) {
        self.webhooks
            .iter_mut()
            .for_each(|webhook| webhook.active = active);
    }

    /// Every secret, to blot it out of logs.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let secrets = self.webhooks.iter().map(|webhook| &webhook.secret);
        secrets
            .chain(self.tokens.iter().map(|token| &token.token))
            .cloned()
            .collect()
    }

    pub(crate) fn admit(
        &self,
        credentials: &Credentials,
        https_ok: bool,
    ) -> Result<Admitted, Denied> {
        match credentials {
            Credentials::None => Err(Denied::NoCredentials),
            Credentials::Token(given) => {
                let place = self.tokens.iter().position(|known| known.token == *given);
                let place = place.ok_or(Denied::UnknownToken)?;
                let AppToken {
                    user_id, scopes, ..
                } = &self.tokens[place];
                let actor = Actor {
                    user_id: *user_id,
                    kind: ActorKind::App,
                    scopes: scopes.clone(),
                };
                Ok(Admitted {
                    actor,
                    entity: format!("application {place}"),
                })
            }
            Credentials::Webhook(..) if !https_ok => Err(Denied::HttpsRequired),
            Credentials::Webhook(user, secret) => {
                let is_meant = |hook: &Webhook| {
                    hook.secret == *secret
                        && (hook.login == *user || hook.user_id.to_string() == *user)
                };
                let place = self
                    .webhooks
                    .iter()
                    .position(|hook| hook.active && is_meant(hook));
                let place = place.ok_or(Denied::WrongWebhook)?;
                let hook = &self.webhooks[place];
                let actor = Actor {
                    user_id: hook.user_id,
                    kind: ActorKind::Webhook,
                    scopes: hook.scopes.clone(),
                };
                Ok(Admitted {
                    actor,
                    entity: format!("webhook {place}"),
                })
            }
        }
    }
}
