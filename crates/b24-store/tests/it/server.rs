//! A PostgreSQL of the tests' own, from Debian's package: its own directory, its own port, gone at the end.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::{Duration, Instant};

/// A running server, shared by the tests that need one.
#[derive(Debug)]
pub(crate) struct Server {
    directory: tempfile::TempDir,
    port: u16,
    process: Mutex<Option<Process>>,
}

#[derive(Debug)]
struct Process {
    stop: mpsc::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl Server {
    /// The server of this test run; the last test that holds it stops it.
    pub(crate) fn shared() -> Arc<Self> {
        static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut known = SERVER.lock().unwrap();
        if let Some(server) = known.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *known = Arc::downgrade(&server);
        server
    }

    /// A server of one's own.
    pub(crate) fn start() -> Self {
        let directory = b24_seen::folder();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(directory.path()));
        }
        let data = directory.path().join("data");
        run(program("initdb")
            .arg("--pgdata")
            .arg(&data)
            .args([
                "--username=b24",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .stdout(Stdio::null()));
        certify(&data);
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Self {
            directory,
            port,
            process: Mutex::default(),
        };
        server.resume();
        server
    }

    /// A database of its own, by its address.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgresql://b24@127.0.0.1:{}/{name}", self.port)
    }

    /// The certificate that it shows as `localhost`.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.path().join("data/server.crt")
    }

    /// Runs a statement as the server's owner.
    pub(crate) fn sql(&self, database: &str, statement: &str) {
        run(Command::new(binaries().join("psql"))
            .args(["--quiet", "--host=127.0.0.1", "--username=b24"])
            .arg(format!("--dbname={database}"))
            .arg(format!("--port={}", self.port))
            .arg(format!("--command={statement}")));
    }

    /// Stops the server at once, as a crash would.
    pub(crate) fn stop(&self) {
        if let Some(process) = self.process.lock().unwrap().take() {
            let _ = process.stop.send(());
            let _ = process.ended.recv();
        }
    }

    /// Starts it again with the same data, and waits until it answers.
    pub(crate) fn resume(&self) {
        let log = self.directory.path().join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = program("postgres");
        command
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .arg("-p")
            .arg(self.port.to_string())
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "shared_buffers=16MB", "-c", "max_connections=60"])
            .args(["-c", "log_statement=all", "-c", "ssl=on"])
            .stdout(Stdio::null())
            .stderr(log);
        let (stop, stopping) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        // The server dies with the thread that has started it: this one lives as long as the server shall.
        std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            let _ = stopping.recv();
            signal("-QUIT", child.id());
            child.wait().unwrap();
            let _ = ending.send(());
        });
        *self.process.lock().unwrap() = Some(Process { stop, ended });
        let begun = Instant::now();
        while !is_ready(self.port) {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "PostgreSQL does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Gives a server a certificate, and keeps who does not use it out of databases called `sealed`.
fn certify(data: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = data.join("server.key");
    std::fs::write(data.join("server.crt"), made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    run(Command::new("chmod").arg("600").arg(&key));
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(&key));
    }
    let access = data.join("pg_hba.conf");
    let usual = std::fs::read_to_string(&access).unwrap();
    let access_first = format!("hostnossl sealed all all reject\n{usual}");
    std::fs::write(&access, access_first).unwrap();
}

fn is_ready(port: u16) -> bool {
    Command::new(binaries().join("pg_isready"))
        .args([
            "--quiet",
            "--host=127.0.0.1",
            "--username=b24",
            "--dbname=postgres",
        ])
        .arg(format!("--port={port}"))
        .status()
        .is_ok_and(|status| status.success())
}

/// A program of the server: it refuses to run as root, and ends with its parent.
fn program(name: &str) -> Command {
    let path = binaries().join(name);
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig").arg("QUIT");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg("--").arg(path).current_dir("/");
    command
}

/// Where Debian's newest package has its programs.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|entry| entry.path())
        .max_by_key(|path| number(path));
    let binaries = newest.map(|path| path.join("bin"));
    binaries
        .filter(|path| path.join("initdb").exists())
        .expect("PostgreSQL is missing: `apt-get install postgresql`, or run `cargo xtask test` as root on Debian")
}

/// By the shell: not every machine has the program.
pub(crate) fn signal(name: &str, process: u32) {
    let kill = format!("kill {name} {process}");
    run(Command::new("sh").args(["-c", &kill]));
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
