//! Answers that are handed on as they are: read only for how the request ended and what it cost.

use bytes::Bytes;
use memchr::memmem;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Envelope, Success, answer, api_error_from, text_of};
use crate::error::Reason;

/// From this many bytes on an answer is a list or a file in base64: no portal writes an error of that size.
const LARGE: usize = 16 * 1024;

/// The `time` block is the last thing in an answer, and takes less than 300 bytes.
const TAIL: usize = 2048;

/// Reads an answer: one that makes no sense for a call is somebody else's business, and XML is an answer too.
pub(crate) fn whole(status: u16, body: &Bytes) -> Result<Success, Reason> {
    let as_it_is = || Success {
        result: body.clone(),
        total: None,
        next: None,
        time: None,
    };
    let text = text_of(status, body)?;
    if text.starts_with("<?xml") && text.trim_end().ends_with("</response>") {
        let code = text
            .split_once("<error>")
            .and_then(|(_, rest)| rest.split_once("</error>"))
            .map(|(code, _)| Value::from(code));
        return match code {
            Some(code) => Err(Reason::Api(api_error_from(status, &code, &Value::Null))),
            None => Ok(as_it_is()),
        };
    }
    match answer(status, body) {
        Err(Reason::Unexpected(_)) => Ok(as_it_is()),
        read => read,
    }
}

/// As [`whole`], but of a large answer only the ends are read, and its result is not told.
pub(crate) fn ends(status: u16, body: &Bytes) -> Result<Success, Reason> {
    let read = (status == 200 && body.len() >= LARGE).then(|| both_ends(body));
    read.flatten().map_or_else(|| whole(status, body), Ok)
}

/// `None`: it does not look as every large success does, and so has to be read.
fn both_ends(body: &[u8]) -> Option<Success> {
    const TIME: &[u8] = b",\"time\":{";
    if !body.starts_with(b"{\"result\":") {
        return None;
    }
    let last = &body[body.len() - TAIL..];
    let tail = &last[memmem::rfind(last, TIME)?..];
    let pieces = [&b"{\"result\":null"[..], tail].concat();
    let envelope: Envelope<'_, &RawValue> = serde_json::from_slice(&pieces).ok()?;
    Some(Success {
        result: Bytes::from_static(b"null"),
        total: None,
        next: None,
        time: envelope.time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(before: &str, after: &str) -> Bytes {
        format!("{before}\"{}\"{after}", "x".repeat(LARGE)).into()
    }

    #[test]
    fn of_a_large_answer_the_time_is_read_and_a_broken_one_is_no_success() {
        let time = r#","next":50,"total":80,"time":{"operating":0.5,"finish":3}}"#;
        let read = ends(200, &large("{\"result\":[", &format!("]{time}"))).unwrap();
        assert_eq!(read.time.unwrap().operating, Some(0.5));
        assert_eq!(&read.result[..], b"null");
        for (before, after) in [
            ("{\"result\":[", "]"),
            ("{\"result\":[", "],\"time\":{\"operating\":0.5}"),
            ("{\"result\":[", "],\"time\":{\"operating\":0.5}}<br>"),
            ("<br>{\"result\":[", "],\"time\":{\"operating\":0.5}}"),
        ] {
            assert!(
                ends(200, &large(before, after)).is_err(),
                "{before} {after}"
            );
        }
    }

    #[test]
    fn a_large_answer_in_another_order_is_read_whole() {
        let error = large("{\"error\":\"E\",\"error_description\":", ",\"time\":{}}");
        let ended = ends(200, &error);
        assert!(matches!(ended, Err(Reason::Api(error)) if error.code == "E"));
        let time_first = large("{\"time\":{\"operating\":2},\"result\":", "}");
        let read = ends(200, &time_first).unwrap();
        assert_eq!(read.time.unwrap().operating, Some(2.0));
        assert!(read.result.len() > LARGE);
    }
}
