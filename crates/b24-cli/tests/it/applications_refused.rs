//! What keeps an application out, and what the store of tokens cannot do: each with its exit code and a way out.

use b24_seen::Said;
use std::fs;
use std::path::Path;
use std::time::Duration;

use b24_portal::{Fault, Installation, Portal};

use crate::stage::{ELSEWHERE, Login, SECRET, Stage, get, landing};
use crate::support::{assert_shown, shown};

const DAY: Duration = Duration::from_secs(86_400);

/// What `ping` says while an application stands so.
fn standing(to: Installation) -> (Stage, String) {
    let stage = Stage::connected();
    assert!(
        stage
            .served
            .portal
            .set_installation(&stage.app.client_id, to)
    );
    let text = stage.run(&["ping"]);
    (stage, text)
}

#[test]
fn uninstalled_unpaid_and_blocked_are_told_apart() {
    let (stage, text) = standing(Installation::Uninstalled);
    assert_shown!("uninstalled", text);
    stage.served.portal.expire_access_tokens();
    assert_shown!("uninstalled_at_a_refresh", stage.run(&["auth", "refresh"]));
    let (stage, text) = standing(Installation::PaymentExpired);
    assert_shown!("unpaid", text);
    assert_shown!("unpaid_at_a_refresh", stage.run(&["auth", "refresh"]));
    // What was true before is true again: the tokens were kept.
    stage
        .served
        .portal
        .set_installation(&stage.app.client_id, Installation::Installed);
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    let (_, text) = standing(Installation::Blocked);
    assert_shown!("blocked", text);
}

#[test]
fn a_wrong_client_secret_is_told_at_login_and_later() {
    let stage = Stage::new();
    let mut login = stage.begin("acme", ELSEWHERE, "anothersecret");
    let landed = landing(&get(&login.url));
    login.paste(&landed);
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(
        text.contains("does not take the client id and secret (invalid_client)"),
        "{text}"
    );
    assert!(text.contains("state: nothing was kept"), "{text}");
    assert!(!text.contains("anothersecret"), "{text}");
    assert!(!stage.home.file("config/b24/credentials.toml").exists());
    stage.login("acme");
    let credentials = stage.home.file("config/b24/credentials.toml");
    let kept = fs::read_to_string(&credentials).expect("a file");
    fs::write(&credentials, kept.replace(SECRET, "anothersecret")).expect("a file");
    stage.served.portal.expire_access_tokens();
    assert_shown!(stage.run(&["ping"]));
    // The tokens were not lost by it.
    fs::write(&credentials, kept).expect("a file");
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
}

#[test]
fn a_code_is_good_for_half_a_minute_and_once() {
    let stage = Stage::new();
    let mut login = stage.begin("acme", ELSEWHERE, SECRET);
    let landed = landing(&get(&login.url));
    stage.served.portal.advance(Duration::from_secs(31));
    login.paste(&landed);
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(
        text.contains("error: the code was not taken (invalid_grant)"),
        "{text}"
    );
    assert!(text.contains("hint: b24 auth login acme --app\n"), "{text}");
}

#[test]
fn a_revoked_refresh_token_has_to_be_authorised_again() {
    let stage = Stage::connected();
    stage.served.portal.revoke_refresh_tokens();
    stage.served.portal.expire_access_tokens();
    assert_shown!(stage.run(&["ping"]));
    // Nobody asks the server twice.
    let refused = stage.served.portal.oauth_counts().refused_refreshes;
    assert!(stage.run(&["ping"]).starts_with("exit: 4\n"));
    assert_eq!(
        stage.served.portal.oauth_counts().refused_refreshes,
        refused
    );
    // The hint works.
    stage.login("acme");
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
}

#[test]
fn a_refresh_token_ends_after_180_days() {
    let stage = Stage::connected();
    stage.served.portal.advance(179 * DAY);
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    stage.served.portal.advance(181 * DAY);
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(text.contains("older than 180 days"), "{text}");
    assert!(text.contains("hint: b24 auth login acme --app\n"), "{text}");
}

/// A portal that is renamed is found by its redirect and by its next tokens, and the command says where it is.
#[test]
fn a_renamed_portal_is_found() {
    let stage = Stage::connected();
    let before = stage.host();
    stage.served.rename();
    let after = stage.host();
    assert_ne!(before, after);
    let text = stage.run(&["ping"]);
    assert!(
        text.contains("hint: new tokens tell where the portal is now: b24 auth refresh acme\n"),
        "{text}"
    );
    assert!(stage.run(&["auth", "refresh", "acme"]).contains(&after));
    let text = stage.run(&["auth", "status"]);
    assert!(text.contains(&after) && !text.contains(&before), "{text}");
    let requests = stage.served.portal.requests();
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    assert_eq!(
        stage.served.portal.requests(),
        requests + 1,
        "without a redirect"
    );
}

