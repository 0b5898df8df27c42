use super::books::{Status, statuses};
use super::*;

fn status(kind: &str, code: &str, text: &str) -> Status {
    Status {
        kind: kind.to_owned(),
        code: code.to_owned(),
        text: text.to_owned(),
    }
}

fn labels(labelling: Labelling) -> Labels {
    let book = |all: &[(&str, &str)]| {
        let each = all
            .iter()
            .map(|(code, text)| ((*code).to_owned(), (*text).to_owned()));
        Texts::Book(each.collect())
    };
    let mut users = Users::default();
    let ann = r#"{"ID":"1","NAME":"Ann ","LAST_NAME":"O'Neil","EMAIL":"a@b"}"#;
    let mail = r#"{"ID":"2","NAME":"","LAST_NAME":null,"EMAIL":"x@y"}"#;
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    users.first(&[raw(ann), raw(mail)], false);
    Labels {
        labelling,
        texts: [
            ("stageId".to_owned(), book(&[("NEW", "Новая \"1\"")])),
            ("tags".to_owned(), book(&[("5", "five"), ("6", "six")])),
            ("by".to_owned(), Texts::Users),
        ]
        .into(),
        users,
    }
}

#[test]
fn codes_become_texts_and_unknown_ones_stay() {
    let rows = [
        r#"{"id":1,"stageId":"NEW","tags":[5,"6",7],"by":1}"#,
        r#"{"id":2,"stageId":"OLD","tags":null,"by":[1,2,3]}"#,
        r#"{"id":3,"stageId":null,"tags":[],"by":0}"#,
        "5",
    ];
    let all = [Labelling::Text, Labelling::Both].map(|labelling| {
        let labels = labels(labelling);
        let each = rows.iter().map(|row| {
            let row = RawValue::from_string((*row).to_owned()).unwrap();
            labels.rewrite(row).get().to_owned()
        });
        each.collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn columns_get_titles_and_never_the_same_one_twice() {
    let column = |path: &str, title: Option<&str>| Column {
        title: title.map(ToOwned::to_owned),
        kind: Kind::Integer,
        ..Column::named(path)
    };
    let columns = vec![
        column("id", None),
        column("stageId", Some("State")),
        column("by", Some("Person")),
        column("to", Some("Person")),
        column("state", Some("State (text)")),
        column("x.y", None),
    ];
    let all = [Labelling::Text, Labelling::Both].map(|labelling| {
        let each = labels(labelling).columns(columns.clone()).into_iter();
        let each =
            each.map(|column| format!("{} = {} {:?}", column.heading, column.path, column.kind));
        each.collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn stages_of_all_pipelines_are_one_directory() {
    let all = [
        status("STATUS", "NEW", "lead"),
        status("DEAL_STAGE", "NEW", "deal"),
        status("DEAL_STAGE_1", "C1:NEW", "partner"),
        status("DEAL_STAGED", "NEW", "other"),
        status("DYNAMIC_128_STAGE_7", "DT128_7:NEW", "seven"),
        status("DYNAMIC_128_STAGE_9", "DT128_9:NEW", "nine"),
    ];
    let texts = |kind| {
        let mut texts: Vec<String> = statuses(&all, kind).into_values().collect();
        texts.sort();
        texts.join(" ")
    };
    assert_eq!(texts(Some("STATUS")), "lead");
    assert_eq!(texts(Some("DEAL_STAGE")), "deal partner");
    assert_eq!(texts(Some("DYNAMIC_128_STAGE_7")), "nine seven");
    assert_eq!(texts(None), "nine partner seven");
}
