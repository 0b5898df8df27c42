use reqwest::{Certificate, Client};

use crate::client::{get, read, stubbing};

#[tokio::test]
async fn https_with_its_own_authority() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let portal = stubbing()
        .https_host("crm.test")
        .ca_out(file.path())
        .require_https(true)
        .start()
        .await
        .unwrap();
    assert!(portal.webhook().starts_with("https://127.0.0.1:"));
    let pem = std::fs::read(file.path()).unwrap();
    assert_eq!(portal.ca_pem().unwrap().as_bytes(), pem);

    let client = Client::builder()
        .tls_certs_only([Certificate::from_pem(&pem).unwrap()])
        .resolve("crm.test", portal.address())
        .build()
        .unwrap();
    let url = format!("{}crm.timeline.comment.add", portal.webhook());
    for url in [
        url.replace("127.0.0.1", "localhost"),
        url.replace("127.0.0.1", "crm.test"),
        url.clone(),
    ] {
        let (status, body) = read(client.get(&url).send().await.unwrap()).await;
        assert_eq!(
            (status, &body["result"]),
            (200, &serde_json::json!(1)),
            "{url}"
        );
    }
    assert!(
        reqwest::get(&url).await.is_err(),
        "nobody else trusts this authority"
    );
    assert!(
        reqwest::get(url.replace("https://", "http://"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_webhook_over_http_is_accepted_unless_refused() {
    let portal = stubbing().start().await.unwrap();
    assert_eq!(
        get(&format!("{}crm.timeline.comment.add", portal.webhook()))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let portal = stubbing().start().await.unwrap();
    let error = stubbing()
        .port(portal.address().port())
        .start()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {}", portal.address())
    );
}
