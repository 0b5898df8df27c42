//! What an outcome of the SDK means for its row, and whether the run can go on after it.

use b24::{Kind, Outcome, Reason};
use serde_json::Value;

use super::machine::Answer;

/// Codes after which every other row would fare alike.
const HOPELESS: &[&str] = &[
    "OVERLOAD_LIMIT",
    "QUERY_LIMIT_EXCEEDED",
    "PORTAL_DELETED",
    "WRONG_AUTH_TYPE",
    "ERROR_METHOD_NOT_FOUND",
    "B24_PORTAL_NOT_PLAYED",
];

/// A row's answer, and the error that ends the run.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) answer: Answer,
    pub(super) stop: Option<b24::Error>,
}

/// Judges the outcome of one row that went with `together - 1` others.
pub(super) fn judge(outcome: Outcome, together: usize) -> Judged {
    let going = |answer| Judged { answer, stop: None };
    match outcome {
        Outcome::Ok(answer) => going(Answer::Ran {
            id: answer.read().ok().and_then(|result| id_of(&result)),
        }),
        // A batch without halt skips nothing.
        Outcome::Skipped => going(Answer::NotRun),
        Outcome::Unknown(error) => going(Answer::Lost {
            reason: error.to_string(),
        }),
        Outcome::Err(error) if error.kind() == Kind::Usage => going(Answer::Misfit {
            reason: error.to_string(),
        }),
        Outcome::Err(error) if ends_run(&error, together) => Judged {
            answer: Answer::NotRun,
            stop: Some(error),
        },
        Outcome::Err(error) => going(refused(&error)),
    }
}

fn ends_run(error: &b24::Error, together: usize) -> bool {
    if error.kind() != Kind::Refused {
        return true;
    }
    match error.reason() {
        Reason::Api(api) => {
            // Commands inside a batch have no status of their own: this one is of the whole request.
            let whole = api.status >= 400 && together > 1;
            whole
                || HOPELESS.contains(&api.code.as_str())
                || api.code.ends_with("METHODNOTFOUNDEXCEPTION")
        }
        _ => true,
    }
}

fn refused(error: &b24::Error) -> Answer {
    let mut reason = error.description().unwrap_or_default().trim().to_owned();
    for remark in error.validation() {
        let field = remark.field.as_deref().unwrap_or_default();
        reason = format!("{reason} [{field}: {}]", remark.message);
    }
    Answer::Refused {
        code: error.code().unwrap_or_default().to_owned(),
        reason,
    }
}

/// The id in the result of a write: `5`, `{"item":{"id":5}}`, `{"task":{"id":"5"}}`.
fn id_of(result: &Value) -> Option<String> {
    match result {
        Value::Number(id) => Some(id.to_string()),
        Value::String(id) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => {
            Some(id.clone())
        }
        Value::Object(entries) => {
            let id = entries.get("id").or_else(|| entries.get("ID"));
            match (id, entries.len()) {
                (Some(id @ (Value::Number(_) | Value::String(_))), _) => id_of(id),
                (None, 1) => entries
                    .values()
                    .next()
                    .filter(|one| one.is_object())
                    .and_then(id_of),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_found_in_every_shape() {
        for result in [
            json!(5),
            json!("5"),
            json!({"item": {"id": 5, "title": "7"}}),
            json!({"task": {"id": "5"}}),
            json!({"id": 5}),
            json!({"ID": "5", "X": 1}),
        ] {
            assert_eq!(id_of(&result).as_deref(), Some("5"), "{result}");
        }
        for result in [
            json!(true),
            json!([]),
            json!({"item": []}),
            json!({"a": {"id": 5}, "b": 1}),
            json!("x"),
        ] {
            assert_eq!(id_of(&result), None, "{result}");
        }
    }
}
