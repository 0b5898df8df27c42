//! What the local portal knows about methods it does not play.

use serde_json::Value;

use super::catalogue::Catalogue;
use super::json;

/// One object a line: name, version, scopes joined by commas, application only, documented shape.
pub(super) fn methods(catalogue: &Catalogue) -> String {
    json::lines(catalogue.methods.iter().map(|method| {
        json::object([
            ("name", method.name.as_str().into()),
            ("version", method.version.as_str().into()),
            ("scope", method.texts("scope").join(",").into()),
            ("app", method.is_for_applications().into()),
            ("shape", shape(method.fact("result_shape"))),
        ])
    }))
}

/// The shape of `result`; `null` where no example answer is documented.
fn shape(answer: &Value) -> Value {
    answer.get("result").cloned().unwrap_or(Value::Null)
}
