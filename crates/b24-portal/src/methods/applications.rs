//! What an application is told about itself, and what it keeps on the portal.

use super::v2;
use crate::oauth::Installation;
use crate::php::{Key, Php, PhpArray};
use crate::play::{Call, Method, Play, Refusal, Reply};
use crate::settings::Edition;
use crate::shared::lock;

pub(super) const METHODS: &[Method] = &[
    v2("app.info", "", info),
    for_apps("app.option.get", |call| get(call, None)),
    for_apps("app.option.set", set_for_all),
    for_apps("user.option.get", |call| {
        get(call, Some(call.actor.user_id))
    }),
    for_apps("user.option.set", |call| {
        set(call, Some(call.actor.user_id))
    }),
];

/// A basic method that webhooks are refused.
const fn for_apps(name: &'static str, play: Play) -> Method {
    Method {
        app_only: true,
        ..v2(name, "", play)
    }
}

fn info(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let licence = call.portal.licence();
    let Some(seat) = &call.actor.app else {
        let scopes = Php::list(call.actor.scopes.iter().map(|scope| scope.as_str().into()));
        return Ok(Reply::value(Php::map([
            ("SCOPE", scopes),
            ("LICENSE", licence.into()),
        ])));
    };
    let app = lock(call.oauth).facts(seat).ok_or_else(no_context)?;
    let expired = app.state == Installation::PaymentExpired;
    let mut info = PhpArray::new();
    for (key, value) in [
        ("ID", app.number.into()),
        ("CODE", seat.client_id.as_str().into()),
        ("VERSION", app.version.into()),
        ("STATUS", app.status.into()),
        ("INSTALLED", (app.state != Installation::Unfinished).into()),
        ("PAYMENT_EXPIRED", if expired { "Y" } else { "N" }.into()),
        ("DAYS", Php::Null),
        ("LANGUAGE_ID", "ru".into()),
        ("LICENSE", licence.into()),
    ] {
        info.insert(key, value);
    }
    // Only the cloud has these.
    if call.portal.edition != Edition::Box {
        let plan = licence.split_once('_').map_or(licence, |(_, plan)| plan);
        let family = match call.portal.edition {
            Edition::Enterprise => "ent",
            _ => "pro",
        };
        info.insert("LICENSE_TYPE", plan.into());
        info.insert("LICENSE_FAMILY", family.into());
    }
    Ok(Reply::value(info))
}

fn no_context() -> Refusal {
    Refusal::new(
        "ACCESS_DENIED",
        "Access denied! Application context required",
    )
    .status(403)
}

/// One option or all; null where it is not set.
fn get(call: &Call<'_>, user_id: Option<i64>) -> Result<Reply, Refusal> {
    let seat = call.actor.app.as_ref().ok_or_else(no_context)?;
    let mut registry = lock(call.oauth);
    let options = registry.options(seat, user_id).ok_or_else(no_context)?;
    let wanted = call.params.get_ci("option").map(Php::to_text);
    Ok(Reply::value(match wanted.filter(|name| !name.is_empty()) {
        Some(name) => options.get(&Key::from(&*name)).cloned().unwrap_or_default(),
        None => options.clone().into(),
    }))
}

fn set_for_all(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    if !call.actor.is_admin() {
        let text = "Access denied! Administrator authorization required";
        return Err(Refusal::new("ACCESS_DENIED", text).status(403));
    }
    set(call, None)
}

/// Lays `options`, or the parameters themselves, over what is there.
fn set(call: &Call<'_>, user_id: Option<i64>) -> Result<Reply, Refusal> {
    let given = call.params.get_ci("options").unwrap_or(call.params);
    let given = given.as_array().filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| super::argument_missing("options"))?;
    let seat = call.actor.app.as_ref().ok_or_else(no_context)?;
    let mut registry = lock(call.oauth);
    let options = registry.options(seat, user_id).ok_or_else(no_context)?;
    for (name, value) in given.iter() {
        options.insert(name.clone(), value.clone());
    }
    Ok(Reply::value(true))
}
