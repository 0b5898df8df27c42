//! A transport that gives scripted answers and keeps what was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use b24::{BoxFuture, Client, ClientBuilder, Sent, Transport, TransportError};
use bytes::Bytes;
use serde_json::Value;

/// What comes back for one request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// This status and body.
    Answer(u16, String),
    /// A redirect to this address.
    Moved(String),
    /// No connection.
    NotSent,
    /// The connection broke; the request may have run.
    Lost,
    /// No answer, ever.
    Hang,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    sent: Arc<Mutex<Vec<http::Request<Bytes>>>>,
}

impl Script {
    /// Answers the requests in this order; one more request than that fails the test.
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: Arc::new(Mutex::new(steps.into_iter().collect())),
            sent: Arc::default(),
        }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        b24_seen::listen();
        Client::builder()
            .webhook("https://acme.bitrix24.com/rest/7/s3cr3t/")
            .transport(self.clone())
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub(crate) fn uri(&self, number: usize) -> String {
        self.sent.lock().unwrap()[number].uri().to_string()
    }

    pub(crate) fn header(&self, number: usize, name: &str) -> Option<String> {
        let sent = self.sent.lock().unwrap();
        sent[number]
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn text(&self, number: usize) -> String {
        String::from_utf8(self.sent.lock().unwrap()[number].body().to_vec()).unwrap()
    }

    pub(crate) fn json(&self, number: usize) -> Value {
        serde_json::from_str(&self.text(number)).unwrap()
    }
}

/// A success with this result.
pub(crate) fn ok(result: impl Into<Value>) -> Step {
    Step::Answer(
        200,
        serde_json::json!({ "result": result.into() }).to_string(),
    )
}

/// A refusal.
pub(crate) fn error(status: u16, code: &str) -> Step {
    Step::Answer(
        status,
        serde_json::json!({ "error": code, "error_description": "In its own words" }).to_string(),
    )
}

impl Transport for Script {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        self.sent.lock().unwrap().push(request);
        let step = self
            .steps
            .lock()
            .unwrap()
            .pop_front()
            .expect("one request more than scripted");
        Box::pin(async move {
            let failed = |sent| TransportError {
                sent,
                message: "scripted".to_owned(),
                source: None,
            };
            match step {
                Step::Answer(status, body) => Ok(http::Response::builder()
                    .status(status)
                    .body(Bytes::from(body))
                    .unwrap()),
                Step::Moved(to) => Ok(http::Response::builder()
                    .status(302)
                    .header("location", to)
                    .body(Bytes::new())
                    .unwrap()),
                Step::NotSent => Err(failed(Sent::No)),
                Step::Lost => Err(failed(Sent::Maybe)),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}