#[test]
fn a_server_that_answers_with_a_page_may_be_asked_again() {
    let stage = Stage::connected();
    stage.served.portal.expire_access_tokens();
    let ping = |fault| {
        stage.served.portal.fail_next("oauth/token", fault);
        stage.run(&["ping"])
    };
    assert_shown!("page", ping(Fault::Html502));
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    // This one is lost behind the exchange: the refresh token is used up, and the next refusal says since when.
    stage.served.portal.expire_access_tokens();
    assert_shown!("nothing", ping(Fault::EmptyBody));
    assert_shown!("used_up", stage.run(&["ping"]));
}

/// Lifetimes count from the receipt: a clock that is hours off, here or there, costs no token and no refusal.
#[test]
fn a_clock_that_is_wrong_by_hours_does_no_harm() {
    let stage = Stage::new();
    stage.served.portal.advance(Duration::from_secs(5 * 3_600));
    stage.login("acme");
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 0);
    // The portal's clock is set while tokens are in use: what it refuses is refreshed once.
    stage.served.portal.advance(Duration::from_secs(5 * 3_600));
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 1);
    let text = stage.run(&["doctor"]);
    assert!(text.contains("behind the portal"), "{text}");
}

#[test]
fn a_foreign_server_gets_no_secret() {
    let stage = Stage::new();
    let mut login = stage.begin("acme", ELSEWHERE, SECRET);
    let landed = landing(&get(&login.url));
    let server = landed.split("server_domain=").nth(1).expect("a server");
    login.paste(&landed.replace(server, "oauth.evil.example"));
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(
        text.contains("would be oauth.evil.example, which is not trusted"),
        "{text}"
    );
}

/// What a run with a spoilt store says; both files are masked.
fn with_store(stage: &Stage, spoil: impl FnOnce(&Path)) -> String {
    spoil(&stage.store());
    stage.masked(&stage.run(&["ping"]))
}

#[test]
fn a_store_that_cannot_be_used_says_why() {
    let stage = Stage::connected();
    assert_shown!(
        "newer",
        with_store(&stage, |path| {
            let store = rusqlite::Connection::open(path).expect("the store");
            store
                .pragma_update(None, "user_version", 99)
                .expect("a version");
        })
    );
    let stage = Stage::connected();
    assert_shown!(
        "no_store",
        with_store(&stage, |path| {
            // What the log beside it holds would mend it.
            for file in ["b24.db-wal", "b24.db-shm"] {
                let _ = fs::remove_file(path.with_file_name(file));
            }
            fs::write(path, [b'x'; 4096]).expect("a file");
        })
    );
    let stage = Stage::connected();
    assert_shown!(
        "damaged",
        with_store(&stage, |path| {
            let store = rusqlite::Connection::open(path).expect("the store");
            store
                .execute("UPDATE tokens SET sealed = zeroblob(60)", [])
                .expect("a row");
        })
    );
}

/// Runs the command where it may read this directory and make nothing there. Root may write everywhere: it is somebody
/// else who runs it.
#[cfg(target_os = "linux")]
fn run_reading(stage: &Stage, directory: &Path, words: &[&str]) -> String {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;

    let is_root = fs::metadata(stage.home.path()).expect("a home").uid() == 0;
    if is_root {
        let mut change = std::process::Command::new("chown");
        change.args(["-R", "65534:65534"]).arg(stage.home.path());
        assert!(change.status().expect("chown runs").success());
    }
    let mode = |mode| {
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode(0o500);
    let mut command = stage.b24(words);
    if is_root {
        // The log of the other commands is root's.
        let log = stage.home.path().join("nobody.log");
        command.uid(NOBODY).gid(NOBODY).env("B24_LOG_FILE", log);
    }
    let text = shown(&command.output().said());
    mode(0o700);
    text
}

#[cfg(target_os = "linux")]
#[test]
fn a_store_that_may_only_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;

    let stage = Stage::connected();
    stage.served.portal.expire_access_tokens();
    let directory = stage.store().parent().expect("a directory").to_owned();
    for entry in fs::read_dir(&directory).expect("a directory") {
        let path = entry.expect("a file").path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).expect("a mode");
    }
    let text = run_reading(&stage, &directory, &["ping"]);
    // Where the files of the write-ahead log are gone it shows at the opening, else at the refresh, after a request.
    let told = text.lines().filter(|line| !line.starts_with("request "));
    assert_shown!(told.collect::<Vec<_>>().join("\n"));
    assert_eq!(
        stage.served.portal.oauth_counts().refreshes,
        0,
        "what cannot be saved is not asked for"
    );
}

