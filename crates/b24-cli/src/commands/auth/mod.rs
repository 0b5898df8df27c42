//! `b24 auth`: the webhooks and applications that are kept, and which one is used.

mod application;
mod callback;
mod env;
mod landing;
mod list;
mod login;
mod reseal;
mod status;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::connection::{self, Config, Files, Store};
use crate::exit::Exit;
use crate::failure::{Failure, closest, from_any, not_forgotten};
use crate::session::{Mode, Session};
use application::CardArgs;

/// Keep webhooks and applications, and choose between them.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 auth login                       asks for the webhook, shows nothing of it
  b24 auth login acme < webhook.txt    asks nothing
  b24 auth login acme --app            an application: a browser authorises it
  b24 auth list
  b24 auth status
")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a webhook and keep it under a name; with --app, have an application authorised.
    #[command(before_long_help = "\
Examples:
  b24 auth login acme                  a webhook: asks for it, shows nothing of it
  b24 auth login acme --app            an application: asks for portal, id and secret
  b24 auth login acme --app --callback https://app.example/back    paste where the browser lands
  B24_CLIENT_SECRET=… b24 auth login acme --app --portal acme.bitrix24.com --client-id local.5f…

The callback is the address on the application's card. http://127.0.0.1:8725/ is listened at; of any
other machine the address that the browser lands on is pasted, or given on stdin.
")]
    Login {
        /// The name; by default the first word of the portal's address.
        name: Option<String>,
        /// Connect as an application (OAuth): a browser authorises it, its tokens are kept sealed and fresh.
        #[arg(long)]
        app: bool,
        #[command(flatten)]
        card: CardArgs,
    },
    /// List what is kept.
    List,
    /// Make a profile the default.
    Use {
        /// The profile.
        name: String,
    },
    /// Show portal, user, scopes, plan and how long tokens are good, and which setting chose them.
    Status {
        /// The profile; by default the one that would be used.
        name: Option<String>,
    },
    /// Get new tokens of an application now; calls do it by themselves.
    Refresh {
        /// The profile; by default the one that would be used.
        name: Option<String>,
    },
    /// Print what a script needs to call the portal, as NAME=value lines. Secrets: asks first, or --yes.
    #[command(before_long_help = "\
Examples:
  eval \"$(b24 auth env acme --yes)\"    B24_WEBHOOK, or B24_ACCESS_TOKEN, in this shell
  b24 auth env acme --yes --json

Of an application an access token is given, good for an hour at most: the refresh token stays here,
where all processes of b24 share it.
")]
    Env {
        /// The profile; by default the one that would be used.
        name: Option<String>,
    },
    /// Seal all tokens with the first of the keys: after a new one was put before the old one.
    #[command(before_long_help = "\
Examples:
  b24 auth reseal -n                   how many rows another key has sealed
  b24 auth reseal                      seals them with the first key; names the keys to take out
  B24_STORE_KEY_FILE=/etc/b24/store.key b24 auth reseal

Keys are read from B24_STORE_KEY, with commas between them, or one a line from the file that
B24_STORE_KEY_FILE names, else from store.key beside config.toml. The first seals, all of them open.

  1. put a new key (openssl rand -base64 32) before the old one
  2. start again what runs on, such as b24 proxy: it must have both
  3. b24 auth reseal; stopped in the middle, the same command goes on
  4. take the old key out
")]
    Reseal,
    /// Forget a profile with its secret and tokens.
    Logout {
        /// The profile.
        name: String,
    },
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let files = Files::locate(session.global.config.as_deref())?;
    match args.action {
        Action::Login {
            name,
            app: true,
            card,
        } => application::login(name, card, &files, session).await,
        Action::Login { name, .. } => login::login(name, &files, session).await,
        Action::List => list::list(&files, session).await,
        Action::Use { name } => choose(&name, &files, session),
        Action::Status { name } => status::status(name, session).await,
        Action::Refresh { name } => status::refresh(name, session).await,
        Action::Env { name } => env::env(name, session).await,
        Action::Reseal => reseal::reseal(&files, session).await,
        Action::Logout { name } => logout(&name, &files, session).await,
    }
}

