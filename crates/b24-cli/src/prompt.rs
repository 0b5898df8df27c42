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
    let mut echo = Echo::keep();
    let line = tokio::task::spawn_blocking(move || {
        let terminal = console::Term::stderr();
        terminal.write_str(question)?;
        terminal.read_secure_line()
    })
    .await?;
    echo.answered = true;
    line.context("the terminal cannot be read")
}

/// Puts the terminal back also when the question is broken off.
#[derive(Debug)]
struct Echo {
    answered: bool,
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Echo {
    fn keep() -> Self {
        #[cfg(unix)]
        let before = rustix::termios::tcgetattr(std::io::stdin()).ok();
        #[cfg(unix)]
        if let Some(before) = &before {
            use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
            // Nor is shown what is typed before the question stands there.
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &silent);
        }
        Self {
            answered: false,
            #[cfg(unix)]
            before,
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if !self.answered {
            // What is said next begins on a line of its own.
            let _ = console::Term::stderr().write_line("");
        }
        #[cfg(unix)]
        if let Some(before) = &self.before {
            use rustix::termios::{OptionalActions, tcsetattr};
            // A terminal that has gone needs nothing put back.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
