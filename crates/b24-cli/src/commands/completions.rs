//! `b24 completions SHELL`

use std::io::Write;

use anyhow::Result;
use clap_complete::Shell;

use crate::args;
use crate::exit::Exit;
use crate::session::Session;

/// Print the completions of a shell.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 completions bash > ~/.local/share/bash-completion/completions/b24
  b24 completions zsh > ~/.zfunc/_b24
  b24 completions fish > ~/.config/fish/completions/b24.fish
")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// Runs the command.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::grammar(), "b24", &mut script);
    let mut out = session.printer.stdout();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Done)
}
