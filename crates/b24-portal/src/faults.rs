//! Faults on demand: what shall go wrong, for which method, on which request.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One thing that goes wrong.
///
/// As JSON (control API) a fault is its name in snake case, alone or with its values:
/// `"cut_after_run"`, `{"delay": 2.5}`, `{"inner_error": {"command": 3, "code": "", "text": "Not found"}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// 503 `QUERY_LIMIT_EXCEEDED`; nothing runs.
    QueryLimit,
    /// 429 `OPERATION_TIME_LIMIT`; nothing runs. Armed for a method, it hits its next batched call, too.
    OperatingLimit,
    /// `OVERLOAD_LIMIT`, the manual block; nothing runs.
    Overload,
    /// An HTML page with status 200, as where something stands in front of the portal; nothing runs.
    Html200,
    /// An HTML page with status 502; nothing runs.
    Html502,
    /// Runs the method, then answers an HTML page with status 502.
    Html502AfterRun,
    /// Runs the method, then answers an HTML page with status 504, as the wall does.
    Html504AfterRun,
    /// Drops the connection without an answer; nothing runs.
    CutBeforeRun,
    /// Runs the method, then drops the connection without an answer.
    CutAfterRun,
    /// Runs the method, then resets the connection in the middle of the body.
    CutBody,
    /// Waits so many seconds before the method runs.
    #[serde(with = "seconds")]
    Delay(Duration),
    /// Runs the method, then waits so many seconds before it answers.
    #[serde(with = "seconds")]
    DelayAnswer(Duration),
    /// Runs the method and answers half of the body, correctly framed.
    TruncateBody,
    /// Runs the method and answers 200 with an empty body.
    EmptyBody,
    /// Runs the method and answers 500 with an empty body, as after a fatal error in PHP.
    Fatal,
    /// 200 with an error in the body; nothing runs.
    OkWithError {
        /// `error`
        code: String,
        /// `error_description`
        text: String,
    },
    /// An error of the portal; nothing runs. Armed for a method, it hits its next batched call, too.
    Refuse {
        /// HTTP status of a call of its own.
        status: u16,
        /// `error`
        code: String,
        /// `error_description`
        text: String,
    },
    /// 302 to another host (with or without a scheme), same path; nothing runs.
    Redirect {
        /// `acme.example` or `https://acme.example`
        to: String,
    },
    /// Refuses the k-th command of a batch, counted from 0; the other commands run.
    InnerError {
        /// Place of the command.
        command: usize,
        /// `error`
        code: String,
        /// `error_description`
        text: String,
    },
    /// Deletes rows before the request is answered, as another user would.
    DeleteRows {
        /// `deal`, `contact`, `task` …
        entity: String,
        /// Which.
        ids: Vec<i64>,
    },
    /// Adds rows before the request is answered, as another user would.
    InsertRows {
        /// `deal`, `contact`, `task` …
        entity: String,
        /// How many.
        count: usize,
    },
    /// Sets text fields of rows before the request is answered, as another user would: rows come into a
    /// filter or leave it, wherever their ids stand.
    UpdateRows {
        /// `deal`, `contact`, `task` …
        entity: String,
        /// Which.
        ids: Vec<i64>,
        /// Classic name and text; fields of other kinds stay.
        fields: BTreeMap<String, String>,
    },
    /// The webhook stops working before the request is answered.
    RevokeWebhook,
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        value: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(value.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Which faults exclude each other on one request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Delay,
    Data,
    Outcome,
}

impl Fault {
    const fn part(&self) -> Part {
        match self {
            Self::Delay(_) | Self::DelayAnswer(_) => Part::Delay,
            Self::DeleteRows { .. }
            | Self::InsertRows { .. }
            | Self::UpdateRows { .. }
            | Self::RevokeWebhook => Part::Data,
            _ => Part::Outcome,
        }
    }

    const fn hits_batched_calls(&self) -> bool {
        matches!(self, Self::Refuse { .. } | Self::OperatingLimit)
    }
}

/// A fault and when it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Only this method (as in the URL, any case); without one, every method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// So many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// So many requests are hit.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl FaultRule {
    /// Strikes the next request of any method, once.
    pub const fn new(fault: Fault) -> Self {
        Self {
            method: None,
            fault,
            skip: 0,
            times: 1,
        }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub const fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Strikes so many requests.
    #[must_use]
    pub const fn times(mut self, requests: u32) -> Self {
        self.times = requests;
        self
    }

    fn matches(&self, method: &str) -> bool {
        self.method
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}

/// The rules that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    rules: VecDeque<FaultRule>,
}

