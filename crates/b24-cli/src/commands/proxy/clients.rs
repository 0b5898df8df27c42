//! Who may call: names, and a token for each.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::connection::{Access, check, write};
use crate::failure::Failure;
use crate::printer::disk_words;

/// The client of a proxy that names none.
const ONLY: &str = "client";

/// The clients of this run, in the order they were named.
pub(super) struct Clients {
    in_order: Vec<(String, String)>,
    /// Found by hash: how long that takes tells nothing about a token that is wrong.
    by_token: HashMap<String, usize>,
}

/// What `--tokens` holds.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    tokens: BTreeMap<String, String>,
}

impl Clients {
    /// A new token for every name, or the one that the file has kept for it.
    pub(super) fn new(names: &[String], file: Option<&Path>) -> Result<Self> {
        let only = [ONLY.to_owned()];
        let names = if names.is_empty() { &only[..] } else { names };
        let mut kept = match file {
            Some(file) => read(file)?,
            None => Kept::default(),
        };
        let known = kept.tokens.len();
        let mut in_order = Vec::new();
        for name in names {
            let token = kept.tokens.entry(name.clone());
            let token = token.or_insert_with(|| Uuid::new_v4().simple().to_string());
            if !in_order.iter().any(|(other, _)| other == name) {
                in_order.push((name.clone(), token.clone()));
            }
        }
        if let Some(file) = file
            && kept.tokens.len() > known
        {
            let text = serde_json::to_string_pretty(&kept)?;
            write(file, Access::Owner, format!("{text}\n").as_bytes())
                .map_err(|error| unusable(file, &disk_words(&error)))?;
        }
        let by_token = in_order
            .iter()
            .enumerate()
            .map(|(place, (_, token))| (token.clone(), place))
            .collect();
        Ok(Self { in_order, by_token })
    }

    /// The client whose token this is.
    pub(super) fn of(&self, token: &str) -> Option<&str> {
        let place = *self.by_token.get(token)?;
        Some(&self.in_order[place].0)
    }

    /// Names and tokens.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.in_order
            .iter()
            .map(|(name, token)| (name.as_str(), token.as_str()))
    }
}

fn read(file: &Path) -> Result<Kept> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
        Err(error) => return Err(unusable(file, &disk_words(&error)).into()),
    };
    check(file)?;
    let kept: Kept =
        serde_json::from_str(&text).map_err(|_| unusable(file, "it holds no tokens"))?;
    let is_token = |token: &String| {
        token.len() >= 16 && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if !kept.tokens.values().all(is_token) {
        return Err(unusable(file, "a token is at least 16 letters and digits").into());
    }
    Ok(kept)
}

fn unusable(file: &Path, why: &str) -> Failure {
    Failure::local(format!("--tokens {}: {why}", file.display())).state("nothing was sent")
}

/// A name goes into log lines and the names of variables.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || text.len() > 64 || !text.bytes().all(is_fine) {
        return Err("a name is up to 64 letters, digits, dots, dashes and underscores".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn tokens_differ_and_are_kept() {
        let home = b24_seen::folder();
        let file = home.path().join("tokens.json");
        let first = Clients::new(&names(&["a", "b"]), Some(&file)).unwrap();
        let [(_, a), (_, b)] = &first.in_order[..] else {
            panic!("two clients")
        };
        assert!(a != b && a.len() == 32);
        let again = Clients::new(&names(&["b", "c", "b"]), Some(&file)).unwrap();
        assert_eq!(again.of(b), Some("b"));
        assert_eq!(again.of(a), None, "a is no client of this run");
        assert_eq!(again.all().count(), 2);
        let fresh = Clients::new(&names(&["a"]), None).unwrap();
        assert_ne!(fresh.in_order[0].1, *a);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_tokens_is_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let home = b24_seen::folder();
        let file = home.path().join("tokens.json");
        Clients::new(&[], Some(&file)).unwrap();
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Clients::new(&[], Some(&file)).is_err());
    }

    #[test]
    fn a_file_with_something_else_is_not_written_over() {
        let home = b24_seen::folder();
        let file = home.path().join("tokens.json");
        for text in ["", "{}", r#"{"tokens":{"a":"short"}}"#, "b24"] {
            write(&file, Access::Owner, text.as_bytes()).unwrap();
            assert!(
                Clients::new(&names(&["b"]), Some(&file)).is_err(),
                "{text:?}"
            );
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }
}
