//! From flags, environment and files to a client of one portal.

mod application;
mod budget;
mod cache;
mod choice;
mod config;
mod credentials;
mod http;
mod identity;
mod plan;
mod private;
mod state;
mod tokens;

use std::env;
use std::fmt;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use b24::{Client, ClientBuilder, Limits, WebhookError, WebhookUrl};
use b24_portal::Portal;
use serde_json::Value;

use crate::args::{Global, is_on};
use crate::failure::{Failure, Kind};
use crate::printer::{Printer, disk_words, watch};
use crate::session::Mode;

pub(crate) use application::{Application, Standing, host, open};
pub(crate) use cache::cache;
pub(crate) use choice::{Choice, Said};
pub(crate) use config::{Config, Files, Profile, WithLabels, project};
pub(crate) use credentials::{Secret, Store};
pub(crate) use http::{cause, http};
pub(crate) use identity::{Identity, User, licence, scopes, user};
pub(crate) use private::{Access, check, write};
pub(crate) use state::{private_file, state_directory};
pub(crate) use tokens::{
    erase as erase_tokens, existing as existing_store, file as store_file, key_file,
};

/// A chosen portal: who it is, where the choice came from, and the client that talks to it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Talks to the portal.
    pub(crate) client: Client,
    /// `acme.bitrix24.com`, or `127.0.0.1:8724`.
    pub(crate) host: String,
    /// `B24_WEBHOOK`, `profile acme`, …
    pub(crate) origin: String,
    /// The profile, if one was chosen.
    pub(crate) profile: Option<String>,
    /// What may be done there.
    pub(crate) mode: Mode,
    /// The application that calls, if one does.
    pub(crate) application: Option<Standing>,
    /// The webhook by which it is called, if it is one.
    pub(crate) webhook: Option<Secret>,
    /// The portal in journals and records: it stays when an application's portal gets another address.
    pub(crate) place: String,
    /// How it is asked, so that its limits hold; its plan may settle more.
    told: Manners,
    plan: plan::Plan,
    /// The portal of `--demo`, which lives as long as the connection.
    _demo: Option<Portal>,
}

/// `acme.bitrix24.com (B24_WEBHOOK)`: as summaries and prompts name it.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.host, self.origin)
    }
}

impl Connection {
    /// `https://acme.bitrix24.com`: where its addresses begin.
    pub(crate) fn base(&self) -> String {
        let webhook = self.client.redacted_webhook();
        let end = webhook.find("/rest/").unwrap_or(webhook.len());
        webhook[..end].to_owned()
    }

    /// `webhook` or `application`: by what it is connected.
    pub(crate) fn means(&self) -> &'static str {
        if self.application.is_some() {
            "application"
        } else {
            "webhook"
        }
    }

    /// Who calls where, without secrets: parts and journals of somebody else are told apart by it. It stays when tokens
    /// are refreshed and when an application's portal gets another address.
    pub(crate) fn caller(&self) -> String {
        match &self.application {
            None => self.client.redacted_webhook(),
            Some(standing) => {
                let user = standing.user_id.map(|id| id.to_string());
                let user = user.as_deref().unwrap_or("-");
                format!("{} at {}, user {user}", standing.client_id, self.place)
            }
        }
    }

    /// How the portal is asked, so that its limits hold.
    pub(crate) fn manners(&self) -> Manners {
        Manners {
            limits: self.plan.limits().unwrap_or(self.told.limits),
            ..self.told
        }
    }

    /// Whether `app.info` should be asked for the plan, where that costs no request of its own.
    pub(crate) fn wants_plan(&self) -> bool {
        self.plan.is_wanted()
    }

    /// Takes in the answer to `app.info`: the plan decides the limits, if nobody else has.
    pub(crate) fn learn_plan(&self, info: &Value) {
        if let Some(licence) = licence(info) {
            self.plan.learn(licence);
        }
    }
}

/// What is taken of a portal's limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Manners {
    /// The limits of its plan.
    pub(crate) limits: Limits,
    /// The part of them that is used, 1 for all.
    pub(crate) share: f64,
    /// Operating time of a method in ten minutes, where the user knows it.
    pub(crate) operating: Option<Duration>,
}

/// A way to a portal, before a client is made of it.
#[derive(Debug)]
struct Way {
    credential: Credential,
    origin: String,
    name: Option<String>,
    profile: Profile,
    demo: Option<Portal>,
}

#[derive(Debug)]
enum Credential {
    Webhook(Secret),
    Application(Box<Application>),
}

impl Way {
    fn new(credential: Credential, origin: impl Into<String>) -> Self {
        Self {
            credential,
            origin: origin.into(),
            name: None,
            profile: Profile::default(),
            demo: None,
        }
    }
}

/// Chooses the portal of this run and makes its client. Sends nothing.
pub(crate) async fn connect(
    global: &Global,
    printer: &Printer,
    deadline: Option<Instant>,
) -> Result<Connection> {
    let files = Files::locate(global.config.as_deref())?;
    let way = way(said(global, &files)?.choose()?, &files, printer).await?;
    connection(way, &files, global, printer, deadline).await
}

