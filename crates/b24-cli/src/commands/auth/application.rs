//! `b24 auth login --app`: an application, by OAuth.

use std::path::{Path, PathBuf};

use anyhow::Result;
use b24::{App, Grant, MemoryStore, OAuth};
use serde_json::json;
use url::Url;

use super::callback::{self, Comeback};
use super::{check_name, login, name_of};
use crate::connection::{self, Files, Identity, Profile, Secret, Store, host};
use crate::exit::Exit;
use crate::failure::{Failure, from_tokens};
use crate::prompt;
use crate::session::Session;

/// Where browsers come back to, if nobody says otherwise.
const CALLBACK: &str = "http://127.0.0.1:8725/";

/// What the card of an application says.
#[derive(Debug, clap::Args)]
pub(super) struct CardArgs {
    /// With --app: the id on the application's card, such as local.5f….
    #[arg(long, value_name = "ID", requires = "app")]
    client_id: Option<String>,
    /// With --app: read the client secret from a file, or from stdin with `-`; else it is taken from
    /// `B24_CLIENT_SECRET`, or asked for.
    #[arg(long, value_name = "PATH", requires = "app")]
    client_secret_file: Option<PathBuf>,
    /// With --app: the portal, such as acme.bitrix24.com.
    #[arg(long, value_name = "HOST", requires = "app")]
    portal: Option<String>,
    /// With --app: the address on the application's card, if it is not the usual one.
    #[arg(long, value_name = "URL", requires = "app")]
    callback: Option<String>,
}

/// What is known of an application before its portal has authorised it.
struct Card {
    client_id: String,
    secret: Secret,
    portal: String,
    callback: Option<String>,
}

pub(super) async fn login(
    name: Option<String>,
    args: CardArgs,
    files: &Files,
    session: &Session,
) -> Result<Exit> {
    if let Some(name) = &name {
        check_name(name)?;
    }
    let card = Card::of(name.as_deref(), args, files, session).await?;
    let address = card.address()?;
    let state = OAuth::new_state();
    let url = card.authorize_url(&state)?;
    let settings = connection::settings_of(&session.global, &session.printer)?;
    if session.global.dry_run {
        return planned(&card, name, session);
    }
    let mut oauth = connection::open(
        &card.client_id,
        &card.secret,
        name.as_deref(),
        files,
        settings,
    )
    .await?;
    if Url::parse(&url).is_ok_and(|url| callback::is_here(&url)) {
        // The user has named a portal of this machine, whose server is here too.
        oauth = oauth.trust_server("localhost");
    }
    let comeback = Comeback::prepare(&address, session).await?;
    callback::send_there(&url, session);
    let grant = comeback
        .grant(&oauth, &state, &card.portal, name.as_deref(), session)
        .await?;
    let portal = host(&grant.client_endpoint);
    let name = name.unwrap_or_else(|| name_of(&portal));
    keep(&name, &portal, &card, &grant, None, files)?;
    let failed = |error: b24::Error| {
        from_tokens(&error, &portal, Some(&name)).state(format!("profile {name} is kept"))
    };
    let client = oauth.client(&grant.member_id).await.map_err(failed)?;
    let identity = Identity::ask(&client).await.map_err(failed)?;
    keep(
        &name,
        &portal,
        &card,
        &grant,
        identity.licence.clone(),
        files,
    )?;
    login::kept(&name, &portal, &identity, files, session)
}

