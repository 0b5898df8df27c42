//! `b24 portal -- CMD`: a portal for one command.

use crate::support::{Home, assert_shown, shown};
use b24_seen::Said;

const PORTAL: &[&str] = &["portal", "--port", "0", "--deals", "5", "--secret", "demo"];

fn run(home: &Home, flags: &[&str], command: &[&str]) -> String {
    let words: Vec<&str> = [PORTAL, flags, &["--"], command].concat();
    // The portal and the command tell its webhook.
    shown(&home.b24().args(words).output().handed_out())
}

#[cfg(unix)]
#[test]
fn the_command_finds_the_portal_and_its_exit_code_is_ours() {
    let home = Home::new();
    assert_shown!(run(
        &home,
        &[],
        &[
            "sh",
            "-c",
            "echo \"$B24_WEBHOOK\" \"$B24_PORTAL_URL\"; exit 7"
        ]
    ));
}

#[cfg(unix)]
#[test]
fn nothing_leads_the_command_elsewhere() {
    let home = Home::new();
    let words = [PORTAL, &["--", "sh", "-c", "echo ${B24_PROFILE-none}"]].concat();
    let output = home
        .b24()
        .env("B24_PROFILE", "acme")
        .args(words)
        .output()
        .said();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "none\n");
}

#[cfg(unix)]
#[test]
fn a_signal_that_ends_the_command_is_told_as_shells_do() {
    let home = Home::new();
    assert!(run(&home, &[], &["sh", "-c", "kill -KILL $$"]).starts_with("exit: 137\n"));
}

#[test]
fn a_command_that_is_not_there() {
    let home = Home::new();
    assert_shown!(run(&home, &[], &["no-such-command"]));
}

#[test]
fn a_portal_that_cannot_start_is_125() {
    let home = Home::new();
    let text = run(&home, &["--listen", "192.0.2.1"], &["true"]);
    assert!(text.starts_with("exit: 125\n"), "{text}");
    assert!(text.contains("error: the portal cannot start"), "{text}");
}

