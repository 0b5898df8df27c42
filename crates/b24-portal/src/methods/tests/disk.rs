use serde_json::{Value, json};

use super::{Stage, column};
use crate::play::ActorKind;
use crate::world::World;

/// The folder at the top of the company's drive.
fn root(stage: &mut Stage) -> i64 {
    let filter = json!({"filter": {"ENTITY_TYPE": "common"}});
    let storage = stage.v2("disk.storage.getList", filter).result[0].clone();
    storage["ROOT_OBJECT_ID"].as_str().unwrap().parse().unwrap()
}

fn upload(folder: i64, name: &str, text: &str) -> Value {
    json!({"id": folder, "data": {"NAME": name}, "fileContent": [name, text]})
}

#[test]
fn storages_are_those_of_the_company_and_of_each_user() {
    let mut stage = Stage::new(World::empty());
    let users = stage.world.ids("user").len() as i64;
    let all = stage.v2("disk.storage.getList", json!({}));
    assert_eq!(all.total, Some(users + 1));
    assert_eq!(all.result[0]["ENTITY_TYPE"], "common");
    let of_user = json!({"filter": {"ENTITY_TYPE": "user", "ENTITY_ID": 1}});
    let own = stage.v2("disk.storage.getList", of_user).result[0].clone();
    let got = stage
        .v2("disk.storage.get", json!({"id": own["ID"]}))
        .result;
    assert_eq!(got, own);
    assert_eq!(
        stage.refused("disk.storage.get", json!({"id": 9999})).code,
        "ERROR_NOT_FOUND"
    );
    assert_eq!(
        stage.refused("disk.storage.get", json!({})).code,
        "ERROR_ARGUMENT"
    );
    let refusal = stage.refused("disk.storage.getForApp", json!({}));
    assert_eq!(
        (refusal.code.as_str(), refusal.status),
        ("ACCESS_DENIED", 403)
    );
    stage.actor.kind = ActorKind::App;
    let own = stage.v2("disk.storage.getForApp", json!({})).result;
    assert_eq!(
        stage.v2("disk.storage.getForApp", json!({})).result,
        own,
        "made once"
    );
}

#[test]
fn folders_hold_files_and_names_are_unique() {
    let mut stage = Stage::new(World::empty());
    let root = root(&mut stage);
    let add = json!({"id": root, "data": {"NAME": "Contracts"}});
    let folder = stage.v2("disk.folder.addSubFolder", add.clone()).result;
    assert_eq!(
        (&folder["TYPE"], &folder["PARENT_ID"]),
        (&json!("folder"), &json!(root.to_string()))
    );
    let refusal = stage.refused("disk.folder.addSubFolder", add);
    assert_eq!(refusal.code, "DISK_OBJ_22000");
    let unnamed = stage.refused("disk.folder.addSubFolder", json!({"id": root, "data": {}}));
    assert_eq!(unnamed.code, "DISK_BASE_SERVICE_22001");

    let folder = folder["ID"].as_i64().unwrap();
    let file = stage
        .v2(
            "disk.folder.uploadFile",
            upload(folder, "a.txt", "aGVsbG8="),
        )
        .result;
    assert_eq!(
        (&file["SIZE"], &file["TYPE"]),
        (&json!("5"), &json!("file"))
    );
    assert!(file["ID"].is_i64() && file["FILE_ID"].is_i64());
    let taken = stage.refused(
        "disk.folder.uploadFile",
        upload(folder, "A.txt", "aGVsbG8="),
    );
    assert_eq!(taken.code, "DISK_OBJ_22000");
    let mut again = upload(folder, "a.txt", "aGVsbG8=");
    again["generateUniqueName"] = json!(true);
    let again = stage.v2("disk.folder.uploadFile", again).result;
    assert_eq!(again["NAME"], "a (1).txt");
    let broken = stage.refused("disk.folder.uploadFile", upload(folder, "b.txt", "a"));
    assert_eq!(broken.code, "ERROR_COULD_NOT_SAVE_FILE");
    let listed = stage.v2(
        "disk.folder.getChildren",
        json!({"id": folder, "order": {"NAME": "DESC"}}),
    );
    assert_eq!(column(&listed.result, "NAME"), ["a.txt", "a (1).txt"]);
    let got = stage.v2("disk.file.get", json!({"id": file["ID"]})).result;
    assert_eq!(got["ID"], file["ID"].to_string());
    let rename = json!({"id": file["ID"], "newName": "c.txt"});
    assert_eq!(stage.v2("disk.file.rename", rename).result["NAME"], "c.txt");
    let rename = json!({"id": file["ID"], "newName": "a (1).txt"});
    assert_eq!(
        stage.refused("disk.file.rename", rename).code,
        "DISK_OBJ_22000"
    );
}

