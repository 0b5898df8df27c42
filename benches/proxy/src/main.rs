//! What a call takes longer through `b24 proxy`: against the way without anything in between, and against a reverse
//! proxy that does nothing but pass on. Repeat it with `cargo xtask bench proxy`.
//!
//! All three servers are processes of their own. The portal here is a server that answers at once and always the same,
//! so that only the way is measured; the client is a blocking socket that stays open. The ways take turns, a block of
//! calls each, so that what else the machine does meets all of them.

mod servers;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

const BLOCKS: usize = 20;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["portal"] => servers::portal(),
        ["plain", upstream] => servers::plain(upstream),
        ["--b24", b24, ref options @ ..] => compare(b24, options.contains(&"--quick")),
        _ => bail!("usage: b24-bench-proxy --b24 PATH [--quick]"),
    }
}

/// A server that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server, and reads where it is from its first line.
fn start(command: &mut Command) -> Result<(Running, String)> {
    let child = command.stdout(Stdio::piped()).spawn()?;
    let mut running = Running(child);
    let stdout = running.0.stdout.take().context("no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    ensure!(!line.is_empty(), "a server did not start");
    Ok((running, line.trim().to_owned()))
}

/// One way to the portal.
struct Way {
    name: &'static str,
    host: String,
    path: String,
    stream: BufReader<TcpStream>,
}

impl Way {
    fn open(name: &'static str, webhook: &str) -> Result<Self> {
        let rest = webhook.strip_prefix("http://").context("an address")?;
        let (host, path) = rest.split_once('/').context("a path")?;
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            name,
            host: host.to_owned(),
            path: format!("/{path}"),
            stream: BufReader::with_capacity(1 << 16, stream),
        })
    }

    /// One call, to the last byte of its answer.
    fn call(&mut self, method: &str, body: &mut Vec<u8>) -> Result<Duration> {
        const PARAMS: &str = r#"{"select":["ID","TITLE"],"filter":{">ID":5}}"#;
        let request = format!(
            "POST {}{method} HTTP/1.1\r\nHost: {}\r\nUser-Agent: bench\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{PARAMS}",
            self.path,
            self.host,
            PARAMS.len()
        );
        let begun = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let lower = line.to_ascii_lowercase();
            if let Some(told) = lower.strip_prefix("content-length:") {
                length = told.trim().parse()?;
            }
            ensure!(!line.is_empty(), "{} closed the connection", self.name);
            if line == "\r\n" {
                break;
            }
        }
        body.resize(length, 0);
        self.stream.read_exact(body)?;
        Ok(begun.elapsed())
    }
}

fn compare(b24: &str, quick: bool) -> Result<()> {
    let this = std::env::current_exe()?;
    let (_portal, webhook) = start(Command::new(&this).arg("portal"))?;
    let (_plain, through_plain) = start(Command::new(&this).args(["plain", &webhook]))?;
    let mut proxy = Command::new(b24);
    let proxy = proxy
        .args(["--quiet", "proxy", "--port", "0", "--limits", "off"])
        .env("B24_WEBHOOK", &webhook)
        .env_remove("B24_PROFILE");
    let (_proxy, through_b24) = start(proxy)?;
    // With its log, as it is used.
    let log = std::env::temp_dir().join(format!("b24-bench-proxy-{}.log", std::process::id()));
    let mut logging = Command::new(b24);
    let logging = logging
        .args([
            "--quiet",
            "proxy",
            "--port",
            "0",
            "--limits",
            "off",
            "--access-log",
        ])
        .arg(&log)
        .env("B24_WEBHOOK", &webhook)
        .env_remove("B24_PROFILE");
    let (_logging, through_log) = start(logging)?;
    let mut ways = [
        Way::open("direct", &webhook)?,
        Way::open("plain reverse proxy", &through_plain)?,
        Way::open("b24 proxy -q", &through_b24)?,
        Way::open("b24 proxy --access-log", &through_log)?,
    ];
    let calls = if quick { 50 } else { 1_000 };
    println!("| answer | way | median, µs | added, µs | p99, µs |\n|---|---|---|---|---|");
    for (method, answer) in [
        ("server.time", "small"),
        ("crm.deal.list", "50 deals"),
        ("crm.deal.list.big", "2,500 deals"),
    ] {
        let mut times = [const { Vec::new() }; 4];
        let (mut body, mut expected) = (Vec::new(), Vec::new());
        ways[0].call(method, &mut expected)?;
        for block in 0..=BLOCKS {
            for (way, times) in ways.iter_mut().zip(&mut times) {
                for _ in 0..calls / BLOCKS.min(calls) {
                    let took = way.call(method, &mut body)?;
                    ensure!(body == expected, "{} changed the answer", way.name);
                    // The first block only warms up.
                    if block > 0 {
                        times.push(took);
                    }
                }
            }
        }
        let mut direct = 0.0;
        for (way, times) in ways.iter().zip(&mut times) {
            times.sort_unstable();
            let at = |part: f64| {
                let place = (times.len() as f64 * part) as usize;
                times[place.min(times.len() - 1)].as_secs_f64() * 1e6
            };
            let (median, last) = (at(0.5), at(0.99));
            if way.name == "direct" {
                direct = median;
            }
            println!(
                "| {answer}, {} kB | {} | {median:.0} | {:.0} | {last:.0} |",
                expected.len().div_ceil(1000),
                way.name,
                median - direct
            );
        }
    }
    std::fs::remove_file(&log)?;
    Ok(())
}