/// `acme` of `acme.bitrix24.com`; a portal on this machine is `local`.
fn name_of(host: &str) -> String {
    let first = host.split(['.', ':']).next().unwrap_or_default();
    let letters = first.chars().next().is_some_and(char::is_alphabetic);
    if letters && first != "localhost" {
        first.to_owned()
    } else {
        "local".to_owned()
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    let failure = Failure::usage("the name of a profile is of letters, digits, - _ and .");
    Err(failure
        .state("nothing was kept")
        .hint("b24 auth login acme, then paste the webhook"))
}

fn choose(name: &str, files: &Files, session: &Session) -> Result<Exit> {
    known(name, files)?;
    if session.global.dry_run {
        let text = format!("{name} would be the default profile; nothing was changed\n");
        return plan(&json!({ "event": "plan", "default": name }), text, session);
    }
    files.set_default(&files.turn()?, name)?;
    session.printer.report(
        &json!({ "default": name }),
        format!("{name} is the default profile\n"),
    )?;
    Ok(Exit::Done)
}

async fn logout(name: &str, files: &Files, session: &Session) -> Result<Exit> {
    known(name, files)?;
    if session.global.dry_run {
        let text = format!("profile {name} would be forgotten; nothing was changed\n");
        return plan(
            &json!({ "event": "plan", "forgotten": name }),
            text,
            session,
        );
    }
    let turn = files.turn()?;
    let config = files.read()?;
    let is_application = config
        .profile
        .get(name)
        .is_some_and(|profile| profile.client_id.is_some());
    // First: what is left behind by a profile that is gone, nobody can name.
    let tokens = forget_tokens(name, &config).await?;
    let forget = || {
        let forgotten = Store::beside(files).forget(&turn, name)?;
        files.remove_profile(&turn, name)?;
        anyhow::Ok(forgotten)
    };
    let forgotten = forget().map_err(|error| {
        let without = if tokens { ", without its tokens" } else { "" };
        from_any(&error, None).state(format!("profile {name} is kept{without}"))
    })?;
    if is_application {
        session.printer.note(
            "the application stays installed on the portal; an administrator removes it there",
        );
    } else if forgotten {
        session
            .printer
            .note("the portal still takes this webhook; delete it there if nobody needs it");
    }
    session.printer.report(
        &json!({ "forgotten": name }),
        format!("profile {name} is forgotten\n"),
    )?;
    Ok(Exit::Done)
}

/// Forgets the tokens of a profile, unless another profile uses them; whether there were any.
async fn forget_tokens(name: &str, config: &Config) -> Result<bool, Failure> {
    let Some(profile) = config.profile.get(name) else {
        return Ok(false);
    };
    let (Some(client_id), Some(member_id)) = (&profile.client_id, &profile.member_id) else {
        return Ok(false);
    };
    let shared = config.profile.iter().any(|(other, theirs)| {
        other != name
            && theirs.client_id == profile.client_id
            && theirs.member_id == profile.member_id
    });
    if shared {
        return Ok(false);
    }
    let erased = connection::erase_tokens(client_id, member_id).await;
    erased.map_err(|error| not_forgotten(&error, name))
}

/// What `--dry-run` says.
fn plan(report: &Value, text: String, session: &Session) -> Result<Exit> {
    session.printer.report(report, text)?;
    Ok(Exit::Done)
}

/// The profile is in one of the files.
fn known(name: &str, files: &Files) -> Result<()> {
    let mut names = Store::beside(files).names()?;
    names.extend(files.read()?.profile.into_keys());
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    let failure =
        Failure::usage(format!("there is no profile {name}")).state("nothing was changed");
    Err(match closest(name, names.iter().map(String::as_str)) {
        Some(similar) => failure.hint(format!("did you mean {similar}?")),
        None => failure.hint("b24 auth list"),
    }
    .into())
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Free => "free",
        Mode::Confirm => "confirm",
        Mode::ReadOnly => "read-only",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_named_after_its_portal() {
        assert_eq!(name_of("acme.bitrix24.com"), "acme");
        assert_eq!(name_of("127.0.0.1:8724"), "local");
        assert_eq!(name_of("localhost:8724"), "local");
        assert_eq!(name_of("[::1]:8724"), "local");
    }
}
