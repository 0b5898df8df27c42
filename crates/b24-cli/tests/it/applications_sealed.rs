//! The key of the tokens: how it is changed, and what is said when it or the store is lost.

use b24_seen::Said;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use b24::store::{Record, TokenKey, TokenStore};
use b24_store::{Keys, SqliteStore};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use crate::stage::Stage;
use crate::support::{Home, shown};

/// Rows of other applications, beside the one of profile `acme`.
const OTHERS: u32 = 20;

fn own_key(stage: &Stage) -> String {
    let text = fs::read_to_string(stage.key()).expect("the key");
    text.trim().to_owned()
}

fn id(key: &str) -> String {
    let keys = Keys::parse(key).expect("a key");
    keys.ids().next().expect("an id").to_owned()
}

/// How many rows the key with this id has sealed.
fn sealed_with(stage: &Stage, id: &str) -> u32 {
    let store = Connection::open(stage.store()).expect("the store");
    store
        .query_row("SELECT count(*) FROM tokens WHERE key = ?1", [id], |row| {
            row.get(0)
        })
        .expect("a count")
}

/// Rows of other applications, sealed with `key`.
fn fill(stage: &Stage, key: &str) {
    let keys = Keys::parse(key).expect("a key");
    Runtime::new().expect("a runtime").block_on(async {
        let store = SqliteStore::open_with(stage.store(), keys).await;
        let store = store.expect("the store");
        for n in 0..OTHERS {
            let row = TokenKey {
                client_id: format!("local.other{n}"),
                member_id: "m".to_owned(),
            };
            let record = Record::from_bytes(*b"tokens");
            assert!(store.swap(&row, 0, &record).await.expect("kept"));
        }
    });
}

fn sql(stage: &Stage, text: &str) {
    let store = Connection::open(stage.store()).expect("the store");
    store.execute_batch(text).expect("it is done");
}

/// Runs it with these keys in the environment.
fn reseal(stage: &Stage, keys: &str, words: &[&str]) -> String {
    let words = [&["auth", "reseal"], words].concat();
    let mut command = stage.b24(&words);
    let output = command.env("B24_STORE_KEY", keys).output();
    shown(&output.expect("b24 runs"))
}

fn ping(stage: &Stage, keys: &str) -> String {
    let mut command = stage.b24(&["ping"]);
    let output = command.env("B24_STORE_KEY", keys).output();
    shown(&output.expect("b24 runs"))
}

/// What follows `hint: ` and `before`.
fn hint<'a>(text: &'a str, before: &str) -> &'a str {
    let before = format!("hint: {before}");
    let found = text.lines().find_map(|line| line.strip_prefix(&before));
    found.unwrap_or_else(|| panic!("no {before}: {text}"))
}

#[cfg(unix)]
#[test]
fn the_key_in_the_file_is_changed_by_the_commands_that_are_hinted_at() {
    let stage = Stage::connected();
    let old = own_key(&stage);
    let text = stage.run(&["auth", "reseal"]);
    assert!(text.starts_with("exit: 2\n"), "{text}");
    let told = format!("there is no other key than {}", id(&old));
    assert!(text.contains(&told), "{text}");
    let text = stage.home.sh("", hint(&text, ""));
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let both = own_key(&stage);
    let new = both.lines().next().expect("a line");
    assert!(new != old && both.ends_with(&old), "one before the other");
    let (new_id, old_id) = (id(new), id(&old));
    let told = format!("1 row sealed anew; all are sealed with key {new_id}\n");
    assert!(text.contains(&told), "{text}");
    let told = format!("note: nothing is sealed with key {old_id} any more: take it out of ");
    assert!(text.contains(&told) && text.contains("store.key"), "{text}");
    assert!(!text.contains(new) && !text.contains(&old), "{text}");
    assert_eq!(sealed_with(&stage, &new_id), 1);
    assert!(ping(&stage, new).starts_with("exit: 0\n"));
    let text = ping(&stage, &old);
    assert!(text.starts_with("exit: 4\n"), "{text}");
}

