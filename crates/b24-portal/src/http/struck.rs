//! One request with what hits it: delay, change of data, outcome.

use std::sync::atomic::Ordering;

use http::Uri;
use tokio::time::{sleep, timeout};

use super::answer::{ConnectionCut, HttpAnswer};
use super::serve::Work;
use crate::clock::Moment;
use crate::faults::{Fault, Strike};
use crate::php::{Key, Php};
use crate::play::Refusal;
use crate::refusals;
use crate::run::refusal_of;
use crate::shared::{Shared, lock};
use crate::v2;

/// Runs a call with what hits it. Past the wall the client gets a page, and what has not run by then never will.
pub(super) async fn run(
    portal: &Shared,
    work: Work,
    uri: &Uri,
    arrived: Moment,
    strike: Strike,
) -> (HttpAnswer, Option<ConnectionCut>) {
    if let Some(change) = &strike.data {
        change_data(portal, change);
    }
    let performance = perform(portal, work, uri, strike);
    let Some(wall) = portal.settings.wall else {
        return performance.await;
    };
    let spent = portal.clock.now().saturating_sub(arrived);
    timeout(wall.saturating_sub(spent), performance)
        .await
        .unwrap_or_else(|_| (HttpAnswer::page(504), None))
}

async fn perform(
    portal: &Shared,
    mut work: Work,
    uri: &Uri,
    strike: Strike,
) -> (HttpAnswer, Option<ConnectionCut>) {
    if let Some(Fault::Delay(time)) = strike.delay {
        sleep(time).await;
    }
    if strike.outcome == Some(Fault::CutBeforeRun) {
        return (HttpAnswer::page(502), Some(ConnectionCut::BeforeAnswer));
    }
    if let Some(answer) = strike
        .outcome
        .as_ref()
        .and_then(|fault| instead_of_running(portal, &work, uri, fault))
    {
        return (answer, None);
    }
    if let (Some(fault @ Fault::InnerError { .. }), Work::Rest(incoming)) =
        (&strike.outcome, &mut work)
    {
        incoming.inner_fault = Some(fault.clone());
    }
    let mut answer = when_a_worker_is_free(portal, work).await;
    if let Some(Fault::DelayAnswer(time)) = strike.delay {
        sleep(time).await;
    }
    let cut = match &strike.outcome {
        Some(Fault::CutAfterRun) => Some(ConnectionCut::BeforeAnswer),
        Some(Fault::CutBody) => Some(ConnectionCut::InBody {
            sent: answer.body.len() / 2,
        }),
        Some(fault @ Fault::CutAnswer { .. }) => {
            Some(ConnectionCut::after(fault.place_of_cut(answer.length())))
        }
        _ => None,
    };
    match &strike.outcome {
        Some(Fault::Html502AfterRun) => answer = HttpAnswer::page(502),
        Some(Fault::Html504AfterRun) => answer = HttpAnswer::page(504),
        Some(Fault::TruncateBody) => answer.body.truncate(answer.body.len() / 2),
        Some(Fault::EmptyBody) => answer.body.clear(),
        Some(Fault::Fatal) => answer = HttpAnswer::json(500, Vec::new()),
        Some(Fault::Without(keys)) => answer.body = without(&answer.body, keys),
        _ => {}
    }
    (answer, cut)
}

async fn when_a_worker_is_free(portal: &Shared, work: Work) -> HttpAnswer {
    let _worker = match &portal.workers {
        None => None,
        Some(workers) => workers.acquire().await.ok(),
    };
    work.run(portal).await
}

/// A JSON object without some keys; anything else as it is.
fn without(body: &[u8], keys: &[String]) -> Vec<u8> {
    let Some(Php::Array(mut object)) = Php::from_json(body) else {
        return body.to_vec();
    };
    for key in keys {
        object.remove(&Key::from(key.as_str()));
    }
    let mut out = Vec::new();
    Php::Array(object).write_json(&mut out);
    out
}

/// The answer of a fault that lets nothing run.
fn instead_of_running(
    portal: &Shared,
    work: &Work,
    uri: &Uri,
    fault: &Fault,
) -> Option<HttpAnswer> {
    Some(match fault {
        // The front speaks the old form on every path.
        Fault::QueryLimit => {
            portal.counts.query_limit.fetch_add(1, Ordering::Relaxed);
            v2::refuse(portal, refusals::query_limit())
        }
        Fault::Overload => v2::refuse(portal, refusals::overload()),
        Fault::Html200 => HttpAnswer::page(200),
        Fault::Html502 => HttpAnswer::page(502),
        Fault::OkWithError { code, text } => {
            v2::refuse(portal, Refusal::new(code, text).status(200))
        }
        Fault::Redirect { to } => {
            let base = if to.contains("://") {
                to.clone()
            } else {
                format!("https://{to}")
            };
            HttpAnswer::redirect(&at(&base, uri))
        }
        other => work.refuse(portal, refusal_of(portal, other, work.version())?),
    })
}

/// The same path and query elsewhere.
pub(super) fn at(base: &str, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{}{path}", base.trim_end_matches('/'))
}

fn change_data(portal: &Shared, change: &Fault) {
    match change {
        Fault::DeleteRows { entity, ids } => {
            lock(&portal.world).delete_rows(entity, ids);
        }
        Fault::InsertRows { entity, count } => lock(&portal.world).insert_rows(entity, *count),
        Fault::UpdateRows {
            entity,
            ids,
            fields,
        } => lock(&portal.world).update_rows(entity, ids, fields),
        Fault::RevokeWebhook => lock(&portal.access).set_active(false),
        Fault::RestoreWebhook => lock(&portal.access).set_active(true),
        _ => {}
    }
}
