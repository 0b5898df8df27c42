//! The grammar of the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, CommandFactory, Parser, Subcommand};

use crate::commands;
use crate::printer::{ColorChoice, ProgressChoice};

/// Bitrix24 from the command line: export, call, batch, and a portal of your own.
#[derive(Debug, Parser)]
#[command(
    name = "b24",
    version,
    arg_required_else_help = true,
    before_long_help = "\
Examples:
  b24 --demo export deals -o deals.csv       a portal of your own, 5,000 deals
  b24 auth login                             keep a webhook; with --app, an application
  b24 call crm.item.get entityTypeId=2 id=5  any method
  b24 explain QUERY_LIMIT_EXCEEDED           what a code means
",
    after_help = "Every long flag is also an environment variable: --no-input is B24_NO_INPUT=1."
)]
pub(crate) struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Call one REST method.
    Call(commands::call::Args),
    /// Read all rows of an entity or a list method.
    Export(commands::export::Args),
    /// Write the rows of a file, each once.
    Import(commands::import::Args),
    /// Run many commands from a file.
    Batch(commands::batch::Args),
    /// Give many rows new values, with an undo file.
    Update(commands::update::Args),
    /// Delete many rows, with an undo file.
    Delete(commands::delete::Args),
    /// Put back what update or delete has changed.
    Undo(commands::undo::Args),
    /// Fetch a file of the portal.
    Download(commands::download::Args),
    /// Say what a method, an event or an entity consists of.
    Describe(commands::describe::Args),
    /// Show what is used of the portal's limits, and when it comes back.
    Limits(commands::limits::Args),
    /// Check a connection step by step.
    Doctor(commands::doctor::Args),
    /// Ask the portal for its time.
    Ping(commands::ping::Args),
    /// Keep webhooks and applications, and choose between them.
    Auth(commands::auth::Args),
    /// Start a portal of your own, or talk to a running one.
    Portal(commands::portal::Args),
    /// Let any client call through one address of this machine.
    Proxy(commands::proxy::Args),
    /// Say what an error code means.
    Explain(commands::explain::Args),
    /// Print the completions of a shell.
    Completions(commands::completions::Args),
}

impl Command {
    /// The word it is called by.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Export(_) => "export",
            Self::Import(_) => "import",
            Self::Batch(_) => "batch",
            Self::Update(_) => "update",
            Self::Delete(_) => "delete",
            Self::Undo(_) => "undo",
            Self::Download(_) => "download",
            Self::Describe(_) => "describe",
            Self::Limits(_) => "limits",
            Self::Doctor(_) => "doctor",
            Self::Ping(_) => "ping",
            Self::Auth(_) => "auth",
            Self::Portal(_) => "portal",
            Self::Proxy(_) => "proxy",
            Self::Explain(_) => "explain",
            Self::Completions(_) => "completions",
        }
    }
}

/// The flags that every command takes, in any place.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what they are")]
#[command(next_help_heading = "Global flags")]
pub(crate) struct Global {
    /// Use this profile.
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Read the webhook from a file, or from stdin with `-`.
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    pub(crate) webhook_file: Option<PathBuf>,
    /// The webhook itself; other users of this machine can see it in the list of processes.
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) webhook: Option<String>,
    /// Use a portal of our own with a demo set, gone when the command ends.
    #[arg(long, global = true)]
    pub(crate) demo: bool,
    /// Trust the certificates in this PEM file too.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) portal_ca: Option<PathBuf>,
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) config: Option<PathBuf>,

    /// Limits of the portal: auto, standard, enterprise, off, or BURST/RATE.
    #[arg(long, global = true, value_name = "LIMITS", hide_short_help = true)]
    pub(crate) limits: Option<String>,
    /// How much of the limits to use; the rest is left to others.
    #[arg(long, global = true, value_name = "PERCENT", hide_short_help = true)]
    pub(crate) share: Option<String>,
    /// Share the limits with every process of this user that says so, too.
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) shared_budget: bool,
    /// Operating time that the portal grants a method in ten minutes; absent: 420s.
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub(crate) operating_limit: Option<Duration>,
    /// Time for one request, such as 75s.
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub(crate) timeout: Option<Duration>,
    /// Time for the whole command, such as 55m, or until when, such as 14:00: stops cleanly, keeps its place, exit code 5.
    #[arg(long, global = true, value_name = "TIME", value_parser = deadline, hide_short_help = true)]
    pub(crate) deadline: Option<Duration>,

    /// Refuse writes before anything is sent.
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) read_only: bool,
    /// Change nothing, print what would be done.
    #[arg(short = 'n', long, global = true)]
    pub(crate) dry_run: bool,
    /// Answer yes where a person would be asked.
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Never ask anything.
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) no_input: bool,

    /// Reports as JSON on stdout, one JSON object a line on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write the summary to a file, also when the command fails.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) report: Option<PathBuf>,
    /// How to show progress: auto, bar, plain, json or none.
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        hide_possible_values = true,
        default_value = "auto",
        hide_short_help = true
    )]
    pub(crate) progress: ProgressChoice,
    /// When to use colour: auto, always or never.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        hide_possible_values = true,
        default_value = "auto",
        hide_short_help = true
    )]
    pub(crate) color: ColorChoice,
    /// No progress, notes or summary.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// One line a request; twice: bodies, redacted.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Write a log.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) log_file: Option<PathBuf>,
    /// The form of the log: text or json.
    #[arg(
        long,
        global = true,
        value_name = "FORM",
        hide_possible_values = true,
        default_value = "text",
        hide_short_help = true
    )]
    pub(crate) log_format: LogFormat,
}