#[test]
fn a_plan_changes_nothing_and_a_report_names_the_keys() {
    let stage = Stage::connected();
    let (old, new) = (own_key(&stage), b24_seen::secret(Keys::generate()));
    fill(&stage, &old);
    let both = format!("{new},{old}");
    let text = reseal(&stage, &both, &["-n"]);
    let told = format!(
        "21 rows would be sealed with key {}; nothing was changed\n",
        id(&new)
    );
    assert!(
        text.starts_with("exit: 0\n") && text.contains(&told),
        "{text}"
    );
    assert_eq!(sealed_with(&stage, &id(&old)), 21);
    let text = reseal(&stage, &both, &["--json"]);
    let line = text
        .lines()
        .find(|line| line.starts_with("{\"key\""))
        .expect("a report");
    let report: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let expected = serde_json::json!({ "key": id(&new), "resealed": 21, "unused": [id(&old)] });
    assert_eq!(report, expected);
    assert_eq!(sealed_with(&stage, &id(&new)), 21);
    // Once more, there is nothing to do.
    let text = reseal(&stage, &both, &[]);
    assert!(
        text.contains("0 rows sealed anew; all are sealed"),
        "{text}"
    );
}

#[test]
fn without_the_old_key_nothing_is_touched() {
    let stage = Stage::connected();
    let (old, new) = (own_key(&stage), b24_seen::secret(Keys::generate()));
    let wrong = format!("{new},{}", b24_seen::secret(Keys::generate()));
    for keys in [wrong.as_str(), &new] {
        let text = reseal(&stage, keys, &[]);
        assert!(text.starts_with("exit: 4\n"), "{text}");
        let told = format!("the tokens are sealed with key {}, and the keys", id(&old));
        assert!(text.contains(&told), "{text}");
    }
    let text = reseal(&stage, "s3cr3t", &[]);
    assert!(
        text.starts_with("exit: 4\n") && !text.contains("s3cr3t"),
        "{text}"
    );
    assert_eq!(sealed_with(&stage, &id(&old)), 1);
    let text = reseal(&stage, &old, &[]);
    assert!(text.starts_with("exit: 2\n"), "{text}");
    assert!(
        text.contains("hint: where B24_STORE_KEY is set, put a new key"),
        "{text}"
    );
}

#[test]
fn where_no_token_is_nothing_is_sealed_or_made() {
    let home = Home::new();
    let text = home.run(&["auth", "reseal"]);
    assert!(text.starts_with("exit: 2\n"), "{text}");
    assert!(text.contains("error: there are no tokens yet"), "{text}");
    assert!(!home.file("config/b24/store.key").exists());
    assert!(!home.file("state/b24/b24.db").exists());
}

/// Killed, it leaves some rows old and some new: all of them open, and the same command finishes.
#[test]
fn killed_in_the_middle_the_same_command_goes_on() {
    let stage = Stage::connected();
    let (old, new) = (own_key(&stage), b24_seen::secret(Keys::generate()));
    fill(&stage, &old);
    // Each write takes its time.
    sql(
        &stage,
        "CREATE TRIGGER slow AFTER UPDATE ON tokens BEGIN
            SELECT count(*) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000)
                SELECT x FROM n);
         END",
    );
    let both = format!("{new},{old}");
    let mut command = stage.b24(&["auth", "reseal"]);
    command.env("B24_STORE_KEY", &both).stderr(Stdio::null());
    let mut child = command.spawn().expect("b24 runs");
    let begun = Instant::now();
    while sealed_with(&stage, &id(&new)) == 0 {
        assert!(begun.elapsed().as_secs() < 60, "a row is sealed anew");
        assert!(child.try_wait().expect("a child").is_none(), "it runs");
    }
    child.kill().expect("the child is ours");
    child.wait().expect("it ends");
    sql(&stage, "DROP TRIGGER slow");
    let (done, left) = (
        sealed_with(&stage, &id(&new)),
        sealed_with(&stage, &id(&old)),
    );
    assert!(done > 0 && left > 0, "{done} new, {left} old");
    assert_eq!(done + left, OTHERS + 1);
    assert!(ping(&stage, &both).starts_with("exit: 0\n"));
    let text = reseal(&stage, &both, &[]);
    let rows = if left == 1 {
        "1 row"
    } else {
        &format!("{left} rows")
    };
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        text.contains(&format!("{rows} sealed anew; all are")),
        "{text}"
    );
    assert_eq!(sealed_with(&stage, &id(&old)), 0);
    assert!(ping(&stage, &new).starts_with("exit: 0\n"));
}

