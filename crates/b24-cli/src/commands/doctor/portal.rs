//! What the portal says: who we are there, what we may, and how much of it is left.

use b24::Limits;
use jiff::Timestamp;
use serde_json::Value;

use super::{Check, Verdict};
use crate::commands::limits::{self, ASSUMED};
use crate::connection::licence;
use crate::failure::{Failure, Kind, from_sdk};
use crate::printer::{counted, time_after};
use crate::session::Connection;
use crate::survey::{self, Answered, Question};

/// What most work with a portal needs.
const USUAL: &[(&str, &str)] = &[
    ("crm", "deals, contacts and the rest of the CRM"),
    ("task", "tasks"),
    ("user", "users"),
];
/// A clock that is further off spoils filters by time.
const OFF: f64 = 30.0;

pub(super) async fn check(connection: &Connection) -> Vec<Check> {
    let questions = [
        Question::plain("server.time"),
        Question::plain("profile"),
        Question::plain("scope"),
        Question::plain("app.info"),
        Question::cheapest("crm.item.list"),
    ];
    let sent = Timestamp::now();
    let answers = match survey::ask(&connection.client, &questions).await {
        Ok(answers) => answers,
        Err(error) => {
            let failure = from_sdk(&error, Some(connection));
            let mut checks = vec![Check::of(connection.means(), &failure)];
            checks.extend(others(connection));
            return checks;
        }
    };
    let received = Timestamp::now();
    let [time, profile, scope, info, deals] = answers.as_slice() else {
        return vec![Check::failed(
            connection.means(),
            Kind::Answer,
            "the portal left answers out",
        )];
    };
    if let Ok(info) = &info.result {
        connection.learn_plan(info);
    }
    let scopes = texts(scope);
    let mut checks = vec![
        caller(profile, connection),
        scopes_told(&scopes, connection.means()),
    ];
    checks.push(clock(time, sent, received));
    checks.push(plan(info, connection));
    checks.push(budget(
        deals,
        scopes.iter().any(|scope| scope == "crm"),
        connection,
    ));
    checks.extend(others(connection));
    checks.push(v3(connection).await);
    checks
}

fn failure(answered: &Answered, connection: &Connection) -> Option<Failure> {
    let error = answered.result.as_ref().err()?;
    Some(from_sdk(error, Some(connection)))
}

fn caller(profile: &Answered, connection: &Connection) -> Check {
    let means = connection.means();
    if let Some(failure) = failure(profile, connection) {
        return Check::of(means, &failure);
    }
    let user = profile
        .result
        .as_ref()
        .ok()
        .map(crate::connection::User::read);
    let Some(user) = user else {
        return Check::skipped(means, "it works; the portal does not say whose it is");
    };
    if user.admin {
        return Check::ok(means, format!("acts as {user}, administrator"));
    }
    Check::warning(
        means,
        format!("acts as {user}, no administrator"),
        "rows that this user may not see are not exported, without a word",
    )
}