fn planned(card: &Card, name: Option<String>, session: &Session) -> Result<Exit> {
    let name = name.unwrap_or_else(|| name_of(&card.portal));
    let report = json!({
        "event": "plan",
        "profile": name,
        "portal": card.portal,
        "application": card.client_id,
    });
    let text = format!(
        "{} would be asked to authorise application {}, and profile {name} kept; nothing was changed\n",
        card.portal, card.client_id
    );
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

fn keep(
    name: &str,
    portal: &str,
    card: &Card,
    grant: &Grant,
    licence: Option<String>,
    files: &Files,
) -> Result<()> {
    let turn = files.turn()?;
    Store::beside(files).keep_client_secret(&turn, name, &card.secret)?;
    let known = Profile {
        portal: Some(portal.to_owned()),
        licence,
        client_id: Some(card.client_id.clone()),
        member_id: Some(grant.member_id.clone()),
        callback: card.callback.clone(),
        ..Profile::default()
    };
    files.add_profile(&turn, name, &known)
}

impl Card {
    /// Flags and variables before what the profile has, and that before a question.
    async fn of(
        name: Option<&str>,
        args: CardArgs,
        files: &Files,
        session: &Session,
    ) -> Result<Self> {
        let known = name.map(|name| files.read().map(|mut config| config.profile.remove(name)));
        let known = known.transpose()?.flatten().unwrap_or_default();
        let known = if known.client_id.is_some() {
            known
        } else {
            Profile::default()
        };
        let secret = given_secret(args.client_secret_file.as_deref())?;
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (portal, client_id) = (said(args.portal), said(args.client_id));
        let portal = match portal.or(known.portal) {
            Some(portal) => portal,
            None => {
                ask(
                    "the portal, such as acme.bitrix24.com: ",
                    "--portal",
                    session,
                )
                .await?
            }
        };
        let same = client_id.is_none() || client_id == known.client_id;
        let client_id = match client_id.or(known.client_id) {
            Some(id) => id,
            None => {
                ask(
                    "the application's id (client_id on its card): ",
                    "--client-id",
                    session,
                )
                .await?
            }
        };
        let kept = match name.filter(|_| same) {
            Some(name) => Store::beside(files).client_secret(name)?,
            None => None,
        };
        let secret = match secret {
            Some(secret) => secret,
            None => ask_secret(kept, session).await?,
        };
        Ok(Self {
            client_id: client_id.trim().to_owned(),
            secret,
            portal: portal.trim().to_owned(),
            callback: args.callback.or(known.callback),
        })
    }
}

impl Card {
    /// Where browsers come back to.
    fn address(&self) -> Result<Url, Failure> {
        let text = self.callback.as_deref().unwrap_or(CALLBACK);
        let wrong = |why: String| {
            Failure::usage(format!("--callback {text}: {why}")).state("nothing was sent")
        };
        let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if matches!(url.scheme(), "http" | "https") {
            return Ok(url);
        }
        Err(wrong("browsers come back by http or https".to_owned()))
    }

    /// Where a browser is sent. It needs no store, so that a card that cannot be right is refused before one is made.
    fn authorize_url(&self, state: &str) -> Result<String, Failure> {
        let app = App::new(self.client_id.as_str(), self.secret.expose());
        let url = OAuth::new(app, MemoryStore::default()).authorize_url(&self.portal, state);
        url.map_err(|error| {
            Failure::usage(format!("--portal {}: {error}", self.portal)).state("nothing was sent")
        })
    }
}

fn given_secret(file: Option<&Path>) -> Result<Option<Secret>> {
    if let Some(path) = file {
        return connection::read_secret(path, "client secret").map(Some);
    }
    let text = std::env::var("B24_CLIENT_SECRET").ok();
    let text = text.filter(|text| !text.trim().is_empty());
    Ok(text.map(|text| Secret::new(&text)))
}

async fn ask(question: &'static str, flag: &str, session: &Session) -> Result<String> {
    if !session.can_ask() {
        return Err(missing(flag).into());
    }
    let answer = tokio::task::spawn_blocking(move || prompt::line(question)).await??;
    if answer.is_empty() {
        return Err(missing(flag).into());
    }
    Ok(answer)
}

async fn ask_secret(kept: Option<Secret>, session: &Session) -> Result<Secret> {
    match kept {
        Some(kept) if !session.can_ask() => Ok(kept),
        Some(kept) => {
            let question = "the client secret, as the card shows it (it stays hidden; Enter: the one that is kept): ";
            let line = Secret::new(&prompt::hidden(question).await?);
            Ok(if line.expose().is_empty() { kept } else { line })
        }
        None if !session.can_ask() => Err(missing("--client-secret-file").into()),
        None => {
            let question = "the client secret, as the card shows it (it stays hidden): ";
            let line = Secret::new(&prompt::hidden(question).await?);
            if line.expose().is_empty() {
                return Err(missing("--client-secret-file").into());
            }
            Ok(line)
        }
    }
}

fn missing(flag: &str) -> Failure {
    let variable = match flag {
        "--client-secret-file" => "B24_CLIENT_SECRET",
        "--client-id" => "B24_CLIENT_ID",
        _ => "B24_PORTAL",
    };
    Failure::usage(format!(
        "auth login --app needs {flag}, and nobody can be asked here"
    ))
    .state("nothing was kept")
    .hint(format!("{flag} or {variable}; b24 auth login --help"))
}