#[test]
fn a_key_that_is_missing_or_wrong_says_so_and_touches_nothing() {
    let stage = Stage::connected();
    let key = fs::read_to_string(stage.key()).expect("the key");
    fs::remove_file(stage.key()).expect("the key");
    assert_shown!("missing", stage.run(&["ping"]));
    assert!(!stage.key().exists(), "no other key was made");
    let set = |text: &str| {
        fs::write(stage.key(), text).expect("the key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(stage.key(), fs::Permissions::from_mode(0o600)).expect("a mode");
        }
    };
    set("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n");
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(
        text.contains("sealed with key ") && text.contains("hint: if it is lost: mkdir "),
        "{text}"
    );
    set("not a key\n");
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(
        text.contains("a key is 32 bytes in base64") && !text.contains("not a key"),
        "{text}"
    );
    set(&key);
    assert!(stage.run(&["ping"]).starts_with("exit: 0\n"));
    // The environment names one too, and then no file is looked for.
    fs::remove_file(stage.key()).expect("the key");
    let ping =
        |name: &str, value: &str| shown(&stage.b24(&["ping"]).env(name, value).output().said());
    assert!(ping("B24_STORE_KEY", key.trim()).starts_with("exit: 0\n"));
    let text = ping("B24_STORE_KEY_FILE", "nosuch");
    assert!(
        text.starts_with("exit: 4\n") && text.contains("nosuch"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::connected();
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode(&stage.key()), mode(&stage.store())), (0o600, 0o600));
    fs::set_permissions(stage.key(), fs::Permissions::from_mode(0o644)).expect("a mode");
    let text = stage.run(&["ping"]);
    fs::set_permissions(stage.key(), fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(text.contains("hint: chmod 600 "), "{text}");
}

#[test]
fn a_profile_without_its_secret_or_tokens_says_so() {
    let stage = Stage::connected();
    let credentials = stage.home.file("config/b24/credentials.toml");
    let kept = fs::read_to_string(&credentials).expect("a file");
    fs::remove_file(&credentials).expect("a file");
    assert_shown!("no_secret", stage.run(&["ping"]));
    fs::write(&credentials, kept).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&credentials, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    let store = rusqlite::Connection::open(stage.store()).expect("the store");
    store.execute("DELETE FROM tokens", []).expect("no rows");
    assert_shown!("no_tokens", stage.run(&["ping"]));
}

#[test]
fn a_port_that_is_taken_leaves_a_way() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let callback = format!("http://127.0.0.1:{port}/");
    let stage = Stage::of(Portal::builder(), &callback);
    let mut command = stage.command("acme", &callback);
    command.env("B24_CLIENT_SECRET", SECRET);
    assert_shown!(shown(&command.output().said()));
}

/// Once each way that secrets pass: nothing that was written holds one of them.
#[test]
fn no_secret_is_shown_logged_or_kept_in_the_clear() {
    const LOG: [&str; 3] = ["--log-file", "log.txt", "-vv"];
    let stage = Stage::new();
    let mut command = stage.command("acme", ELSEWHERE);
    command.env("B24_CLIENT_SECRET", SECRET).args(LOG);
    let mut login = Login::begin(command);
    let landed = landing(&get(&login.url));
    assert!(has_token(&landed), "a code is told by its length");
    login.paste(&landed.replace("state=", "state=x"));
    login.paste(&landed);
    let mut text = shown(&login.end());
    let mut run = |words: &[&str]| {
        let said = stage.run(&[words, &LOG].concat());
        text.push_str(&said);
        said
    };
    run(&["auth", "status"]);
    run(&["auth", "list", "--json"]);
    run(&["auth", "refresh"]);
    run(&["auth", "env"]);
    run(&["call", "crm.deal.get", "id=5"]);
    run(&["call", "main.eventlog.list", "--v3"]);
    run(&["call", "no.such.method"]);
    stage.served.portal.expire_access_tokens();
    run(&["doctor"]);
    stage.served.portal.expire_access_tokens();
    stage.served.portal.fail_next("oauth/token", Fault::Html502);
    run(&["ping"]);
    run(&["ping", "--json"]);
    run(&["export", "deals", "-o", "out.jsonl"]);
    stage.served.portal.revoke_refresh_tokens();
    stage.served.portal.revoke_access_tokens();
    let last = run(&["ping", "--report", "report.json"]);
    assert!(last.starts_with("exit: 4\n"), "{last}");
    let key = fs::read_to_string(stage.key()).expect("the key");
    let mut kept = 0;
    for (path, bytes) in files(stage.home.path()) {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        kept += 1;
        // The files of the secret and of the key, for their owner only.
        if name != "credentials.toml" && name != "store.key" {
            text.extend(["\n", &name, ": ", &String::from_utf8_lossy(&bytes)]);
        }
    }
    assert!(
        kept > 5,
        "the log, the store and what was exported are looked at"
    );
    assert!(text.contains("\nlog.txt: "), "the log is among them");
    assert!(!text.contains(SECRET), "the client secret");
    assert!(!text.contains(key.trim()), "the key");
    assert!(!has_token(&text), "a code or a token");
}