/// A process that does not know the new key yet writes between the reading of a row and its sealing.
#[test]
fn who_writes_with_the_old_key_meanwhile_is_told() {
    let stage = Stage::connected();
    let (old, new) = (own_key(&stage), b24_seen::secret(Keys::generate()));
    fill(&stage, &old);
    sql(
        &stage,
        "CREATE TRIGGER other AFTER UPDATE ON tokens WHEN new.client_id = 'local.other1' BEGIN
            UPDATE tokens SET version = version + 1 WHERE client_id = 'local.other9';
         END",
    );
    let both = format!("{new},{old}");
    let text = reseal(&stage, &both, &[]);
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert!(text.contains("has written meanwhile: 1 row\n"), "{text}");
    assert!(
        text.contains("state: 20 rows sealed anew; each still opens\n"),
        "{text}"
    );
    let text = reseal(&stage, &both, &[]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(sealed_with(&stage, &id(&new)), OTHERS + 1);
}

/// The way out where the key is lost or the store is damaged: what is said is pasted, and the login begins anew.
#[cfg(unix)]
#[test]
fn a_lost_key_and_a_damaged_store_leave_a_command_that_works() {
    for (before, spoil) in [
        (
            "if it is lost: ",
            (|stage| fs::remove_file(stage.key()).expect("the key")) as fn(&Stage),
        ),
        ("", |stage| {
            sql(stage, "UPDATE tokens SET sealed = zeroblob(60)");
        }),
    ] {
        let stage = Stage::connected();
        spoil(&stage);
        let text = stage.run(&["ping"]);
        let line = hint(&text, before);
        let (away, login) = line.split_once(" && b24 auth login ").expect("a login");
        assert_eq!(login, "acme --app");
        let text = stage.home.sh("", away);
        assert!(text.starts_with("exit: 0\n"), "{text}");
        let lost = stage.store().with_file_name("lost");
        assert!(!stage.store().exists() && lost.join("b24.db").exists());
        stage.login("acme");
        assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_that_is_missing_or_open_to_others_leaves_a_command_that_works() {
    let home = Home::new();
    let run = |home: &Home, words: &[&str]| {
        let mut command = home.b24();
        command
            .args(words)
            .env("B24_STORE_KEY_FILE", home.file("own key"))
            .env("B24_CLIENT_ID", "local.1")
            .env("B24_CLIENT_SECRET", "s")
            .env("B24_MEMBER_ID", "m");
        shown(&command.output().said())
    };
    let text = run(&home, &["ping"]);
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(!text.contains("if it is lost"), "there is no store: {text}");
    let made = home.sh("", hint(&text, "if there was none yet: "));
    assert!(made.starts_with("exit: 0\n"), "{made}");
    assert_eq!(mode(&home.file("own key")), 0o600);
    let text = run(&home, &["ping"]);
    assert!(
        text.contains("no tokens of this application are kept"),
        "{text}"
    );

    let stage = Stage::connected();
    set_mode(&stage.key(), 0o644);
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 4\n"), "{text}");
    let mended = stage.home.sh("", hint(&text, ""));
    assert!(mended.starts_with("exit: 0\n"), "{mended}");
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// The list needs no store: without it portals are named as at the login.
#[test]
fn the_list_is_shown_without_the_key() {
    let stage = Stage::connected();
    fs::remove_file(stage.key()).expect("the key");
    let text = stage.run(&["auth", "list"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        text.contains(&format!("* acme  {}", stage.host())),
        "{text}"
    );
    assert!(
        text.contains("warning: portals of applications are named as they were at the login: "),
        "{text}"
    );
    assert!(!stage.key().exists(), "no other key was made");
}
