//! The browser comes back from the portal: to an address on this machine, or by the hands of the person who pastes
//! where it landed. One code is taken, and only with the state that was sent.

use std::io::{self, BufRead, IsTerminal};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;
use b24::{Grant, OAuth};
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;
use url::{Host, Url, form_urlencoded};

use super::landing::{Landing, Page, Visit};
use crate::failure::{Failure, Kind, from_tokens, portal_words};
use crate::session::Session;

/// Nobody looks for his password longer than this.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where an answer may come from.
pub(super) struct Comeback {
    landing: Option<Landing>,
    /// Lines of stdin.
    pasted: Option<mpsc::Receiver<String>>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
enum Brought {
    /// An answer to our question, as a query.
    Ours(String),
    /// Something else: of another attempt, or of somebody who wants us to take his code.
    Foreign,
}

impl Comeback {
    /// Listens where the application's card sends browsers, if that is on this machine.
    pub(super) async fn prepare(address: &Url, session: &Session) -> Result<Self, Failure> {
        let landing = if can_land(address) {
            Some(Landing::at(address).await?)
        } else {
            None
        };
        let terminal = io::stdin().is_terminal();
        let pastes = session.can_ask() || (landing.is_none() && !terminal);
        if landing.is_none() && !pastes {
            return Err(Failure::usage(format!(
                "{address} is not on this machine, and nobody can be asked here for the address that the browser lands on"
            ))
            .state("nothing was kept")
            .hint("give that address on stdin, or run it on a terminal without --no-input"));
        }
        Ok(Self {
            landing,
            pasted: pastes.then(lines),
        })
    }

    /// Waits for the code, and takes it.
    pub(super) async fn grant(
        mut self,
        oauth: &OAuth,
        state: &str,
        portal: &str,
        profile: Option<&str>,
        session: &Session,
    ) -> Result<Grant> {
        if self.pasted.is_some() && session.can_ask() {
            let either = if self.landing.is_some() {
                "or, if it cannot come back here, "
            } else {
                ""
            };
            session.printer.instruction(format_args!(
                "{either}paste the address that the browser lands on, then Enter"
            ));
        }
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (brought, page) = tokio::select! {
                visit = next_visit(self.landing.as_mut()) => {
                    let Visit { query, page } = visit;
                    (of_visit(&query, state), Some(page))
                }
                line = next_line(self.pasted.as_mut()) => match line {
                    Some(line) => (of_paste(&line, state, portal), None),
                    None if self.landing.is_some() => {
                        self.pasted = None;
                        continue;
                    }
                    None => return Err(nothing_came().into()),
                },
                () = tokio::time::sleep_until(end) => return Err(nobody_came(portal).into()),
            };
            let Brought::Ours(query) = brought else {
                session.printer.warning(
                    "an answer came with another state than the one that was sent: it was refused, and nothing was done",
                );
                if let Some(page) = page {
                    let _ = page.send(Page::Foreign);
                }
                continue;
            };
            let granted = match said_no(&query, portal, profile) {
                Some(failure) => Err(failure),
                None => oauth
                    .exchange(&query, state)
                    .await
                    .map_err(|error| not_granted(&error, portal, profile)),
            };
            if let Some(page) = page {
                let told = if granted.is_ok() {
                    Page::Done
                } else {
                    Page::Failed
                };
                // A browser that has gone needs no page.
                let _ = page.send(told);
            }
            if let Some(landing) = self.landing {
                landing.close().await;
            }
            return Ok(granted?);
        }
    }
}

async fn next_visit(landing: Option<&mut Landing>) -> Visit {
    if let Some(landing) = landing
        && let Some(visit) = landing.visits.recv().await
    {
        return visit;
    }
    std::future::pending().await
}

