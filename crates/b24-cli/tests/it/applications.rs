//! `b24 auth` with an application: how it is connected, what is told of it, and that every command works by it.

use b24_seen::Said;
use std::fs;
use std::time::Duration;

use b24_portal::{App, Fault, FaultRule, Portal};

use crate::import::deals;
use crate::stage::{ELSEWHERE, Login, SECRET, Stage, free_port, get, landing};
use crate::support::{assert_shown, shown};

#[test]
fn a_browser_comes_back_to_this_machine() {
    let callback = format!("http://127.0.0.1:{}/back", free_port());
    let stage = Stage::of(Portal::builder().deals(20), &callback);
    let login = stage.begin("acme", &callback, SECRET);
    let landed = landing(&get(&login.url));
    assert!(get(&callback).starts_with("HTTP/1.1 404"));
    let page = get(&landed);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("The application is connected"), "{page}");
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let (head, rest) = text.split_once("http://").expect("the address");
    let rest = rest.split_once('\n').expect("a line").1;
    assert!(!rest.contains("code="), "{text}");
    assert_shown!(format!("{head}[address]\n{rest}"));
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(text.contains("(profile acme)"), "{text}");
}

/// Somebody else may send a browser here with a code of his own: the portal would then be used as him.
#[test]
fn a_forged_state_gets_a_page_and_a_message_and_no_code_is_taken() {
    let callback = format!("http://127.0.0.1:{}/", free_port());
    let stage = Stage::of(Portal::builder().deals(20), &callback);
    let login = stage.begin("acme", &callback, SECRET);
    let landed = landing(&get(&login.url));
    let sent = landed.split("state=").nth(1).expect("a state");
    let sent = sent.split('&').next().expect("a state");
    for forged in ["", &sent[1..], "0123456789abcdef0123456789abcdef"] {
        let page = get(&landed.replace(sent, forged));
        assert!(page.starts_with("HTTP/1.1 403"), "{page}");
        assert!(page.contains("This was not asked for"), "{page}");
        assert!(!page.contains(sent), "{page}");
    }
    assert_eq!(stage.served.portal.oauth_counts().codes, 0);
    // The one that was asked for is still taken, and it alone.
    assert!(get(&landed).starts_with("HTTP/1.1 200"));
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(
        text.matches("warning: an answer came with another state")
            .count(),
        3,
        "{text}"
    );
    assert_eq!(stage.served.portal.oauth_counts().codes, 1);
}

/// Two windows that come back at once: the second is told that it came too late.
#[test]
fn only_one_code_is_taken() {
    let callback = format!("http://127.0.0.1:{}/", free_port());
    let stage = Stage::of(Portal::builder().deals(20), &callback);
    let login = stage.begin("acme", &callback, SECRET);
    let landed = [landing(&get(&login.url)), landing(&get(&login.url))];
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(700))).method("oauth/token");
    stage.served.portal.add_fault(slow.times(1));
    let pages: Vec<String> = std::thread::scope(|scope| {
        let visits = landed.each_ref().map(|landed| scope.spawn(|| get(landed)));
        visits
            .into_iter()
            .map(|visit| visit.join().expect("a page"))
            .collect()
    });
    let count = |status: &str| pages.iter().filter(|page| page.contains(status)).count();
    assert_eq!(
        (count("HTTP/1.1 200"), count("HTTP/1.1 410")),
        (1, 1),
        "{pages:?}"
    );
    assert!(shown(&login.end()).starts_with("exit: 0\n"));
    assert_eq!(stage.served.portal.oauth_counts().codes, 1);
}

#[test]
fn an_address_or_a_code_is_pasted_where_no_browser_can_come_back() {
    for bare in [false, true] {
        let stage = Stage::new();
        let mut login = stage.begin("acme", ELSEWHERE, SECRET);
        let landed = landing(&get(&login.url));
        let code = landed.split("code=").nth(1).expect("a code");
        let code = code.split('&').next().expect("a code");
        login.paste(&format!("{ELSEWHERE}?code={code}&state=forged"));
        login.paste(if bare { code } else { &landed });
        let text = shown(&login.end());
        assert!(text.starts_with("exit: 0\n"), "{text}");
        assert!(
            text.contains("warning: an answer came with another state"),
            "{text}"
        );
        assert!(!text.contains(code), "{text}");
    }
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let stage = Stage::new();
    let host = stage.host();
    let base = ["auth", "login", "acme", "--app"];
    assert_shown!("no_portal", stage.run(&base));
    let portal = [&base[..], &["--portal", &host]].concat();
    assert_shown!("no_id", stage.run(&portal));
    let id = [&portal[..], &["--client-id", "local.5f00.1"]].concat();
    assert_shown!("no_secret", stage.run(&id));
    let mut command = stage.b24(&[&id[..], &["--callback", ELSEWHERE]].concat());
    command.env("B24_CLIENT_SECRET", SECRET);
    let text = shown(&command.output().said());
    assert!(text.starts_with("exit: 2\n"), "{text}");
    assert!(text.contains("error: stdin has ended"), "{text}");
    assert!(!stage.home.file("config/b24/credentials.toml").exists());
}

