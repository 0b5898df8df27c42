//! `b24 limits`: what is used of the portal's limits, and when it comes back.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;
use b24::{Effect, Limits, Time};
use serde_json::{Value, json};

use crate::connection::Manners;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::time_after;
use crate::session::{Connection, Session};
use crate::survey::{self, Answered, Question};

/// Methods that most programs spend their time on.
const USUAL: &[&str] = &["crm.item.list", "tasks.task.list", "user.get"];
/// What a method may use in ten minutes, if nobody says otherwise.
pub(crate) const ASSUMED: Duration = Duration::from_secs(420);

/// What is used of the portal's limits now, and what comes back when.
///
/// The portal tells how much operating time a method has used in the answer to a call of it: one
/// request with the cheapest call of each method is sent.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 limits
  b24 limits crm.deal.list crm.contact.list
  b24 limits --operating-limit 480s --json
")]
pub(crate) struct Args {
    /// List methods; absent: crm.item.list tasks.task.list user.get
    #[arg(value_name = "METHOD")]
    methods: Vec<String>,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit> {
    let methods: Vec<&str> = if args.methods.is_empty() {
        USUAL.to_vec()
    } else {
        args.methods.iter().map(String::as_str).collect()
    };
    for method in &methods {
        reads(method)?;
    }
    let connection = session.connection().await?;
    let questions: Vec<_> = methods.iter().copied().map(Question::cheapest).collect();
    let answers = survey::ask(&connection.client, &questions).await?;
    let limit = connection.manners().operating.unwrap_or(ASSUMED);
    let used: Vec<Used> = methods
        .iter()
        .zip(&answers)
        .map(|(method, answered)| Used::of(method, answered, limit))
        .collect();
    let (requests, usage) = (connection.client.stats(), connection.client.usage());
    let report = json!({
        "portal": connection.host,
        "origin": connection.origin,
        "limits": name(connection.manners().limits),
        "burst": pace(connection.manners()).map(|(burst, _)| burst),
        "rate": pace(connection.manners()).map(|(_, rate)| rate),
        "share": connection.manners().share,
        "level": usage.rate.map(|rate| rate.level),
        "requests": requests.requests,
        "refused": requests.refused_rate,
        "operating_limit": limit.as_secs_f64(),
        "operating_limit_told": connection.manners().operating.is_some(),
        "methods": used.iter().map(Used::object).collect::<Vec<_>>(),
    });
    session
        .printer
        .report(&report, text(connection, limit, &used))?;
    Ok(Exit::Done)
}

fn reads(method: &str) -> Result<(), Failure> {
    if Effect::of(method) == Effect::Read {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{method} may change the portal, it is not called for its limits"
    ))
    .state("nothing was sent")
    .hint("b24 limits crm.item.list"))
}

/// What one method has used.
#[derive(Debug)]
struct Used {
    method: String,
    /// Seconds in the last ten minutes, if the portal tells.
    seconds: Option<f64>,
    left: Option<f64>,
    /// When the oldest part of them is free again.
    back_in: Option<Duration>,
    /// The portal's word, if it refused.
    refused: Option<String>,
}

impl Used {
    fn of(method: &str, answered: &Answered, limit: Duration) -> Self {
        let time = answered.time.as_ref();
        let seconds = time.and_then(|time| time.operating);
        let error = answered.result.as_ref().err();
        Self {
            method: method.to_owned(),
            seconds,
            left: seconds.map(|used| (limit.as_secs_f64() - used).max(0.0)),
            back_in: time.and_then(back_in),
            refused: error.map(|error| match error.code() {
                Some(code) => code.to_owned(),
                None => error.to_string(),
            }),
        }
    }

    fn object(&self) -> Value {
        json!({
            "method": self.method,
            "used": self.seconds,
            "left": self.left,
            "back_in": self.back_in.map(|wait| wait.as_secs_f64()),
            "refused": self.refused,
        })
    }
}

/// How long it takes until the oldest part of the operating time is free, by the portal's clock.
pub(crate) fn back_in(time: &Time) -> Option<Duration> {
    let now = time.finish.or(time.start)?;
    let wait = time.operating_reset_at? - now;
    Duration::try_from_secs_f64(wait).ok()
}

