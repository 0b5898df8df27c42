//! Choosing a portal, and the files that are kept. What needs a portal is in `messages`.

use b24_seen::Said;
use std::fs;

use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

const CREDENTIALS: &str =
    "[profile.acme]\nwebhook = \"https://acme.bitrix24.com/rest/1/verysecret/\"\n";

fn kept(home: &Home, mode: u32) {
    let path = home.write("config/b24/credentials.toml", CREDENTIALS);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
}

/// The card of an application is for applications: its flags are refused, its variables are for other commands.
#[test]
fn the_card_of_an_application_belongs_to_app() {
    let home = Home::new();
    for flag in [
        "--portal",
        "--client-id",
        "--client-secret-file",
        "--callback",
    ] {
        let text = home.run(&["auth", "login", "acme", flag, "x"]);
        assert!(text.starts_with("exit: 2\n"), "{flag}: {text}");
        assert!(text.contains("error: missing argument: --app\n"), "{text}");
        assert!(text.contains("hint: b24 auth login --help\n"), "{text}");
    }
    let mut command = home.b24();
    command
        .args(["auth", "login", "acme"])
        .write_stdin("nonsense");
    for name in [
        "B24_PORTAL",
        "B24_CLIENT_ID",
        "B24_CLIENT_SECRET_FILE",
        "B24_CALLBACK",
    ] {
        command.env(name, "x");
    }
    let text = shown(&command.output().said());
    assert!(text.contains("webhook"), "{text}");
}

#[test]
fn nothing_is_chosen() {
    assert_shown!(Home::new().run(&["ping"]));
}

#[test]
fn nothing_is_chosen_for_a_machine() {
    assert_shown!(Home::new().run(&["ping", "--json"]));
}

#[test]
fn plain_http_is_for_this_machine() {
    let home = Home::new();
    let webhook = "http://acme.bitrix24.com/rest/1/verysecret/";
    assert_shown!(shown(
        &home
            .b24()
            .env("B24_WEBHOOK", webhook)
            .arg("ping")
            .output()
            .said()
    ));
}

