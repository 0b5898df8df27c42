//! `--log-file`: the spans and events of the SDK, which hold no secrets.

use std::fs::OpenOptions;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::args::{Global, LogFormat};
use crate::failure::Failure;

type Sink = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log, and under `-vv` the same on stderr.
pub(crate) fn start(global: &Global) -> Result<(), Failure> {
    let mut sinks: Vec<Sink> = Vec::new();
    if let Some(path) = &global.log_file {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file
            .map_err(|error| Failure::local(format!("--log-file {}: {error}", path.display())))?;
        let layer = fmt::layer().with_writer(Mutex::new(file)).with_ansi(false);
        sinks.push(match global.log_format {
            LogFormat::Text => layer.boxed(),
            LogFormat::Json => layer.json().boxed(),
        });
    }
    // Under --json every line on stderr is an event of ours; the file has the rest.
    if global.verbose >= 2 && !global.json {
        let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
        sinks.push(layer.without_time().boxed());
    }
    if sinks.is_empty() {
        return Ok(());
    }
    let ours = Targets::new()
        .with_target("b24", LevelFilter::TRACE)
        .with_target("b24_portal", LevelFilter::DEBUG);
    tracing_subscriber::registry()
        .with(sinks.with_filter(ours))
        .try_init()
        .map_err(|error| Failure::local(format!("the log cannot start: {error}")))
}