/// The word for limits.
pub(crate) fn name(limits: Limits) -> &'static str {
    match limits {
        Limits::Auto | Limits::Standard => "standard",
        Limits::Enterprise => "enterprise",
        Limits::Off => "off",
        _ => "custom",
    }
}

/// Requests at once, and a second after that.
fn pace(manners: Manners) -> Option<(f64, f64)> {
    let (burst, rate) = match manners.limits {
        Limits::Off => return None,
        Limits::Enterprise => (250.0, 5.0),
        Limits::Custom { burst, rate } => (f64::from(burst), rate),
        _ => (50.0, 2.0),
    };
    Some((
        (burst * manners.share).floor().max(1.0),
        rate * manners.share,
    ))
}

/// `standard: 50 requests at once, then 2 a second`.
pub(crate) fn told(manners: Manners) -> String {
    let Some((burst, rate)) = pace(manners) else {
        return "off: as many requests as there are".to_owned();
    };
    let share = if manners.share < 1.0 {
        format!(" (--share {:.0}%)", manners.share * 100.0)
    } else {
        String::new()
    };
    format!(
        "{}: {burst} requests at once, then {rate} a second{share}",
        name(manners.limits)
    )
}

fn text(connection: &Connection, limit: Duration, used: &[Used]) -> String {
    let mut out = String::new();
    let mut line = |label: &str, words: String| {
        let _ = writeln!(out, "{label:<10} {words}");
    };
    let stats = connection.client.stats();
    line("portal", connection.to_string());
    line("limits", told(connection.manners()));
    if let Some(rate) = connection.client.usage().rate {
        let (level, burst) = (rate.level, rate.burst);
        line(
            "used",
            format!(
                "{level:.1} of {burst} requests by this command; back in {:.1} s",
                level / rate.rate
            ),
        );
    }
    if stats.refused_rate > 0 {
        line(
            "others",
            format!(
                "{} refused by the rate limit: others call this portal from this address",
                crate::printer::counted(stats.refused_rate, "request was", "requests were")
            ),
        );
    }
    let whose = if connection.manners().operating.is_some() {
        "as told"
    } else {
        "assumed: no answer tells it"
    };
    line(
        "operating",
        format!(
            "{} s of each method in ten minutes, {whose}",
            limit.as_secs_f64()
        ),
    );
    let widest = used.iter().map(|used| used.method.len()).max().unwrap_or(0);
    for used in used {
        let words = match (used.seconds, &used.refused) {
            (_, Some(why)) => format!("refused: {why}"),
            (None, None) => "the portal does not count it".to_owned(),
            (Some(seconds), None) => {
                let left = used.left.unwrap_or_default();
                let back = match used.back_in.filter(|_| seconds > 0.0) {
                    Some(wait) => format!(", the oldest part is back at {}", time_after(wait)),
                    None => String::new(),
                };
                format!("{seconds:>7.1} s used, {left:>7.1} s left{back}")
            }
        };
        let _ = writeln!(out, "  {:<widest$}  {words}", used.method);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manners(limits: Limits, share: f64) -> Manners {
        Manners {
            limits,
            share,
            operating: None,
        }
    }

    #[test]
    fn limits_are_told_with_the_share_of_them() {
        assert_eq!(
            told(manners(Limits::Auto, 1.0)),
            "standard: 50 requests at once, then 2 a second"
        );
        assert_eq!(
            told(manners(Limits::Enterprise, 0.5)),
            "enterprise: 125 requests at once, then 2.5 a second (--share 50%)"
        );
        assert!(told(manners(Limits::Off, 1.0)).starts_with("off: "));
    }

    #[test]
    fn time_comes_back_by_the_clock_of_the_portal() {
        let time: Time = serde_json::from_value(json!({
            "start": 1000.5, "finish": 1001.0, "operating": 12.5, "operating_reset_at": 1061
        }))
        .unwrap();
        assert_eq!(back_in(&time), Some(Duration::from_secs(60)));
        let box_ = serde_json::from_value(json!({"start": 1000.5, "operating": 1})).unwrap();
        assert_eq!(back_in(&box_), None);
    }
}
