//! What a cell becomes.

use super::*;

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
