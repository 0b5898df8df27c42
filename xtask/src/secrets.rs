//! The search for secrets in all that the tests have left behind: logs, what commands said, files, stores, the data of
//! PostgreSQL. `crates/b24-seen` keeps it, in the folder that is made here.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::encodings::forms;

/// How a secret of the tests is known.
const MARKS: &[&str] = &[
    // `SECRET_MARK` of the portal: whatever it makes begins with it.
    "b245ec4e7",
    // Parts of those that tests write down.
    "verysecret",
    "s3cr3t",
    "k3ys3cret",
    "5ecret",
    "t0k3n",
    "t0ken",
    "acc3ss",
    "r3fresh",
    "p4ssw0rd",
];

/// What is to hold a secret, by the end of its path. Only its owner may read it.
const PRIVATE: &[&str] = &[
    // Profiles with a webhook, and the client secrets of applications.
    "config/b24/credentials.toml",
    // The key of the store of tokens.
    "config/b24/store.key",
    // What `b24 portal fault` and its like need to reach the portal that runs.
    "state/b24/portal.json",
    // `b24 proxy --tokens`: what its clients' addresses end with.
    "tokens.json",
];

/// The folder of one run of the tests.
pub(crate) struct Run {
    folder: PathBuf,
}

impl Run {
    /// An empty one, in which every user of this machine may write: PostgreSQL has a user of its own.
    pub(crate) fn begin() -> Result<Self> {
        let name = format!("b24-tests-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        #[cfg(unix)]
        fs::set_permissions(
            &folder,
            std::os::unix::fs::PermissionsExt::from_mode(0o1777),
        )?;
        Ok(Self { folder })
    }

    /// The variables that make tests leave everything here.
    pub(crate) fn variables(&self) -> [(&'static str, &Path); 2] {
        [("B24_SEEN", &self.folder), ("TMPDIR", &self.folder)]
    }

    /// A file for what the tests print.
    pub(crate) fn output(&self) -> Result<File> {
        Ok(File::create(self.folder.join("output.log"))?)
    }

    /// Fails if there is a secret where none may be. What was found stays to be looked at, all else is removed.
    pub(crate) fn search(self) -> Result<String> {
        let (secrets, files, bytes) = self.survey()?;
        let leaks: Vec<String> = find(&self.folder, &secrets)?
            .into_iter()
            .filter(|found| !self.may_hold(found))
            .collect();
        if !leaks.is_empty() {
            let first = leaks.iter().take(40).map(|found| found.replace('\0', ":"));
            let first: Vec<String> = first.collect();
            bail!(
                "secrets in what the tests have left behind (file:offset:secret), {} in all:\n  {}",
                leaks.len(),
                first.join("\n  ")
            );
        }
        fs::remove_dir_all(&self.folder)?;
        Ok(format!(
            "no secret in {files} files, {} MB, that the tests have left behind; looked for {}",
            bytes / 1_000_000,
            secrets.len()
        ))
    }

    /// Every secret, and how many files and bytes there are.
    fn survey(&self) -> Result<(BTreeSet<String>, usize, u64)> {
        let mut secrets: BTreeSet<String> = MARKS.iter().map(|&mark| mark.to_owned()).collect();
        let (mut files, mut bytes) = (0, 0);
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let (path, kind) =
                    entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    files += 1;
                    bytes += path.metadata()?.len();
                    // Made at random: those of the command, and those that tests have told.
                    if path.ends_with("store.key") || path.ends_with(TOLD) {
                        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
                        let words = text
                            .split_whitespace()
                            .filter(|word| word.len() >= SHORTEST);
                        secrets.extend(words.map(str::to_owned));
                    }
                }
            }
        }
        Ok((secrets, files, bytes))
    }

    /// Whether the place of a find may hold it.
    fn may_hold(&self, found: &str) -> bool {
        let Some((path, _)) = found.split_once('\0') else {
            return false;
        };
        path == self.folder.join(TOLD).to_string_lossy()
            || PRIVATE.iter().any(|end| path.ends_with(end)) && is_private(Path::new(path))
    }
}

