//! The limit that a client can come near to: bare reqwest, the request bodies of `b24`, one after
//! the other as it sends them, nothing done with an answer but to find its last id.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Client, StatusCode};

use crate::reader::{METHOD, Task, Told};

const PAGE: u64 = 50;
const COMMANDS: u64 = 50;
/// How the id of a row begins; no other field of a deal does.
const ID: &str = r#""ID":""#;

/// The part `raw`.
pub async fn run() -> Result<ExitCode> {
    let task = Task::from_env()?;
    let commands = Commands::new(&task);
    let mut portal = Portal::new(&task)?;

    let first = portal.ask(commands.body(None, 4, true)).await?;
    let (pages, highest) = first.split_once(r#""top":["#).context("no highest id")?;
    let (lowest, top) = (first_id(pages)?, first_id(highest)?);
    let mut last = last_id(pages)?;
    let mut density = (4 * PAGE) as f64 / (last - lowest + 1) as f64;
    while last < top {
        let rows = ((top - last) as f64 * density * 1.02).ceil() as u64;
        let pages = rows.div_ceil(PAGE).clamp(1, COMMANDS);
        let answer = portal.ask(commands.body(Some(last), pages, false)).await?;
        if pages < COMMANDS && answer.contains(&format!("{ID}{top}\"")) {
            break;
        }
        let next = last_id(&answer)?;
        if next <= last {
            bail!("no row after {last}");
        }
        if pages == COMMANDS {
            density = (COMMANDS * PAGE) as f64 / (next - last) as f64;
        }
        last = next;
    }
    task.told(&Told::default(), &[])?;
    Ok(ExitCode::SUCCESS)
}

/// The way to the portal.
struct Portal {
    http: Client,
    url: String,
    /// Whether to keep to 50 requests at once, then 2 a second.
    limited: bool,
    sent: u32,
    started: Instant,
}

impl Portal {
    fn new(task: &Task) -> Result<Self> {
        let mut http = Client::builder().no_proxy();
        if let Some(ca) = &task.ca {
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(ca)?);
        }
        Ok(Self {
            http: http.build()?,
            url: format!("{}batch", task.webhook),
            limited: task.limited,
            sent: 0,
            started: Instant::now(),
        })
    }

    async fn ask(&mut self, body: String) -> Result<String> {
        loop {
            if self.limited {
                let over = self.sent.saturating_sub(49);
                // The portal counts from the arrival of the first request.
                let due = Duration::from_millis(500) * over + Duration::from_millis(30);
                tokio::time::sleep(due.saturating_sub(self.started.elapsed())).await;
            }
            self.sent += 1;
            let request = self.http.post(&self.url).body(body.clone());
            let answer = request
                .header("content-type", "application/json")
                .send()
                .await?;
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
            let bytes = answer.error_for_status()?.bytes().await?;
            return String::from_utf8(bytes.into()).context("the answer is not UTF-8");
        }
    }
}

/// The commands of a chain of pages, as `b24` writes them.
struct Commands {
    select: String,
    filter: String,
}

impl Commands {
    fn new(task: &Task) -> Self {
        let select = task.select.iter().enumerate();
        let filter = task.filter.iter().map(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("filter%5B{}%5D={}&", encoded(name), encoded(&value))
        });
        Self {
            select: select
                .map(|(at, name)| format!("select%5B{at}%5D={}&", encoded(name)))
                .collect(),
            filter: filter.collect(),
        }
    }

    fn body(&self, after: Option<u64>, pages: u64, top: bool) -> String {
        let mut commands = String::new();
        for page in 0..pages {
            let bound = match (page, after) {
                (0, None) => String::new(),
                (0, Some(id)) => format!("filter%5B%3EID%5D={id}&"),
                _ => format!(
                    "filter%5B%3EID%5D=%24result%5Bp{:02}%5D%5B49%5D%5BID%5D&",
                    page - 1
                ),
            };
            self.push(&mut commands, &format!("p{page:02}"), &bound, "ASC");
        }
        if top {
            self.push(&mut commands, "top", "", "DESC");
        }
        format!(r#"{{"halt":1,"cmd":{{{commands}}}}}"#)
    }

    fn push(&self, commands: &mut String, name: &str, bound: &str, direction: &str) {
        let (select, filter) = (&self.select, &self.filter);
        let comma = if commands.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            commands,
            r#"{comma}"{name}":"{METHOD}?{select}{filter}{bound}order%5BID%5D={direction}&start=-1""#
        );
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn first_id(answer: &str) -> Result<u64> {
    id_at(answer, answer.find(ID))
}

fn last_id(answer: &str) -> Result<u64> {
    id_at(answer, answer.rfind(ID))
}

fn id_at(answer: &str, place: Option<usize>) -> Result<u64> {
    let rest = &answer[place.context("no row")? + ID.len()..];
    let (id, _) = rest.split_once('"').context("no end of an id")?;
    Ok(id.parse()?)
}
