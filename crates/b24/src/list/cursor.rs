//! Where a list stands, in a form that can be kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::Id;
use crate::value::Tree;

/// A place in a list: everything before it has been delivered, nothing after it has.
///
/// Every [`Page`](super::Page) carries one, and so does the error that ends a list early. It can
/// be serialised, kept in a file, and given to [`List::resume`](super::List::resume) later, in
/// another process too. It holds no secret and no data but the id of the last row.
///
/// ```no_run
/// # async fn run(b24: b24::Client) -> Result<(), Box<dyn std::error::Error>> {
/// # let text = String::new();
/// let cursor: b24::Cursor = serde_json::from_str(&text)?;
/// let mut deals = b24.v2().list("crm.deal.list").resume(cursor).items::<serde_json::Value>();
/// while let Some(deal) = deals.try_next().await? {
///     println!("{deal}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    method: String,
    version: u8,
    /// Hash of the parameters, in hexadecimal.
    params: String,
    #[serde(flatten)]
    position: Position,
}

/// The place itself, by the way the list is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Position {
    /// Behind the row with this id.
    After(Id),
    /// At this offset.
    Offset(u64),
    /// Behind the row whose cursor field has this value (v3 tail).
    Behind(Value),
}

impl Cursor {
    /// The method that is being read.
    pub fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn position(&self) -> &Position {
        &self.position
    }
}

/// What a cursor belongs to: a list of this method with these parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    method: String,
    version: u8,
    params: String,
}

impl Origin {
    pub(super) fn new(method: &str, version: u8, params: &Tree) -> Self {
        let text = serde_json::to_string(params).unwrap_or_default();
        Self {
            method: method.to_owned(),
            version,
            params: format!("{:016x}", fnv1a(text.as_bytes())),
        }
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn cursor(&self, position: Position) -> Cursor {
        Cursor {
            method: self.method.clone(),
            version: self.version,
            params: self.params.clone(),
            position,
        }
    }

    /// Whether `cursor` belongs here; the text says why not.
    pub(super) fn check(&self, cursor: &Cursor) -> Result<(), String> {
        if !cursor.method.eq_ignore_ascii_case(&self.method) || cursor.version != self.version {
            return Err(format!(
                "the cursor is of {} (v{}), not of this list",
                cursor.method, cursor.version
            ));
        }
        if cursor.params != self.params {
            return Err("the cursor is of a list with other parameters; \
                        resume with the same filter, select and other parameters"
                .to_owned());
        }
        Ok(())
    }
}

/// FNV-1a: the same in every version of the crate and of Rust, which cursors in files need.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(value: Value) -> Tree {
        Tree::from(value)
    }

    #[test]
    fn a_cursor_survives_serialisation_in_a_stable_form() {
        let origin = Origin::new(
            "crm.deal.list",
            2,
            &tree(json!({ "filter": { "STAGE_ID": "NEW" } })),
        );
        let cursor = origin.cursor(Position::After(Id::from(42_i64)));
        let text = serde_json::to_string(&cursor).unwrap();
        assert_eq!(
            text,
            r#"{"method":"crm.deal.list","version":2,"params":"e6c28891aa74bd27","after":"42"}"#
        );
        assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), cursor);
        for position in [
            Position::Offset(150),
            Position::Behind(json!("2026-01-01T00:00:00+03:00")),
        ] {
            let cursor = origin.cursor(position);
            let text = serde_json::to_string(&cursor).unwrap();
            assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), cursor);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let mine = Origin::new(
            "crm.deal.list",
            2,
            &tree(json!({ "filter": { "STAGE_ID": "NEW" } })),
        );
        let cursor = mine.cursor(Position::Offset(50));
        assert!(mine.check(&cursor).is_ok());
        for other in [
            Origin::new(
                "crm.lead.list",
                2,
                &tree(json!({ "filter": { "STAGE_ID": "NEW" } })),
            ),
            Origin::new(
                "crm.deal.list",
                3,
                &tree(json!({ "filter": { "STAGE_ID": "NEW" } })),
            ),
            Origin::new(
                "crm.deal.list",
                2,
                &tree(json!({ "filter": { "STAGE_ID": "WON" } })),
            ),
        ] {
            assert!(other.check(&cursor).is_err());
        }
    }
}