async fn next_line(pasted: Option<&mut mpsc::Receiver<String>>) -> Option<String> {
    match pasted {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

/// The lines of stdin. The thread ends with the process: a terminal cannot be asked to give up.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Whether a browser that is sent there can be listened for.
fn can_land(address: &Url) -> bool {
    address.scheme() == "http" && is_here(address)
}

/// Whether an address leads to this machine.
pub(super) fn is_here(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn of_visit(query: &str, state: &str) -> Brought {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let brought = pairs.find(|(key, _)| key == "state");
    let brought = brought.map(|(_, state)| state.into_owned());
    let same = brought.is_some_and(|brought| brought.as_bytes().ct_eq(state.as_bytes()).into());
    if same {
        Brought::Ours(query.to_owned())
    } else {
        Brought::Foreign
    }
}

/// An address or its query is held to its state. A bare code has none: whoever pastes it vouches for it.
fn of_paste(line: &str, state: &str, portal: &str) -> Brought {
    let line = line.trim();
    if line.contains('=') {
        let query = line.split_once('?').map_or(line, |(_, query)| query);
        return of_visit(query.split('#').next().unwrap_or(query), state);
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", line)
        .append_pair("state", state)
        .append_pair("domain", portal)
        .finish();
    Brought::Ours(query)
}

/// The portal has sent the browser back without a code, and says why.
fn said_no(query: &str, portal: &str, profile: Option<&str>) -> Option<Failure> {
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == wanted)
            .and_then(|(_, value)| portal_words(&value))
    };
    let code = value("error")?;
    let name = profile.map(|name| format!(" {name}")).unwrap_or_default();
    let message = format!("{portal} has not authorised the application ({code})");
    let mut failure = Failure::new(Kind::Auth, message).state("nothing was kept");
    failure.portal = value("error_description");
    Some(failure.hint(format!(
        "an administrator of the portal can let its users in, on the application's card; then b24 auth login{name} --app"
    )))
}

fn not_granted(error: &b24::Error, portal: &str, profile: Option<&str>) -> Failure {
    let mut failure = from_tokens(error, portal, profile);
    if error.code() == Some("invalid_grant") {
        failure.message = format!(
            "the code was not taken (invalid_grant): it is good for 30 s, once, and for the application of {portal} only"
        );
    }
    failure.state("nothing was kept")
}

fn nothing_came() -> Failure {
    Failure::usage("stdin has ended, and no address with a code came on it")
        .state("nothing was kept")
        .hint("open the address above, and give the one that the browser lands on")
}

fn nobody_came(portal: &str) -> Failure {
    let minutes = PATIENCE.as_secs() / 60;
    let text = format!("nobody came back from {portal} within {minutes} minutes");
    Failure::new(Kind::Temporary, text)
        .state("nothing was kept; it is safe to repeat")
        .hint(
            "the card of the application has to send browsers to the address of --callback; if it cannot be on this \
             machine, paste where they land",
        )
}

/// Prints where to go, and opens it where a person sits before a screen.
pub(super) fn send_there(url: &str, session: &Session) {
    session.printer.instruction(format_args!(
        "open this in a browser, and let the application in: {url}"
    ));
    if session.can_ask()
        && let Some((program, arguments)) = browser()
    {
        let opened = std::process::Command::new(program)
            .args(arguments)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        // Without a browser the address is there to be copied.
        drop(opened);
    }
}

fn browser() -> Option<(String, &'static [&'static str])> {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if let Some(own) = set("BROWSER") {
        return Some((own, &[]));
    }
    if cfg!(windows) {
        return Some(("rundll32".to_owned(), &["url.dll,FileProtocolHandler"]));
    }
    if cfg!(target_os = "macos") {
        return Some(("open".to_owned(), &[]));
    }
    set("DISPLAY").or_else(|| set("WAYLAND_DISPLAY"))?;
    Some(("xdg-open".to_owned(), &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_our_state_is_taken() {
        let ours = |query: &str| Brought::Ours(query.to_owned());
        assert_eq!(of_visit("code=c&state=s1", "s1"), ours("code=c&state=s1"));
        for foreign in [
            "code=c&state=s2",
            "code=c",
            "code=c&state=",
            "state=s2&state=s1",
            "",
        ] {
            assert_eq!(of_visit(foreign, "s1"), Brought::Foreign, "{foreign}");
        }
    }

    #[test]
    fn an_address_a_query_or_a_code_is_pasted() {
        let ours = |query: &str| Brought::Ours(query.to_owned());
        for pasted in [
            "https://app.example/back?code=c&state=s#top",
            "code=c&state=s",
            " /?code=c&state=s \n",
        ] {
            assert_eq!(
                of_paste(pasted, "s", "acme"),
                ours("code=c&state=s"),
                "{pasted}"
            );
        }
        assert_eq!(
            of_paste("https://app.example/?code=c&state=t", "s", "acme"),
            Brought::Foreign
        );
        assert_eq!(
            of_paste("c0de", "s", "acme.bitrix24.com"),
            ours("code=c0de&state=s&domain=acme.bitrix24.com")
        );
    }

    #[test]
    fn only_plain_addresses_of_this_machine_are_listened_at() {
        for (address, here) in [
            ("http://127.0.0.1:8725/", true),
            ("http://localhost:9/back", true),
            ("http://[::1]:9/", true),
            ("https://127.0.0.1:9/", false),
            ("https://app.example/", false),
            ("http://app.example/", false),
        ] {
            assert_eq!(
                can_land(&Url::parse(address).expect("a URL")),
                here,
                "{address}"
            );
        }
    }
}
