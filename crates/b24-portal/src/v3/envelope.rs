use crate::php::{Php, PhpArray};
use crate::play::{Answer, Refusal, Reply, V3_PREFIX};
use crate::run::Timing;
use crate::settings::V3Profile;

/// What 25.x builds call the namespace of [`V3_PREFIX`].
const PLURAL_PREFIX: &str = "BITRIX_REST_V3_EXCEPTIONS_";

/// `{"result": …, "time": …}`; a document stands alone.
pub(super) fn success(reply: &Reply, time: &Timing) -> Vec<u8> {
    if let Answer::Document(document) = &reply.answer {
        let mut out = Vec::new();
        document.write_json(&mut out);
        return out;
    }
    let mut out = b"{\"result\":".to_vec();
    reply.answer.write_json(&mut out);
    finish(out, time)
}

/// Adds the `time` block to an open envelope and closes it.
pub(super) fn finish(mut envelope: Vec<u8>, time: &Timing) -> Vec<u8> {
    envelope.extend_from_slice(b",\"time\":");
    time.to_php().write_json(&mut envelope);
    envelope.push(b'}');
    envelope
}

/// The code as this generation of portals spells it.
pub(super) fn code(refusal: &Refusal, profile: V3Profile) -> String {
    match (profile, refusal.code.strip_prefix(V3_PREFIX)) {
        (V3Profile::V25, Some(suffix)) => format!("{PLURAL_PREFIX}{suffix}"),
        _ => refusal.code.clone(),
    }
}

/// `{"error": {"code", "message", "localMessage", "validation"}}`
pub(super) fn error(refusal: &Refusal, profile: V3Profile, wants_local: bool) -> Vec<u8> {
    let is_local = wants_local && profile == V3Profile::V25;
    let described = |text: &str, field: Option<&str>| {
        let mut entry = PhpArray::new();
        entry.insert("message", text.into());
        if is_local {
            entry.insert("localMessage", text.into());
        }
        if let Some(field) = field {
            entry.insert("field", field.into());
        }
        entry
    };
    let mut error = PhpArray::new();
    error.insert("code", code(refusal, profile).into());
    for (key, value) in described(&refusal.text, None) {
        error.insert(key, value);
    }
    for (key, value) in &refusal.extra {
        error.insert(key.as_str(), value.clone());
    }
    if !refusal.validation.is_empty() {
        let entries = refusal
            .validation
            .iter()
            .map(|(field, text)| described(text, field.as_deref()).into());
        error.insert("validation", Php::list(entries));
    }
    let mut out = Vec::new();
    Php::map([("error", error.into())]).write_json(&mut out);
    out
}
