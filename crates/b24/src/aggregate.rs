//! Sums and counts of a v3 method.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::error::Error;
use crate::rt::BoxFuture;
use crate::value::Tree;

/// What to compute about a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Function {
    /// Rows that have a value.
    Count,
    /// Different values.
    CountDistinct,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
}

impl Function {
    const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::CountDistinct => "countDistinct",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// The answer: a value by function and field (or alias).
pub type Aggregates = BTreeMap<Function, BTreeMap<String, Value>>;

/// Sums, counts and extremes over the rows of a v3 method, computed by the portal.
///
/// ```no_run
/// # use b24::{Client, Function};
/// # async fn run(b24: Client) -> Result<(), b24::Error> {
/// let out = b24.v3().aggregate("main.eventlog.aggregate").of(Function::Count, ["id"]).await?;
/// println!("{}", out[&Function::Count]["id"]);
/// # Ok(()) }
/// ```
#[must_use = "it is sent when it is awaited"]
pub struct Aggregate {
    call: Call<Value>,
    select: Vec<(String, Tree)>,
    empty: Option<&'static str>,
}

impl Aggregate {
    pub(crate) fn new(call: Call<Value>) -> Self {
        Self {
            call,
            select: Vec::new(),
            empty: None,
        }
    }

    /// Computes `function` of these fields.
    pub fn of<S: Into<String>>(
        mut self,
        function: Function,
        fields: impl IntoIterator<Item = S>,
    ) -> Self {
        let fields: Vec<_> = fields
            .into_iter()
            .map(|field| Tree::Text(field.into()))
            .collect();
        if fields.is_empty() {
            self.empty = Some(function.name());
        }
        self.select
            .push((function.name().to_owned(), Tree::List(fields)));
        self
    }

    /// Only rows that match: a [`Filter`](crate::filter::Filter) or a list of triples.
    pub fn filter(mut self, filter: impl Serialize) -> Self {
        self.call = self.call.param("filter", filter);
        self
    }
}

impl IntoFuture for Aggregate {
    type Output = Result<Aggregates, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if let Some(function) = self.empty {
                return Err(Error::usage(format!("{function} of no field")));
            }
            if self.select.is_empty() {
                return Err(Error::usage(
                    "an aggregate of nothing: name a function and a field with `of`",
                ));
            }
            let reply = self
                .call
                .param("select", Tree::Map(self.select))
                .typed::<Nested>()
                .await?;
            Ok(reply.into_inner())
        })
    }
}

/// The portal nests the buckets as `result.result`; some builds do not.
#[derive(Deserialize)]
#[serde(untagged)]
enum Nested {
    Result { result: Aggregates },
    Bare(Aggregates),
}

impl Nested {
    fn into_inner(self) -> Aggregates {
        match self {
            Self::Result { result } | Self::Bare(result) => result,
        }
    }
}

impl fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aggregate")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