/// Makes the connection of a webhook that is not kept yet.
pub(crate) async fn connect_to(
    webhook: Secret,
    origin: &str,
    files: &Files,
    global: &Global,
    printer: &Printer,
) -> Result<Connection> {
    let way = Way::new(Credential::Webhook(webhook), origin);
    connection(way, files, global, printer, None).await
}

/// Everything that was said about the portal.
pub(crate) fn said(global: &Global, files: &Files) -> Result<Said> {
    let flag_given = global.demo
        || global.profile.is_some()
        || global.webhook.is_some()
        || global.webhook_file.is_some();
    let env_webhook = filled("B24_WEBHOOK").map(|text| Secret::new(&text));
    let mut said = Said {
        demo: global.demo,
        profile: global.profile.clone(),
        webhook: global.webhook.as_deref().map(Secret::new),
        webhook_file: global.webhook_file.clone(),
        env_demo: is_on("B24_DEMO"),
        env_webhook,
        env_webhook_file: filled("B24_WEBHOOK_FILE").map(Into::into),
        env_application: None,
        env_profile: filled("B24_PROFILE"),
        ..Said::default()
    };
    // A broken file must not stand in the way of one who has said which portal.
    let settled = flag_given
        || said.env_demo
        || said.env_webhook.is_some()
        || said.env_webhook_file.is_some();
    if !settled {
        said.env_application = Application::of_variables(filled).transpose()?;
    }
    let settled = settled || said.env_application.is_some() || said.env_profile.is_some();
    if !settled {
        said.project = project()?.and_then(|(_, project)| project.profile);
        said.default = files.read()?.default_profile;
    }
    Ok(said)
}

/// A variable that is not empty.
fn filled(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

async fn way(choice: Choice, files: &Files, printer: &Printer) -> Result<Way> {
    match choice {
        Choice::Demo => {
            let portal = Portal::builder().demo().start().await?;
            let webhook = Secret::new(portal.webhook());
            Ok(Way {
                demo: Some(portal),
                ..Way::new(Credential::Webhook(webhook), "--demo")
            })
        }
        Choice::Webhook(webhook, origin) => {
            if origin == choice::Origin::Flag("--webhook") && io::stderr().is_terminal() {
                printer.warning(
                    "--webhook shows the secret to other users of this machine; \
                     B24_WEBHOOK and --webhook-file do not",
                );
            }
            Ok(Way::new(Credential::Webhook(webhook), origin.to_string()))
        }
        Choice::File(path, origin) => {
            let webhook = read_secret(&path, "webhook")?;
            Ok(Way::new(Credential::Webhook(webhook), origin.to_string()))
        }
        Choice::Application(application, origin) => {
            let credential = Credential::Application(application);
            Ok(Way::new(credential, origin.to_string()))
        }
        Choice::Profile(name, origin) => {
            let profile = files.read()?.profile.remove(&name).unwrap_or_default();
            let store = Store::beside(files);
            let secret = store.client_secret(&name)?.or_else(|| {
                let given = filled("B24_CLIENT_SECRET");
                given.map(|secret| Secret::new(&secret))
            });
            let credential = match Application::of_profile(&name, &profile, secret)? {
                Some(application) => Credential::Application(Box::new(application)),
                None => match store.webhook(&name).await? {
                    Some(webhook) => Credential::Webhook(webhook),
                    None => return Err(no_such_profile(&name, files).into()),
                },
            };
            let origin = match origin {
                choice::Origin::Flag(_) | choice::Origin::Default => format!("profile {name}"),
                elsewhere => format!("profile {name}, {elsewhere}"),
            };
            Ok(Way {
                name: Some(name),
                profile,
                ..Way::new(credential, origin)
            })
        }
    }
}

/// The first line of a file, or of stdin for `-`, which holds a `what`.
pub(crate) fn read_secret(path: &Path, what: &str) -> Result<Secret> {
    let mut text = String::new();
    let name = if path == Path::new("-") {
        io::stdin().read_to_string(&mut text)?;
        "stdin".to_owned()
    } else {
        let failed = |error: io::Error| {
            let name = path.display();
            let failure = match error.kind() {
                io::ErrorKind::NotFound => Failure::usage(format!("there is no file {name}")),
                _ => Failure::local(format!("{name}: {}", disk_words(&error))),
            };
            failure.state("nothing was sent")
        };
        text = fs::read_to_string(path).map_err(failed)?;
        path.display().to_string()
    };
    match text.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => Ok(Secret::new(line)),
        None => Err(Failure::usage(format!("{name} holds no {what}"))
            .state("nothing was sent")
            .into()),
    }
}

fn no_such_profile(name: &str, files: &Files) -> Failure {
    let known = Store::beside(files).names().unwrap_or_default();
    let failure = Failure::new(Kind::Auth, format!("no webhook is kept for profile {name}"))
        .state("nothing was sent");
    match crate::failure::closest(name, known.iter().map(String::as_str)) {
        Some(similar) => failure.hint(format!("did you mean {similar}? b24 auth list")),
        None => failure.hint(format!("b24 auth login {name}")),
    }
}

