use std::path::Path;

use b24_portal::{Edition, Portal};
use clap::FromArgMatches;
use serde_json::value::RawValue;

use super::*;
use crate::args::{Cli, grammar};
use crate::commands::export::fields::{self, Known};
use crate::entity::{Api, Entity, Word};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::intake::{self, Options};
use crate::printer::{ColorChoice, Printer, ProgressChoice, Style};
use crate::session::Session;

/// A portal with the demo set, and this command connected to it.
struct Desk {
    portal: Portal,
    session: Session,
    home: tempfile::TempDir,
}

async fn unlimited() -> Portal {
    let portal = Portal::builder().demo().edition(Edition::Box);
    portal.start().await.unwrap()
}

/// What a file is checked for.
#[derive(Clone, Copy)]
struct Case<'a> {
    entity: &'a str,
    maps: &'a [(&'a str, &'a str)],
    purpose: Purpose,
    blank: Blank,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            entity: "deals",
            maps: &[],
            purpose: Purpose::Add,
            blank: Blank::Keep,
        }
    }
}

impl Desk {
    async fn new() -> Self {
        let portal = unlimited().await;
        Self::with(None, portal)
    }

    /// With only some scopes.
    async fn of_scopes(scopes: &[&str]) -> Self {
        let portal = unlimited().await;
        Self::with(Some(scopes), portal)
    }