/// What a profile has is not asked for again.
#[test]
fn logging_in_again_needs_no_more_than_the_name() {
    let stage = Stage::connected();
    let mut login = Login::begin(stage.b24(&["auth", "login", "acme", "--app"]));
    let landed = landing(&get(&login.url));
    login.paste(&landed);
    let text = shown(&login.end());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(stage.served.portal.oauth_counts().codes, 2);
}

#[test]
fn the_secret_comes_from_a_file_too() {
    let stage = Stage::new();
    let given = stage.home.write("secret.txt", &format!("{SECRET}\n"));
    let host = stage.host();
    let mut command = stage.b24(&["auth", "login", "acme", "--app", "--portal", &host]);
    command
        .args([
            "--client-id",
            "local.5f00.1",
            "--callback",
            ELSEWHERE,
            "--client-secret-file",
        ])
        .arg(&given);
    let mut login = Login::begin(command);
    let landed = landing(&get(&login.url));
    login.paste(&landed);
    let text = shown(&login.end());
    fs::remove_file(given).expect("the file");
    assert!(text.starts_with("exit: 0\n"), "{text}");
}

#[test]
fn status_refresh_and_list_tell_everything_but_secrets() {
    let stage = Stage::connected();
    let run = |words: &[&str]| stage.masked(&stage.run(words));
    assert_shown!("status", run(&["auth", "status"]));
    assert_shown!("status_json", run(&["auth", "status", "acme", "--json"]));
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 0);
    assert_shown!("refresh", run(&["auth", "refresh", "acme"]));
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 1);
    assert_shown!("refresh_json", run(&["auth", "refresh", "--json"]));
    assert_shown!("refresh_dry", run(&["-n", "auth", "refresh"]));
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 2);
    assert_shown!("list", run(&["auth", "list"]));
    assert_shown!("list_json", run(&["auth", "list", "--json"]));
    assert_shown!("doctor", run(&["doctor"]));
}

#[test]
fn status_says_who_is_no_administrator() {
    let stage = Stage::new();
    stage.served.portal.set_acting_user(2);
    stage.login("acme");
    let text = stage.run(&["auth", "status"]);
    let user = text
        .lines()
        .find(|line| line.starts_with("user "))
        .expect("a line");
    assert!(
        user.contains("user 2") && !user.contains("administrator"),
        "{text}"
    );
}

#[test]
fn a_webhook_has_nothing_to_refresh() {
    let stage = Stage::new();
    let mut command = stage.b24(&["auth", "refresh"]);
    command.env("B24_WEBHOOK", stage.served.portal.webhook());
    let text = shown(&command.output().said());
    assert!(text.starts_with("exit: 2\n"), "{text}");
    assert!(
        text.contains("(B24_WEBHOOK) is a webhook, which is never refreshed"),
        "{text}"
    );
}

/// Secrets are shown to those who have said so; those that outlive an hour stay here.
#[test]
fn env_gives_a_script_what_it_needs_and_asks_first() {
    let stage = Stage::connected();
    assert_shown!(stage.run(&["auth", "env", "acme"]));
    let mut command = stage.b24(&["auth", "env", "acme", "--yes"]);
    let text = shown(&command.output().handed_out());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        !text.contains(SECRET) && !text.contains("REFRESH"),
        "{text}"
    );
    let value = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {name}: {text}"))
            .to_owned()
    };
    let answer = get(&format!(
        "{}profile?auth={}",
        value("B24_CLIENT_ENDPOINT"),
        value("B24_ACCESS_TOKEN")
    ));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut command = stage.b24(&["auth", "env", "--yes"]);
    command.env("B24_WEBHOOK", stage.served.portal.webhook());
    let text = shown(&command.output().handed_out());
    let line = format!("B24_WEBHOOK={}\n", stage.served.portal.webhook());
    assert!(text.contains(&line), "{text}");
}

