//! Asking a person at the terminal.

use std::io::{BufRead, Write};

use anyhow::{Context, Result};

/// Asks a question that is answered with yes or no; anything but yes is no.
pub(crate) fn confirmed(question: &str) -> Result<bool> {
    let answer = line(&format!("{question} [y/N] "))?.to_lowercase();
    Ok(answer == "y" || answer == "yes")
}

/// Reads a line; empty where there is none.
pub(crate) fn line(question: &str) -> Result<String> {
    let mut stderr = std::io::stderr();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Reads a line that is not shown.
pub(crate) async fn hidden(question: &'static str) -> Result<String> {
    let mut echo = Echo::off().context("the terminal shows what is typed")?;
    let line = tokio::task::spawn_blocking(move || silent_line(question)).await?;
    echo.answered = true;
    line.context("the terminal cannot be read")
}

/// The echo is off already: what is typed ahead counts, and is not shown either.
#[cfg(unix)]
fn silent_line(question: &str) -> std::io::Result<String> {
    let terminal = console::Term::stderr();
    terminal.write_str(question)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    terminal.write_line("")?;
    Ok(line)
}

#[cfg(not(unix))]
fn silent_line(question: &str) -> std::io::Result<String> {
    let terminal = console::Term::stderr();
    terminal.write_str(question)?;
    terminal.read_secure_line()
}

/// Turns the echo off, and puts the terminal back also when the question is broken off.
#[derive(Debug)]
struct Echo {
    answered: bool,
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl Echo {
    #[cfg(unix)]
    fn off() -> std::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self {
            answered: false,
            before,
        })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    fn off() -> std::io::Result<Self> {
        Ok(Self { answered: false })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if !self.answered {
            // What is said next begins on a line of its own.
            let _ = console::Term::stderr().write_line("");
        }
        #[cfg(unix)]
        {
            use rustix::termios::{OptionalActions, tcsetattr};
            // A terminal that has gone needs nothing put back.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
        }
    }
}
