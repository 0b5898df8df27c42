use std::io::Write as _;

use super::{Tree, parse};
use crate::catalogue::find_method;

fn json(arguments: &[&str], method: Option<&str>) -> String {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let method = method.map(|name| find_method(name, None).unwrap());
    match parse(&arguments, method.as_ref()) {
        Ok(tree) => serde_json::to_string(&tree).unwrap(),
        Err(error) => format!("error: {error}"),
    }
}

fn file(content: &[u8]) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
    file.write_all(content).unwrap();
    let path = file.path().display().to_string();
    (file, path)
}

#[test]
fn texts_become_what_the_catalogue_says() {
    assert_eq!(
        json(
            &["entityTypeId=2", "id=0005", "other=7"],
            Some("crm.item.get")
        ),
        r#"{"entityTypeId":2,"id":"0005","other":"7"}"#
    );
    assert_eq!(
        json(
            &[
                "fields[TITLE]=12",
                "fields[PROBABILITY]=30",
                "fields[OPPORTUNITY]=1000.10",
                "params[REGISTER_SONET_EVENT]=true"
            ],
            Some("crm.deal.add")
        ),
        r#"{"fields":{"TITLE":"12","PROBABILITY":30,"OPPORTUNITY":"1000.10"},"params":{"REGISTER_SONET_EVENT":true}}"#
    );
    assert_eq!(json(&["id=abc"], Some("crm.item.get")), r#"{"id":"abc"}"#);
}

#[test]
fn json_keeps_its_order() {
    assert_eq!(
        json(
            &[r#"order:={"z":"ASC","a":"DESC"}"#, "a:=null", "b:=[1,2.5]"],
            None
        ),
        r#"{"order":{"z":"ASC","a":"DESC"},"a":null,"b":[1,2.5]}"#
    );
}

#[test]
fn brackets_build_lists_and_objects_as_php_does() {
    assert_eq!(
        json(
            &[
                "filter[>=OPPORTUNITY]=1000",
                "filter[@STAGE_ID][]=NEW",
                "filter[@STAGE_ID][]=WON"
            ],
            None
        ),
        r#"{"filter":{">=OPPORTUNITY":"1000","@STAGE_ID":["NEW","WON"]}}"#
    );
    assert_eq!(json(&["a[]=x", "a[]=x"], None), r#"{"a":["x","x"]}"#);
    assert_eq!(json(&["a[0]=x", "a[1]=y"], None), r#"{"a":["x","y"]}"#);
    assert_eq!(
        json(&["a[5]=x", "a[]=y"], None),
        r#"{"a":{"5":"x","6":"y"}}"#
    );
    assert_eq!(
        json(&["a[0]=x", "a[k]=y"], None),
        r#"{"a":{"0":"x","k":"y"}}"#
    );
    assert_eq!(
        json(&[r#"f:={"a":1}"#, "f[b]=2"], None),
        r#"{"f":{"a":1,"b":"2"}}"#
    );
    assert_eq!(json(&["f[a=b]=2"], None), r#"{"f":{"a=b":"2"}}"#);
}

#[test]
fn files_are_read_as_text_json_upload_or_everything() {
    let (_text, path) = file("два\n".as_bytes());
    assert_eq!(json(&[&format!("a=@{path}")], None), r#"{"a":"два\n"}"#);
    let (_json, path) = file(br#"{"z":1,"a":[]}"#);
    assert_eq!(
        json(&[&format!("a:=@{path}")], None),
        r#"{"a":{"z":1,"a":[]}}"#
    );
    assert_eq!(
        json(&[&format!("@{path}"), "z=2"], None),
        r#"{"z":"2","a":[]}"#
    );
    let name = std::path::Path::new(&path)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap();
    assert_eq!(
        json(
            &[&format!("fileContent@{path}")],
            Some("disk.folder.uploadfile")
        ),
        format!(r#"{{"fileContent":["{name}","eyJ6IjoxLCJhIjpbXX0="]}}"#)
    );
    assert_eq!(
        json(&[&format!("fields[UF_CRM_1]@{path}")], Some("crm.deal.add")),
        format!(r#"{{"fields":{{"UF_CRM_1":{{"fileData":["{name}","eyJ6IjoxLCJhIjpbXX0="]}}}}}}"#)
    );
}

#[test]
fn errors_name_the_argument_and_never_its_value() {
    let cases = [
        "id",
        "=5",
        "a b=1",
        "a[b=1",
        "a]=1",
        "id:=nonsense",
        "a=@/does/not/exist",
        "a@",
        "@",
        "a[b]c=1",
        r#"a:={"x":1,"x":2}"#,
    ];
    let mut seen = Vec::new();
    for case in cases {
        seen.push(format!("{case}\n    {}", json(&[case], None)));
    }
    for case in [["a=1", "a=2"], ["a=1", "a[b]=2"]] {
        seen.push(format!("{case:?}\n    {}", json(&case, None)));
    }
    let (_list, path) = file(b"[1]");
    seen.push(json(&[&format!("@{path}")], None).replace(&path, "FILE"));
    insta::assert_snapshot!(seen.join("\n"));
    assert!(!json(&["token[=verysecret"], None).contains("verysecret"));
}

#[test]
fn a_tree_reads_back_as_it_was_written() {
    let text = r#"{"b":[null,true,-1,2.5,"x"],"a":{"z":{},"y":[]}}"#;
    let tree: Tree = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&tree).unwrap(), text);
    assert!(serde_json::from_str::<Tree>("{").is_err());
}
