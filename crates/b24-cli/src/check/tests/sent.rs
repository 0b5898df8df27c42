//! What was checked is what the portal takes.

use super::*;

/// The parts of an item that a person may write.
fn writable(item: &Tree, fields: &Fields) -> Vec<(String, Tree)> {
    let written = fields
        .iter()
        .filter(|field| !field.read_only && field.name != "id");
    let parts = written.filter_map(|field| {
        let value = item.get(&field.name)?;
        // Contacts get ids of their own.
        let value = match value {
            Tree::List(items) if field.name == "fm" => {
                let each = items.iter().map(|item| {
                    ["typeId", "valueType", "value"].map(|key| format!("{:?}", item.get(key)))
                });
                Tree::Text(
                    each.map(|parts| parts.join(" "))
                        .collect::<Vec<_>>()
                        .join(" "),
                )
            }
            value => value.clone(),
        };
        Some((field.name.clone(), value))
    });
    parts.collect()
}

#[tokio::test]
async fn what_was_exported_can_be_imported() {
    let desk = Desk::new().await;
    let files: &[(&str, &[&str])] = &[
        ("all.csv", &[]),
        ("all.jsonl.gz", &[]),
        ("all.xlsx", &[]),
        ("excel.csv", &["--csv-for", "excel"]),
        ("labels.csv.zst", &["--labels"]),
        ("labels.xlsx", &["--labels"]),
        ("labels.jsonl", &["--labels"]),
        ("both.csv", &["--labels=both", "--csv-for", "excel"]),
    ];
    for entity in ["deals", "contacts"] {
        let (_, fields) = desk.fields(entity).await;
        let get = |id: &Tree| {
            let type_id = if entity == "deals" { 2 } else { 3 };
            let mut params = Tree::empty();
            params.set("entityTypeId", Tree::from(type_id));
            params.set("id", id.clone());
            params
        };
        for (file, flags) in files {
            let name = format!("{entity}-{file}");
            let path = desk.path().join(&name);
            // The newest have more in them than the first.
            let output = path.display().to_string();
            let words = [
                "export", entity, "--limit", "40", "--order", "id:desc", "-o", &output,
            ];
            desk.run(&[&words, *flags].concat()).await;
            let case = Case {
                entity,
                ..Case::default()
            };
            let (source, checker) = desk.checker_of(case, &path).await.unwrap();
            let id_column = source
                .columns()
                .iter()
                .position(|column| column.eq_ignore_ascii_case("id"));
            let mut rows = source.rows().unwrap();
            let (mut read, mut same_names) = (0, 0);
            while let Some(row) = rows.read().unwrap() {
                let row = row.unwrap();
                read += 1;
                let ready = match checker.check(&row, Files::Load) {
                    Ok(ready) => ready,
                    Err(reasons) => {
                        let all = |reason: &Reason| reason.message.contains("users are called");
                        assert!(
                            flags.contains(&"--labels") && reasons.iter().all(all),
                            "{name}: {reasons:?}"
                        );
                        same_names += 1;
                        continue;
                    }
                };
                if read > 3 {
                    continue;
                }
                let old = value::text_of(&row.cells[id_column.unwrap()])
                    .unwrap()
                    .into_owned();
                let old = desk.call("crm.item.get", &get(&Tree::Text(old))).await;
                let mut params = get(&Tree::Null);
                params.set("fields", ready.fields);
                let new = desk.call("crm.item.add", &params).await;
                let item = |answer: &Tree| answer.get("item").unwrap().clone();
                let new = desk
                    .call("crm.item.get", &get(item(&new).get("id").unwrap()))
                    .await;
                assert_eq!(
                    writable(&item(&new), &fields),
                    writable(&item(&old), &fields),
                    "{name}, row {}",
                    row.number
                );
            }
            assert_eq!(read, 40, "{name}");
            assert!(same_names < 30, "{name}: {same_names}");
        }
    }
}

