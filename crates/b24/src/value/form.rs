//! The PHP form codec: what `http_build_query` writes and `parse_str` reads.
//!
//! The portal takes the parameters of a batch command as such a form
//! (`crm.item.get?entityTypeId=2&id=5`) and posts its events as one. General
//! form crates either lose bracketed keys silently or refuse the sparse ones
//! that PHP writes.
//!
//! ```
//! use b24::value::form::{self, Limits};
//! use serde_json::json;
//!
//! let body = b"event=ONCRMDEALUPDATE&data%5BFIELDS%5D%5BID%5D=662&auth[domain]=acme.bitrix24.com";
//! let event = form::decode(body, Limits::default())?;
//! assert_eq!(event["data"]["FIELDS"]["ID"], json!("662"));
//! assert_eq!(event["auth"]["domain"], json!("acme.bitrix24.com"));
//! # Ok::<(), b24::value::form::FormError>(())
//! ```

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::{Limits, decode};
pub(crate) use encode::{Empty, MAX_PAIRS, encode};

/// Why a form cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// An empty list or map where leaving it out would change the meaning.
    #[error("{path} is empty, and a form cannot express an empty list or map")]
    Empty {
        /// Where it is: `fields[PHONE]`.
        path: String,
    },
    /// A key that PHP would read as another one.
    #[error("{path} has a key that PHP reads as another one")]
    Key {
        /// Where it is: `filter[a]b]`.
        path: String,
    },
    /// More bytes than the limit.
    #[error("the form is longer than {limit} bytes")]
    TooLong {
        /// The limit that was passed.
        limit: usize,
    },
    /// More pairs than the limit.
    #[error("the form has more than {limit} fields")]
    TooManyPairs {
        /// The limit that was passed.
        limit: usize,
    },
    /// A key nested deeper than the limit.
    #[error("the form nests deeper than {limit} levels")]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
}
