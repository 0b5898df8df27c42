//! Which column is which field.

use super::*;

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
        deals("it's,title\nNEW,Pump\n"),
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
