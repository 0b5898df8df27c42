//! The ways in which a secret may be written.

use std::collections::BTreeSet;
use std::fmt::Write;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// As it is, in JSON, in an address, its bytes as digits, and inside a longer text in base64.
pub(crate) fn forms(secret: &str) -> BTreeSet<String> {
    let bytes = secret.as_bytes();
    let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|&byte| write(byte)).collect();
    let mut forms: BTreeSet<String> = [
        secret.to_owned(),
        secret.replace('/', "\\/"),
        each(&|byte| percent(byte, byte.is_ascii_alphanumeric())),
        each(&|byte| percent(byte, false)),
        each(&|byte| format!("{byte:02x}")),
        each(&|byte| format!("{byte:02X}")),
    ]
    .into();
    for before in 0..3 {
        let inner = base64_after(before, bytes);
        forms.insert(inner.replace('+', "-").replace('/', "_"));
        forms.insert(inner);
    }
    forms
}

fn percent(byte: u8, as_it_is: bool) -> String {
    if as_it_is {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The digits of base64 that are the same whatever stands around these bytes, with so many bytes before them.
fn base64_after(before: usize, bytes: &[u8]) -> String {
    let mut bits = "0".repeat(before * 8);
    for byte in bytes {
        let _ = write!(bits, "{byte:08b}");
    }
    let digits: Vec<char> = bits
        .as_bytes()
        .chunks_exact(6)
        .map(|six| {
            six.iter()
                .fold(0, |sum, bit| sum * 2 + usize::from(bit - b'0'))
        })
        .map(|digit| char::from(BASE64[digit]))
        .collect();
    digits.into_iter().skip((before * 8).div_ceil(6)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_each_of_its_three_places() {
        for (text, place) in [("c2VjcmV0", 0), ("eHNlY3JldA==", 1), ("eHlzZWNyZXQ=", 2)] {
            let inner = base64_after(place, b"secret");
            assert!(inner.len() >= 7 && text.contains(&inner), "{text}: {inner}");
        }
    }

    #[test]
    fn json_addresses_and_digits_have_forms_of_their_own() {
        for form in [
            "a/j+",
            "a\\/j+",
            "a%2Fj%2B",
            "%61%2F%6A%2B",
            "612f6a2b",
            "612F6A2B",
        ] {
            assert!(forms("a/j+").contains(form), "{form}");
        }
    }
}
