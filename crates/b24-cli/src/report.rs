//! `--report FILE`: what was done, as one JSON object, written whole at the end.

use serde_json::{Value, json};

use crate::connection::{Access, write as write_file};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Writes the report, if one was asked for.
pub(crate) fn write(
    session: &Session,
    exit: Exit,
    failure: Option<&Failure>,
) -> Result<(), Failure> {
    let Some(path) = &session.global.report else {
        return Ok(());
    };
    let object = object(session, exit, failure);
    let mut bytes = object.to_string().into_bytes();
    bytes.push(b'\n');
    write_file(path, Access::Anyone, &bytes)
        .map_err(|error| Failure::local(format!("--report {}: {error}", path.display())))
}

fn object(session: &Session, exit: Exit, failure: Option<&Failure>) -> Value {
    let mut object = session
        .summary()
        .map(|summary| summary.fields)
        .unwrap_or_default();
    object.insert("command".into(), session.command.into());
    object.insert("exit".into(), exit.code().into());
    object.insert("outcome".into(), exit.outcome().into());
    object.insert(
        "seconds".into(),
        json!(session.started.elapsed().as_secs_f64()),
    );
    if let Some(connection) = session.connected() {
        let stats = connection.client.stats();
        object.insert("portal".into(), connection.host.clone().into());
        object.insert("origin".into(), connection.origin.clone().into());
        object.insert("requests".into(), stats.requests.into());
    }
    if let Some(failure) = failure {
        object.insert(
            "error".into(),
            serde_json::to_value(failure).unwrap_or_default(),
        );
    }
    Value::Object(object)
}
