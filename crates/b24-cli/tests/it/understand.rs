//! `b24 describe`, `doctor` and `limits`: what a person and a script learn of a portal.

use b24_seen::Said;
use std::process::Output;

use b24_portal::{Edition, Fault, FaultRule, Operating, Portal};
use serde_json::Value;

use crate::served::Served;
use crate::support::{Home, assert_shown, masked, shown};

fn run(served: &Served, home: &Home, line: &str) -> Output {
    let output = served.b24(home).args(line.split(' ')).output();
    let output = output.said();
    assert!(!shown(&output).contains(served.secret()), "{line}");
    output
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one object")
}

#[test]
fn methods_and_events_are_described_offline() {
    let home = Home::new();
    let lines = [
        "describe crm.item.list",
        "describe crm.deal.productrows.set",
        "describe event.bind",
        "describe tasks.task.list --v3",
        "describe onCrmDealUpdate",
        "describe ONCRMDEALUPDATE --json",
        "describe crm.deal.lst",
        "describe crm.item.list --v3",
        "describe onCrmDealUpdat",
        "describe deel",
    ];
    let each = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        format!("$ b24 {line}\n{}", home.run(&words))
    };
    let all = lines.iter().map(each).collect::<Vec<_>>().join("\n");
    assert_shown!(all);
}

#[test]
fn an_entity_is_described_without_a_portal_as_far_as_that_goes() {
    let home = Home::new();
    let text = home.run(&["describe", "deals"]);
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(text.contains("method   crm.item.list (v2)"), "{text}");
    assert!(text.contains("note: no portal is chosen"), "{text}");
}

#[test]
fn the_own_fields_of_a_portal_are_shown() {
    let (served, home) = (Served::demo(), Home::new());
    let all = format!(
        "{}\n{}",
        shown(&run(&served, &home, "describe deals")),
        shown(&run(&served, &home, "describe tasks --v3")),
    );
    masked().bind(|| insta::assert_snapshot!(all));
    let deals = json(&run(&served, &home, "describe deals --json"));
    let field = |name: &str| {
        let fields = deals["fields"].as_array().expect("fields");
        fields
            .iter()
            .find(|field| field["name"] == name)
            .expect("it")
            .clone()
    };
    assert_eq!(field("id")["read_only"], true);
    assert_eq!(field("stageId")["type"], "crm_status");
    assert!(
        field("stageId")["status_type"]
            .as_str()
            .expect("a directory")
            .starts_with("DEAL_STAGE")
    );
    // Against the portal's own answer: every field, and no other.
    let own = run(&served, &home, "call crm.item.fields entityTypeId=2");
    let own = json(&own)["fields"].as_object().expect("fields").len();
    assert_eq!(deals["fields"].as_array().expect("fields").len(), own);
    // A classic list has its documentation and the portal's fields.
    let classic = json(&run(&served, &home, "describe crm.deal.list --json"));
    assert_eq!(classic["newer"][0], "crm.item.list");
    assert!(classic["fields"].as_array().expect("fields").len() > 20);
    let smart = json(&run(&served, &home, "describe spa:Equipment --json"));
    assert_eq!(smart["params"]["entityTypeId"], 1032);
}

