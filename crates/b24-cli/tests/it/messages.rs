//! The messages for what a portal can answer, each made by a portal that answers it.

use b24_seen::Said;
use std::process::Output;
use std::time::Duration;

use b24_portal::{Condition, Fault, FaultRule, Portal};

use crate::support::{Home, assert_shown, shown};

/// A portal with a small demo set.
async fn portal() -> Portal {
    Portal::builder()
        .deals(20)
        .secret("verysecret")
        .start()
        .await
        .expect("a portal")
}

/// Runs the command against this webhook, while the portal goes on serving.
async fn b24_at(webhook: &str, words: &[&str]) -> String {
    let home = Home::new();
    let mut command = home.b24();
    command
        .env("B24_WEBHOOK", webhook)
        .args(words)
        .timeout(Duration::from_secs(60));
    let output: Output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("a thread")
        .said();
    let text = shown(&output);
    assert!(!text.contains("verysecret"), "{text}");
    text
}

async fn b24(portal: &Portal, words: &[&str]) -> String {
    b24_at(portal.webhook(), words).await
}

fn refuse(status: u16, code: &str, text: &str) -> Fault {
    Fault::Refuse {
        status,
        code: code.into(),
        text: text.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_says_who_answered() {
    let portal = portal().await;
    assert_shown!("ping", b24(&portal, &["ping"]).await);
    assert_shown!(
        "ping_for_a_machine",
        b24(&portal, &["ping", "--json"]).await
    );
    assert_shown!("ping_of_the_demo", Home::new().run(&["--demo", "ping"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_by_the_portal() {
    let portal = portal().await;
    portal.fail_next(
        "crm.item.update",
        refuse(403, "ACCESS_DENIED", "Access <b>denied</b>."),
    );
    let words = [
        "call",
        "crm.item.update",
        "entityTypeId=2",
        "id=1",
        "fields[title]=x",
    ];
    assert_shown!(b24(&portal, &words).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_within_a_batch_names_the_user_too() {
    let portal = portal().await;
    let no = || refuse(403, "ACCESS_DENIED", "Access denied.");
    portal.add_fault(FaultRule::new(no()).method("crm.item.list").times(9));
    assert_shown!(b24(&portal, &["export", "deals", "--select", "id"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_a_machine() {
    let portal = portal().await;
    portal.fail_next("server.time", refuse(400, "", "Not found"));
    assert_shown!(b24(&portal, &["ping", "--json"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_by_the_vendor() {
    let portal = portal().await;
    portal.fail_next("server.time", Fault::Overload);
    assert_shown!(b24(&portal, &["ping"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_authorised() {
    let portal = portal().await;
    portal.revoke_webhook();
    assert_shown!(b24(&portal, &["ping"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_is_missing() {
    let portal = portal().await;
    let webhook = portal.add_webhook(1, &["crm", "user"]);
    assert_shown!(b24_at(&webhook, &["call", "tasks.task.list"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_methods() {
    let portal = portal().await;
    assert_shown!(
        "method_misspelt",
        b24(&portal, &["call", "crm.deals.list"]).await
    );
    assert_shown!(
        "method_of_v3",
        b24(&portal, &["call", "--api", "v2", "main.eventlog.tail"]).await
    );
    assert_shown!(
        "method_of_applications",
        b24(&portal, &["call", "event.bind"]).await
    );
    assert_shown!(
        "method_not_played",
        b24(&portal, &["call", "crm.timeline.comment.add"]).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_instead_of_json() {
    let portal = portal().await;
    portal.add_fault(FaultRule::new(Fault::Html502).times(9));
    // The third attempt would come after the deadline.
    let text = b24(&portal, &["ping", "--deadline", "4s"]).await;
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert_shown!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_of_a_write_is_unknown() {
    let portal = portal().await;
    for (name, fault) in [
        ("cut", Fault::CutAfterRun),
        ("page", Fault::Html504AfterRun),
        ("empty", Fault::EmptyBody),
    ] {
        portal.fail_next("crm.deal.add", fault);
        let text = b24(&portal, &["call", "crm.deal.add", "fields[TITLE]=New pump"]).await;
        assert!(text.starts_with("exit: 6\n"), "{name}: {text}");
        assert_shown!(format!("unknown_{name}"), text);
    }
    assert_eq!(portal.rows("deal").len(), 23, "each was sent once");
}

/// What a hint names has to work.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_command_to_look_first_finds_the_row() {
    let portal = portal().await;
    let calls = [
        ("crm.item.add", "entityTypeId=2 'fields[title]=New pump'"),
        ("crm.deal.add", "'fields[TITLE]=New pump'"),
        (
            "crm.item.update",
            "entityTypeId=2 id=1 'fields[title]=New pump'",
        ),
        (
            "tasks.task.add",
            "'fields[TITLE]=New pump' 'fields[RESPONSIBLE_ID]=1'",
        ),
    ];
    for (method, params) in calls {
        portal.fail_next(method, Fault::CutAfterRun);
        let text = tokio::task::block_in_place(|| {
            Home::new().sh(portal.webhook(), &format!("b24 call {method} {params}"))
        });
        assert!(text.starts_with("exit: 6\n"), "{text}");
        let hint = text
            .lines()
            .find_map(|line| line.strip_prefix("hint: look first: "));
        let hint = hint.expect(&text);
        let found = tokio::task::block_in_place(|| Home::new().sh(portal.webhook(), hint));
        assert!(found.starts_with("exit: 0\n"), "{hint}\n{found}");
        assert!(found.contains("New pump"), "{hint}\n{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_beyond_the_deadline() {
    let portal = portal().await;
    portal.add_fault(FaultRule::new(Fault::OperatingLimit).times(9));
    let text = b24(&portal, &["ping", "--deadline", "2s"]).await;
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert_shown!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_slower_than_the_deadline() {
    let portal = portal().await;
    portal.fail_next("server.time", Fault::Delay(Duration::from_secs(30)));
    let text = b24(&portal, &["ping", "--deadline", "1s"]).await;
    assert!(text.starts_with("exit: 5\n"), "{text}");
    portal.add_fault(FaultRule::new(Fault::Delay(Duration::from_secs(30))).times(9));
    // The third attempt would come after the deadline.
    let words = ["ping", "--timeout", "1s", "--deadline", "4s"];
    assert_shown!(b24(&portal, &words).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_a_foreign_host() {
    let portal = portal().await;
    portal.fail_next(
        "server.time",
        Fault::Redirect {
            to: "https://evil.example".into(),
        },
    );
    assert_shown!(b24(&portal, &["ping"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let portal = portal().await;
    let webhook = portal.webhook().to_owned();
    drop(portal);
    let text = b24_at(&webhook, &["ping"]).await;
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert_shown!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_trusts() {
    let portal = Portal::builder()
        .secret("verysecret")
        .https()
        .start()
        .await
        .expect("a portal");
    let text = b24(&portal, &["ping"]).await;
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert_shown!(text);
    let home = Home::new();
    let pem = portal.ca_pem().expect("a certificate").to_owned();
    let ca = home.write("ca.pem", &pem);
    let text = b24(
        &portal,
        &["ping", "--portal-ca", ca.to_str().expect("a path")],
    )
    .await;
    assert!(text.starts_with("exit: 0\n"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_certificates() {
    let home = Home::new();
    let output = home
        .b24()
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", "/nonexistent")
        .env("B24_WEBHOOK", "https://127.0.0.1:1/rest/1/verysecret/")
        .arg("ping")
        .output();
    assert_shown!(shown(&output.said()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_checked_kept_used_and_shown_without_its_secret() {
    let portal = portal().await;
    let home = Home::new();
    let webhook = portal.webhook().to_owned();
    let run = |words: &[&str], stdin: &str| {
        let output = home.b24().args(words).write_stdin(stdin).output().said();
        let text = shown(&output);
        assert!(!text.contains("verysecret"), "{text}");
        text
    };
    tokio::task::block_in_place(|| {
        assert_shown!("login", run(&["auth", "login"], &format!("{webhook}\n")));
        assert_shown!("login_status", run(&["auth", "status"], ""));
        assert_shown!(
            "login_status_machine",
            run(&["auth", "status", "local", "--json"], "")
        );
        assert_shown!("login_ping", run(&["ping"], ""));
        let wrong = webhook.replace("verysecret", "anothersecret");
        assert_shown!("login_wrong", run(&["auth", "login", "other"], &wrong));
        assert!(
            !run(&["auth", "list"], "").contains("other"),
            "a wrong webhook is not kept"
        );
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let kept = home
            .file("config/b24/credentials.toml")
            .metadata()
            .expect("a file");
        assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    }
    let config = std::fs::read_to_string(home.file("config/b24/config.toml")).expect("a file");
    assert!(!config.contains("verysecret"), "{config}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_holds_the_secret() {
    let portal = portal().await;
    let home = Home::new();
    for (form, name) in [("text", "log.txt"), ("json", "log.json")] {
        let log = home.file(name);
        let path = log.to_str().expect("a path");
        portal.fail_next("profile", refuse(403, "ACCESS_DENIED", "no"));
        b24(
            &portal,
            &[
                "-vv",
                "--log-file",
                path,
                "--log-format",
                form,
                "call",
                "profile",
            ],
        )
        .await;
        let text = std::fs::read_to_string(&log).expect("a log");
        assert!(text.contains("profile"), "{text}");
        assert!(!text.contains("verysecret"), "{text}");
        if form == "json" {
            for line in text.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect(line);
            }
        }
    }
}

/// Not the same as a right that is missing (HTTP 403), and no other webhook would help.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_rest() {
    let portal = portal().await;
    portal.set_condition(Condition::Blocked);
    assert_shown!(b24(&portal, &["ping"]).await);
}