#[test]
fn logging_out_forgets_the_tokens() {
    let stage = Stage::connected();
    stage.login("twin");
    let rows = || {
        let store = rusqlite::Connection::open(stage.store()).expect("the store");
        let count = store.query_row("SELECT count(*) FROM tokens", [], |row| {
            row.get::<_, i64>(0)
        });
        count.expect("a count")
    };
    let text = stage.run(&["auth", "logout", "twin"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(rows(), 1, "profile acme uses them");
    assert!(stage.run(&["ping", "-p", "acme"]).starts_with("exit: 0\n"));
    assert_shown!(stage.run(&["auth", "logout", "acme"]));
    assert_eq!(rows(), 0);
    for file in ["config.toml", "credentials.toml"] {
        let text = fs::read_to_string(stage.home.file("config/b24").join(file)).expect("a file");
        assert!(!text.contains("acme") && !text.contains(SECRET), "{text}");
    }
}

/// Whoever has lost the key wants the row away all the more.
#[test]
fn logging_out_needs_no_key() {
    let stage = Stage::connected();
    fs::remove_file(stage.key()).expect("the key");
    let text = stage.run(&["auth", "logout", "acme"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(!text.contains("warning"), "{text}");
    let store = rusqlite::Connection::open(stage.store()).expect("the store");
    let rows = store.query_row("SELECT count(*) FROM tokens", [], |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(rows.expect("a count"), 0);
    assert!(!stage.key().exists(), "no other key was made");
}

/// `eval "$(b24 portal install)"`, or a server's secrets: no profile, and the newest tokens stay in the store.
#[test]
fn variables_name_an_application_without_a_profile() {
    let stage = Stage::new();
    let tokens = stage.app.tokens.clone();
    let run = |words: &[&str]| {
        let mut command = stage.b24(words);
        command
            .env("B24_CLIENT_ID", &stage.app.client_id)
            .env("B24_CLIENT_SECRET", SECRET)
            .env("B24_MEMBER_ID", &stage.app.member_id)
            .env("B24_ACCESS_TOKEN", &tokens.access_token)
            .env("B24_REFRESH_TOKEN", &tokens.refresh_token)
            .env("B24_CLIENT_ENDPOINT", &tokens.client_endpoint)
            .env("B24_SERVER_ENDPOINT", &tokens.server_endpoint);
        shown(&command.output().said())
    };
    for _ in 0..2 {
        let text = run(&["call", "profile"]);
        assert!(text.starts_with("exit: 0\n"), "{text}");
        // The refresh token in the variables is used up by the first refresh.
        stage.served.portal.expire_access_tokens();
    }
    let text = run(&["ping"]);
    assert!(
        text.starts_with("exit: 0\n") && text.contains("(B24_CLIENT_ID)"),
        "{text}"
    );
    let counts = stage.served.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.reused_refresh_tokens), (2, 0));
    let text = stage.run(&["ping"]);
    assert!(text.starts_with("exit: 4\n"), "{text}");
}

#[test]
fn a_webhook_takes_the_place_of_an_application_and_the_other_way_round() {
    let stage = Stage::connected();
    let mut command = stage.home.b24();
    command
        .args(["auth", "login", "acme"])
        .write_stdin(stage.served.portal.webhook());
    assert!(shown(&command.output().said()).starts_with("exit: 0\n"));
    let text = stage.run(&["auth", "status"]);
    assert!(
        text.contains("\nwebhook ") && !text.contains("\napp "),
        "{text}"
    );
    let credentials = stage.home.file("config/b24/credentials.toml");
    let text = fs::read_to_string(&credentials).expect("a file");
    assert!(!text.contains(SECRET), "{text}");
    stage.login("acme");
    let text = stage.run(&["auth", "status"]);
    assert!(text.contains("\napp "), "{text}");
    let text = fs::read_to_string(&credentials).expect("a file");
    assert!(!text.contains("webhook"), "{text}");
}

/// Each command once: none is for webhooks only.
#[test]
fn every_command_works_as_an_application() {
    let stage = Stage::connected();
    deals(&stage.home, 3);
    let id = format!("id={}", stage.served.portal.ids("deal")[0]);
    stage
        .home
        .write("commands", "crm.item.list?entityTypeId=2\nuser.current\n");
    for words in [
        &["ping"][..],
        &["doctor"],
        &["limits"],
        &["describe", "deals"],
        &["call", "crm.deal.get", &id],
        &[
            "call",
            "crm.deal.update",
            &id,
            "fields[TITLE]=Once",
            "--once",
            "k1",
        ],
        &["call", "main.eventlog.list", "--v3"],
        &["batch", "commands"],
        &["export", "deals", "-o", "out.csv"],
        &["export", "deals", "-o", "out.jsonl", "--labels"],
        &["import", "deals", "deals.csv", "--yes"],
        &[
            "update",
            "deals",
            "--filter",
            "title=Deal 1",
            "--set",
            "title=Deal 4",
            "--yes",
            "--at-most",
            "9",
        ],
        &[
            "delete",
            "deals",
            "--filter",
            "title=Deal 2",
            "--yes",
            "--at-most",
            "9",
            "--undo",
            "undo.jsonl",
        ],
        &["undo", "undo.jsonl", "--yes", "--at-most", "9"],
    ] {
        let text = stage.run(words);
        assert!(text.starts_with("exit: 0\n"), "{words:?}: {text}");
        assert!(!text.contains("webhook"), "{words:?}: {text}");
    }
}

#[test]
fn files_go_and_come_as_an_application() {
    let stage = Stage::connected();
    stage.home.write("offer.txt", "an offer");
    let upload = [
        "call",
        "disk.storage.uploadfile",
        "id=1",
        "data[NAME]=offer.txt",
        "fileContent@offer.txt",
    ];
    // The file comes with a link to it, which holds the token.
    let text = shown(&stage.b24(&upload).output().handed_out());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let line = text
        .lines()
        .find(|line| line.starts_with('{'))
        .expect("the file");
    let file: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let id = file["ID"].to_string();
    let reference = format!("disk:{}", id.trim_matches('"'));
    let text = stage.run(&["download", &reference, "-o", "back.txt"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(
        fs::read_to_string(stage.home.file("back.txt")).expect("a file"),
        "an offer"
    );
}

#[test]
fn a_profile_takes_its_secret_from_the_environment_if_none_is_kept() {
    let stage = Stage::connected();
    fs::remove_file(stage.home.file("config/b24/credentials.toml")).expect("a file");
    stage.served.portal.expire_access_tokens();
    let mut command = stage.b24(&["ping"]);
    command.env("B24_CLIENT_SECRET", SECRET);
    let text = shown(&command.output().said());
    assert!(
        text.starts_with("exit: 0\n") && text.contains("(profile acme)"),
        "{text}"
    );
}

/// A refused scope and a refused right name the application, not a webhook.
#[test]
fn refusals_name_the_application() {
    let stage = Stage::new();
    let narrow = App::new(ELSEWHERE)
        .client_id("local.5f00.1")
        .client_secret(SECRET)
        .scopes(["user"]);
    stage.served.portal.add_app(narrow);
    stage.login("acme");
    assert_shown!(stage.run(&["call", "crm.deal.get", "id=5"]));
}

/// At a terminal everything that is missing is asked for, and the secret is not shown while it is typed.
#[cfg(target_os = "linux")]
#[test]
fn a_person_is_asked_and_the_secret_stays_hidden() {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    let stage = Stage::new();
    let binary = assert_cmd::cargo::cargo_bin!("b24");
    let line = format!(
        "{} auth login acme --app --callback {ELSEWHERE}",
        binary.display()
    );
    let mut terminal = Command::new("timeout")
        .args(["60", "script", "-qec", &line, "/dev/null"])
        .env_clear()
        .envs(b24_seen::log())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", stage.home.path())
        .env("XDG_CONFIG_HOME", stage.home.file("config"))
        .env("XDG_STATE_HOME", stage.home.file("state"))
        .env("BROWSER", "true")
        .current_dir(stage.home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script runs");
    let mut keyboard = terminal.stdin.take().expect("stdin");
    let mut screen = terminal.stdout.take().expect("stdout");
    let mut shown = String::new();
    let mut until = |what: &str| {
        let from = shown.len();
        while !shown[from..].contains(what) {
            let mut byte = [0];
            assert_eq!(screen.read(&mut byte).expect("it is there"), 1, "{shown}");
            shown.push(char::from(byte[0]));
        }
        shown.clone()
    };
    until("acme.bitrix24.com: ");
    writeln!(keyboard, "{}", stage.host()).expect("a key");
    until("on its card): ");
    writeln!(keyboard, "{}", stage.app.client_id).expect("a key");
    until("it stays hidden): ");
    writeln!(keyboard, "{SECRET}").expect("a key");
    let said = until("then Enter");
    let at = said.rfind("http://").expect("an address");
    let url = said[at..].split_whitespace().next().expect("an address");
    writeln!(keyboard, "{}", landing(&get(url))).expect("a key");
    let said = until("profile acme is kept");
    assert!(!said.contains(SECRET), "{said}");
    assert!(terminal.wait().expect("it ends").success());
}
