//! Faults on demand: what shall go wrong, for which method, on which request.

mod plan;
mod rule;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use plan::{FaultPlan, Strike};
pub use rule::FaultRule;

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
    /// Resets the connection somewhere in the body of the request; nothing runs. Chance says after how many bytes.
    CutRequest {
        /// The same seed cuts at the same places.
        #[serde(default)]
        seed: u64,
    },
    /// Runs the method, then resets the connection somewhere in the head or the body of the answer. Chance says after
    /// how many bytes.
    CutAnswer {
        /// The same seed cuts at the same places.
        #[serde(default)]
        seed: u64,
    },
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
    /// Runs the method and takes these keys out of its JSON answer.
    Without(Vec<String>),
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
    /// Every webhook stops working before the request is answered.
    RevokeWebhook,
    /// Every webhook works again before the request is answered.
    RestoreWebhook,
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
    /// Strikes before the body of the request is read.
    Request,
    Delay,
    Data,
    Outcome,
}

impl Fault {
    const fn part(&self) -> Part {
        match self {
            Self::CutRequest { .. } => Part::Request,
            Self::Delay(_) | Self::DelayAnswer(_) => Part::Delay,
            Self::DeleteRows { .. }
            | Self::InsertRows { .. }
            | Self::UpdateRows { .. }
            | Self::RevokeWebhook
            | Self::RestoreWebhook => Part::Data,
            _ => Part::Outcome,
        }
    }

    const fn hits_batched_calls(&self) -> bool {
        matches!(self, Self::Refuse { .. } | Self::OperatingLimit)
    }

    /// For the log: as JSON.
    pub(crate) fn name(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it strikes for the k-th time, counted from 0: chance goes on from its seed.
    fn strike(&self, time: u64) -> Self {
        let mut fault = self.clone();
        if let Self::CutRequest { seed } | Self::CutAnswer { seed } = &mut fault {
            *seed = seed.wrapping_add(time);
        }
        fault
    }

    /// Where chance cuts `length` bytes: 0 to one before the last. 0 for a fault that does not cut by chance.
    pub(crate) fn place_of_cut(&self, length: usize) -> usize {
        match self {
            Self::CutRequest { seed } | Self::CutAnswer { seed } => {
                fastrand::Rng::with_seed(*seed).usize(..length.max(1))
            }
            _ => 0,
        }
    }
}
