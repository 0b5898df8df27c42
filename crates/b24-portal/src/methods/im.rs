//! Messenger: as much as integrations use to tell people something.

use super::v2;
use crate::php::Php;
use crate::play::{Call, Method, Refusal, Reply};

pub(super) const METHODS: &[Method] =
    &[v2("im.chat.get", "im", chat), v2("im.notify", "im", notify)];

/// The chat of an object: one that exists has a chat with the same id.
fn chat(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let text = |name: &str| {
        call.params
            .get_ci(name)
            .map(Php::to_text)
            .unwrap_or_default()
    };
    let (kind, object) = (text("ENTITY_TYPE"), text("ENTITY_ID"));
    if kind.is_empty() {
        return Err(Refusal::new(
            "ENTITY_TYPE_EMPTY",
            "Entity type can't be empty",
        ));
    }
    if object.is_empty() {
        return Err(Refusal::new("ENTITY_ID_EMPTY", "Entity ID can't be empty"));
    }
    let id = match (kind.as_ref(), object.split_once('|')) {
        ("CRM", Some(("DEAL", id))) => existing(call, "deal", id),
        ("CRM", Some(("LEAD", id))) => existing(call, "lead", id),
        ("CRM", Some(("CONTACT", id))) => existing(call, "contact", id),
        ("CRM", Some(("COMPANY", id))) => existing(call, "company", id),
        ("TASKS" | "TASKS_TASK", None) => existing(call, "task", &object),
        _ => None,
    };
    Ok(Reply::value(
        id.map_or(Php::Null, |id| Php::map([("ID", id.into())])),
    ))
}

fn existing(call: &Call<'_>, entity: &str, id: &str) -> Option<i64> {
    let id = id.parse().ok()?;
    let crm = call.world.crm.iter().find(|known| known.name == entity);
    let table = &crm.unwrap_or(&call.world.tasks).table;
    table.find(id).map(|_| id)
}

/// Sends nothing, but numbers what it would send.
fn notify(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let user = call
        .params
        .get_ci("USER_ID")
        .or_else(|| call.params.get_ci("TO"))
        .map_or(0, Php::to_int);
    let message = call
        .params
        .get_ci("MESSAGE")
        .map(Php::to_text)
        .unwrap_or_default();
    if user <= 0 {
        return Err(Refusal::new("USER_ID_EMPTY", "User ID can't be empty"));
    }
    if message.is_empty() {
        return Err(Refusal::new("MESSAGE_EMPTY", "Message can't be empty"));
    }
    if call.world.users.table.find(user).is_none() {
        return Ok(Reply::value(false));
    }
    let id = call.world.next_notification;
    call.world.next_notification += 1;
    Ok(Reply::value(id))
}
