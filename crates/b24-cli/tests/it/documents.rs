//! The commands of `docs/applications.md`, in their order, in one shell's home; and those of the README that any portal
//! can answer.

use std::fs;
use std::process::{Command, Stdio};

use b24_portal::Portal;
use b24_seen::Said;

use crate::served::Served;
use crate::stage::{Login, SECRET, Stage, free_port, get, landing};
use crate::support::{Home, shown};

const PAGE: &str = include_str!("../../../../docs/applications.md");

/// What stands between ```` ```sh ```` and its end, block by block.
fn blocks() -> Vec<&'static str> {
    let begun = PAGE.split("\n```sh\n").skip(1);
    begun
        .map(|block| block.split("\n```").next().unwrap_or(block))
        .collect()
}

/// A shell as a person has it: files are where they are without a word about it.
fn shell(home: &Home, block: &str) -> Command {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_b24"));
    let directory = binary.parent().expect("a directory").display();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .args(["-ec", block])
        .env_clear()
        .envs(b24_seen::log())
        .env("PATH", format!("{directory}:{path}"))
        .env("HOME", home.path())
        .env("TZ", "UTC")
        // Somebody else may have the usual one.
        .env("B24_PORT", "0")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    shell
}

#[test]
fn commands_for_applications_work_as_they_stand() {
    let callback = format!("http://127.0.0.1:{}/", free_port());
    let stage = Stage::of(Portal::builder().demo(), &callback);
    let home = &stage.home;
    home.write("secret.txt", SECRET);
    let blocks = blocks();
    assert_eq!(blocks.len(), 6, "{blocks:#?}");
    let mut said = String::new();
    for block in blocks {
        let block = block
            .replace("acme.bitrix24.com", &stage.host())
            .replace("python3 import.py", "b24 call profile")
            .replace(
                " --app --portal",
                &format!(" --app --callback {callback} --portal"),
            );
        let mut command = shell(home, &block);
        let output = if block.contains("auth login") {
            let login = Login::begin(command);
            let landed = landing(&get(&login.url));
            assert!(get(&landed).starts_with("HTTP/1.1 200"));
            login.end()
        } else {
            command.output().said()
        };
        let text = shown(&output);
        assert!(text.starts_with("exit: 0\n"), "{block}\n{text}");
        said.push_str(&text);
    }
    fs::remove_file(home.file("secret.txt")).expect("the file");
    for told in [
        "profile acme is kept, and is the default",
        "1 row sealed anew; all are sealed with key ",
        "(profile acme) answered in ",
        "\"LAST_NAME\"",
        "app       local.",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(!said.contains(SECRET), "{said}");
    for file in ["deals.csv", "deals.jsonl", "contacts.jsonl"] {
        let text = fs::read_to_string(home.file(file)).expect(file);
        assert!(text.lines().count() > 50, "{file}: {text}");
    }
    let key = fs::read_to_string(home.file(".config/b24/store.key")).expect("the key");
    assert_eq!(key.lines().count(), 1, "the old one is gone");
}

#[test]
fn commands_of_the_readme_work_as_they_stand() {
    const README: &str = include_str!("../../../../README.md");
    let (served, home) = (Served::demo(), Home::new());
    let anywhere = |line: &&str| {
        let commands = ["export", "describe", "explain", "doctor", "--shared-budget"];
        let words = line.strip_prefix("b24 ");
        words.is_some_and(|words| commands.iter().any(|command| words.starts_with(command)))
    };
    let lines: Vec<_> = README.lines().filter(anywhere).collect();
    assert_eq!(lines.len(), 7, "{lines:#?}");
    for line in lines {
        let text = home.sh(served.portal.webhook(), line);
        assert!(text.starts_with("exit: 0\n"), "{line}\n{text}");
    }
}
