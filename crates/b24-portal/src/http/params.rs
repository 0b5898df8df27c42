//! Where the parameters of v2 come from: query, then form or body over it.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::methods::disk::transfer::Posted;
use crate::php::{Php, PhpArray, form};

/// Query string, and over it the form; a POST without form fields is read as JSON or as a query. Beside them the form's
/// files.
pub(super) async fn v2_params(parts: &Parts, body: &Bytes) -> (PhpArray, Vec<Posted>) {
    let mut params = query_params(parts);
    if parts.method != Method::POST {
        return (params, Vec::new());
    }
    let kind = content_type(&parts.headers);
    let is_multipart = kind.eq_ignore_ascii_case("multipart/form-data");
    let (mut fields, files) = match kind.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => (form::parse(body), Vec::new()),
        _ if is_multipart => multipart(&parts.headers, body).await,
        _ => Default::default(),
    };
    // PHP does not keep the raw body of a form with files.
    if fields.is_empty() && !is_multipart {
        fields = match kind {
            // Exactly so; and what cannot be read is an empty set, not an error.
            "application/json" => match Php::from_json(body) {
                Some(Php::Array(array)) => array,
                _ => PhpArray::new(),
            },
            _ => form::parse(body),
        };
    }
    for (key, value) in fields {
        params.insert(key, value);
    }
    (params, files)
}

pub(super) fn query_params(parts: &Parts) -> PhpArray {
    form::parse(parts.uri.query().unwrap_or_default().as_bytes())
}

/// The media type without its parameters.
pub(super) fn content_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// Fields of text, and files.
async fn multipart(headers: &HeaderMap, body: &Bytes) -> (PhpArray, Vec<Posted>) {
    let (mut fields, mut files) = (PhpArray::new(), Vec::new());
    let header = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(header) else {
        return (fields, files);
    };
    let whole = body.clone();
    let chunks = futures_util::stream::once(async move { Ok::<_, std::io::Error>(whole) });
    let mut parts = multer::Multipart::new(chunks, boundary);
    while let Ok(Some(part)) = parts.next_field().await {
        let Some(field) = part.name().map(str::to_owned) else {
            continue;
        };
        match part.file_name().map(str::to_owned) {
            None => {
                if let Ok(text) = part.text().await {
                    form::insert(&mut fields, &field, text.into());
                }
            }
            Some(name) => {
                if let Ok(bytes) = part.bytes().await {
                    files.push(Posted { field, name, bytes });
                }
            }
        }
    }
    (fields, files)
}