#[cfg(unix)]
#[test]
fn the_environment_can_be_printed_for_a_shell() {
    let home = Home::new();
    let text = run(&home, &["--print", "env"], &["true"]);
    for name in [
        "B24_WEBHOOK=http://127.0.0.1:",
        "B24_PORTAL_URL=http://",
        "B24_PORTAL_TOKEN=",
    ] {
        assert!(text.contains(name), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn an_application_comes_with_the_portal() {
    let home = Home::new();
    let look =
        "test ${#B24_ACCESS_TOKEN} = 70 && echo \"$B24_CLIENT_ID $B24_SERVER_ENDPOINT $B24_SCOPE\"";
    let text = run(
        &home,
        &["--app", "http://127.0.0.1:9/"],
        &["sh", "-c", look],
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        text.contains("\nlocal.") && text.contains(" http://127.0.0.1:"),
        "{text}"
    );
    assert!(text.contains("crm,"), "{text}");
}

#[cfg(unix)]
#[test]
fn several_portals_share_an_application_and_an_oauth_server() {
    let home = Home::new();
    let look = "env | grep B24_ | sort";
    let flags = ["--portals", "3", "--app", "http://127.0.0.1:9/"];
    let text = run(&home, &flags, &["sh", "-c", look]);
    let value = |name: &str| {
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("{name}: {text}"))
    };
    assert_eq!(value("B24_CLIENT_ID"), value("B24_CLIENT_ID_3"));
    assert_eq!(value("B24_SERVER_ENDPOINT"), value("B24_SERVER_ENDPOINT_2"));
    for name in [
        "B24_WEBHOOK",
        "B24_MEMBER_ID",
        "B24_ACCESS_TOKEN",
        "B24_CLIENT_ENDPOINT",
    ] {
        let second = value(&format!("{name}_2"));
        assert!(
            second != value(name) && second != value(&format!("{name}_3")),
            "{name}"
        );
    }
    assert!(run(&home, &["--portals", "0"], &["true"]).starts_with("exit: 2\n"));
}

#[cfg(unix)]
#[test]
fn an_application_is_installed_on_a_running_portal() {
    let home = Home::new();
    let b24 = assert_cmd::cargo::cargo_bin("b24");
    let b24 = b24.to_str().expect("a path");
    let install = format!(
        "{b24} portal install http://127.0.0.1:9/back --client-id local.x --client-secret y \
         --scope crm,user --status P --users 1,2 --user 2"
    );
    let text = run(
        &home,
        &[],
        &["sh", "-c", &format!("{install} && {install} --print json")],
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    for line in [
        "B24_CLIENT_ID=local.x",
        "B24_CLIENT_SECRET=y",
        "B24_SCOPE=crm,user",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
    let object = text
        .lines()
        .find(|line| line.starts_with('{'))
        .expect("an object");
    let app: serde_json::Value = serde_json::from_str(object).expect(object);
    assert_eq!(
        (&app["tokens"]["user_id"], &app["tokens"]["status"]),
        (&2.into(), &"P".into())
    );
    let wrong = run(
        &home,
        &[],
        &[b24, "portal", "install", "--users", "everyone"],
    );
    assert!(wrong.starts_with("exit: 2\n"), "{wrong}");
}

#[cfg(unix)]
#[test]
fn the_ready_file_tells_everything_and_is_private() {
    let home = Home::new();
    home.write("ready.json", "left over");
    let look = "cat ready.json; ls -l ready.json";
    let text = run(&home, &["--ready-file", "ready.json"], &["sh", "-c", look]);
    let line = text
        .lines()
        .find(|line| line.starts_with('{'))
        .expect("an object");
    let ready: serde_json::Value = serde_json::from_str(line).expect(line);
    assert!(
        ready["webhook"]
            .as_str()
            .is_some_and(|webhook| webhook.ends_with("/rest/1/demo/"))
    );
    assert!(text.contains("-rw------- "), "{text}");
    assert!(
        !home.file("ready.json").exists(),
        "it does not outlive the portal"
    );
}

#[cfg(unix)]
#[test]
fn a_client_trusts_the_https_portal_by_its_variables() {
    let home = Home::new();
    let b24 = assert_cmd::cargo::cargo_bin("b24");
    let b24 = b24.to_str().expect("a path");
    let text = run(&home, &["--https"], &[b24, "ping"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let text = run(&home, &["--ca-out", "ca.pem"], &[b24, "ping"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(home.file("ca.pem").exists());
}

#[cfg(unix)]
#[test]
fn each_nth_request_goes_wrong_and_the_wall_stands_where_it_is_put() {
    let home = Home::new();
    let b24 = assert_cmd::cargo::cargo_bin("b24");
    let script = format!(
        "b24='{}'; \
         $b24 portal fault '{{\"delay\": 3600}}' --method server.time --every 2 --times 1; \
         $b24 portal fault cut-answer --method scope --every 5; \
         $b24 -q call server.time; $b24 -q call server.time; \
         $b24 portal log; $b24 portal fault",
        b24.display()
    );
    let text = run(&home, &["--wall", "200ms"], &["sh", "-c", &script]);
    let objects: Vec<serde_json::Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let statuses: Vec<_> = objects
        .iter()
        .filter(|request| request["method"] == "server.time")
        .map(|request| request["status"].clone())
        .collect();
    assert_eq!(
        statuses,
        [200, 504, 200],
        "the second is asked again: {text}"
    );
    let waiting = serde_json::json!(
        {"fault": {"cut_answer": {"seed": 0}}, "every": 5, "method": "scope", "skip": 0});
    assert!(objects.contains(&waiting), "{text}");
}

#[cfg(unix)]
#[test]
fn the_limits_are_those_that_are_told() {
    let home = Home::new();
    let b24 = assert_cmd::cargo::cargo_bin("b24");
    let call = "--limits off --timeout 5s call server.time";
    let script = format!(
        "for n in 1 2 3; do '{}' -q {call}; done; '{}' portal log",
        b24.display(),
        b24.display()
    );
    let statuses = |limits: &[&str]| {
        let text = run(&home, limits, &["sh", "-c", &script]);
        let requests = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let statuses = requests.filter_map(|request| request["status"].as_u64());
        statuses.filter(|status| *status == 503).count()
    };
    assert_eq!(statuses(&["--limits", "1/1000"]), 0);
    assert!(statuses(&["--limits", "1/0.5"]) > 0);
    let wrong = [PORTAL, &["--limits", "fast"]].concat();
    assert_shown!(home.run(&wrong));
}

#[test]
fn nothing_to_control() {
    let home = Home::new();
    for action in ["fault", "install", "reset", "log"] {
        assert_shown!(
            format!("nothing_to_{action}"),
            home.run(&["portal", action])
        );
    }
    assert_shown!(
        "half_an_address",
        home.run(&["portal", "reset", "--portal-url", "http://127.0.0.1:9"])
    );
    let nobody = [
        "portal",
        "reset",
        "--portal-url",
        "http://127.0.0.1:9",
        "--portal-token",
        "t",
    ];
    assert_shown!("nobody_there", home.run(&nobody));
}

#[test]
fn a_fault_that_does_not_exist() {
    let home = Home::new();
    let words = [
        "portal",
        "fault",
        "gremlins",
        "--portal-url",
        "http://127.0.0.1:9",
        "--portal-token",
        "t",
    ];
    let text = home.run(&words);
    assert!(text.starts_with("exit: 2\n"), "{text}");
    assert!(text.contains("`gremlins` is no fault"), "{text}");
}

#[cfg(unix)]
#[test]
fn coverage_names_what_is_played() {
    let home = Home::new();
    let text = run(
        &home,
        &[],
        &[
            "sh",
            "-c",
            "\"$0\" portal coverage",
            env!("CARGO_BIN_EXE_b24"),
        ],
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let line = r#"{"is_played":true,"name":"crm.deal.list","version":2}"#;
    assert!(text.lines().any(|found| found == line), "{text}");
    assert!(text.contains(r#""is_played":false,"name":"crm.timeline.comment.add""#));
    assert!(text.contains(" documented methods are played"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_portal_for_one_command_hides_no_other() {
    let home = Home::new();
    let words = [
        "portal",
        "--port",
        "0",
        "--deals",
        "5",
        "--ready-file",
        "ready",
    ];
    let outer = format!(
        "b24 {} >/dev/null & while [ ! -e ready ]; do sleep 0.05; done",
        words.join(" ")
    );
    let inner = "b24 portal --port 0 --deals 5 -- b24 ping";
    let line = format!("{outer}; {inner}; b24 portal log --clear; echo $?; kill $!; wait");
    let text = home.sh("", &line);
    assert!(text.contains("note: the log is empty\n"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_dry_run_arms_and_resets_nothing() {
    let home = Home::new();
    let line = "b24 portal fault html502 --times 7; b24 -n portal fault html200; \
                b24 -n portal reset; b24 -n portal fault --clear; b24 -n portal log --clear; \
                b24 -n portal install; b24 portal fault";
    let inside = format!("PATH=\"${{0%/*}}:$PATH\"; {line}");
    let text = run(
        &home,
        &[],
        &["sh", "-c", &inside, env!("CARGO_BIN_EXE_b24")],
    );
    let waiting: Vec<_> = text.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(waiting.len(), 1, "{text}");
    assert!(waiting[0].contains(r#""fault":"html502""#), "{text}");
    let told = "note: a dry run changes nothing; else: ";
    assert_eq!(text.matches(told).count(), 5, "{text}");
    assert!(!text.contains("B24_CLIENT_ID"), "{text}");
}

#[test]
fn an_application_has_an_address() {
    let home = Home::new();
    for words in [
        &["portal", "--port", "0", "--app", "nonsense", "--", "true"][..],
        &["portal", "--port", "0", "--app", "", "--", "true"],
        &["portal", "install", "nonsense", "-n"],
        &["portal", "install", "--install-url", "example.com/x", "-n"],
        &[
            "portal",
            "install",
            "--events-url",
            "ftp://example.com/",
            "-n",
        ],
    ] {
        let text = home.run(words);
        assert!(text.starts_with("exit: 2\n"), "{text}");
        assert!(text.contains("is not an address such as http"), "{text}");
    }
}
