use super::idempotency::{self, Verdict};
use super::{batch, envelope};
use crate::access::{self, Admitted, Credentials};
use crate::http::{HttpAnswer, Incoming, JsonBody};
use crate::links::Links;
use crate::php::Php;
use crate::play::{Refusal, Version};
use crate::refusals;
use crate::run::{Known, Running};
use crate::settings::V3Profile;
use crate::shared::{Shared, lock};

/// Answers one request, in the portal's order of checks: JSON, method, credentials, operating time, scope, request.
pub(crate) async fn answer(portal: &Shared, mut incoming: Incoming) -> HttpAnswer {
    let answer = serve(portal, &mut incoming).await;
    let answer =
        answer.unwrap_or_else(|refusal| refuse(portal, &refusal, incoming.wants_local_errors));
    answer.application(portal, incoming.client_id.as_deref())
}

/// A refusal as the whole answer; `wants_local` adds the text of old builds in the caller's language.
pub(crate) fn refuse(portal: &Shared, refusal: &Refusal, wants_local: bool) -> HttpAnswer {
    let profile = portal.settings.v3;
    let body = envelope::error(refusal, profile, wants_local);
    HttpAnswer::json(refusal.status, body).error(envelope::code(refusal, profile))
}

async fn serve(portal: &Shared, incoming: &mut Incoming) -> Result<HttpAnswer, Refusal> {
    if incoming.json == JsonBody::Invalid {
        return Err(refusals::v3_invalid_json());
    }
    if incoming.method.eq_ignore_ascii_case("batch") {
        let who = admit(portal, incoming)?;
        return batch::answer(
            portal,
            &who,
            &incoming.params,
            incoming.inner_fault.as_ref(),
        )
        .await;
    }
    let name = if incoming.method == "documentation" {
        "rest.documentation.openapi"
    } else {
        &incoming.method
    };
    let method = Known::find(portal, Version::V3, name)
        .ok_or_else(|| refusals::v3_method_not_found(&incoming.method))?;
    take_credentials_of_body(incoming);
    let who = admit(portal, incoming)?;
    let links = Links::new(&portal.facts(), &incoming.credentials);
    let running = Running {
        portal,
        version: Version::V3,
        who: &who,
        payer: Some(&who.entity),
        links: &links,
    };
    running.check_operating(method)?;
    running.check_scope(method)?;
    if incoming.json == JsonBody::EmptyPost {
        return Err(refusals::v3_internal());
    }

    let key = incoming
        .idempotency_key
        .take()
        .filter(|_| heeds_keys(portal, method));
    let replay = match key {
        None => None,
        Some(key) => {
            let scope = idempotency::Scope::new(&who, method.name(), &key)?;
            let mut body = Vec::new();
            Php::Array(incoming.params.clone()).write_json(&mut body);
            match lock(&portal.replays).check(&scope, &body, portal.clock.now())? {
                Verdict::Replay(stored) => {
                    let answer =
                        HttpAnswer::json(200, stored).header("idempotent-replayed", "true");
                    return Ok(answer.header("idempotency-key", &scope.key));
                }
                Verdict::Run => Some((scope, body)),
            }
        }
    };
    let played = running
        .play(method, std::mem::take(&mut incoming.params))
        .await?;
    let rows = played.reply.answer.rows();
    let answer = HttpAnswer::json(200, envelope::success(&played.reply, &played.time)).rows(rows);
    let Some((scope, body)) = replay else {
        return Ok(answer);
    };
    let answer = answer.header("idempotency-key", &scope.key);
    lock(&portal.replays).store(scope, body, answer.body.clone(), portal.clock.now());
    Ok(answer)
}

fn admit(portal: &Shared, incoming: &mut Incoming) -> Result<Admitted, Refusal> {
    let who = access::admit(portal, &incoming.credentials, incoming.is_https)
        .and_then(|who| who.check_user().map(|()| who))
        .map_err(|_| refusals::v3_access_denied())?;
    incoming.client_id = who.client_id().map(str::to_owned);
    Ok(who)
}

/// A token may come in the body of a single call.
fn take_credentials_of_body(incoming: &mut Incoming) {
    let token = incoming.params.remove(&"auth".into());
    if let (Credentials::None, Some(Php::Str(token))) = (&incoming.credentials, token) {
        incoming.credentials = Credentials::Token(token.into());
    }
}

/// Only the newest portals know the header, and only for writes.
fn heeds_keys(portal: &Shared, method: Known) -> bool {
    let verb = method.name().rsplit('.').next().unwrap_or_default();
    portal.settings.v3 == V3Profile::V26 && matches!(verb, "add" | "update" | "delete")
}