/// `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of text an event.
    Text,
    /// A JSON object an event.
    Json,
}

/// Flags whose variable is weaker than another flag: they are read where the portal is chosen.
const CHOOSE_PORTAL: &[&str] = &["profile", "webhook_file", "webhook", "demo"];

/// The grammar, with a variable for every long flag.
pub(crate) fn grammar() -> clap::Command {
    with_variables(Cli::command())
}

fn with_variables(command: clap::Command) -> clap::Command {
    // The card of an application stands in many an environment; a webhook is kept all the same.
    if command.get_name() == "login" && !is_for_application() {
        return command;
    }
    command.mut_args(variable).mut_subcommands(with_variables)
}

fn is_for_application() -> bool {
    std::env::args_os().any(|word| word == "--app") || is_on("B24_APP")
}

fn variable(arg: clap::Arg) -> clap::Arg {
    let Some(long) = arg.get_long() else {
        return arg;
    };
    let flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let name = format!("B24_{}", long.replace('-', "_").to_uppercase());
    let skip = matches!(long, "help" | "version")
        || CHOOSE_PORTAL.contains(&arg.get_id().as_str())
        || std::env::var_os(&name).is_none_or(|value| value.is_empty());
    let arg = if flag {
        arg.value_parser(FalseyValueParser::new())
    } else {
        arg
    };
    if skip {
        arg
    } else {
        arg.env(name).hide_env(true)
    }
}

/// Whether a variable switches its flag on.
pub(crate) fn is_on(variable: &str) -> bool {
    const OFF: &[&str] = &["", "0", "n", "no", "f", "false", "off"];
    std::env::var(variable).is_ok_and(|value| !OFF.contains(&value.trim().to_lowercase().as_str()))
}

/// `75s`, `55m`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time such as 75s, 55m or 1h30m");
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(wrong)
}

/// An address of the web, as it was written.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https"))
        .map(|_| text.to_owned())
        .ok_or_else(|| {
            format!(
                "`{text}` is not an address such as https://app.example/ or http://127.0.0.1:3000/"
            )
        })
}

/// A time such as 55m, or a time of day in the zone of this machine: the next one.
fn deadline(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is neither a time such as 55m nor a time of day such as 14:00");
    if !text.contains(':') {
        return duration(text).map_err(|_| wrong());
    }
    let until: jiff::civil::Time = text.parse().map_err(|_| wrong())?;
    after(until, &jiff::Zoned::now()).ok_or_else(wrong)
}

/// How long it is until a time of day.
fn after(until: jiff::civil::Time, now: &jiff::Zoned) -> Option<Duration> {
    let zone = now.time_zone();
    let today = now
        .date()
        .to_zoned(zone.clone())
        .ok()?
        .with()
        .time(until)
        .build()
        .ok()?;
    let next = if today > *now {
        today
    } else {
        let tomorrow = now.date().tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
        tomorrow.with().time(until).build().ok()?
    };
    Duration::try_from(now.duration_until(&next)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_a_duration_or_the_next_time_of_day() {
        let now: jiff::Zoned = "2026-11-20T13:30:00+03:00[+03:00]".parse().unwrap();
        let left = |text: &str| after(text.parse().unwrap(), &now).unwrap().as_secs();
        assert_eq!(left("14:00"), 1_800);
        assert_eq!(left("13:30:10"), 10);
        assert_eq!(left("13:30"), 86_400);
        assert_eq!(left("06:00"), 16 * 3_600 + 1_800);
        assert_eq!(deadline("55m"), Ok(Duration::from_secs(3_300)));
        for wrong in ["25:00", "14:61", "soon", "", ":", "0s"] {
            assert!(deadline(wrong).is_err(), "{wrong}");
        }
    }
}
