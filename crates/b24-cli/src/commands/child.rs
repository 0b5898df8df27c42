//! `b24 portal -- CMD`, `b24 proxy -- CMD`: the command that a server is started for.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, Command};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::stop::Reason;

/// Variables that would lead the command to another portal, or give it a secret that it is not to have.
const ELSEWHERE: &[&str] = &[
    "B24_ACCESS_TOKEN",
    "B24_CLIENT_ENDPOINT",
    "B24_CLIENT_ID",
    "B24_CLIENT_SECRET",
    "B24_DEMO",
    "B24_MEMBER_ID",
    "B24_PROFILE",
    "B24_REFRESH_TOKEN",
    "B24_SERVER_ENDPOINT",
    "B24_STORE_KEY",
    "B24_STORE_KEY_FILE",
    "B24_WEBHOOK_FILE",
];

/// Runs the command with these variables, and ends as it ends.
pub(super) async fn run(
    command: &[OsString],
    variables: &[(String, String)],
    session: &Session,
) -> Exit {
    let Some((program, arguments)) = command.split_first() else {
        return Exit::Done;
    };
    let mut command = Command::new(program);
    for name in ELSEWHERE {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)));
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let name = program.to_string_lossy();
            session.printer.failure(&Failure::local(format!(
                "{name} cannot be started: {error}"
            )));
            // As shells and env(1) have it.
            return Exit::Child(if error.kind() == io::ErrorKind::NotFound {
                127
            } else {
                126
            });
        }
    };
    let status = tokio::select! {
        status = child.wait() => status,
        reason = session.stop.requested() => {
            pass_on(reason, &child);
            child.wait().await
        }
    };
    match status {
        Ok(status) => Exit::Child(code(status)),
        Err(error) => {
            session
                .printer
                .failure(&Failure::local(format!("the command was lost: {error}")));
            Exit::Child(125)
        }
    }
}

/// A terminal tells its whole group of Ctrl-C; everything else has to be passed on.
#[cfg(unix)]
fn pass_on(reason: Reason, child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let (Some(pid), Reason::Terminate | Reason::Deadline) = (pid, reason) {
        // It may have ended just now.
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn pass_on(_reason: Reason, _child: &Child) {}

#[cfg(unix)]
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let signalled = status.signal().map(|signal| 128 + signal);
    status
        .code()
        .or(signalled)
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> u8 {
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}
