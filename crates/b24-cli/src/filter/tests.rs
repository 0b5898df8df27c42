use super::{Condition, FilterError, Operator, Target};
use crate::catalogue::Version;
use crate::fields::Fields;
use crate::parameters::{Tree, parse_json};

const ITEM: &str = "= != ! > >= < <= @ !@ % !% =% !=% %= !%=";
const TASKS: &str = "! < <= > >=";

fn target<'a>(version: Version, operators: &'a str, fields: Option<&'a Fields>) -> Target<'a> {
    Target {
        entity: "deals",
        method: "crm.item.list",
        version,
        fields,
        operators: operators.split_whitespace().collect(),
    }
}

fn shown(result: Result<Tree, FilterError>) -> String {
    match result {
        Ok(tree) => serde_json::to_string(&tree).unwrap(),
        Err(error) => format!("error: {error}"),
    }
}

fn write(version: Version, operators: &str, filters: &[&str]) -> String {
    let read: Result<Vec<_>, _> = filters.iter().map(|text| Condition::read(text)).collect();
    shown(read.and_then(|conditions| target(version, operators, None).write(&conditions, None)))
}

#[test]
fn all_documented_operators_read() {
    let cases = [
        ("=F=1", Operator::Equal),
        ("!=F=1", Operator::NotEqual),
        ("!F=1", Operator::Not),
        (">F=1", Operator::Greater),
        (">=F=1", Operator::GreaterEqual),
        ("<F=1", Operator::Less),
        ("<=F=1", Operator::LessEqual),
        ("@F=1", Operator::In),
        ("!@F=1", Operator::NotIn),
        ("%F=1", Operator::Contains),
        ("!%F=1", Operator::NotContains),
        ("=%F=1", Operator::Like),
        ("!=%F=1", Operator::NotLike),
        ("%=F=1", Operator::LikeReversed),
        ("!%=F=1", Operator::NotLikeReversed),
        ("><F:=[1,2]", Operator::Between),
        ("!><F:=[1,2]", Operator::NotBetween),
        ("?F=1", Operator::Query),
    ];
    assert_eq!(cases.len(), 18);
    for (text, operator) in cases {
        let read = Condition::read(text).unwrap();
        assert_eq!(
            (read.operator, read.field.as_str()),
            (operator, "F"),
            "{text}"
        );
        let key = write(Version::V2, "", &[text]);
        assert!(
            key.starts_with(&format!("{{\"{}F\":", operator.prefix())),
            "{key}"
        );
    }
}

#[test]
fn both_forms_write_the_same_conditions() {
    assert_eq!(
        write(
            Version::V2,
            ITEM,
            &[
                "opportunity>=1000",
                "stageId!=WON",
                "title~Acme",
                "opened=Y"
            ]
        ),
        r#"{">=opportunity":"1000","!=stageId":"WON","%title":"Acme","opened":"Y"}"#
    );
    assert_eq!(
        write(
            Version::V2,
            ITEM,
            &[">=OPPORTUNITY=1000", "@STAGE_ID=NEW, WON", "=%TITLE=A%"]
        ),
        r#"{">=OPPORTUNITY":"1000","@STAGE_ID":["NEW","WON"],"=%TITLE":"A%"}"#
    );
    assert_eq!(
        write(
            Version::V2,
            ITEM,
            &["title=a,b=c", "stageId:=[\"NEW\",\"WON\"]", "n:=5", "a.b<2"]
        ),
        r#"{"title":"a,b=c","@stageId":["NEW","WON"],"n":5,"<a.b":"2"}"#
    );
    assert_eq!(
        write(Version::V2, TASKS, &["STATUS!=5", "ID:=[1,2]"]),
        r#"{"!STATUS":"5","ID":[1,2]}"#
    );
}

