//! Colour, quietness and progress: decided once, from flags, environment and terminal.

use std::env;
use std::io::{self, IsTerminal};

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `--progress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ProgressChoice {
    /// A bar on a terminal, one plain line every 30 s otherwise.
    Auto,
    /// A bar.
    Bar,
    /// One plain line every 30 s.
    Plain,
    /// One JSON object a second.
    Json,
    /// Nothing.
    None,
}

/// How a printer prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// One JSON object a line on stderr, reports as JSON on stdout.
    pub(crate) json: bool,
    /// No progress, notes, summary.
    pub(crate) quiet: bool,
    /// `-v`, `-vv`.
    pub(crate) verbosity: u8,
    /// Colour on stderr.
    pub(crate) color: bool,
    /// Never `Auto`.
    pub(crate) progress: ProgressChoice,
}

impl Style {
    /// Settles what was left open.
    pub(crate) fn resolve(
        json: bool,
        quiet: bool,
        verbosity: u8,
        color: ColorChoice,
        progress: ProgressChoice,
    ) -> Self {
        let terminal = io::stderr().is_terminal();
        let progress = match progress {
            ProgressChoice::None => ProgressChoice::None,
            _ if quiet => ProgressChoice::None,
            _ if json => ProgressChoice::Json,
            ProgressChoice::Auto if terminal => ProgressChoice::Bar,
            ProgressChoice::Auto => ProgressChoice::Plain,
            chosen => chosen,
        };
        Self {
            json,
            quiet,
            verbosity,
            color: !json && wants_color(color, terminal),
            progress,
        }
    }

    /// `error:`, coloured when it may be.
    pub(crate) fn label(self, name: &str) -> String {
        let paint = match name {
            "error" => "\x1b[1;31m",
            "warning" => "\x1b[1;33m",
            "hint" => "\x1b[1;36m",
            _ => "\x1b[1m",
        };
        if self.color {
            format!("{paint}{name}:\x1b[0m")
        } else {
            format!("{name}:")
        }
    }
}

fn wants_color(choice: ColorChoice, terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
            let forced = set("CLICOLOR_FORCE") && env::var_os("CLICOLOR_FORCE") != Some("0".into());
            let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
            !set("NO_COLOR") && (forced || terminal && !dumb)
        }
    }
}
