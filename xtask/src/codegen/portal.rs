//! What the local portal knows about methods it does not play.

use anyhow::Result;
use serde_json::Value;

use super::catalogue::Catalogue;
use super::json;

/// One object a line: name, version, scopes joined by commas, application only, documented shape.
pub(super) fn methods(catalogue: &Catalogue) -> Result<String> {
    let mut text = String::new();
    for method in &catalogue.methods {
        text += &json::object([
            ("name", method.name.as_str().into()),
            ("version", method.version.as_str().into()),
            ("scope", method.texts("scope").join(",").into()),
            ("app", method.is_for_applications().into()),
            ("shape", shape(method.fact("result_shape"))),
        ]);
        text.push('\n');
    }
    Ok(text)
}

/// The shape of `result`; `null` where no example answer is documented.
fn shape(answer: &Value) -> Value {
    answer.get("result").cloned().unwrap_or(Value::Null)
}