fn texts(answered: &Answered) -> Vec<String> {
    let list = answered.result.as_ref().ok().and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn scopes_told(scopes: &[String], means: &str) -> Check {
    let has = |wanted: &str| {
        let same = |scope: &String| scope == wanted || (wanted == "task" && scope == "tasks");
        scopes.iter().any(same)
    };
    let missing: Vec<_> = USUAL.iter().filter(|(scope, _)| !has(scope)).collect();
    let text = if scopes.is_empty() {
        "none".to_owned()
    } else {
        scopes.join(", ")
    };
    if missing.is_empty() {
        return Check::ok("scopes", text);
    }
    let names: Vec<_> = missing.iter().map(|(scope, _)| *scope).collect();
    let things: Vec<_> = missing.iter().map(|(_, things)| *things).collect();
    Check::warning(
        "scopes",
        format!("{text}; without {}", names.join(", ")),
        format!(
            "for {}: portal > Developer resources > the {means}",
            things.join(", ")
        ),
    )
}

/// The portal's clock against ours, which may be off by as long as the request took.
fn clock(time: &Answered, sent: Timestamp, received: Timestamp) -> Check {
    let told = time
        .time
        .as_ref()
        .and_then(|time| time.finish.or(time.start));
    let told = told.or_else(|| {
        let text = time.result.as_ref().ok()?.as_str()?;
        Some(text.parse::<Timestamp>().ok()?.as_millisecond() as f64 / 1e3)
    });
    let Some(portal) = told else {
        return Check::skipped("clock", "the portal does not tell the time");
    };
    compared(
        portal,
        sent.as_millisecond() as f64 / 1e3,
        received.as_millisecond() as f64 / 1e3,
    )
}

fn compared(portal: f64, sent: f64, received: f64) -> Check {
    let ahead = if portal < sent {
        sent - portal
    } else if portal > received {
        received - portal
    } else {
        0.0
    };
    let text = match ahead {
        0.0 => "the same here and there".to_owned(),
        ahead if ahead > 0.0 => format!("here {ahead:.1} s ahead of the portal"),
        behind => format!("here {:.1} s behind the portal", -behind),
    };
    if ahead.abs() < OFF {
        return Check::ok("clock", text);
    }
    Check::warning(
        "clock",
        text,
        "filters by time miss rows: set the clock of this machine",
    )
}

fn plan(info: &Answered, connection: &Connection) -> Check {
    let licence = info.result.as_ref().ok().and_then(licence);
    let limits = limits::told(connection.manners());
    match licence {
        None => Check::new(
            "plan",
            Verdict::Skipped,
            format!("the portal does not tell; limits {limits}"),
        ),
        Some(licence) => {
            let text = format!("{licence}; limits {limits}");
            let enterprise = Limits::of_licence(licence) == Limits::Enterprise;
            if enterprise && limits::name(connection.manners().limits) == "standard" {
                return Check::warning("plan", text, "--limits enterprise reads faster");
            }
            if !enterprise && limits::name(connection.manners().limits) == "enterprise" {
                return Check::warning("plan", text, "--limits standard: this plan grants no more");
            }
            Check::ok("plan", text)
        }
    }
}

/// What is used of the operating time of the method that reads the CRM.
fn budget(deals: &Answered, may: bool, connection: &Connection) -> Check {
    let limit = connection
        .manners()
        .operating
        .unwrap_or(ASSUMED)
        .as_secs_f64();
    if let Some(failure) = failure(deals, connection) {
        if !may {
            return Check::skipped("budget", "not without scope crm");
        }
        return Check::of("budget", &failure);
    }
    let used = deals.time.as_ref().and_then(|time| time.operating);
    let Some(used) = used else {
        return Check::skipped("budget", "the portal does not count operating time");
    };
    let text = format!("crm.item.list has used {used:.1} of {limit:.0} s in ten minutes");
    if used < limit * 0.8 {
        return Check::ok("budget", text);
    }
    let back = deals.time.as_ref().and_then(limits::back_in);
    let back = back.map(|wait| format!("some of it is back at {}; ", time_after(wait)));
    Check::warning(
        "budget",
        text,
        format!("{}see b24 limits", back.unwrap_or_default()),
    )
}

/// Refusals that cannot be our doing: we have sent next to nothing.
fn others(connection: &Connection) -> Option<Check> {
    let stats = connection.client.stats();
    (stats.refused_rate > 0).then(|| {
        Check::warning(
            "others",
            format!(
                "{} refused by the rate limit, and this command sends next to none",
                counted(stats.refused_rate, "request was", "requests were")
            ),
            "others call this portal from this address: --share 50% leaves them room",
        )
    })
}

async fn v3(connection: &Connection) -> Check {
    match connection.client.v3().call("rest.scope.list").await {
        Ok(_) => Check::ok("REST 3", "there"),
        Err(error)
            if error
                .code()
                .is_some_and(|code| code.starts_with("BITRIX_REST_V3")) =>
        {
            Check::ok("REST 3", "there")
        }
        Err(error) if error.kind() == b24::Kind::Temporary => {
            Check::skipped("REST 3", format!("no answer: {error}"))
        }
        Err(_) => Check::skipped("REST 3", "this portal has none; --v3 does not work here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_request_is_no_difference() {
        assert_eq!(compared(10.0, 9.9, 10.2).text, "the same here and there");
        assert_eq!(compared(9.0, 9.9, 10.2).verdict, Verdict::Ok);
        let behind = compared(100.0, 9.9, 10.2);
        assert_eq!(behind.verdict, Verdict::Warning);
        assert_eq!(behind.text, "here 89.8 s behind the portal");
    }

    #[test]
    fn missing_scopes_are_named_with_what_they_are_for() {
        let check = scopes_told(&["crm".to_owned(), "tasks".to_owned()], "webhook");
        assert_eq!(check.text, "crm, tasks; without user");
        let all = ["crm", "task", "user"].map(str::to_owned);
        assert_eq!(scopes_told(&all, "webhook").verdict, Verdict::Ok);
    }
}
