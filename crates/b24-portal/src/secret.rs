//! How the portal makes secrets: at random, behind a mark.

use fastrand::usize as below;

/// Every secret that a portal makes begins with it: the secret of a webhook, codes, tokens, client secrets, the token of
/// the control API. Whoever searches logs and files for it finds where one got to.
pub const SECRET_MARK: &str = "b245ec4e7";

/// So many small letters and digits, as webhooks have them.
pub(crate) fn secret_word(length: usize) -> String {
    marked(length, b"abcdefghijklmnopqrstuvwxyz0123456789")
}

/// So many hexadecimal digits, as tokens have them.
pub(crate) fn secret_hex(length: usize) -> String {
    marked(length, b"0123456789abcdef")
}

fn marked(length: usize, letters: &[u8]) -> String {
    let rest = length.saturating_sub(SECRET_MARK.len());
    let letters = (0..rest).map(|_| char::from(letters[below(..letters.len())]));
    SECRET_MARK.chars().take(length).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_its_length_and_its_mark() {
        for secret in [secret_word(16), secret_hex(16)] {
            assert_eq!(secret.len(), 16);
            assert!(secret.starts_with(SECRET_MARK), "{secret}");
        }
        assert_ne!(secret_hex(70), secret_hex(70));
        assert!(SECRET_MARK.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