/// Codes and tokens of the portal are 70 hexadecimal digits, more than anything else that is written.
fn has_token(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .any(|word| word.len() >= 60)
}

fn files(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.push((path, bytes));
        }
    }
    found
}

/// A profile that is gone cannot be named again: it stays until its tokens are gone.
#[test]
fn a_logout_that_cannot_forget_the_tokens_keeps_the_profile() {
    let stage = Stage::connected();
    let text = {
        for file in ["b24.db-wal", "b24.db-shm"] {
            let _ = fs::remove_file(stage.store().with_file_name(file));
        }
        fs::write(stage.store(), [b'x'; 4096]).expect("a file");
        stage.run(&["auth", "logout", "acme"])
    };
    assert!(text.starts_with("exit: 1\n"), "{text}");
    assert!(text.contains("state: nothing was forgotten\n"), "{text}");
    assert!(stage.run(&["auth", "list"]).contains("acme"));
    assert!(
        stage.run(&["ping"]).contains("b24.db"),
        "the profile is asked for its tokens"
    );
}

/// The files of profiles may be somebody else's to write.
#[cfg(target_os = "linux")]
#[test]
fn a_logout_that_cannot_forget_the_profile_says_what_is_gone() {
    let stage = Stage::connected();
    let directory = stage.home.file("config/b24");
    let text = run_reading(&stage, &directory, &["auth", "logout", "acme"]);
    assert!(text.starts_with("exit: 1\n"), "{text}");
    assert!(
        text.contains("state: profile acme is kept, without its tokens\n"),
        "{text}"
    );
    let text = stage.run(&["auth", "logout", "acme"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
}

/// Before anything is asked, and whether or not it is a dry run.
#[test]
fn a_card_that_cannot_be_right_is_refused_at_once() {
    let stage = Stage::new();
    for (portal, id, callback, words) in [
        (
            "http://acme.bitrix24.com",
            "local.1",
            ELSEWHERE,
            "--portal http://acme.bitrix24.com: ",
        ),
        (" ", "local.1", ELSEWHERE, "--portal"),
        ("acme.bitrix24.com", " ", ELSEWHERE, "--client-id"),
        (
            "acme.bitrix24.com",
            "local.1",
            "app.example/back",
            "--callback app.example/back: ",
        ),
        (
            "acme.bitrix24.com",
            "local.1",
            "ftp://app.example/",
            "--callback ftp://app.example/: ",
        ),
    ] {
        for dry in [&["-n"][..], &[]] {
            let login = ["auth", "login", "acme", "--app", "--portal", portal];
            let card = ["--client-id", id, "--callback", callback];
            let mut command = stage.b24(&[dry, &login, &card].concat());
            command.env("B24_CLIENT_SECRET", SECRET);
            let text = shown(&command.output().said());
            assert!(text.starts_with("exit: 2\n"), "{dry:?} {text}");
            assert!(text.contains(words), "{text}");
            assert!(text.contains("state: nothing was "), "{text}");
            assert!(!stage.store().exists() && !stage.key().exists(), "{text}");
        }
    }
}

#[test]
fn a_portal_that_says_no_is_quoted() {
    let stage = Stage::new();
    let mut login = stage.begin("acme", ELSEWHERE, SECRET);
    let sent = login
        .url
        .split("state=")
        .nth(1)
        .expect("a state")
        .to_owned();
    let words = "error_description=The+resource+owner+said+no";
    login.paste(&format!(
        "{ELSEWHERE}?error=access_denied&{words}&state={sent}"
    ));
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 4\n"), "{text}");
    let (_, told) = text.split_once("error: ").expect("an error");
    assert_shown!(told);
}
