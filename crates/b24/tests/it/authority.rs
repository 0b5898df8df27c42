//! A portal and its authorisation server as one transport: it knows one pair of tokens, and counts what it is asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::{BoxFuture, Client, Sent, Transport, TransportError};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::seen;

/// What the server does with the next refresh instead of granting it.
#[derive(Clone, Debug)]
pub(crate) enum Refresh {
    /// This status and body; the tokens stay as they are.
    Answer(u16, String),
    /// New tokens are made, and the answer is lost.
    Lost,
    /// Nothing arrives.
    NotSent,
    /// A redirect to this address.
    Moved(String),
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) number: u32,
    /// Refresh tokens of other users of the portal: good once, and apart from the pair.
    pub(crate) others: Vec<&'static str>,
    pub(crate) refreshes: Vec<http::Request<Bytes>>,
    pub(crate) calls: Vec<http::Request<Bytes>>,
    pub(crate) next: Vec<Refresh>,
    /// Keys of the answer with tokens that differ from the usual.
    pub(crate) answer: Value,
    /// What every call is answered with, whatever its token.
    pub(crate) refuse: Option<(u16, &'static str)>,
    pub(crate) delay: Duration,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Authority(pub(crate) Arc<Mutex<State>>);

impl Default for State {
    fn default() -> Self {
        seen::watch();
        Self {
            number: 0,
            others: Vec::new(),
            refreshes: Vec::new(),
            calls: Vec::new(),
            next: Vec::new(),
            answer: Value::Null,
            refuse: None,
            delay: Duration::ZERO,
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            seen::holds_no_secret(&[
                "acc3ss-", "r3fresh-", "an3w", "th3-c0de", "t0ken", "wr0ng", SECRET,
            ]);
        }
    }
}

pub(crate) const MEMBER: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const SECRET: &str = "cl13nt-s3cr3t";

impl Authority {
    pub(crate) fn access(&self) -> String {
        format!("acc3ss-{}", self.0.lock().unwrap().number)
    }

    /// A grant with the pair that is good now.
    pub(crate) fn grant(&self) -> b24::Grant {
        let number = self.0.lock().unwrap().number;
        b24::Grant::new(
            MEMBER,
            "https://acme.bitrix24.com/rest/",
            format!("acc3ss-{number}"),
            format!("r3fresh-{number}"),
        )
    }

    pub(crate) fn app() -> b24::App {
        b24::App::new("local.1", SECRET)
    }

    /// An application whose requests all come here.
    pub(crate) fn oauth(&self, store: impl b24::TokenStore + 'static) -> b24::OAuth {
        b24::OAuth::new(Self::app(), store).settings(Client::builder().transport(self.clone()))
    }

    /// Makes the tokens that are out there expire.
    pub(crate) fn expire(&self) {
        self.0.lock().unwrap().refuse = None;
        let mut state = self.0.lock().unwrap();
        state.answer["expired"] = json!(state.number);
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.0.lock().unwrap().refreshes.len()
    }

    pub(crate) fn next(&self, refresh: Refresh) {
        self.0.lock().unwrap().next.push(refresh);
    }

    pub(crate) fn last_call(&self) -> (String, Option<String>, Value) {
        let state = self.0.lock().unwrap();
        let call = state.calls.last().unwrap();
        let bearer = call.headers().get("authorization");
        (
            call.uri().to_string(),
            bearer.map(|value| value.to_str().unwrap().to_owned()),
            serde_json::from_slice(call.body()).unwrap(),
        )
    }

    fn token(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let mut state = self.0.lock().unwrap();
        let form: Vec<(String, String)> = form(request.body());
        let field = |name: &str| {
            let pair = form.iter().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.uri().query(), None, "a secret would stand in a log");
        state.refreshes.push(request);
        if let Some(at) = state
            .others
            .iter()
            .position(|other| *other == field("refresh_token"))
        {
            let other = state.others.remove(at);
            let mut answer = granted(2, &format!("{other}-2"));
            answer["access_token"] = json!("acc3ss-other");
            return Ok(response(200, answer));
        }
        let mut lost = false;
        if !state.next.is_empty() {
            match state.next.remove(0) {
                Refresh::Answer(status, body) => return Ok(response(status, body)),
                Refresh::Moved(to) => {
                    let answer = http::Response::builder().status(302).header("location", to);
                    return Ok(answer.body(Bytes::new()).unwrap());
                }
                Refresh::NotSent => return Err(failed(Sent::No)),
                Refresh::Lost => lost = true,
            }
        }
        let good = match &*field("grant_type") {
            "authorization_code" => field("code") == "th3-c0de",
            _ => field("refresh_token") == format!("r3fresh-{}", state.number),
        };
        if field("client_secret") != SECRET {
            return Ok(response(400, json!({ "error": "invalid_client" })));
        }
        if !good {
            return Ok(response(400, json!({ "error": "invalid_grant" })));
        }
        state.number += 1;
        if lost {
            return Err(failed(Sent::Maybe));
        }
        let mut answer = granted(7, &format!("r3fresh-{}", state.number));
        answer["access_token"] = json!(format!("acc3ss-{}", state.number));
        for (key, value) in state.answer.as_object().into_iter().flatten() {
            answer[key] = value.clone();
        }
        Ok(response(200, answer))
    }

    fn call(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let mut state = self.0.lock().unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let bearer = request.headers().get("authorization");
        let bearer = bearer.map(|value| value.to_str().unwrap().trim_start_matches("Bearer "));
        let token = bearer
            .or(body["auth"].as_str())
            .unwrap_or_default()
            .to_owned();
        let v3 = request.uri().path().starts_with("/rest/api/");
        let list = body.is_array();
        state.calls.push(request);
        if let Some((status, code)) = state.refuse {
            return response(status, json!({ "error": code, "error_description": "no" }));
        }
        let expired = state.answer["expired"] == json!(state.number);
        if expired || token != format!("acc3ss-{}", state.number) {
            let code = "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION";
            return response(
                401,
                if v3 {
                    json!({ "error": { "code": code, "message": "no" } })
                } else {
                    json!({ "error": "expired_token", "error_description": "It has expired" })
                },
            );
        }
        let result = if list {
            json!([{ "id": 1 }])
        } else {
            json!({ "ID": "7", "ADMIN": true })
        };
        response(200, json!({ "result": result }))
    }
}

fn granted(user_id: u64, refresh_token: &str) -> Value {
    json!({
        "refresh_token": refresh_token,
        "expires_in": 3600, "expires": 1, "member_id": MEMBER, "user_id": user_id, "scope": "crm,task",
        "client_endpoint": "https://acme.bitrix24.com/rest/", "status": "P", "domain": "oauth.bitrix.info",
        "server_endpoint": "https://oauth.bitrix.info/rest/",
    })
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    let text = std::str::from_utf8(body).unwrap();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn response(status: u16, body: impl ToString) -> http::Response<Bytes> {
    let answer = http::Response::builder().status(status);
    answer.body(Bytes::from(body.to_string())).unwrap()
}

fn failed(sent: Sent) -> TransportError {
    TransportError {
        sent,
        message: "scripted".to_owned(),
        source: None,
    }
}

impl Transport for Authority {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let delay = self.0.lock().unwrap().delay;
            tokio::time::sleep(delay).await;
            if request.uri().path() == "/oauth/token/" {
                return self.token(request);
            }
            Ok(self.call(request))
        })
    }
}