#[test]
fn malformed_webhooks_are_refused_and_never_shown() {
    let home = Home::new();
    for webhook in [
        "http://acme.bitrix24.com/rest/1/verysecret/",
        "https://acme.bitrix24.com/verysecret/",
        "verysecret",
        "ftp://acme.bitrix24.com/rest/1/verysecret/",
    ] {
        let output = home
            .b24()
            .env("B24_WEBHOOK", webhook)
            .arg("ping")
            .output()
            .said();
        let text = shown(&output);
        assert!(text.starts_with("exit: 2\n"), "{text}");
        assert!(text.contains("state: nothing was sent"), "{text}");
        assert!(!text.contains("verysecret"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_secrets_that_others_can_read_is_refused() {
    let home = Home::new();
    kept(&home, 0o644);
    assert_shown!(home.run(&["auth", "list"]));
    kept(&home, 0o600);
}

#[test]
fn kept_profiles_are_listed_without_their_secrets() {
    let home = Home::new();
    kept(&home, 0o600);
    home.write(
        "config/b24/config.toml",
        "default_profile = \"acme\"\n[profile.acme]\nportal = \"acme.bitrix24.com\"\nmode = \"confirm\"\n\
         [profile.ci]\nportal = \"127.0.0.1:8724\"\n",
    );
    assert_shown!("list", home.run(&["auth", "list"]));
    assert_shown!("list_for_a_machine", home.run(&["auth", "list", "--json"]));
}

#[test]
fn choosing_and_forgetting_keep_comments() {
    let home = Home::new();
    kept(&home, 0o600);
    let config = home.write(
        "config/b24/config.toml",
        "# mine\n[profile.acme]\nportal = \"acme.bitrix24.com\" # the big one\n",
    );
    assert!(home.run(&["auth", "use", "acme"]).starts_with("exit: 0"));
    let text = fs::read_to_string(&config).expect("a file");
    assert!(text.contains("default_profile = \"acme\""), "{text}");
    assert!(
        text.contains("# mine") && text.contains("# the big one"),
        "{text}"
    );
    assert_shown!(home.run(&["auth", "logout", "acme"]));
    let left = fs::read_to_string(home.file("config/b24/credentials.toml")).expect("a file");
    assert!(!left.contains("verysecret"), "{left}");
    let text = fs::read_to_string(&config).expect("a file");
    assert!(!text.contains("acme"), "{text}");
}

#[test]
fn an_unknown_profile_is_named_with_the_nearest() {
    let home = Home::new();
    kept(&home, 0o600);
    assert_shown!("use", home.run(&["auth", "use", "acne"]));
    assert_shown!("ping", home.run(&["ping", "-p", "acne"]));
}

#[test]
fn broken_configuration_names_the_line_and_shows_no_text() {
    let home = Home::new();
    let config = home.write(
        "config/b24/config.toml",
        "default_profile = \"a\"\n\nsecret = \"verysecret\"\n",
    );
    let text = home.run(&["auth", "list"]);
    fs::remove_file(config).expect("the file");
    assert!(!text.contains("verysecret"), "{text}");
    assert_shown!(text);
}

#[test]
fn a_project_file_is_found_upwards() {
    let home = Home::new();
    home.write("project/b24.toml", "profile = \"of-the-project\"\n");
    fs::create_dir_all(home.file("project/deep/down")).expect("directories");
    let output = home
        .b24()
        .current_dir(home.file("project/deep/down"))
        .arg("ping")
        .output();
    let text = shown(&output.said());
    assert!(
        text.contains("no webhook is kept for profile of-the-project"),
        "{text}"
    );
}

#[test]
fn a_webhook_command_that_fails_says_so() {
    let home = Home::new();
    kept(&home, 0o600);
    fs::write(
        home.file("config/b24/credentials.toml"),
        "[profile.acme]\nwebhook_command = \"exit 3\"\n[profile.mute]\nwebhook_command = \"true\"\n",
    )
    .expect("a file");
    assert_shown!("fails", home.run(&["ping", "-p", "acme"]));
    assert_shown!("mute", home.run(&["ping", "-p", "mute"]));
}

#[test]
fn logging_in_without_a_webhook_is_an_error() {
    let home = Home::new();
    assert_shown!(home.run(&["auth", "login", "acme"]));
}

#[test]
fn a_file_of_the_webhook_that_is_not_there() {
    let text = Home::new().run(&["--webhook-file", "nosuch", "ping"]);
    assert!(text.starts_with("exit: 2\n"), "{text}");
    assert!(text.contains("error: there is no file nosuch\n"), "{text}");
}

#[test]
fn a_dry_run_changes_no_profile() {
    let (served, home) = (crate::served::Served::demo(), Home::new());
    let login = |name: &str, flags: &[&str]| {
        let words = [&["auth", "login", name], flags].concat();
        let mut command = home.b24();
        command.args(words).write_stdin(served.portal.webhook());
        shown(&command.output().said())
    };
    login("acme", &[]);
    login("other", &[]);
    let files = || {
        ["config.toml", "credentials.toml"]
            .map(|name| std::fs::read(home.file("config/b24").join(name)).expect("a file"))
    };
    let before = files();
    for (text, told) in [
        (login("third", &["-n"]), "profile third would be kept"),
        (
            home.run(&["-n", "auth", "use", "other"]),
            "other would be the default profile",
        ),
        (
            home.run(&["auth", "logout", "acme", "-n"]),
            "profile acme would be forgotten",
        ),
    ] {
        assert!(text.starts_with("exit: 0\n"), "{text}");
        assert!(
            text.contains(&format!("{told}; nothing was changed\n")),
            "{text}"
        );
    }
    assert_eq!(files(), before);
}

/// Each reads both files, changes them and writes them back.
#[test]
fn logins_at_the_same_time_keep_all_profiles() {
    let (served, home) = (Served::demo(), Home::new());
    let names: Vec<String> = (0..8).map(|number| format!("p{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let mut command = home.b24();
            command
                .args(["auth", "login", name])
                .write_stdin(served.portal.webhook());
            scope.spawn(move || {
                let text = shown(&command.output().said());
                assert!(text.starts_with("exit: 0\n"), "{text}");
            });
        }
    });
    for (file, key) in [
        ("config.toml", "portal = "),
        ("credentials.toml", "webhook = "),
    ] {
        let text = fs::read_to_string(home.file("config/b24").join(file)).expect("a file");
        for name in &names {
            let (_, profile) = text
                .split_once(&format!("[profile.{name}]\n"))
                .expect(&text);
            let profile = profile.split('[').next().unwrap_or_default();
            assert!(profile.contains(key), "{name} in {file}: {profile}");
        }
    }
}
