//! Who may call: webhooks, tokens of applications, and their scopes.

use crate::oauth::{NoEntry, Seat};
use crate::play::{Actor, ActorKind};
use crate::shared::{Condition, Shared, lock};

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
    /// The portal's plan has no REST, for this kind of caller.
    NoPlan(ActorKind),
    Token(NoEntry),
    /// Nobody, or somebody who has left.
    NoUser,
    /// The application is for others.
    NotForUser,
}

/// Who was let in.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) actor: Actor,
    /// Names the credential in counters; not a secret.
    pub(crate) entity: String,
    /// What is wrong with the user: v2 says so after it has looked at the scope.
    pub(crate) user: Option<Denied>,
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

    /// The last of the checks.
    pub(crate) fn check_user(&self) -> Result<(), Denied> {
        self.user.map_or(Ok(()), Err)
    }

    /// The application, where one calls.
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.actor.app.as_ref().map(|seat| seat.client_id.as_str())
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

/// All webhooks of a portal, the first of which is its own.
#[derive(Debug, Default)]
pub(crate) struct Access {
    webhooks: Vec<Webhook>,
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

    /// Switches every webhook off or on.
    pub(crate) fn set_active(&mut self, active: bool) {
        self.webhooks
            .iter_mut()
            .for_each(|webhook| webhook.active = active);
    }

    /// Every secret, to blot it out of logs.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &String> {
        self.webhooks.iter().map(|webhook| &webhook.secret)
    }

    fn find(&self, user: &str, secret: &str) -> Option<(usize, &Webhook)> {
        let is_meant = |hook: &Webhook| {
            hook.active
                && hook.secret == secret
                && (hook.login == user || hook.user_id.to_string() == user)
        };
        self.webhooks
            .iter()
            .enumerate()
            .find(|(_, hook)| is_meant(hook))
    }
}

/// Looks at the credentials of a request.
pub(crate) fn admit(
    portal: &Shared,
    credentials: &Credentials,
    is_https: bool,
) -> Result<Admitted, Denied> {
    let mut admitted = match credentials {
        Credentials::None => return Err(Denied::NoCredentials),
        Credentials::Token(token) => by_token(portal, token)?,
        Credentials::Webhook(user, secret) => {
            if portal.settings.require_https && !is_https {
                return Err(Denied::HttpsRequired);
            }
            by_webhook(portal, user, secret)?
        }
    };
    if !is_active(portal, admitted.actor.user_id) {
        admitted.user = Some(Denied::NoUser);
    }
    Ok(admitted)
}

fn by_webhook(portal: &Shared, user: &str, secret: &str) -> Result<Admitted, Denied> {
    let access = lock(&portal.access);
    let (place, hook) = access.find(user, secret).ok_or(Denied::WrongWebhook)?;
    if portal.condition() == Condition::Blocked {
        return Err(Denied::NoPlan(ActorKind::Webhook));
    }
    let actor = Actor {
        user_id: hook.user_id,
        kind: ActorKind::Webhook,
        scopes: hook.scopes.clone(),
        app: None,
    };
    Ok(Admitted {
        actor,
        entity: format!("webhook {place}"),
        user: None,
    })
}

fn by_token(portal: &Shared, token: &str) -> Result<Admitted, Denied> {
    let has_plan = portal.condition() != Condition::Blocked;
    let admitted =
        lock(&portal.realm.registry).admit(token, &portal.member_id, has_plan, portal.clock.now());
    let call = admitted.map_err(Denied::Token)?;
    let Seat { client_id, .. } = &call.seat;
    Ok(Admitted {
        entity: format!("application {client_id}"),
        user: (!call.is_for_user).then_some(Denied::NotForUser),
        actor: Actor {
            user_id: call.user_id,
            kind: ActorKind::App,
            scopes: call.scopes,
            app: Some(call.seat),
        },
    })
}

/// Whether the portal has such a user, who has not left.
pub(crate) fn is_active(portal: &Shared, user_id: i64) -> bool {
    let world = lock(&portal.world);
    let users = &world.users.table;
    users
        .find(user_id)
        .is_some_and(|row| users.number(row, "ACTIVE") == 1)
}
