//! Help, wrong use, the shapes of the machine output, codes.

use crate::support::{Home, assert_shown, shown};
use b24_seen::Said;

/// Every command that has a help page.
const COMMANDS: &[&str] = &[
    "",
    "auth",
    "auth env",
    "auth list",
    "auth login",
    "auth logout",
    "auth refresh",
    "auth status",
    "auth use",
    "batch",
    "call",
    "completions",
    "delete",
    "describe",
    "doctor",
    "download",
    "explain",
    "export",
    "import",
    "limits",
    "ping",
    "portal",
    "portal fault",
    "portal install",
    "portal log",
    "portal coverage",
    "portal reset",
    "proxy",
    "undo",
    "update",
];

#[test]
fn help_of_every_command() {
    let home = Home::new();
    for command in COMMANDS {
        let name = if command.is_empty() {
            "b24".to_owned()
        } else {
            command.replace(' ', "_")
        };
        for (flag, form) in [("--help", "long"), ("-h", "short")] {
            let words: Vec<&str> = command.split_whitespace().chain([flag]).collect();
            let shown = home.run(&words);
            assert!(shown.starts_with("exit: 0\n"), "{command} {flag}: {shown}");
            assert_shown!(format!("help_{name}_{form}"), shown);
        }
    }
}

#[test]
fn every_command_is_on_the_list_of_help_pages() {
    let help = Home::new().run(&["--help"]);
    let commands = help.split("Commands:\n").nth(1).expect("commands");
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().expect("a name");
        assert!(
            name == "help" || COMMANDS.contains(&name),
            "{name} has no snapshot"
        );
    }
}

#[test]
fn long_help_begins_with_examples() {
    let home = Home::new();
    for command in [
        "",
        "auth",
        "batch",
        "call",
        "completions",
        "delete",
        "describe",
        "doctor",
        "download",
        "explain",
        "export",
        "limits",
        "ping",
        "portal",
        "undo",
        "update",
    ] {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = home.run(&words);
        let (examples, usage) = (help.find("Examples:"), help.find("Usage:"));
        assert!(examples.is_some() && examples < usage, "{command}: {help}");
    }
}

#[test]
fn version_is_told_both_ways() {
    let home = Home::new();
    let version = format!(
        "exit: 0\n--- stdout\nb24 {}\n--- stderr\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(home.run(&["-V"]), version);
    assert_eq!(home.run(&["--version"]), version);
}

#[test]
fn wrong_use_is_an_error_with_a_way_out() {
    let home = Home::new();
    let cases: &[(&str, &[&str])] = &[
        ("unknown_command", &["exprot"]),
        ("unlike_any_command", &["xyzzy"]),
        ("unknown_flag", &["ping", "--jsn"]),
        ("unlike_any_flag", &["ping", "--xyzzy"]),
        ("missing_argument", &["explain"]),
        ("wrong_choice", &["ping", "--color", "sometimes"]),
        ("wrong_time", &["ping", "--timeout", "soon"]),
        (
            "wrong_share",
            &[
                "ping",
                "--webhook",
                "http://127.0.0.1:9/rest/1/s/",
                "--share",
                "all",
            ],
        ),
        (
            "wrong_limits",
            &[
                "ping",
                "--webhook",
                "http://127.0.0.1:9/rest/1/s/",
                "--limits",
                "many",
            ],
        ),
        ("later", &["sync", "deals", "--to", "deals.db"]),
        ("later_below", &["portal", "trigger"]),
        (
            "later_flag_of_the_portal",
            &["portal", "--seed", "deals.json"],
        ),
        ("two_portals", &["ping", "--demo", "-p", "acme"]),
        ("machine", &["--json", "exprot"]),
    ];
    for (name, words) in cases {
        let shown = home.run(words);
        assert!(
            shown.starts_with("exit: 2\n--- stdout\n--- stderr\n"),
            "{name}: {shown}"
        );
        assert_shown!(format!("use_{name}"), shown);
    }
}

#[test]
fn flags_stand_anywhere_and_in_the_environment() {
    let home = Home::new();
    let before = home.run(&["--json", "explain", "OVERLOAD_LIMIT"]);
    let after = home.run(&["explain", "OVERLOAD_LIMIT", "--json"]);
    assert!(before.contains(r#""code":"OVERLOAD_LIMIT""#), "{before}");
    assert_eq!(before, after);
    let variable = home
        .b24()
        .env("B24_JSON", "1")
        .args(["explain", "OVERLOAD_LIMIT"])
        .output();
    assert_eq!(before, shown(&variable.said()));
    for off in ["", "0", "false"] {
        let text = home
            .b24()
            .env("B24_JSON", off)
            .args(["explain", "OVERLOAD_LIMIT"])
            .output();
        assert!(shown(&text.said()).contains("means"), "{off}");
    }
    let timeout = home
        .b24()
        .env("B24_TIMEOUT", "soon")
        .arg("ping")
        .output()
        .said();
    assert!(
        shown(&timeout).starts_with("exit: 2"),
        "{}",
        shown(&timeout)
    );
}

#[test]
fn codes_are_explained() {
    let home = Home::new();
    let cases: &[(&str, &[&str])] = &[
        ("ours", &["explain", "QUERY_LIMIT_EXCEEDED"]),
        ("empty", &["explain", ""]),
        ("documented_only", &["explain", "CHAT_ID_EMPTY"]),
        (
            "v3",
            &[
                "explain",
                "BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUNDEXCEPTION",
            ],
        ),
        ("may_have_run", &["explain", "INTERNAL_SERVER_ERROR"]),
        ("machine", &["explain", "--json", "insufficient_scope"]),
        ("misspelt", &["explain", "QUERY_LIMIT_EXCEDED"]),
        ("unknown", &["explain", "NEVER_HEARD_OF"]),
    ];
    for (name, words) in cases {
        assert_shown!(format!("explain_{name}"), home.run(words));
    }
}

#[test]
fn completions_know_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let shown = home.run(&["completions", shell]);
        assert!(shown.starts_with("exit: 0\n"), "{shown}");
        assert!(
            shown.contains("explain") && shown.contains("webhook-file"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_closes_the_pipe_is_a_success() {
    let home = Home::new();
    let b24 = assert_cmd::cargo::cargo_bin("b24");
    let script = format!(
        "{} completions bash | head -n 1; echo ${{PIPESTATUS[0]}}",
        b24.display()
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(home.path())
        .output();
    let text = shown(&output.said());
    assert!(text.contains("\n0\n--- stderr\n"), "{text}");
}

#[test]
fn the_report_is_written_also_when_the_command_fails() {
    let home = Home::new();
    home.run(&["ping", "--report", "report.json"]);
    let report = std::fs::read_to_string(home.file("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("one object");
    assert_eq!(report["exit"], 4);
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"]["kind"], "auth");
    let nowhere = home.run(&["explain", "0", "--report", "/proc/nowhere/report.json"]);
    assert!(nowhere.starts_with("exit: 1"), "{nowhere}");
}
