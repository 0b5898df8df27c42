//! What the tests of applications show to anybody: see the crate `b24-seen`. It is searched for secrets when the authority
//! of a test is gone, too.

use std::error::Error as _;

pub(crate) use b24_seen::{holds_no_secret, shown, text, watch};

/// An error that a test expects: shown in full.
pub(crate) trait Failed {
    fn failed(self) -> b24::Error;
}

impl<T> Failed for Result<T, b24::Error> {
    fn failed(self) -> b24::Error {
        let Err(error) = self else {
            panic!("it was to fail");
        };
        shown(&error);
        shown(&error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            shown(&cause);
            shown(&cause.to_string());
            source = cause.source();
        }
        error
    }
}
