use crate::php::{Php, PhpArray, json};
use crate::play::{Answer, Refusal, Reply};
use crate::run::Timing;

/// `{"result": …, "next": …, "total": …, "time": …}`
pub(super) fn success(reply: &Reply, time: &Timing) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    if let Answer::Document(document) = &reply.answer {
        document.write_json(&mut out);
        return out;
    }
    out.extend_from_slice(b"{\"result\":");
    reply.answer.write_json(&mut out);
    for (key, value) in [("next", reply.next), ("total", reply.total)] {
        if let Some(number) = value {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
            json::write_int(number, &mut out);
        }
    }
    finish(out, time)
}

/// Adds the `time` block to an open envelope and closes it.
pub(super) fn finish(mut envelope: Vec<u8>, time: &Timing) -> Vec<u8> {
    envelope.extend_from_slice(b",\"time\":");
    time.to_php().write_json(&mut envelope);
    envelope.push(b'}');
    envelope
}

/// `{"error": …, "error_description": …, …}`
pub(super) fn error(refusal: &Refusal) -> Php {
    let mut body = PhpArray::new();
    body.insert("error", refusal.code.as_str().into());
    body.insert("error_description", refusal.text.as_str().into());
    for (key, value) in &refusal.extra {
        body.insert(key.as_str(), value.clone());
    }
    body.into()
}

/// A method's own array with `error` and `error_description` is shown as it is, with status 200.
pub(super) fn error_within(reply: &Reply) -> Option<&Php> {
    let Answer::Value(value) = &reply.answer else {
        return None;
    };
    let filled = |key| value.get(key).is_some_and(Php::truthy);
    (filled("error") && filled("error_description")).then_some(value)
}