#[test]
fn rest_3_gets_triples_with_the_types_of_the_fields() {
    let fields = Fields::read(
        &parse_json(br#"{"items":[{"name":"id","type":"int"},{"name":"title","type":"string"}]}"#)
            .unwrap(),
    );
    let conditions = ["id>5", "title=5", "id:=[1,2]", "@id=3,4", "><id:=[1,9]"]
        .map(|text| Condition::read(text).unwrap());
    let written = target(Version::V3, "", fields.as_ref()).write(&conditions, None);
    assert_eq!(
        shown(written),
        r#"[["id",">",5],["title","=","5"],["id","in",[1,2]],["id","in",[3,4]],["id","between",[1,9]]]"#
    );
    let related = [Condition::read("responsible.name=Ann").unwrap()];
    let written = target(Version::V3, "", fields.as_ref()).write(&related, None);
    assert_eq!(shown(written), r#"[["responsible.name","=","Ann"]]"#);
    insta::assert_snapshot!(write(Version::V3, "", &["title~x"]), @r#"error: crm.item.list does not know the operator "%""#);
}

#[test]
fn wrong_filters_are_told_why() {
    let cases = [
        "",
        "title",
        "title==x",
        ">=title==x",
        ">=title>5",
        "!title!=5",
        "~title=x",
        "5=x",
        ">=5=x",
        "title%x",
        "@stageId=",
        "><sum=1,2",
        "><sum:=[1]",
        "><sum:=5",
        "a:=nonsense",
        "a:={\"b\":1}",
        "a:=[]",
    ];
    let mut seen = Vec::new();
    for case in cases {
        seen.push(format!("{case}\n    {}", write(Version::V2, ITEM, &[case])));
    }
    let twice = write(Version::V2, ITEM, &["a=1", "a=2"]);
    seen.push(format!("twice\n    {twice}"));
    let unknown = write(Version::V2, TASKS, &["TITLE~x"]);
    seen.push(format!("unknown to tasks\n    {unknown}"));
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn names_are_checked_and_old_ones_replaced() {
    let fields = Fields::named(["id", "stageId", "createdTime"]);
    let check = |text: &str| {
        let condition = Condition::read(text).unwrap();
        shown(target(Version::V2, ITEM, Some(&fields)).write(&[condition], None))
    };
    assert_eq!(
        check("DATE_CREATE>=2026-01-01"),
        r#"{">=createdTime":"2026-01-01"}"#
    );
    assert_eq!(check("@STAGE_ID=NEW"), r#"{"@stageId":["NEW"]}"#);
    assert_eq!(
        check("stage_id=NEW"),
        r#"error: deals have no field "stage_id""#
    );
}

#[test]
fn a_ready_filter_is_checked_too() {
    let fields = Fields::named(["id", "stageId"]);
    let check = |version, json: &str| {
        let ready = parse_json(json.as_bytes()).unwrap();
        let more = [Condition::read("id>5").unwrap()];
        shown(target(version, "", Some(&fields)).write(&more, Some(ready)))
    };
    assert_eq!(
        check(
            Version::V2,
            r#"{"0":{"logic":"OR","0":{"=STAGE_ID":"NEW"},"1":{"stageId":"WON"}}}"#
        ),
        r#"{"0":{"logic":"OR","0":{"=stageId":"NEW"},"1":{"stageId":"WON"}},">id":"5"}"#
    );
    assert_eq!(check(Version::V2, "[]"), r#"{">id":"5"}"#);
    assert_eq!(
        check(Version::V2, r#"{"!x":1}"#),
        r#"error: deals have no field "x""#
    );
    assert_eq!(
        check(Version::V2, r#"{">id":1}"#),
        r#"error: filter ">id" is said twice, and the portal would see only one of them"#
    );
    assert_eq!(
        check(
            Version::V3,
            r#"[["STAGE_ID","=","NEW"],{"logic":"or","conditions":[["id",">",1]]}]"#
        ),
        r#"[["stageId","=","NEW"],{"logic":"or","conditions":[["id",">",1]]},["id",">","5"]]"#
    );
    assert_eq!(
        check(Version::V3, r#"[["x","=",1]]"#),
        r#"error: deals have no field "x""#
    );
    assert_eq!(
        check(Version::V3, r#"{"id":1}"#),
        r#"error: filter "--filter-json": it must be a list, this is an object"#
    );
}