impl FaultPlan {
    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.rules.push_back(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn waiting(&self) -> Vec<FaultRule> {
        self.rules.iter().cloned().collect()
    }

    /// What hits this request: at most one delay, one change of data and one outcome, oldest rule first.
    pub(crate) fn strike(&mut self, method: &str) -> Strike {
        let mut strike = Strike::default();
        for rule in self.rules.iter_mut().filter(|rule| rule.matches(method)) {
            let slot = match rule.fault.part() {
                Part::Delay => &mut strike.delay,
                Part::Data => &mut strike.data,
                Part::Outcome => &mut strike.outcome,
            };
            take(rule, slot);
        }
        self.rules.retain(|rule| rule.times > 0);
        strike
    }

    /// What hits this command of a batch: rules armed for its method by name.
    pub(crate) fn strike_batched(&mut self, method: &str) -> Option<Fault> {
        let mut hit = None;
        let rules = self.rules.iter_mut().filter(|rule| rule.method.is_some());
        for rule in rules.filter(|rule| rule.matches(method) && rule.fault.hits_batched_calls()) {
            take(rule, &mut hit);
        }
        self.rules.retain(|rule| rule.times > 0);
        hit
    }
}

/// Counts a matching request; a rule whose turn it is waits for the next one where another has struck already.
fn take(rule: &mut FaultRule, slot: &mut Option<Fault>) {
    if rule.skip > 0 {
        rule.skip -= 1;
    } else if rule.times > 0 && slot.is_none() {
        rule.times -= 1;
        *slot = Some(rule.fault.clone());
    }
}

/// What hits one request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay: Option<Fault>,
    pub(crate) data: Option<Fault>,
    pub(crate) outcome: Option<Fault>,
}

impl Strike {
    /// For the log.
    pub(crate) fn names(&self) -> Vec<String> {
        let faults = [&self.delay, &self.data, &self.outcome]
            .into_iter()
            .flatten();
        faults
            .map(|fault| serde_json::to_string(fault).unwrap_or_default())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Fault, FaultPlan, FaultRule};

    #[test]
    fn rules_strike_in_order_and_once_each() {
        let mut plan = FaultPlan::default();
        plan.add(
            FaultRule::new(Fault::Html502)
                .method("crm.item.ADD")
                .skip(1)
                .times(2),
        );
        plan.add(FaultRule::new(Fault::CutAfterRun));
        plan.add(FaultRule::new(Fault::Delay(Duration::from_secs(1))).method("crm.item.add"));
        assert!(
            plan.strike("other").outcome == Some(Fault::CutAfterRun),
            "any method"
        );
        let first = plan.strike("crm.item.add");
        assert!(first.outcome.is_none() && first.delay.is_some());
        assert_eq!(plan.strike("crm.item.add").outcome, Some(Fault::Html502));
        assert_eq!(plan.strike("crm.item.add").outcome, Some(Fault::Html502));
        assert!(plan.strike("crm.item.add").outcome.is_none());
        assert!(plan.waiting().is_empty());
    }

    #[test]
    fn batched_calls_are_hit_only_by_name_and_only_by_errors() {
        let mut plan = FaultPlan::default();
        plan.add(FaultRule::new(Fault::OperatingLimit));
        plan.add(FaultRule::new(Fault::CutAfterRun).method("crm.deal.list"));
        assert_eq!(plan.strike_batched("crm.deal.list"), None);
        plan.add(FaultRule::new(Fault::OperatingLimit).method("crm.deal.list"));
        assert_eq!(
            plan.strike_batched("crm.deal.list"),
            Some(Fault::OperatingLimit)
        );
        assert_eq!(plan.waiting().len(), 2);
    }

    #[test]
    fn skipping_counts_requests_that_others_hit() {
        let mut plan = FaultPlan::default();
        plan.add(FaultRule::new(Fault::Html502).skip(1));
        plan.add(FaultRule::new(Fault::CutBody).skip(2));
        plan.add(FaultRule::new(Fault::EmptyBody).skip(1));
        let struck: Vec<_> = (0..5).map(|_| plan.strike("m").outcome).collect();
        let expected = [
            None,
            Some(Fault::Html502),
            Some(Fault::CutBody),
            Some(Fault::EmptyBody),
            None,
        ];
        assert_eq!(struck, expected);
    }

    #[test]
    fn json_form() {
        let json = r#"{"method":"batch","fault":{"delay":0.25}}"#;
        let rule: FaultRule = serde_json::from_str(json).unwrap();
        assert_eq!(
            rule,
            FaultRule::new(Fault::Delay(Duration::from_millis(250))).method("batch")
        );
        assert_eq!(
            serde_json::to_string(&Fault::CutAfterRun).unwrap(),
            r#""cut_after_run""#
        );
        assert!(serde_json::from_str::<Fault>(r#"{"delay":-1}"#).is_err());
    }
}