#[tokio::test]
async fn the_portal_takes_what_was_checked() {
    let desk = Desk::new().await;
    let text = "title,opportunity,currencyId,opened,begindate,ufCrm_1704067204,ufCrm_1704067206,\
        ufCrm_1704067207,ufCrm_1704067208,assignedById,stageId,contactIds,ufCrm_1704067205\n\
        Pump,\"12 345,67\",Euro,нет,31.12.2026,2026-06-15,да,\"1000,50|USD\",CRM;HR,user2@example.com,C2:LOSE,5;6,a;b\n";
    let (source, checker) = desk
        .checker(Case::default(), "deals.csv", text)
        .await
        .unwrap();
    let row = source.rows().unwrap().read().unwrap().unwrap().unwrap();
    let ready = checker.check(&row, Files::Load).unwrap();
    let mut params = Tree::empty();
    params.set("entityTypeId", 2.into());
    params.set("fields", ready.fields.clone());
    let added = desk.call("crm.item.add", &params).await;
    let item = added.get("item").unwrap();
    let mut kept = Tree::empty();
    for (name, _) in ready.fields.entries() {
        kept.set(name.as_str(), item.get(name).cloned().unwrap_or(Tree::Null));
    }
    insta::assert_json_snapshot!(kept);
}

#[tokio::test]
async fn contacts_of_a_row_are_added_once_or_replaced() {
    let desk = Desk::new().await;
    let case = Case {
        entity: "contacts",
        ..Case::default()
    };
    let fields = async |text: &str| {
        let (source, checker) = desk.checker(case, "contacts.csv", text).await.unwrap();
        let row = source.rows().unwrap().read().unwrap().unwrap().unwrap();
        checker.check(&row, Files::Load).unwrap().fields
    };
    let mut params = Tree::empty();
    params.set("entityTypeId", 3.into());
    let text = "name,PHONE,PHONE_MOBILE,EMAIL\nAnn,+7 900 1,+7 900 2,a@example.com\n";
    params.set("fields", fields(text).await);
    let mut current = desk.call("crm.item.add", &params).await;
    let mut told = Vec::new();
    let second = "PHONE,PHONE_HOME,EMAIL\n+7 (900) 1;+7 900 3,+79002,A@example.com\n";
    for (text, contacts) in [
        (second, Contacts::Add),
        (second, Contacts::Add),
        ("PHONE\n+7 900 3\n", Contacts::Replace),
        ("PHONE,EMAIL\n,b@example.com\n", Contacts::Replace),
    ] {
        let item = current.get("item").unwrap().clone();
        let merged = merge(fields(text).await, &item, contacts);
        let sent = serde_json::to_string(&merged).unwrap();
        params.set("id", item.get("id").unwrap().clone());
        params.set("fields", merged);
        desk.call("crm.item.update", &params).await;
        let mut read = params.clone();
        read.set("fields", Tree::Null);
        current = desk.call("crm.item.get", &read).await;
        let fm = current.get("item").unwrap().get("fm").unwrap();
        let Tree::List(fm) = fm else { panic!("a list") };
        let fm: Vec<String> = fm
            .iter()
            .map(|one| serde_json::to_string(one).unwrap())
            .collect();
        told.push(format!("{contacts:?} {sent}\n{}", fm.join("\n")));
    }
    insta::assert_snapshot!(told.join("\n\n"));
}

/// Types of custom fields: one value, and several.
const CUSTOM: &[(&str, &str, &str)] = &[
    ("string", "x", "a;b"),
    (
        "url",
        "https://example.com",
        "https://example.com;https://example.org",
    ),
    (
        "address",
        "Tverskaya 1|55.7;37.6",
        "Tverskaya 1|55.7;37.6\nArbat 2",
    ),
    ("crm", "C_5", "C_5;CO_6"),
    ("crm_status", "WEB", "WEB;CALL"),
    ("money", "10,50|EUR", "10|EUR;20|USD"),
    ("integer", "1 000", "1;2"),
    ("double", "1,5", "1,5;2.5"),
    ("boolean", "да", "да;нет"),
    ("date", "31.12.2026", "31.12.2026;01.01.2027"),
    (
        "datetime",
        "31.12.2026 14:30",
        "31.12.2026 14:30;2027-01-01",
    ),
    ("enumeration", "High", "High;Low"),
    ("employee", "user2@example.com", "1;user2@example.com"),
];

