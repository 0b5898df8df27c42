//! Real sockets in bad weather: what the HTTP transport makes of them.

use std::time::{Duration, Instant};

use b24::{Client, Kind, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a server treats its connections.
#[derive(Clone, Copy)]
enum Weather {
    /// Closes before it reads.
    CloseAtOnce,
    /// Reads the request, then closes.
    CloseAfterReading,
    /// Sends half a body.
    CutBody,
    /// Reads and is silent.
    Silent,
    /// Answers this.
    Answers(&'static str),
}

async fn server(weather: Weather) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket, weather));
        }
    });
    format!("http://{address}/rest/7/s3cr3t/")
}

async fn serve(mut socket: TcpStream, weather: Weather) {
    if matches!(weather, Weather::CloseAtOnce) {
        return;
    }
    let mut seen = Vec::new();
    while !seen.ends_with(b"{}") {
        let mut some = [0; 1024];
        let n = socket.read(&mut some).await.unwrap_or(0);
        if n == 0 {
            return;
        }
        seen.extend_from_slice(&some[..n]);
    }
    let answer = match weather {
        Weather::CloseAtOnce | Weather::CloseAfterReading => return,
        Weather::Silent => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return;
        }
        Weather::CutBody => {
            "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"result\":".to_owned()
        }
        Weather::Answers(body) => format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    };
    socket.write_all(answer.as_bytes()).await.unwrap();
}

async fn write(url: &str) -> b24::Error {
    let b24 = Client::from_webhook(url).unwrap();
    b24.v2()
        .call("crm.item.add")
        .timeout(Duration::from_millis(500))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_a_write_unknown() {
    for weather in [
        Weather::CloseAfterReading,
        Weather::CutBody,
        Weather::Silent,
    ] {
        let error = write(&server(weather).await).await;
        assert_eq!(
            (error.kind(), error.may_have_run(), error.attempts()),
            (Kind::Unknown, true, 1),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("s3cr3t"));
    }
}

#[tokio::test]
async fn a_portal_slower_than_the_time_out_is_named_with_it() {
    let error = write(&server(Weather::Silent).await).await;
    assert!(
        matches!(error.reason(), Reason::Timeout(limit) if *limit == Duration::from_millis(500))
    );
    assert_eq!(
        error.to_string(),
        "the answer to crm.item.add was lost after 0.5 s"
    );
}

#[tokio::test]
async fn a_refused_connection_certainly_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let b24 = Client::from_webhook(format!("http://{address}/rest/7/s3cr3t/")).unwrap();
    let begun = Instant::now();
    let error = b24
        .v2()
        .call("crm.item.add")
        .deadline(Duration::from_millis(800))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_run()),
        (Kind::Temporary, false),
        "{error}"
    );
    assert!(matches!(error.reason(), Reason::Connect(_)));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Nobody can tell how far such a request came: the safe reading is that it arrived.
#[tokio::test]
async fn a_connection_that_breaks_before_the_request_is_read_is_never_taken_for_unsent() {
    let error = write(&server(Weather::CloseAtOnce).await).await;
    assert!(
        error.may_have_run() || matches!(error.reason(), Reason::Connect(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_plain_http_portal_answers() {
    let b24 = Client::from_webhook(server(Weather::Answers(r#"{"result":"ok"}"#)).await).unwrap();
    assert_eq!(b24.v2().call("server.time").await.unwrap(), "ok");
}
