//! `b24 portal install`: an application on a running portal.

use std::io::Write as _;

use anyhow::{Context, Result};
use clap::ValueEnum;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::control::{Control, Target};
use crate::exit::Exit;
use crate::session::Session;

/// Install an application and print its id, secret and first tokens.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 portal install                                 a local application with all scopes
  eval \"$(b24 portal install --scope crm,user)\"      B24_CLIENT_ID, B24_ACCESS_TOKEN … in this shell
  b24 portal install http://127.0.0.1:3000/back --client-id local.x --client-secret y
  b24 portal install --install-url http://127.0.0.1:3000/events --user 2 --print json
")]
pub(super) struct InstallArgs {
    /// Where browsers come back to with a code.
    #[arg(default_value = "http://127.0.0.1:3000/", value_parser = crate::args::address)]
    url: String,
    /// Its id; by default a random one.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Its secret; by default a random one.
    #[arg(long, value_name = "WORD")]
    client_secret: Option<String>,
    /// Its scopes, with commas between; by default all.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    scope: Vec<String>,
    /// Post ONAPPINSTALL with the first tokens here.
    #[arg(long, value_name = "URL", value_parser = crate::args::address)]
    install_url: Option<String>,
    /// Post ONAPPUNINSTALL here.
    #[arg(long, value_name = "URL", value_parser = crate::args::address)]
    events_url: Option<String>,
    /// How it was obtained.
    #[arg(long, value_enum, default_value = "L")]
    status: Status,
    /// Only these users may use it, with commas between; by default all.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    users: Vec<i64>,
    /// Print tokens of this user.
    #[arg(long, value_name = "ID", default_value_t = 1)]
    user: i64,
    /// How to print.
    #[arg(long, value_enum, value_name = "FORM", default_value = "env")]
    print: Form,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// NAME=value lines for a shell.
    Env,
    /// One object.
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// Free.
    #[value(name = "F")]
    Free,
    /// Demo.
    #[value(name = "D")]
    Demo,
    /// Trial.
    #[value(name = "T")]
    Trial,
    /// Paid.
    #[value(name = "P")]
    Paid,
    /// Local.
    #[value(name = "L")]
    Local,
    /// By subscription.
    #[value(name = "S")]
    Subscription,
}

impl InstallArgs {
    /// As the control API takes it.
    fn app(&self) -> Value {
        let status = self.status.to_possible_value();
        let status = status.as_ref().map_or("L", |value| value.get_name());
        let mut app = Map::new();
        app.insert("url".to_owned(), json!(self.url));
        app.insert("status".to_owned(), json!(status));
        for (key, value) in [
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("install_url", &self.install_url),
            ("events_url", &self.events_url),
        ] {
            if let Some(value) = value {
                app.insert(key.to_owned(), json!(value));
            }
        }
        if !self.scope.is_empty() {
            app.insert("scopes".to_owned(), json!(self.scope));
        }
        if !self.users.is_empty() {
            app.insert("users".to_owned(), json!(self.users));
        }
        Value::Object(app)
    }
}

pub(super) async fn install(args: InstallArgs, session: &Session) -> Result<Exit> {
    let app = args.app();
    let portal = Control::of(args.target, session)?;
    if session.global.dry_run {
        let text = format_args!(
            "a dry run changes nothing; else: an application is installed for {}",
            args.url
        );
        session.printer.note(text);
        return Ok(Exit::Done);
    }
    let installed = portal.ask(Method::POST, "/apps", Some(&app)).await?;
    let mut installed: Value = serde_json::from_str(&installed).context("the new application")?;
    let client_id = installed["client_id"].as_str().unwrap_or_default();
    let path = format!("/apps/{client_id}/tokens");
    let user = json!({"user": args.user});
    let tokens = portal.ask(Method::POST, &path, Some(&user)).await?;
    installed["tokens"] = serde_json::from_str(&tokens).context("its tokens")?;
    let mut out = session.printer.stdout();
    if session.printer.is_json() || args.print == Form::Json {
        writeln!(out, "{installed}")?;
    } else {
        for (name, value) in variables(&installed) {
            writeln!(out, "{name}={value}")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// An application as variables of the environment; no value needs quotes in a shell.
pub(super) fn variables(installed: &Value) -> Vec<(&'static str, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let tokens = &installed["tokens"];
    vec![
        ("B24_CLIENT_ID", text(&installed["client_id"])),
        ("B24_CLIENT_SECRET", text(&installed["client_secret"])),
        ("B24_MEMBER_ID", text(&installed["member_id"])),
        (
            "B24_APPLICATION_TOKEN",
            text(&installed["application_token"]),
        ),
        ("B24_AUTHORIZE_URL", text(&installed["authorize_url"])),
        ("B24_TOKEN_URL", text(&installed["token_url"])),
        ("B24_ACCESS_TOKEN", text(&tokens["access_token"])),
        ("B24_REFRESH_TOKEN", text(&tokens["refresh_token"])),
        ("B24_EXPIRES", text(&tokens["expires"])),
        ("B24_SCOPE", text(&tokens["scope"])),
        ("B24_CLIENT_ENDPOINT", text(&tokens["client_endpoint"])),
        ("B24_SERVER_ENDPOINT", text(&tokens["server_endpoint"])),
    ]
}
