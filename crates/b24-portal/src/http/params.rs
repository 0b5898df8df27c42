//! Where the parameters of v2 come from: query, then form or body over it.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::php::{Php, PhpArray, form};

/// Query string, and over it the form; a POST without form fields is read as JSON or as a query.
pub(super) async fn v2_params(parts: &Parts, body: &[u8]) -> PhpArray {
    let mut params = query_params(parts);
    if parts.method != Method::POST {
        return params;
    }
    let kind = content_type(&parts.headers);
    let mut fields = match kind.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => form::parse(body),
        "multipart/form-data" => multipart(&parts.headers, body).await,
        _ => PhpArray::new(),
    };
    if fields.is_empty() {
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
    params
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

/// Text fields; files are no parameters.
async fn multipart(headers: &HeaderMap, body: &[u8]) -> PhpArray {
    let mut fields = PhpArray::new();
    let header = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(header) else {
        return fields;
    };
    let whole = bytes::Bytes::copy_from_slice(body);
    let chunks = futures_util::stream::once(async move { Ok::<_, std::io::Error>(whole) });
    let mut parts = multer::Multipart::new(chunks, boundary);
    while let Ok(Some(part)) = parts.next_field().await {
        let name = part
            .name()
            .map(str::to_owned)
            .filter(|_| part.file_name().is_none());
        if let (Some(name), Ok(text)) = (name, part.text().await) {
            form::insert(&mut fields, &name, text.into());
        }
    }
    fields
}