    fn with(scopes: Option<&[&str]>, portal: Portal) -> Self {
        let webhook = match scopes {
            Some(scopes) => portal.add_webhook(1, scopes),
            None => portal.webhook().to_owned(),
        };
        let words = [
            "b24",
            "-q",
            "--limits",
            "off",
            "--webhook",
            &webhook,
            "ping",
        ];
        let matches = grammar().try_get_matches_from(words).unwrap();
        let Cli { global, .. } = Cli::from_arg_matches(&matches).unwrap();
        let style = Style::resolve(false, true, 0, ColorChoice::Never, ProgressChoice::None);
        Self {
            portal,
            session: Session::new("import", global, Printer::new(style)),
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    /// Reads a file and prepares its check.
    async fn checker(
        &self,
        case: Case<'_>,
        name: &str,
        text: &str,
    ) -> Result<(intake::Source, Checker), Failure> {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        self.checker_of(case, &path).await
    }

    async fn checker_of(
        &self,
        case: Case<'_>,
        path: &Path,
    ) -> Result<(intake::Source, Checker), Failure> {
        let source = intake::open(path, &Options::default())?;
        let (entity, fields) = self.fields(case.entity).await;
        let maps: Vec<(String, String)> = case
            .maps
            .iter()
            .map(|(column, field)| ((*column).to_owned(), (*field).to_owned()))
            .collect();
        let wanted = Wanted {
            file: source.name(),
            columns: source.columns(),
            maps: &maps,
            purpose: case.purpose,
        };
        let mapping = Mapping::of(wanted, &entity, &fields)?;
        let connection = self.session.connection().await.unwrap();
        let codes = Codes::of(
            &entity,
            &fields,
            |field| mapping.has(field),
            &self.session,
            connection,
        );
        let codes = codes.await.unwrap();
        let settings = Settings {
            purpose: case.purpose,
            blank: case.blank,
            files: self.path().to_owned(),
        };
        Ok((source, Checker::new(mapping, codes, settings)))
    }

    async fn fields(&self, word: &str) -> (Entity, Fields) {
        let Ok(Word::Entity(entity)) = Word::read(word, Api::Auto) else {
            panic!("an entity");
        };
        let connection = self.session.connection().await.unwrap();
        let params = entity.parameters();
        let known = fields::ask(&entity, &params, &self.session, connection).await;
        let Known::All(fields) = known.unwrap() else {
            panic!("fields");
        };
        (*entity, fields)
    }

    /// What each row of a file becomes, and what is noted.
    async fn told(&self, case: Case<'_>, name: &str, text: &str) -> String {
        match self.checker(case, name, text).await {
            Ok((source, checker)) => {
                let mut lines = rows(&source, &checker);
                let notes = checker
                    .mapping
                    .notes()
                    .iter()
                    .map(|note| format!("note: {note}"));
                lines.extend(notes);
                let warnings = checker.mapping.warnings().iter();
                lines.extend(warnings.map(|warning| format!("warning: {warning}")));
                lines.join("\n")
            }
            Err(failure) => told(&failure),
        }
    }

    /// Runs another command on the same portal.
    async fn run(&self, words: &[&str]) {
        let own = [
            "b24",
            "-q",
            "--limits",
            "off",
            "--webhook",
            self.portal.webhook(),
        ];
        let matches = grammar()
            .try_get_matches_from(own.iter().chain(words))
            .unwrap();
        let Cli { global, command } = Cli::from_arg_matches(&matches).unwrap();
        let style = Style::resolve(false, true, 0, ColorChoice::Never, ProgressChoice::None);
        let session = Session::new(command.name(), global, Printer::new(style));
        crate::commands::run(command, &session).await.unwrap();
    }

    async fn call(&self, method: &str, params: &Tree) -> Tree {
        let connection = self.session.connection().await.unwrap();
        let call = connection.client.v2().call(method).params(params);
        let answer: Box<RawValue> = call.typed().await.unwrap();
        serde_json::from_str(answer.get()).unwrap()
    }
}

fn told(failure: &Failure) -> String {
    let lines = failure.lines();
    let lines = lines
        .iter()
        .map(|(label, text)| format!("\n  {label}: {text}"));
    format!("{failure}{}", lines.collect::<String>())
}

fn rows(source: &intake::Source, checker: &Checker) -> Vec<String> {
    let mut rows = source.rows().unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.read().unwrap() {
        let row = row.expect("a row that can be read");
        match checker.check(&row, Files::Look) {
            Ok(ready) => {
                let id = ready.id.map(|id| format!("#{id} ")).unwrap_or_default();
                let fields = serde_json::to_string(&ready.fields).unwrap();
                lines.push(format!("{}: {id}{fields}", row.number));
            }
            Err(reasons) => lines.extend(
                reasons
                    .iter()
                    .map(|reason| format!("{}: {}: {}", row.number, reason.field, reason.message)),
            ),
        }
    }
    lines
}

/// One column of values, most of them with quotes in CSV.
fn column(heading: &str, values: &[&str]) -> String {
    let mut text = format!("{heading},title\n");
    for value in values {
        let quoted = value.replace('"', "\"\"");
        text.extend(["\"", &quoted, "\",x\n"]);
    }
    text
}

#[tokio::test]
async fn values_of_each_type_are_read_or_refused() {
    let desk = Desk::new().await;
    let columns: &[(&str, &[&str])] = &[
        ("probability", &["50", "50.0", "50,5", "half", ""]),
        (
            "opportunity",
            &[
                "1000.50",
                "1 000,5",
                "1,000",
                "12345678901234567.89",
                "a lot",
            ],
        ),
        ("opened", &["Y", "нет", "TRUE", "0", "maybe"]),
        (
            "begindate",
            &[
                "2026-03-01",
                "1.3.2026",
                "2026-03-01T03:00:00+03:00",
                "03/01/2026",
            ],
        ),
        ("currencyId", &["EUR", "us dollar", "Тенге", "Taler"]),
        ("categoryId", &["1", "партнёры", "Nowhere"]),
        ("sourceId", &["WEB", "Выставка", "выставка ", "Nowhere"]),
        (
            "assignedById",
            &[
                "1",
                "USER2@example.com",
                "Анна Иванова",
                "Иванова  анна",
                "999999",
                "nobody@example.com",
                "0",
            ],
        ),
        ("companyId", &["5", "0", "C_5", "five"]),
        ("contactIds", &["5", "5;6", "5, 6", "[5,6]", "[5,\"x\"]"]),
        ("ufCrm_1704067202", &["12", "12.5"]),
        (
            "ufCrm_1704067203",
            &["44", "Почта \"Экспресс\" & Ко", "курьер", "Голубь"],
        ),
        ("ufCrm_1704067204", &["31.12.2026", "31.12.2026 10:00"]),
        (
            "ufCrm_1704067205",
            &["a;b", "[\"a;b\",\"c\"]", "[urgent]; c", "one"],
        ),
        ("ufCrm_1704067206", &["да", "N", "maybe"]),
        (
            "ufCrm_1704067207",
            &[
                "100|EUR",
                "100,50|Euro",
                "12345678901234567.89",
                "100|DM",
                "x|EUR",
            ],
        ),
        (
            "ufCrm_1704067208",
            &["50;51", "[\"CRM\",\"Склад & логистика\"]", "CRM;Fax"],
        ),
        ("observers", &["1;user2@example.com", "1,2"]),
        ("UF_CRM_1704067202", &["7"]),
        ("Total", &["7"]),
    ];
    let mut told = Vec::new();
    for (heading, values) in columns {
        let text = column(heading, values);
        let lines = desk.told(Case::default(), "deals.csv", &text).await;
        told.push(format!("{heading}\n{lines}"));
    }
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn stages_are_those_of_the_row_s_pipeline() {
    let desk = Desk::new().await;
    let stages = |pipeline: &str| {
        let rows = ["В работе!", "Отказ", "C1:LOSE", "LOSE", "new", ""];
        let rows = rows.map(|stage| format!("{stage},{pipeline}\n"));
        format!("stageId,categoryId\n{}", rows.concat())
    };
    let mut told = Vec::new();
    for pipeline in ["", "0", "1", "Партнёры", "Nowhere"] {
        for purpose in [Purpose::Add, Purpose::Update, Purpose::Upsert] {
            let case = Case {
                purpose,
                ..Case::default()
            };
            let lines = desk.told(case, "deals.csv", &stages(pipeline)).await;
            told.push(format!("{pipeline:?} {purpose:?}\n{lines}"));
        }
    }
    let (_, fields) = desk.fields("spa:128").await;
    let stage = fields.find("stageId").unwrap().clone();
    let case = Case {
        entity: "spa:128",
        ..Case::default()
    };
    let statuses = desk.call("crm.status.list", &Tree::empty()).await;
    let Tree::List(statuses) = statuses else {
        panic!("a list")
    };
    let own = statuses.iter().find(|status| {
        status.get("ENTITY_ID") == stage.status_type.as_deref().map(Tree::from).as_ref()
    });
    let Some(Tree::Text(name)) = own.and_then(|status| status.get("NAME")) else {
        panic!("a stage of {stage:?}");
    };
    told.push(
        desk.told(case, "spa.csv", &format!("title,stageId\nx,{name}\n"))
            .await,
    );
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn columns_find_their_fields() {
    let desk = Desk::new().await;
    let deals = |text: &'static str| (Case::default(), text);
    let mapped = |maps: &'static [(&'static str, &'static str)], text: &'static str| {
        (
            Case {
                maps,
                ..Case::default()
            },
            text,
        )
    };
    let of = |purpose, text: &'static str| {
        (
            Case {
                purpose,
                ..Case::default()
            },
            text,
        )
    };
    let classic = Case {
        entity: "crm.deal.list",
        purpose: Purpose::Update,
        ..Case::default()
    };
    let cases = [
        (
            classic,
            "ID,TITLE,CATEGORY_ID,STAGE_ID\n1,Pump,1,Отказ\n2,Pump,Nowhere,NEW\n",
        ),
        deals("id,title,createdTime,DATE_MODIFY,dateCreateShort\n1,Pump,2026-01-01,x,y\n"),
        of(Purpose::Update, "id,title,categoryId\n1,Pump,1\n2,,\n"),
        of(Purpose::Update, "id,title\nfive,Pump\n,Pump\n"),
        deals("name,stage,TOTAL\nPump,NEW,5\n"),
        deals("stage_id,title\nNEW,Pump\n"),
        deals("Nonsense,title\nNEW,Pump\n"),
        deals("title,,comments\nPump,x,y\n"),
        deals("title,TITLE\nPump,Pump\n"),
        deals("stageId,stageId (text)\nNEW,Новая\n"),
        mapped(&[("What", "title"), ("Junk", "")], "What,Junk\nPump,x\n"),
        mapped(&[("What", "titel")], "What\nPump\n"),
        mapped(&[("What", "title")], "Wht,title\nx,Pump\n"),
        mapped(&[("a", "title"), ("b", "title")], "a,b\nx,y\n"),
        mapped(&[("Key", "id")], "Key,title\n5,Pump\n"),
        deals("PHONE,title\n1,Pump\n"),
    ];
    let mut told = Vec::new();
    for (case, text) in cases {
        let lines = desk.told(case, "deals.csv", text).await;
        told.push(format!("{text}{lines}"));
    }
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn phones_and_the_like_are_gathered() {
    let desk = Desk::new().await;
    let contacts = Case {
        entity: "contacts",
        ..Case::default()
    };
    let classic = Case {
        entity: "crm.contact.list",
        ..contacts
    };
    let text = "name,Phone,PHONE_MOBILE,EMAIL_HOME,E-mail,im_telegram\n\
        Ann,+7 900 1;+7 (900) 1,+7 900 2,a@example.com,x,@ann\n\
        Bob,\"[{\"\"value\"\":\"\"7\"\",\"\"valueType\"\":\"\"HOME\"\"},\"\"8\"\"]\",,,,\n\
        Cid,none,,\"a@example.com, b@example.com\",,\n\
        Dan,,,a b@example.com,,\n\
        Eve,,,,,\n";
    let text = text.replace(",E-mail,", ",comments,");
    let fm = "fm\n\"[{\"\"id\"\":5,\"\"valueType\"\":\"\"WORK\"\",\"\"value\"\":\"\"+7 900\"\",\"\"typeId\"\":\"\"PHONE\"\"}]\"\n+7 900\n\
        \"[{\"\"value\"\":\"\"x\"\",\"\"typeId\"\":\"\"FAX\"\"}]\"\n[]\n";
    let told = [
        desk.told(contacts, "contacts.csv", &text).await,
        desk.told(
            classic,
            "contacts.csv",
            &text
                .replace("name,", "NAME,")
                .replace("comments", "COMMENTS"),
        )
        .await,
        desk.told(contacts, "contacts.csv", fm).await,
        desk.told(contacts, "contacts.csv", "PHONE_MOBIL\n7\n")
            .await,
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn blank_cells_empty_a_field_only_if_asked() {
    let desk = Desk::new().await;
    let mut told = Vec::new();
    for purpose in [Purpose::Add, Purpose::Update] {
        for blank in [Blank::Keep, Blank::Clear] {
            let case = Case {
                purpose,
                blank,
                ..Case::default()
            };
            told.push(
                desk.told(case, "deals.csv", "title,comments\nPump,\n")
                    .await,
            );
        }
    }
    assert_eq!(
        told,
        [
            r#"2: {"title":"Pump"}"#,
            r#"2: {"title":"Pump"}"#,
            r#"2: {"title":"Pump"}"#,
            r#"2: {"title":"Pump","comments":""}"#,
        ]
    );
}

#[tokio::test]
async fn what_tasks_need_is_asked_for_before_anything_is_sent() {
    let desk = Desk::new().await;
    let case = Case {
        entity: "tasks",
        ..Case::default()
    };
    let told = [
        desk.told(case, "tasks.csv", "TITLE\nCall\n").await,
        desk.told(
            case,
            "tasks.csv",
            "TITLE,responsibleId,DEADLINE,AUDITORS\nCall,user1@example.com,31.12.2026 18:00,1;user2@example.com\n,2,,\nCall,,tomorrow,\n",
        )
        .await,
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn users_beyond_the_first_page_are_known_too() {
    let desk = Desk::new().await;
    desk.portal.insert_rows("user", 120);
    let last = *desk.portal.ids("user").last().unwrap();
    let text = column(
        "assignedById",
        &[&last.to_string(), &(last + 1).to_string()],
    );
    assert_eq!(
        desk.told(Case::default(), "deals.csv", &text).await,
        format!(
            "2: {{\"assignedById\":{last},\"title\":\"x\"}}\n3: assignedById: no user \"{}\"",
            last + 1
        )
    );
}

#[tokio::test]
async fn without_the_right_to_users_ids_are_taken_as_they_are() {
    let desk = Desk::of_scopes(&["crm"]).await;
    let text = column("assignedById", &["999", "user2@example.com"]);
    insta::assert_snapshot!(desk.told(Case::default(), "deals.csv", &text).await);
}

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
    let mut fields = desk.fields("contacts").await.1;
    let (entity, _) = desk.fields("contacts").await;
    // The portal has no field of files that can be written.
    let photo = Tree::Map(vec![("type".to_owned(), "file".into())]);
    fields = Fields::read(&Tree::Map(vec![
        ("photo".to_owned(), photo),
        (
            "name".to_owned(),
            Tree::Map(vec![("type".to_owned(), "string".into())]),
        ),
    ]))
    .unwrap_or(fields);
    std::fs::create_dir(desk.path().join("in")).unwrap();
    std::fs::write(desk.path().join("in/a.png"), b"abc").unwrap();
    std::fs::write(desk.path().join("out.png"), b"abc").unwrap();
    let table = desk.path().join("in/contacts.csv");
    std::fs::write(
        &table,
        "photo,name\n@a.png,x\n@../out.png,x\n@b.png,x\na.png,x\n,x\n",
    )
    .unwrap();
    let source = intake::open(&table, &Options::default()).unwrap();
    let wanted = Wanted {
        file: source.name(),
        columns: source.columns(),
        maps: &[],
        purpose: Purpose::Add,
    };
    let mapping = Mapping::of(wanted, &entity, &fields).unwrap();
    let settings = Settings {
        purpose: Purpose::Add,
        blank: Blank::Keep,
        files: desk.path().join("in"),
    };
    let checker = Checker::new(mapping, Codes::default(), settings);
    let home = desk.path().display().to_string();
    let told = rows(&source, &checker).join("\n").replace(&home, "[home]");
    insta::assert_snapshot!(told);
    let mut all = source.rows().unwrap();
    let row = all.read().unwrap().unwrap().unwrap();
    let loaded = checker.check(&row, Files::Load).unwrap().fields;
    assert_eq!(
        serde_json::to_string(&loaded).unwrap(),
        r#"{"photo":{"fileData":["a.png","YWJj"]},"name":"x"}"#
    );
}
