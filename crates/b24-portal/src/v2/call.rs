use super::{batch, envelope};
use crate::access::{self, Admitted};
use crate::http::{HttpAnswer, Incoming};
use crate::links::Links;
use crate::methods::disk::transfer;
use crate::php::{Php, PhpArray};
use crate::play::{Refusal, Version};
use crate::refusals;
use crate::run::{Known, Running, Timing};
use crate::shared::Shared;

/// Answers one request, in the portal's order of checks: transport, method, credentials, scope, operating time.
pub(crate) async fn answer(portal: &Shared, mut incoming: Incoming) -> HttpAnswer {
    let answer = serve(portal, &mut incoming).await;
    let answer = answer.unwrap_or_else(|refusal| refuse(portal, refusal));
    answer.application(portal, incoming.client_id.as_deref())
}

/// A refusal as the whole answer.
pub(crate) fn refuse(portal: &Shared, refusal: Refusal) -> HttpAnswer {
    let status = refusals::v2_status(&refusal, portal.settings.statuses);
    let mut body = Vec::new();
    envelope::error(&refusal).write_json(&mut body);
    HttpAnswer::json(status, body).error(refusal.code)
}

async fn serve(portal: &Shared, incoming: &mut Incoming) -> Result<HttpAnswer, Refusal> {
    if incoming.asks_for_xml {
        return Err(refusals::wrong_transport());
    }
    let params = std::mem::take(&mut incoming.params);
    let links = Links::new(&portal.facts(), &incoming.credentials);
    if has_link_token(&params) {
        return serve_link(portal, incoming, params, &links);
    }
    if incoming.method.eq_ignore_ascii_case("batch") {
        let who = admit(portal, incoming)?;
        who.check_user().map_err(refusals::denied)?;
        let fault = incoming.inner_fault.as_ref();
        return Ok(batch::answer(portal, &who, &links, &params, fault).await);
    }
    let method = Known::find(portal, Version::V2, &incoming.method)
        .ok_or_else(refusals::method_not_found)?;
    let who = admit(portal, incoming)?;
    let running = Running {
        portal,
        version: Version::V2,
        who: &who,
        payer: Some(&who.entity),
        links: &links,
    };
    running.check_scope(method)?;
    who.check_user().map_err(refusals::denied)?;
    running.check_operating(method)?;
    let played = running.play(method, params).await?;
    let answer = match envelope::error_within(&played.reply) {
        Some(error) => {
            let mut body = Vec::new();
            error.write_json(&mut body);
            HttpAnswer::json(200, body)
                .error(error.get("error").map(Php::to_text).unwrap_or_default())
        }
        None => HttpAnswer::json(200, envelope::success(&played.reply, &played.time)),
    };
    Ok(answer.rows(played.reply.answer.rows()))
}

fn admit(portal: &Shared, incoming: &mut Incoming) -> Result<Admitted, Refusal> {
    let who = access::admit(portal, &incoming.credentials, incoming.is_https)
        .map_err(refusals::denied)?;
    incoming.client_id = who.client_id().map(str::to_owned);
    Ok(who)
}

/// Takes in or gives out the file of a signed link.
fn serve_link(
    portal: &Shared,
    incoming: &mut Incoming,
    params: PhpArray,
    links: &Links,
) -> Result<HttpAnswer, Refusal> {
    let began = portal.clock.now();
    let who = admit(portal, incoming)?;
    who.check_user().map_err(refusals::denied)?;
    let running = Running {
        portal,
        version: Version::V2,
        who: &who,
        payer: Some(&who.entity),
        links,
    };
    let now = began.as_secs() as i64;
    let params = Php::Array(params);
    match incoming.method.to_ascii_lowercase().as_str() {
        "download" | "crm.controller.item.getfile" => {
            let file = running.with_call(&params, None, now, |call| transfer::send(call))?;
            Ok(HttpAnswer::file(&file))
        }
        "upload" => {
            let files = &incoming.files;
            let reply =
                running.with_call(&params, None, now, |call| transfer::receive(call, files))?;
            let time = Timing::new(portal, running.payer, "upload", began);
            Ok(HttpAnswer::json(200, envelope::success(&reply, &time)))
        }
        _ => Err(refusals::link_check_failed()),
    }
}

/// A `token` turns every call into the check of a signed link.
fn has_link_token(params: &PhpArray) -> bool {
    params.get(&"token".into()).is_some_and(Php::truthy)
}
