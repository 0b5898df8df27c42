//! Memory that holds webhooks, tokens and keys stays in memory: this process leaves no core file.
//!
//! What it starts is not touched: the flag of Linux is gone with `exec`, the limit of the others is the soft one.

/// No core file of this process, and on Linux nobody but root attaches to it or reads its memory and environment.
#[cfg(target_os = "linux")]
pub(crate) fn keep_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // A kernel that refuses it is no reason not to work.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// No core file of this process.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn keep_private() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Core);
    limit.current = Some(0);
    let _ = setrlimit(Resource::Core, limit);
}

#[cfg(not(unix))]
pub(crate) fn keep_private() {}
