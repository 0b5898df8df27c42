//! An application on a portal, and the command that is connected as it.

use b24_seen::Said;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use b24_portal::{App, InstalledApp, Portal, PortalBuilder};

use crate::served::Served;
use crate::support::{Home, shown};

/// Where the card of the application sends browsers.
pub(crate) const ELSEWHERE: &str = "https://app.example/back";

/// The secret of the application, which nothing may show.
pub(crate) const SECRET: &str = "verysecretofapp";

/// A portal, an application on it, and somebody who uses the command.
pub(crate) struct Stage {
    pub(crate) served: Served,
    pub(crate) home: Home,
    pub(crate) app: InstalledApp,
}

impl Stage {
    /// A portal with some deals, an application there, and nobody who has authorised it.
    pub(crate) fn new() -> Self {
        Self::of(Portal::builder().deals(20), ELSEWHERE)
    }

    pub(crate) fn of(builder: PortalBuilder, callback: &str) -> Self {
        let served = Served::of(builder);
        let app = App::new(callback)
            .client_id("local.5f00.1")
            .client_secret(SECRET)
            .scopes(["crm", "disk", "main", "task", "user"]);
        let app = served.portal.add_app(app);
        Self {
            served,
            home: Home::new(),
            app,
        }
    }

    /// Connected as profile `acme`.
    pub(crate) fn connected() -> Self {
        let stage = Self::new();
        stage.login("acme");
        stage
    }

    /// `127.0.0.1:8724`
    pub(crate) fn host(&self) -> String {
        self.served.portal.url().replace("http://", "")
    }

    /// The command in the home, with its streams kept.
    pub(crate) fn b24(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("b24"));
        command
            .env_clear()
            .envs(b24_seen::log())
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.file("config"))
            .env("XDG_STATE_HOME", self.home.file("state"))
            .env("TZ", "UTC")
            .env("B24_LIMITS", "off")
            .args(words)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the command and shows what it did.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        shown(&self.b24(words).output().said())
    }

    /// `b24 auth login NAME --app …`
    pub(crate) fn command(&self, name: &str, callback: &str) -> Command {
        let host = self.host();
        let mut command = self.b24(&["auth", "login", name, "--app", "--portal", &host]);
        command.args(["--client-id", &self.app.client_id, "--callback", callback]);
        command
    }

    /// The login, begun: it has said where to go.
    pub(crate) fn begin(&self, name: &str, callback: &str, secret: &str) -> Login {
        let mut command = self.command(name, callback);
        command.env("B24_CLIENT_SECRET", secret);
        Login::begin(command)
    }

    /// The whole login, with a browser that lands elsewhere.
    pub(crate) fn login(&self, name: &str) {
        let mut login = self.begin(name, ELSEWHERE, SECRET);
        let landed = landing(&get(&login.url));
        login.paste(&landed);
        let text = shown(&login.end());
        assert!(text.starts_with("exit: 0\n"), "{text}");
    }

    /// What a run said, without the names that change from run to run.
    pub(crate) fn masked(&self, text: &str) -> String {
        let host = self.host();
        let port = host.rsplit(':').next().expect("a port");
        text.replace(&self.app.member_id, "[member]")
            .replace(&format!("port {port} "), "port [port] ")
    }

    /// The file of tokens.
    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.home.file("state/b24/b24.db")
    }

    /// The file of the key.
    pub(crate) fn key(&self) -> std::path::PathBuf {
        self.home.file("config/b24/store.key")
    }
}

/// A login that waits for its code.
pub(crate) struct Login {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    said: String,
    /// Where a browser has to go.
    pub(crate) url: String,
}

impl Login {
    pub(crate) fn begin(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().expect("b24 runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("a stream"));
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).expect("a line");
            said.push_str(&line);
            assert!(read > 0, "no address was said: {said}");
            if let Some(at) = line.find("http://") {
                break line[at..].trim().to_owned();
            }
        };
        Self {
            child,
            stderr,
            said,
            url,
        }
    }

    /// A line on stdin.
    pub(crate) fn paste(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("stdin");
        writeln!(stdin, "{line}").expect("stdin takes it");
    }

    /// Nothing more comes on stdin.
    pub(crate) fn end(mut self) -> Output {
        drop(self.child.stdin.take());
        self.stderr
            .read_to_string(&mut self.said)
            .expect("the rest");
        let mut output = self.child.wait_with_output().said();
        output.stderr = self.said.into_bytes();
        output
    }
}

/// Asks for an address over plain http: the whole answer.
pub(crate) fn get(url: &str) -> String {
    let bare = url.strip_prefix("http://").expect("plain http");
    let (host, path) = bare.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("somebody listens");
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Where an answer sends the browser.
pub(crate) fn landing(answer: &str) -> String {
    let line = answer
        .lines()
        .find(|line| line.to_lowercase().starts_with("location:"));
    let line = line.unwrap_or_else(|| panic!("no redirect: {answer}"));
    line["location:".len()..].trim().to_owned()
}

/// A port of this machine that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
