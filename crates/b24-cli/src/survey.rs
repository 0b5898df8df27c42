//! Several questions to a portal in one request: what it is, and what is used of it.

use b24::{Client, Outcome, Time};
use serde_json::Value;

/// A question: a method that reads, and its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) result: Result<Value, b24::Error>,
    /// The portal's clock, and what the method has used.
    pub(crate) time: Option<Time>,
}

impl Question {
    /// Without parameters.
    pub(crate) fn plain(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            params: Value::Object(serde_json::Map::new()),
        }
    }

    /// The cheapest page of a list.
    pub(crate) fn cheapest(method: &str) -> Self {
        let params = match method.to_ascii_lowercase().as_str() {
            "crm.item.list" => {
                serde_json::json!({"entityTypeId": 2, "select": ["id"], "filter": {"id": 0}, "start": -1})
            }
            "user.get" => serde_json::json!({"FILTER": {"ID": 0}}),
            _ => {
                serde_json::json!({"select": ["ID"], "filter": {"ID": 0}, "start": -1})
            }
        };
        Self {
            method: method.to_owned(),
            params,
        }
    }
}

/// Asks all of them in one request; answers come in the same order.
pub(crate) async fn ask(
    client: &Client,
    questions: &[Question],
) -> Result<Vec<Answered>, b24::Error> {
    let mut batch = client.v2().batch();
    for question in questions {
        batch.push(client.v2().call(&question.method).params(&question.params));
    }
    let mut answers = Vec::with_capacity(questions.len());
    for (_, outcome) in batch.await? {
        answers.push(match outcome {
            Outcome::Ok(answer) => Answered {
                result: answer.read(),
                time: answer.time().cloned(),
            },
            Outcome::Err(error) | Outcome::Unknown(error) => Answered {
                result: Err(error),
                time: None,
            },
            Outcome::Skipped => Answered {
                result: Ok(Value::Null),
                time: None,
            },
        });
    }
    Ok(answers)
}
