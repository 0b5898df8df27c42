//! Contents of files, of the drive and of the CRM alike.

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// One file with its name.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// All files by id.
#[derive(Debug, Default)]
pub(crate) struct Files {
    stored: HashMap<i64, StoredFile>,
    last_id: i64,
}

impl Files {
    /// Keeps a file; its id.
    pub(crate) fn add(&mut self, name: &str, bytes: Bytes) -> i64 {
        self.last_id += 1;
        let name = name.to_owned();
        self.stored.insert(self.last_id, StoredFile { name, bytes });
        self.last_id
    }

    pub(crate) fn get(&self, id: i64) -> Option<&StoredFile> {
        self.stored.get(&id)
    }

    pub(crate) fn remove(&mut self, id: i64) {
        self.stored.remove(&id);
    }
}

/// `base64_decode($text)`: what is not of the alphabet is passed over; `None` for what cannot be the end of anything.
pub(crate) fn decode(text: &str) -> Option<Bytes> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits: Vec<u8> = text.bytes().filter(is_digit).collect();
    LENIENT.decode(digits).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base64_is_read_as_php_reads_it() {
        for (text, expected) in [
            ("aGVsbG8=", Some("hello")),
            ("aGVs\r\nbG8", Some("hello")),
            ("aGVsbG8====", Some("hello")),
            ("", Some("")),
            ("a", None),
        ] {
            let found = decode(text);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{text:?}");
        }
    }
}
