//! What a read will cost, found out with one request.

use std::time::Duration;

use serde_json::value::RawValue;

use super::builder::List;
use super::chain::PAGE;
use super::lane::Sender;
use super::planner;
use super::progress::Wall;
use super::query::{Bound, Query};
use super::reader::{Ask, Reader};
use crate::batch::wire;
use crate::error::{Error, Kind};
use crate::room::decode::{self, BatchResult};
use crate::room::operating::Used;
use crate::rt;
use crate::value::Tree;
use crate::value::form::{self, Empty};

/// What a read is likely to cost; [`List::plan`] finds it out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Rows, if the portal counts them.
    pub rows: Option<u64>,
    /// Requests, if the rows are known.
    pub requests: Option<u64>,
    /// From the first request to the last answer, if the rows are known.
    pub duration: Option<Duration>,
    /// What keeps it from being shorter.
    pub wall: Wall,
}

/// What the one request has told.
struct Probe {
    rows: Option<u64>,
    seconds_per_page: f64,
    latency: f64,
    /// Rows that one request of the read brings.
    rows_a_request: u64,
}

impl<T> List<T> {
    /// What the read is likely to cost: one request, which counts the rows where the portal can.
    ///
    /// # Errors
    /// As any call.
    ///
    /// ```no_run
    /// # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
    /// let plan = b24.v2().list("crm.deal.list").plan().await?;
    /// if let (Some(rows), Some(duration)) = (plan.rows, plan.duration) {
    ///     println!("{rows} rows in about {} s; the {} binds", duration.as_secs(), plan.wall);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn plan(mut self) -> Result<Plan, Error> {
        let limit = self.row_limit();
        let query = self.chained_query()?;
        let (mut reader, sender) = self.reader_and_sender()?;
        let probe = match query.filter(Query::chainable) {
            Some(query) => count(&sender, &query).await?,
            None => look(&sender, &mut *reader).await?,
        };
        let rows = probe
            .rows
            .map(|rows| limit.map_or(rows, |limit| rows.min(limit)));
        Ok(plan(&sender, rows, &probe))
    }
}

/// Counts the rows and times a page, in one batch.
async fn count(sender: &Sender, query: &Query) -> Result<Probe, Error> {
    let page = query.page(&Bound::None);
    let counted = page
        .iter()
        .cloned()
        .map(|(name, value)| match name.as_str() {
            "start" => (name, Tree::from(0_i64)),
            _ => (name, value),
        });
    let command = |params: &[(String, Tree)]| {
        let query = form::encode(params, Empty::Drop).unwrap_or_default();
        format!("{}?{query}", sender.method)
    };
    let commands = [command(&counted.collect::<Vec<_>>()), command(&page)];
    let pairs = ["count", "page"].into_iter().zip(commands.iter());
    let ask = Ask {
        method: "batch".into(),
        body: wire::v2_body(true, pairs.map(|(name, command)| (name, command.as_str()))),
    };
    let begun = rt::now();
    let success = sender.probe(ask, decode::answer).await?;
    let elapsed = begun.elapsed().as_secs_f64();
    let batch =
        BatchResult::parse(&success.result).map_err(|reason| Error::new(Kind::Answer, reason))?;
    if let Some(error) = batch.error("count") {
        return Err(Error::api(error).with_method(sender.method.clone()));
    }
    let total = batch
        .result_total
        .get("count")
        .map(|raw: &&RawValue| raw.get());
    let rows = total.and_then(|total| total.trim_matches('"').parse().ok());
    let times = (batch.time("count"), batch.time("page"));
    let finish = |time: Option<crate::Time>| time.and_then(|time| time.finish);
    let seconds_per_page = match (finish(times.0), finish(times.1)) {
        (Some(first), Some(second)) => (second - first).max(0.0),
        _ => 0.0,
    };
    let fitting = planner::fitting(seconds_per_page);
    Ok(Probe {
        rows,
        seconds_per_page,
        latency: (elapsed - 2.0 * seconds_per_page).max(0.0),
        rows_a_request: (fitting * PAGE) as u64,
    })
}

/// Reads the first page.
async fn look(sender: &Sender, reader: &mut dyn Reader) -> Result<Probe, Error> {
    let begun = rt::now();
    let ask = reader.ask(None);
    let decode = ask.decode();
    let success = sender.probe(ask, decode).await?;
    let taken = reader.take(&success);
    Ok(Probe {
        rows: success.total,
        seconds_per_page: 0.0,
        latency: begun.elapsed().as_secs_f64(),
        rows_a_request: taken.pages.iter().map(|page| page.count as u64).sum(),
    })
}

fn plan(sender: &Sender, rows: Option<u64>, probe: &Probe) -> Plan {
    let inner = sender.client.inner();
    let request = probe.rows_a_request.max(1);
    let pages = rows.map(|rows| rows.div_ceil(PAGE as u64));
    let requests = rows.map(|rows| match rows {
        0..=200 => 1,
        _ if request > PAGE as u64 => 1 + (rows - 200).div_ceil(request),
        _ => rows.div_ceil(request),
    });
    let fill = inner.gate.fill();
    let rate = fill.map_or(0.0, |(level, pace)| {
        let over = requests.unwrap_or(0) as f64 + level - pace.burst;
        (over / pace.rate).max(0.0) + probe.latency
    });
    let request_seconds = request as f64 / PAGE as f64 * probe.seconds_per_page;
    let lanes = planner::lanes(inner.gate.rate(), request_seconds) as f64;
    let total = pages.unwrap_or(0) as f64 * probe.seconds_per_page;
    let seconds = total / lanes + probe.latency;
    let now = rt::now();
    let (limit, Used { comes_back, .. }) =
        inner.ledger(|ledger| (ledger.limit(), ledger.used(&sender.method, now)));
    let operating = planner::with_baskets(total, lanes, limit, &comes_back);
    let (wall, longest) = if operating > seconds.max(rate) + 1.0 {
        (Wall::OperatingTime, operating)
    } else if seconds > rate && request_seconds > 0.0 {
        (Wall::Seconds, seconds)
    } else {
        (Wall::Rate, rate.max(seconds))
    };
    Plan {
        rows,
        requests,
        duration: rows.and_then(|_| Duration::try_from_secs_f64(longest).ok()),
        wall,
    }
}
