use b24_portal::Portal;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{call, code, get, read};

async fn root(portal: &Portal) -> Value {
    let storages = call(portal, "disk.storage.getList", &json!({})).await.1;
    storages["result"][0]["ROOT_OBJECT_ID"].clone()
}

#[tokio::test]
async fn what_is_uploaded_by_base64_is_downloaded_byte_for_byte() {
    let portal = Portal::start().await;
    let folder = root(&portal).await;
    let file = json!({"id": folder, "data": {"NAME": "отчёт №1.bin"}, "fileContent": ["x", "AAECAwQF/w=="]});
    let (status, body) = call(&portal, "disk.folder.uploadFile", &file).await;
    assert_eq!(status, 200, "{body}");
    let url = body["result"]["DOWNLOAD_URL"].as_str().unwrap();
    assert!(
        url.starts_with(portal.webhook()),
        "it carries the caller's credential"
    );
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 200);
    let name = response.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(name.contains("filename*=utf-8''%D0%BE"), "{name}");
    assert_eq!(
        response.bytes().await.unwrap(),
        &[0, 1, 2, 3, 4, 5, 255][..]
    );
    let log = portal.log();
    let last = &log[log.len() - 1];
    assert_eq!(
        (last.method.as_str(), last.params.as_str()),
        ("download", "{}")
    );
}

#[tokio::test]
async fn a_form_is_posted_to_a_signed_link() {
    let portal = Portal::start().await;
    let folder = root(&portal).await;
    let (_, body) = call(&portal, "disk.folder.uploadFile", &json!({"id": folder})).await;
    assert_eq!(body["result"]["field"], "file");
    let url = body["result"]["uploadUrl"].as_str().unwrap().to_owned();
    let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let post = |content: Vec<u8>| {
        let part = Part::bytes(content).file_name("big.bin");
        reqwest::Client::new()
            .post(&url)
            .multipart(Form::new().part("file", part))
            .send()
    };
    let (status, body) = read(post(content.clone()).await.unwrap()).await;
    assert_eq!(
        (status, &body["result"]["SIZE"]),
        (200, &json!("3000000")),
        "{body}"
    );
    assert!(body["time"].is_object());
    let file = call(
        &portal,
        "disk.file.get",
        &json!({"id": body["result"]["ID"]}),
    )
    .await
    .1;
    let link = file["result"]["DOWNLOAD_URL"].as_str().unwrap();
    assert_eq!(
        reqwest::get(link).await.unwrap().bytes().await.unwrap(),
        content
    );
    let (status, body) = read(post(content).await.unwrap()).await;
    assert_eq!(
        (status, code(&body)),
        (400, "DISK_OBJ_22000"),
        "the name is taken"
    );

    let link = json!({"id": file["result"]["ID"]});
    let (_, body) = call(&portal, "disk.file.uploadVersion", &link).await;
    let part = Part::bytes(b"second".to_vec()).file_name("other.bin");
    let url = body["result"]["uploadUrl"].as_str().unwrap();
    let form = Form::new().part("file", part);
    let sent = reqwest::Client::new()
        .post(url)
        .multipart(form)
        .send()
        .await;
    let (_, body) = read(sent.unwrap()).await;
    assert_eq!(
        (&body["result"]["NAME"], &body["result"]["SIZE"]),
        (&json!("big.bin"), &json!("6"))
    );
}

#[tokio::test]
async fn links_are_checked() {
    let portal = Portal::start().await;
    let folder = root(&portal).await;
    let file = json!({"id": folder, "data": {"NAME": "a"}, "fileContent": ["a", "MQ=="]});
    let body = call(&portal, "disk.folder.uploadFile", &file).await.1;
    let url = body["result"]["DOWNLOAD_URL"].as_str().unwrap().to_owned();
    let forged = url.replace("disk%7C", "disk%7Cx");
    let (status, body) = get(&forged).await;
    assert_eq!((status, code(&body)), (403, "ACCESS_DENIED"));
    let other = url.replace("/download/", "/crm.deal.list/");
    assert_eq!(get(&other).await.0, 403, "a token means a link");
    let upload = url.replace("/download/", "/upload/");
    assert_eq!(get(&upload).await.0, 403, "a link to read is none to write");
    portal.revoke_webhook();
    let (status, body) = get(&url).await;
    assert_eq!((status, code(&body)), (401, "INVALID_CREDENTIALS"));
    portal.restore_webhook();
    assert_eq!(get(&url).await.0, 200);

    let token = portal.add_token(1, &["disk"]);
    let list = format!(
        "{}/rest/disk.folder.getChildren?id={}&auth={token}",
        portal.url(),
        folder.as_str().unwrap()
    );
    let body = get(&list).await.1;
    let url = body["result"][0]["DOWNLOAD_URL"].as_str().unwrap();
    assert!(
        url.contains(&format!("download.json?auth={token}&token=")),
        "{url}"
    );
    assert_eq!(get(url).await.0, 200);
    portal.reset();
    assert_eq!(
        get(url).await.0,
        403,
        "the links of a reset portal are gone"
    );
}

#[tokio::test]
async fn files_of_the_crm_are_downloaded() {
    let portal = Portal::start().await;
    let fields =
        json!({"entityTypeId": 3, "fields": {"name": "a", "photo": ["p.png", "iVBORw=="]}});
    let (_, body) = call(&portal, "crm.item.add", &fields).await;
    let photo = &body["result"]["item"]["photo"];
    for name in ["url", "urlMachine"] {
        let url = photo[name].as_str().unwrap();
        let bytes = reqwest::get(url).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes, &[0x89, b'P', b'N', b'G'][..]);
    }
    let classic = call(&portal, "crm.contact.get", &json!({"id": 1})).await.1;
    let url = classic["result"]["PHOTO"]["downloadUrl"].as_str().unwrap();
    assert_eq!(get(url).await.0, 200);
    let batch = json!({"cmd": {"a": "crm.contact.get?id=1"}});
    let batched = call(&portal, "batch", &batch).await.1;
    let url = &batched["result"]["result"]["a"]["PHOTO"]["downloadUrl"];
    assert_eq!(get(url.as_str().unwrap()).await.0, 200);
}
