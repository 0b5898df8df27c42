//! Sealing what a store keeps, so that a copy of its file or a dump of its tables gives no token away.

use std::fmt;
use std::path::Path;

use b24::store::{StoreError, StoreFault, TokenKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};

/// The environment variable with the keys.
pub const KEY_VARIABLE: &str = "B24_STORE_KEY";

/// The environment variable with the path of a file with the keys.
pub const KEY_FILE_VARIABLE: &str = "B24_STORE_KEY_FILE";

const NONCE_BYTES: usize = 24;

/// The keys of a store: the first seals, all of them open.
///
/// To change the key, put a new one before the old, start every process again, call `reseal` of the store, and take the
/// old one away. A process that knows the old one alone cannot open what others have sealed meanwhile: where that must
/// not be, put the new one behind the old first, start all again, and only then turn the two round.
///
/// ```
/// let keys = b24_store::Keys::parse(&b24_store::Keys::generate())?;
/// # let _ = keys;
/// # Ok::<(), b24::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct Keys(Vec<Sealer>);

#[derive(Clone)]
struct Sealer {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl Keys {
    /// A new key as text: 32 random bytes in base64.
    pub fn generate() -> String {
        STANDARD.encode(Key::<XChaCha20Poly1305>::generate())
    }

    /// Reads keys as [`generate`](Self::generate) writes them, one a line or separated by commas; what follows a `#` in
    /// a line is a remark.
    ///
    /// # Errors
    /// [`StoreFault::KeyMissing`] if there is none, [`StoreFault::KeyWrong`] if one is damaged. The text is not shown.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let lines = text.lines().filter_map(|line| line.split('#').next());
        let words = lines.flat_map(|line| line.split(','));
        let filled = words.map(str::trim).filter(|word| !word.is_empty());
        let keys: Vec<Sealer> = filled.map(Sealer::parse).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(missing("there is no key in the text"));
        }
        Ok(Self(keys))
    }

    /// The keys in `B24_STORE_KEY`, or in the file that `B24_STORE_KEY_FILE` names.
    ///
    /// # Errors
    /// [`StoreFault::KeyMissing`] if neither is set; see [`from_file`](Self::from_file).
    pub fn from_env() -> Result<Self, StoreError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        let filled = |name| variable(name).filter(|value| !value.trim().is_empty());
        if let Some(text) = filled(KEY_VARIABLE).map(SecretString::from) {
            return Self::parse(text.expose_secret()).map_err(|error| {
                StoreError::new(error.fault(), format!("{KEY_VARIABLE}: {error}"))
            });
        }
        match filled(KEY_FILE_VARIABLE) {
            Some(path) => Self::from_file(path),
            None => Err(missing(&format!(
                "set {KEY_VARIABLE} to a key, or {KEY_FILE_VARIABLE} to a file with one"
            ))),
        }
    }

    /// The keys in a file that only its owner can read.
    ///
    /// # Errors
    /// [`StoreFault::KeyMissing`] if it cannot be read, [`StoreFault::KeyExposed`] if others can read it,
    /// [`StoreFault::KeyWrong`] if a key in it is damaged.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map(SecretString::from)
            .map_err(|error| missing(&format!("{shown}: {error}")))?;
        if is_readable_by_others(path) {
            return Err(StoreError::new(
                StoreFault::KeyExposed,
                format!("{shown} can be read by others: it is for its owner only (mode 600)"),
            ));
        }
        Self::parse(text.expose_secret())
            .map_err(|error| StoreError::new(error.fault(), format!("{shown}: {error}")))
    }

    /// What the keys are called, the one that seals first: an id tells keys apart and nothing else about them.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|sealer| sealer.id.as_str())
    }

    /// Seals `plain` for one row; the id of the key stands beside it.
    pub(crate) fn seal(&self, row: &TokenKey, plain: &[u8]) -> Result<Sealed, StoreError> {
        let newest = &self.0[0];
        let nonce = XNonce::generate();
        let context = context(row);
        let payload = Payload {
            msg: plain,
            aad: &context,
        };
        let hidden = newest.cipher.encrypt(&nonce, payload).map_err(|_| {
            StoreError::new(StoreFault::Other, "a record is too large to be sealed")
        })?;
        Ok(Sealed {
            key: newest.id.clone(),
            bytes: [nonce.as_slice(), &hidden].concat(),
        })
    }

    /// Opens what was sealed for the same row.
    pub(crate) fn open(&self, row: &TokenKey, sealed: &Sealed) -> Result<Vec<u8>, StoreError> {
        let opener = self.find(&sealed.key)?;
        let damaged = || {
            let text = format!("the record of portal {} is damaged", row.member_id);
            StoreError::new(StoreFault::Corrupt, text)
        };
        let (nonce, bytes) = sealed
            .bytes
            .split_at_checked(NONCE_BYTES)
            .ok_or_else(damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
        let context = context(row);
        let payload = Payload {
            msg: bytes,
            aad: &context,
        };
        opener
            .cipher
            .decrypt(&nonce, payload)
            .map_err(|_| damaged())
    }

    /// Whether the first key has sealed it.
    pub(crate) fn is_newest(&self, id: &str) -> bool {
        self.0[0].id == id
    }

    /// Whether the key with this id is there.
    pub(crate) fn check(&self, id: &str) -> Result<(), StoreError> {
        self.find(id).map(drop)
    }

    fn find(&self, id: &str) -> Result<&Sealer, StoreError> {
        self.0.iter().find(|sealer| sealer.id == id).ok_or_else(|| {
            let own: Vec<&str> = self.ids().collect();
            StoreError::new(
                StoreFault::KeyWrong,
                format!(
                    "the tokens are sealed with key {id}, and the keys at hand are {}",
                    own.join(", ")
                ),
            )
        })
    }
}