/// A snapshot in which what differs between machines is masked.
fn assert_healthy(name: &str, text: &str) {
    let mut settings = masked();
    settings.add_filter(
        r"here \d+\.\d s (ahead of|behind) the portal",
        "[clock difference]",
    );
    settings.add_filter(r"port \d+ in", "port [port] in");
    settings.add_filter(r"the same here and there", "[clock difference]");
    settings.add_filter(r"has used \d+\.\d of", "has used [time] of");
    settings.add_filter(
        r" +\d+\.\d s used, +\d+\.\d s left(, the oldest part is back at \[clock\])?",
        " [used]",
    );
    settings.add_filter(r"\d+\.\d of (\d+) requests", "[level] of $1 requests");
    settings.add_filter(r"back in \d+\.\d s", "back in [time] s");
    settings.add_filter(r#""(used|left|back_in)":[\d.]+"#, r#""$1":"[number]""#);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_healthy_connection_is_told_step_by_step() {
    let (served, home) = (Served::demo(), Home::new());
    assert_healthy("doctor_healthy", &shown(&run(&served, &home, "doctor")));
    let report = json(&run(&served, &home, "doctor --json"));
    assert_eq!(report["healthy"], true);
    assert_eq!(served.portal.requests(), 4, "two requests a run");
}

#[test]
fn a_doctor_names_what_is_wrong_and_what_to_do() {
    let (served, home) = (Served::demo(), Home::new());
    // A user without rights, a webhook with fewer scopes.
    let narrow = served.portal.add_webhook(2, &["crm"]);
    let output = served
        .b24(&home)
        .env("B24_WEBHOOK", narrow)
        .arg("doctor")
        .output();
    let text = shown(&output.said());
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(text.contains("no administrator"), "{text}");
    assert!(
        text.contains("warning  scopes       crm; without task, user"),
        "{text}"
    );
    // Others use up the limit.
    served
        .portal
        .add_fault(FaultRule::new(Fault::QueryLimit).method("batch"));
    let text = shown(&run(&served, &home, "doctor"));
    assert!(
        text.contains("warning  others       1 request was refused"),
        "{text}"
    );
    // The webhook is gone.
    served.portal.revoke_webhook();
    let text = shown(&run(&served, &home, "doctor"));
    assert!(text.starts_with("exit: 4"), "{text}");
    assert!(text.contains("failed   webhook"), "{text}");
    assert!(text.contains("hint: b24 auth login"), "{text}");
    let report = json(&run(&served, &home, "doctor --json"));
    assert_eq!(report["healthy"], false);
}

#[test]
fn a_portal_that_is_not_there_is_temporary() {
    let home = Home::new();
    let mut command = home.b24();
    command.env("B24_WEBHOOK", "http://127.0.0.1:9/rest/1/secret/");
    let text = shown(&command.arg("doctor").output().said());
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(
        text.contains("failed   connection   127.0.0.1, port 9, cannot be reached: "),
        "{text}"
    );
}

#[test]
fn a_certificate_is_read_and_one_that_nobody_trusts_is_told() {
    let home = Home::new();
    let file = home.file("ca.pem");
    let served = Served::of(Portal::builder().demo().ca_out(&file));
    let ca = file.display().to_string();
    let text = shown(&run(&served, &home, &format!("doctor --portal-ca {ca}")));
    assert!(text.starts_with("exit: 0"), "{text}");
    let line = text
        .lines()
        .find(|line| line.contains(" certificate "))
        .expect("a line");
    assert!(
        line.starts_with("ok ") && line.ends_with(" days left"),
        "{line}"
    );
    let mut command = served.b24(&home);
    // A machine that trusts somebody else.
    let other = home.write("other.pem", &other_authority(&home));
    command.env("SSL_CERT_FILE", other);
    let text = shown(&command.arg("doctor").output().said());
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(text.contains("failed   certificate"), "{text}");
    assert!(
        text.contains("--portal-ca FILE") && text.contains("SSL_CERT_FILE"),
        "{text}"
    );
}

fn other_authority(home: &Home) -> String {
    let file = home.file("theirs.pem");
    drop(Served::of(Portal::builder().ca_out(&file)));
    std::fs::read_to_string(file).expect("a certificate")
}

#[test]
fn limits_tell_what_is_used_and_when_it_is_back() {
    let served = Served::of(
        Portal::builder()
            .demo()
            .operating(Operating::Limit(480.0))
            .method_cost("crm.item.list", std::time::Duration::from_millis(250)),
    );
    let home = Home::new();
    let report = json(&run(&served, &home, "limits --json --operating-limit 480s"));
    assert_eq!(report["operating_limit"], 480.0);
    let deals = &report["methods"][0];
    assert_eq!(deals["method"], "crm.item.list");
    let (used, left) = (deals["used"].as_f64(), deals["left"].as_f64());
    assert!(used.expect("seconds") >= 0.25, "{deals}");
    assert!((used.expect("seconds") + left.expect("seconds") - 480.0).abs() < 0.001);
    assert!(deals["back_in"].as_f64().expect("seconds") <= 601.0);
    assert_eq!(report["requests"], 1);
    assert_healthy(
        "limits",
        &shown(&run(
            &served,
            &home,
            "limits --share 50% crm.item.list crm.deal.list user.get",
        )),
    );
    let refused = shown(&run(&served, &home, "limits crm.deal.add"));
    assert!(refused.starts_with("exit: 2"), "{refused}");
}

#[test]
fn the_plan_settles_the_limits_and_costs_no_request() {
    let served = Served::of(Portal::builder().edition(Edition::Enterprise).demo());
    let home = Home::new();
    let report = json(&run(&served, &home, "doctor --json"));
    let checks = report["checks"].as_array().expect("checks");
    let plan = checks
        .iter()
        .find(|check| check["check"] == "plan")
        .expect("it");
    assert_eq!(plan["verdict"], "ok", "{plan}");
    let text = plan["text"].as_str().expect("a text");
    assert!(
        text.ends_with("limits enterprise: 250 requests at once, then 5 a second"),
        "{text}"
    );
    // 6,000 rows page by page are 120 requests: the standard plan would wait for 35 s.
    let before = served.portal.requests();
    let begun = std::time::Instant::now();
    let line = "export deals --select id --order title -o deals.csv";
    let output = run(&served, &home, line);
    assert!(output.status.success(), "{}", shown(&output));
    let took = begun.elapsed().as_secs();
    let requests = served.portal.requests() - before;
    assert!(requests <= 102, "{requests}");
    assert!(took < 20, "{took} s");
}

#[test]
fn a_dry_run_tells_what_binds() {
    let page = std::time::Duration::from_millis(300);
    let portal = Portal::builder()
        .deals(2_000)
        .method_cost("crm.item.list", page);
    let (served, home) = (Served::of(portal), Home::new());
    let line = "export deals --select id --dry-run --json --limits off";
    let plan = json(&run(&served, &home, line));
    assert_eq!(plan["rows"], 2_000);
    assert_eq!(plan["binds"], "seconds per page", "{plan}");
    // 40 pages of 0.3 s, at most four at a time.
    let seconds = plan["seconds"].as_f64().expect("seconds");
    assert!((3.0..14.0).contains(&seconds), "{plan}");
    let line = format!("{line} --operating-limit 5s");
    let plan = json(&run(&served, &home, &line));
    assert_eq!(plan["binds"], "operating time", "{plan}");
    assert!(plan["seconds"].as_f64().expect("seconds") > 60.0, "{plan}");
    let slow = "export deals --select id --dry-run --json --limits 1/0.1";
    assert_eq!(json(&run(&served, &home, slow))["binds"], "request rate");
}

#[test]
fn a_box_has_no_limits_to_tell() {
    let (served, home) = (
        Served::of(Portal::builder().edition(Edition::Box).deals(5)),
        Home::new(),
    );
    let text = shown(&run(&served, &home, "limits --limits off"));
    assert!(
        text.contains("limits     off: as many requests as there are"),
        "{text}"
    );
}

#[test]
fn a_deadline_may_be_a_time_of_day() {
    let (served, home) = (Served::demo(), Home::new());
    let text = shown(&run(&served, &home, "ping --deadline 25:00"));
    assert!(text.starts_with("exit: 2"), "{text}");
    let text = shown(&run(
        &served,
        &home,
        "export deals --limit 1 --select id --deadline 23:59:59",
    ));
    assert!(text.starts_with("exit: 0"), "{text}");
}