#[test]
fn pages_of_a_folder_have_fifty_rows() {
    let mut stage = Stage::new(World::empty());
    let root = root(&mut stage);
    for number in 0..120 {
        stage.v2(
            "disk.folder.addSubFolder",
            json!({"id": root, "data": {"NAME": format!("f{number:03}")}}),
        );
    }
    let mut names = Vec::new();
    let mut start = Some(0);
    while let Some(from) = start {
        let page = stage.v2(
            "disk.folder.getChildren",
            json!({"id": root, "start": from}),
        );
        assert_eq!(page.total, Some(120));
        names.extend(column(&page.result, "NAME").into_iter().cloned());
        start = page.next;
    }
    assert_eq!(names.len(), 120);
    let found = json!({"id": root, "filter": {"%NAME": "F11"}});
    assert_eq!(stage.v2("disk.folder.getChildren", found).total, Some(10));
}

#[test]
fn files_have_versions_and_a_bin() {
    let mut stage = Stage::new(World::empty());
    let root = root(&mut stage);
    let file = stage
        .v2("disk.folder.uploadFile", upload(root, "a.txt", "MQ=="))
        .result;
    let id = file["ID"].clone();
    let second = json!({"id": id, "fileContent": ["other.txt", "MjI="]});
    let changed = stage.v2("disk.file.uploadVersion", second).result;
    assert_eq!(
        (&changed["NAME"], &changed["SIZE"]),
        (&json!("a.txt"), &json!("2"))
    );
    let versions = stage.v2("disk.file.getVersions", json!({"id": id}));
    assert_eq!(column(&versions.result, "SIZE"), ["2", "1"]);
    assert_eq!(
        column(&versions.result, "GLOBAL_CONTENT_VERSION"),
        ["2", "1"]
    );

    let binned = stage.v2("disk.file.markDeleted", json!({"id": id})).result;
    assert_eq!(binned["DELETED_TYPE"], "3");
    assert_eq!(
        stage
            .v2("disk.folder.getChildren", json!({"id": root}))
            .total,
        Some(0)
    );
    let restored = stage.v2("disk.file.restore", json!({"id": id})).result;
    assert_eq!(
        (&restored["DELETED_TYPE"], &restored["DELETE_TIME"]),
        (&json!("0"), &json!(null))
    );
    assert_eq!(
        stage.v2("disk.file.delete", json!({"id": id})).result,
        json!(true)
    );
    assert_eq!(
        stage.refused("disk.file.get", json!({"id": id})).code,
        "ERROR_NOT_FOUND"
    );
}

#[test]
fn a_folder_goes_with_all_that_is_in_it() {
    let mut stage = Stage::new(World::empty());
    let root = root(&mut stage);
    let folder = |stage: &mut Stage, parent: i64| {
        let add = json!({"id": parent, "data": {"NAME": "f"}});
        stage.v2("disk.folder.addSubFolder", add).result["ID"]
            .as_i64()
            .unwrap()
    };
    let outer = folder(&mut stage, root);
    let inner = folder(&mut stage, outer);
    let file = stage
        .v2("disk.folder.uploadFile", upload(inner, "a.txt", "MQ=="))
        .result;
    let content = file["FILE_ID"].as_i64().unwrap();
    stage.v2("disk.folder.markDeleted", json!({"id": outer}));
    let below = stage.v2("disk.file.get", json!({"id": file["ID"]})).result;
    assert_eq!(below["DELETED_TYPE"], "4");
    assert!(stage.world.files.get(content).is_some());
    stage.v2("disk.folder.deleteTree", json!({"id": outer}));
    assert_eq!(
        stage
            .refused("disk.file.get", json!({"id": file["ID"]}))
            .code,
        "ERROR_NOT_FOUND"
    );
    assert!(stage.world.files.get(content).is_none());
    assert_eq!(
        stage
            .refused("disk.folder.deleteTree", json!({"id": root}))
            .code,
        "DISK_OBJ_22000"
    );
    assert_eq!(
        stage.refused("disk.folder.get", json!({"id": inner})).code,
        "ERROR_NOT_FOUND"
    );
}
