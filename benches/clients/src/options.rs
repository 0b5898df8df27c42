//! What `cargo xtask bench` asks for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Paths of everything that is needed, and what to do.
#[derive(Debug)]
pub struct Options {
    /// The root of the repository.
    pub root: PathBuf,
    /// The command that is measured; it is the portal, too.
    pub b24: PathBuf,
    /// Where the clients of others are installed.
    pub peers: PathBuf,
    /// Where results and files in between go.
    pub out: PathBuf,
    pub rows: u64,
    /// Small and few: shows that all of it works, tells nothing about speed.
    pub quick: bool,
    /// Parts by the numbers of the page; all if empty.
    only: Vec<String>,
    /// Only clients whose name has one of these words in it; all if empty.
    clients: Vec<String>,
    /// Make the page in `docs/`.
    pub write: bool,
}

impl Options {
    /// `rows` are those of a full bench and of a quick one, where none are asked for.
    pub fn read(words: &[&str], [full, quick]: [u64; 2]) -> Result<Self> {
        let mut options = Self {
            root: PathBuf::new(),
            b24: PathBuf::new(),
            peers: PathBuf::new(),
            out: PathBuf::new(),
            rows: 0,
            quick: false,
            only: Vec::new(),
            clients: Vec::new(),
            write: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("{word} needs a value"))
            };
            match *word {
                "--root" => options.root = value()?.into(),
                "--b24" => options.b24 = value()?.into(),
                "--peers" => options.peers = value()?.into(),
                "--out" => options.out = value()?.into(),
                "--rows" => options.rows = value()?.parse().context("--rows")?,
                "--only" => options.only = list(value()?),
                "--clients" => options.clients = list(value()?),
                "--quick" => options.quick = true,
                "--write" => options.write = true,
                other => bail!("`bench` knows no {other}"),
            }
        }
        if options.rows == 0 {
            options.rows = if options.quick { quick } else { full };
        }
        if options.rows < quick.min(1_000) {
            bail!("--rows: at least {}", quick.min(1_000));
        }
        Ok(options)
    }

    pub fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }

    pub fn wants_client(&self, name: &str) -> bool {
        let mut words = name.split([' ', ',']);
        self.clients.is_empty()
            || words.any(|word| self.clients.iter().any(|client| client == word))
    }

    /// How often a short run is repeated.
    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_chosen_by_the_words_of_their_names() {
        let options = Options::read(&["--clients", "b24,raw"]).unwrap();
        assert!(options.wants_client("b24 SDK, text") && options.wants_client("raw HTTP"));
        assert!(!options.wants_client("b24pysdk, fast"));
        assert!(Options::read(&[]).unwrap().wants_client("b24jssdk"));
    }
}