impl Sealer {
    fn parse(text: &str) -> Result<Self, StoreError> {
        let damaged = || {
            StoreError::new(
                StoreFault::KeyWrong,
                "a key is 32 bytes in base64: `openssl rand -base64 32` makes one",
            )
        };
        let bytes = STANDARD.decode(text).map_err(|_| damaged())?;
        let key = Key::<XChaCha20Poly1305>::try_from(bytes.as_slice()).map_err(|_| damaged())?;
        let cipher = XChaCha20Poly1305::new(&key);
        // The tag of nothing under a nonce that is never drawn: tells keys apart and nothing about them.
        let payload = Payload {
            msg: b"",
            aad: b"b24 store key id",
        };
        let tag = cipher
            .encrypt(&XNonce::from([0xff; NONCE_BYTES]), payload)
            .map_err(|_| damaged())?;
        let [a, b, c, d, ..] = tag[..] else {
            return Err(damaged());
        };
        let id = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
        Ok(Self { id, cipher })
    }
}

/// A sealed record and the id of its key.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

/// Binds a record to its row: moved to another one, it does not open.
fn context(row: &TokenKey) -> Vec<u8> {
    format!("b24 tokens\0{}\0{}", row.client_id, row.member_id).into_bytes()
}

pub(crate) fn missing(what: &str) -> StoreError {
    StoreError::new(
        StoreFault::KeyMissing,
        format!("no key to seal tokens with: {what}"),
    )
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.ids().collect();
        f.debug_tuple("Keys").field(&ids).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(member_id: &str) -> TokenKey {
        TokenKey {
            client_id: "local.1".to_owned(),
            member_id: member_id.to_owned(),
        }
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_row_with_its_own_key() {
        let keys = Keys::parse(&Keys::generate()).unwrap();
        let sealed = keys.seal(&row("m"), b"s3cr3t").unwrap();
        assert!(!String::from_utf8_lossy(&sealed.bytes).contains("s3cr3t"));
        assert_eq!(keys.open(&row("m"), &sealed).unwrap(), b"s3cr3t");
        let moved = keys.open(&row("other"), &sealed).unwrap_err();
        assert_eq!(moved.fault(), StoreFault::Corrupt);
        let mut damaged = sealed.clone();
        damaged.bytes[30] ^= 1;
        assert_eq!(
            keys.open(&row("m"), &damaged).unwrap_err().fault(),
            StoreFault::Corrupt
        );
        damaged.bytes.truncate(5);
        assert_eq!(
            keys.open(&row("m"), &damaged).unwrap_err().fault(),
            StoreFault::Corrupt
        );
        let other = Keys::parse(&Keys::generate()).unwrap();
        let wrong = other.open(&row("m"), &sealed).unwrap_err();
        assert_eq!(wrong.fault(), StoreFault::KeyWrong);
        assert!(wrong.to_string().contains("sealed with key"), "{wrong}");
    }

    #[test]
    fn a_new_key_before_the_old_one_opens_both() {
        let (old, new) = (Keys::generate(), Keys::generate());
        let sealed = Keys::parse(&old).unwrap().seal(&row("m"), b"x").unwrap();
        let both = Keys::parse(&format!("# rotated\n{new} # from today\n{old}\n")).unwrap();
        assert_eq!(both.open(&row("m"), &sealed).unwrap(), b"x");
        assert!(!both.is_newest(&sealed.key));
        assert!(both.is_newest(&both.seal(&row("m"), b"x").unwrap().key));
    }

    #[test]
    fn missing_and_damaged_keys_are_told_and_not_shown() {
        let from = |name: &'static str, value: &str| {
            let value = value.to_owned();
            Keys::from_variables(move |asked| (asked == name).then(|| value.clone()))
        };
        let none = from("OTHER", "x").unwrap_err();
        assert_eq!(none.fault(), StoreFault::KeyMissing);
        assert!(none.to_string().contains("B24_STORE_KEY_FILE"), "{none}");
        for damaged in ["s3cr3t", "c2hvcnQ=", "-----BEGIN"] {
            let error = from(KEY_VARIABLE, damaged).unwrap_err();
            assert_eq!(error.fault(), StoreFault::KeyWrong);
            assert!(!format!("{error} {error:?}").contains(damaged), "{error}");
        }
        assert_eq!(
            from(KEY_FILE_VARIABLE, "/no/such/file")
                .unwrap_err()
                .fault(),
            StoreFault::KeyMissing
        );
        let text = Keys::generate();
        let shown = format!("{:?}", Keys::parse(&text).unwrap());
        assert!(!shown.contains(&text), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_none() {
        use std::os::unix::fs::PermissionsExt;
        let directory = b24_seen::folder();
        let path = directory.path().join("key");
        std::fs::write(&path, Keys::generate()).unwrap();
        let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        set(0o644).unwrap();
        let wide = Keys::from_file(&path).unwrap_err();
        assert_eq!(wide.fault(), StoreFault::KeyExposed, "{wide}");
        set(0o600).unwrap();
        Keys::from_file(&path).unwrap();
    }
}