/// Says where the malformed one came from, and nothing of what is in it.
fn no_webhook(error: WebhookError, origin: &str) -> Failure {
    let why = match error {
        WebhookError::PlainHttp => {
            "plain http would send the secret in the clear; it is for this machine only".to_owned()
        }
        other => other.to_string(),
    };
    Failure::usage(format!("{origin}: {why}")).state("nothing was sent")
}

async fn connection(
    way: Way,
    files: &Files,
    global: &Global,
    printer: &Printer,
    deadline: Option<Instant>,
) -> Result<Connection> {
    let manners = manners(global, &way.profile)?;
    let mut settings = settings(manners, global, printer, deadline)?;
    if global.shared_budget || way.profile.shared_budget || is_on("B24_SHARED_BUDGET") {
        settings = settings.shared_budget(budget::Budget::default());
    }
    let (application, webhook, client, place) = match way.credential {
        Credential::Webhook(webhook) => {
            WebhookUrl::parse(webhook.expose()).map_err(|error| no_webhook(error, &way.origin))?;
            let client = settings.webhook(webhook.expose()).build()?;
            let place = client.portal().to_owned();
            (None, Some(webhook), client, place)
        }
        Credential::Application(application) => {
            let oauth = application
                .open(way.name.as_deref(), files, settings)
                .await?;
            let (standing, client, place) =
                Standing::of(*application, oauth, way.name.as_deref()).await?;
            (Some(standing), None, client, place)
        }
    };
    let open = manners.limits == Limits::Auto && way.profile.licence.is_none();
    Ok(Connection {
        host: client.portal().to_owned(),
        plan: plan::Plan::new(client.clone(), client.portal(), open),
        client,
        origin: way.origin,
        profile: way.name,
        application,
        webhook,
        place,
        told: manners,
        mode: if global.read_only {
            Mode::ReadOnly
        } else {
            way.profile.mode
        },
        _demo: way.demo,
    })
}

/// Settings of the requests of a connection that is not kept yet, for tokens too.
pub(crate) fn settings_of(global: &Global, printer: &Printer) -> Result<ClientBuilder> {
    settings(manners(global, &Profile::default())?, global, printer, None)
}

fn settings(
    manners: Manners,
    global: &Global,
    printer: &Printer,
    deadline: Option<Instant>,
) -> Result<ClientBuilder> {
    let mut builder = Client::builder()
        .user_agent(concat!("b24-cli/", env!("CARGO_PKG_VERSION")))
        .limits(manners.limits)
        .share(manners.share)
        .observer(watch(printer.clone()));
    if let Some(operating) = manners.operating {
        builder = builder.operating_limit(operating.as_secs_f64());
    }
    if let Some(timeout) = global.timeout {
        builder = builder.timeout(timeout);
    }
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        builder = builder.deadline(left.max(Duration::from_millis(1)));
    }
    if let Some(path) = &global.portal_ca {
        let pem = fs::read(path)
            .map_err(|error| Failure::local(format!("{}: {error}", path.display())))?;
        builder = builder.ca_certificates(pem);
    }
    Ok(builder)
}

fn manners(global: &Global, profile: &Profile) -> Result<Manners, Failure> {
    let share = global.share.as_deref().or(profile.share.as_deref());
    let told = profile.operating_limit.as_deref();
    let told = told.map(crate::args::duration).transpose();
    let told = told.map_err(|why| Failure::usage(format!("operating_limit: {why}")))?;
    let chosen = global.limits.as_deref().or(profile.limits.as_deref());
    let limits = match (limits(chosen)?, profile.licence.as_deref()) {
        (Limits::Auto, Some(licence)) => Limits::of_licence(licence),
        (limits, _) => limits,
    };
    Ok(Manners {
        limits,
        share: share.map(parse_share).transpose()?.unwrap_or(1.0),
        operating: global.operating_limit.or(told),
    })
}

/// The limits of a portal as a person writes them.
pub(crate) fn limits(told: Option<&str>) -> Result<Limits, Failure> {
    let limits = told.unwrap_or("auto").parse();
    limits.map_err(|error: b24::LimitsError| Failure::usage(format!("--limits: {error}")))
}

/// `50%`, `50` or `0.5`.
fn parse_share(text: &str) -> Result<f64, Failure> {
    let number: Option<f64> = text.trim().trim_end_matches('%').trim().parse().ok();
    let share = match number {
        Some(number) if text.contains('%') || number > 1.0 => number / 100.0,
        Some(number) => number,
        None => 0.0,
    };
    if share > 0.0 && share <= 1.0 {
        Ok(share)
    } else {
        Err(Failure::usage(format!(
            "--share: `{text}` is not a share such as 50%"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_part_of_one() {
        assert!((parse_share("50%").expect("50%") - 0.5).abs() < 1e-9);
        assert!((parse_share("0.3").expect("0.3") - 0.3).abs() < 1e-9);
        assert!((parse_share("30").expect("30") - 0.3).abs() < 1e-9);
        for wrong in ["0", "101%", "-5%", "half", ""] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
