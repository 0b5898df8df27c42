//! Several processes of the command before one portal: together they keep its rate.

use b24_seen::Said;
use std::thread;

use b24_portal::Portal;

use crate::served::Served;
use crate::support::{Home, shown};

/// Requests of each process, all of them batches.
const REQUESTS: usize = 19;

#[test]
fn processes_share_one_budget_where_they_say_so() {
    let (served, home) = (Served::of(Portal::builder()), Home::new());
    let commands = "user.current\n".repeat(REQUESTS * 50);
    thread::scope(|scope| {
        for flagged in [true, false, true] {
            let mut command = served.b24(&home);
            command.args(["batch", "-"]).write_stdin(commands.clone());
            if flagged {
                command.arg("--shared-budget");
            } else {
                command.env("B24_SHARED_BUDGET", "1");
            }
            scope.spawn(move || {
                let text = shown(&command.output().said());
                assert!(text.starts_with("exit: 0\n"), "{text}");
            });
        }
    });
    let answered = served.portal.log();
    let batches = answered.iter().filter(|entry| entry.method == "batch");
    assert_eq!(
        batches.count(),
        3 * REQUESTS,
        "none was refused, or sent twice"
    );
}

/// A webhook needs no store of tokens: without one the limits are used with care.
#[test]
fn a_budget_whose_store_cannot_be_used_is_a_warning() {
    for path in ["state/b24/b24.db", "state"] {
        let (served, home) = (Served::of(Portal::builder()), Home::new());
        home.write(path, &"this is no store ".repeat(300));
        let mut command = served.b24(&home);
        command.args(["ping", "--shared-budget"]);
        let text = shown(&command.output().said());
        assert!(text.starts_with("exit: 0\n"), "{text}");
        let warning = "warning: the shared budget cannot be used (";
        assert_eq!(text.matches(warning).count(), 1, "{text}");
        assert!(!text.contains("authorise"), "{text}");
    }
}
