//! A portal and its authorisation server on loopback, for clients in other processes.

use std::sync::{Arc, Mutex};

use b24::Grant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const MEMBER: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const CLIENT_SECRET: &str = "cl13nt-s3cr3t";

/// What it knows: the number of the pair of tokens that is good, and how often it made a new one.
#[derive(Debug, Default)]
pub(crate) struct State {
    number: u32,
    refreshes: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Authority {
    state: Arc<Mutex<State>>,
    address: String,
}

impl Authority {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = Self {
            state: Arc::default(),
            address: format!("http://{}/rest/", listener.local_addr().unwrap()),
        };
        let server = authority.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        authority
    }

    /// Tokens of this portal whose access token is refused and whose refresh token is good.
    pub(crate) fn expired_grant(&self) -> Grant {
        let number = self.state.lock().unwrap().number;
        let mut grant = Grant::new(MEMBER, &self.address, "acc3ss-old", refresh(number));
        grant.server_endpoint.clone_from(&self.address);
        grant
    }

    pub(crate) fn refreshes(&self) -> u32 {
        self.state.lock().unwrap().refreshes
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        loop {
            let (head, body) = read(&mut stream).await?;
            let (status, answer) = if head.contains("/oauth/token/") {
                self.token(&head, &body)
            } else {
                self.call(&body)
            };
            let length = answer.len();
            let text = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
            );
            stream.write_all(text.as_bytes()).await.ok()?;
        }
    }

    fn token(&self, head: &str, body: &str) -> (u16, String) {
        assert!(head.starts_with("POST /oauth/token/ HTTP"), "{head}");
        let mut state = self.state.lock().unwrap();
        state.refreshes += 1;
        if !body.contains(&format!("refresh_token={}", refresh(state.number))) {
            return (400, r#"{"error":"invalid_grant"}"#.to_owned());
        }
        state.number += 1;
        let (access, refresh) = (access(state.number), refresh(state.number));
        let answer = format!(
            r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3600,"member_id":"{MEMBER}"}}"#
        );
        (200, answer)
    }

    fn call(&self, body: &str) -> (u16, String) {
        let number = self.state.lock().unwrap().number;
        if number > 0 && body.contains(&access(number)) {
            return (200, r#"{"result":{"ID":"7"}}"#.to_owned());
        }
        (
            401,
            r#"{"error":"expired_token","error_description":"It has expired"}"#.to_owned(),
        )
    }
}

fn access(number: u32) -> String {
    format!("acc3ss-{number:04}")
}

fn refresh(number: u32) -> String {
    format!("r3fresh-{number:04}")
}

/// Head and body of the next request; `None`: there is none.
async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