/// What tests have told, a secret a line.
const TOLD: &str = "secrets.txt";

/// Shorter words are no secrets: they are remarks in a file of keys.
const SHORTEST: usize = 16;

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() % 0o100 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

/// File, a zero byte, `offset:secret` of each secret in each file below `folder`.
fn find(folder: &Path, secrets: &BTreeSet<String>) -> Result<Vec<String>> {
    let patterns = folder.with_extension("patterns");
    let mut file = File::create(&patterns)?;
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        writeln!(file, "{form}")?;
    }
    let output = Command::new("grep")
        .args(["--recursive", "--text", "--only-matching", "--byte-offset"])
        .args(["--with-filename", "--null", "--fixed-strings", "--file"])
        .args([&patterns, folder])
        .env("LC_ALL", "C")
        .output()
        .context("the search for secrets needs `grep`");
    fs::remove_file(&patterns)?;
    let output = output?;
    if output.status.code().is_none_or(|code| code > 1) {
        bail!(
            "grep: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(found.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_that_of_the_portal() {
        let portal = include_str!("../../crates/b24-portal/src/secret.rs");
        assert!(portal.contains(&format!("SECRET_MARK: &str = \"{}\"", MARKS[0])));
    }

    /// Else the search would miss what they leave behind.
    #[test]
    fn every_test_keeps_what_it_leaves_behind() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    let text: String = text.split_whitespace().collect();
                    let text = text
                        .replace(".env_clear().envs(b24_seen::log())", "")
                        .replace("b24_seen::secret(Keys::generate())", "");
                    let is_cli = path.to_string_lossy().contains("b24-cli/tests");
                    for (code, counts) in [
                        ("tempfile::tempdir()", true),
                        (
                            "Keys::generate()",
                            path.to_string_lossy().contains("/tests/"),
                        ),
                        (".env_clear()", is_cli),
                        (".output().expect(", is_cli),
                        (".wait_with_output().expect(", is_cli),
                    ] {
                        assert!(
                            !counts || !text.contains(code),
                            "{}: {code}",
                            path.display()
                        );
                    }
                    seen += usize::from(is_cli);
                }
            }
        }
        assert!(seen > 10, "{seen}");
    }

    #[test]
    fn a_secret_is_found_wherever_it_got_to_but_where_it_is_kept() {
        let folder = std::env::temp_dir().join(format!("xtask-secrets-{}", std::process::id()));
        let run = || Run {
            folder: folder.clone(),
        };
        let write = |name: &str, text: &[u8]| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        let key = "Zm9yLXRlc3RzLW9ubHktMzItYnl0ZXMtbG9uZyEhISE=";
        let kept = write("a/config/b24/store.key", key.as_bytes());
        write(TOLD, b"http://127.0.0.1:8726/rest/1/made-at-random/");
        let is_leak = |text: &[u8]| {
            let path = write("b/log", text);
            let told = run().search().map_err(|error| error.to_string());
            fs::remove_file(&path).ok();
            told.is_err_and(|told| told.contains("b/log:"))
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&kept, PermissionsExt::from_mode(0o644)).unwrap();
            assert!(run().search().is_err(), "others can read it");
            fs::set_permissions(&kept, PermissionsExt::from_mode(0o600)).unwrap();
        }
        for leak in [
            b"token=b245ec4e7f00".as_slice(),
            b"\0\xffb245ec4e7\0",
            b"623234356563346537",
            b"x%62%32%34%35%65%63%34%65%37",
            b"eGIyNDVlYzRlN2YwMA==",
            format!("a={}", key.replace('=', "%3D")).as_bytes(),
        ] {
            assert!(is_leak(leak), "{}", String::from_utf8_lossy(leak));
        }
        write("b/log", b"nothing of that kind");
        let told = run().search().unwrap();
        assert!(told.starts_with("no secret in 3 files"), "{told}");
        assert!(!folder.exists());
    }
}