#[tokio::test]
async fn custom_fields_of_each_type_are_written_and_emptied() {
    let desk = Desk::new().await;
    let (mut headings, mut cells) = (Vec::new(), Vec::new());
    for (kind, one, several) in CUSTOM {
        for (multiple, value) in [("N", one), ("Y", several)] {
            let name = format!("{}_{multiple}", kind.to_uppercase());
            let choice = |text: &str| Tree::Map(vec![("VALUE".to_owned(), text.into())]);
            let mut field = Tree::empty();
            field.set("FIELD_NAME", name.as_str().into());
            field.set("USER_TYPE_ID", (*kind).into());
            field.set("MULTIPLE", multiple.into());
            if *kind == "enumeration" {
                field.set("LIST", Tree::List(vec![choice("High"), choice("Low")]));
            }
            let params = Tree::Map(vec![("fields".to_owned(), field)]);
            desk.call("crm.deal.userfield.add", &params).await;
            headings.push(format!("UF_CRM_{name}"));
            cells.push(format!("\"{value}\""));
        }
    }
    let header = headings.join(",");
    let text = format!("{header}\n{}\n", cells.join(","));
    let (source, checker) = desk
        .checker(Case::default(), "deals.csv", &text)
        .await
        .unwrap();
    let row = source.rows().unwrap().read().unwrap().unwrap().unwrap();
    let ready = checker.check(&row, Files::Load).unwrap();
    let mut params = Tree::empty();
    params.set("entityTypeId", 2.into());
    params.set("fields", ready.fields.clone());
    let added = desk.call("crm.item.add", &params).await;
    let added = added.get("item").unwrap();
    let part = |item: &Tree, name: &str| serde_json::to_string(item.get(name).unwrap()).unwrap();
    let mut told = Vec::new();
    for (name, sent) in ready.fields.entries() {
        let sent = serde_json::to_string(sent).unwrap();
        told.push(format!("{name}: {sent} -> {}", part(added, name)));
    }

    let blank = format!(
        "id,{header}\n{}{}\n",
        part(added, "id"),
        ",".repeat(headings.len())
    );
    let clear = Case {
        purpose: Purpose::Update,
        blank: Blank::Clear,
        ..Case::default()
    };
    let (source, checker) = desk.checker(clear, "deals.csv", &blank).await.unwrap();
    let row = source.rows().unwrap().read().unwrap().unwrap().unwrap();
    let cleared = checker.check(&row, Files::Load).unwrap();
    params.set("id", cleared.id.unwrap().into());
    params.set("fields", cleared.fields);
    let updated = desk.call("crm.item.update", &params).await;
    for (name, _) in ready.fields.entries() {
        let left = part(updated.get("item").unwrap(), name);
        told.push(format!("{name}: {left}"));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn files_come_from_the_directory_of_the_table() {
    let desk = Desk::new().await;
    std::fs::write(desk.path().join("a.png"), b"abc").unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let outside = outside.path().display().to_string();
    let case = Case {
        entity: "contacts",
        ..Case::default()
    };
    let text = format!(
        "photo,name\n@a.png,Ann\n@{outside},x\n@../,x\n@b.png,x\na.png,x\n,x\n\
         \"{{\"\"id\"\":5,\"\"url\"\":\"\"https://acme.bitrix24.com/\"\"}}\",x\n"
    );
    let (source, checker) = desk.checker(case, "contacts.csv", &text).await.unwrap();
    let home = desk.path().display().to_string();
    let told = rows(&source, &checker).join("\n");
    insta::assert_snapshot!(told.replace(&outside, "[outside]").replace(&home, "[home]"));
    let row = source.rows().unwrap().read().unwrap().unwrap().unwrap();
    let loaded = checker.check(&row, Files::Load).unwrap().fields;
    assert_eq!(
        serde_json::to_string(&loaded).unwrap(),
        r#"{"photo":["a.png","YWJj"],"name":"Ann"}"#
    );
    let mut params = Tree::empty();
    params.set("entityTypeId", 3.into());
    params.set("fields", loaded);
    let added = desk.call("crm.item.add", &params).await;
    let photo = added.get("item").unwrap().get("photo").unwrap();
    assert!(photo.get("id").is_some(), "{photo:?}");
}
