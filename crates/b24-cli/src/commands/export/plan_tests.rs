use clap::Parser;

use super::*;
use crate::commands::export::Args;
use crate::entity::{Api, Word};
use crate::parameters::parse_json;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

const DEAL: &str = r#"{"fields":{"id":{"type":"integer","title":"ID"},"title":{"type":"string","title":"Name"},
    "stageId":{"type":"crm_status","title":"Stage"},"createdTime":{"type":"datetime","title":"Created on"},
    "fm":{"type":"crm_multifield","title":"Phones"}}}"#;
const CONTACT: &str =
    r#"{"ID":{"type":"integer"},"NAME":{"type":"string"},"PHONE":{"type":"crm_multifield"}}"#;

fn known(json: &str, entity: &Entity) -> Known {
    let fields = Fields::read(&parse_json(json.as_bytes()).unwrap()).unwrap();
    Known::All(if entity.renames_fields() {
        fields.camel_keys()
    } else {
        fields
    })
}

fn make(line: &str, fields: Option<&str>) -> Result<Plan, String> {
    let args = Command::parse_from(std::iter::once("export").chain(line.split(' '))).args;
    let file_type = FileType::choose(args.format.as_deref(), args.output.as_deref()).unwrap();
    let shown = |failure: Failure| {
        format!(
            "{failure} | {} | {}",
            failure.state.clone().unwrap(),
            failure.hints.join(" ")
        )
    };
    let request = Request::read(&args, file_type).map_err(shown)?;
    let Ok(Word::Entity(entity)) = Word::read(&args.entities[0], Api::Auto.chosen(args.v3)) else {
        panic!("an entity");
    };
    let known = fields.map_or(Known::Nothing, |json| known(json, &entity));
    let (entity, params) = parameters_of(&request, *entity).map_err(shown)?;
    plan(&request, entity, params, &args.select, &known).map_err(shown)
}

#[test]
fn everything_is_named_where_the_method_leaves_something_out() {
    assert_eq!(make("deals", None).unwrap().select.unwrap(), ["*"]);
    assert_eq!(
        make("crm.contact.list", Some(CONTACT))
            .unwrap()
            .select
            .unwrap(),
        ["*", "UF_*", "PHONE"]
    );
    assert_eq!(make("users", None).unwrap().select, None);
    let v3 = make("tasks --v3", Some(r#"[{"name":"id"},{"name":"title"}]"#)).unwrap();
    assert_eq!(v3.select.unwrap(), ["id", "title"]);
}

#[test]
fn columns_come_from_the_selection_or_the_fields() {
    let all = make("deals -f csv", Some(DEAL)).unwrap();
    assert_eq!(all.columns, ["id", "title", "stageId", "createdTime", "fm"]);
    let some = make("deals -f csv --select TITLE,DATE_CREATE", Some(DEAL)).unwrap();
    assert_eq!(some.columns, ["title", "createdTime"]);
    assert_eq!(
        (some.select.unwrap(), some.only.unwrap()),
        (some.columns.clone(), some.columns)
    );
    let tasks = make(
        "tasks -f csv --select CREATED_DATE,id",
        Some(r#"{"fields":{"ID":{},"CREATED_DATE":{}}}"#),
    )
    .unwrap();
    assert_eq!(
        (tasks.columns, tasks.select.unwrap()),
        (
            vec!["createdDate".into(), "id".into()],
            vec!["CREATED_DATE".to_owned(), "ID".into()]
        )
    );
    assert_eq!(
        make("deals -f table", Some(DEAL)).unwrap().columns,
        ["id", "title", "stageId", "createdTime"]
    );
    insta::assert_snapshot!(make("crm.status.list -f csv", None).unwrap_err(), @"the columns of crm.status.list are not known: the portal has no method that describes its fields | nothing was sent | name them: --select ID,NAME; or write all of it with -f jsonl");
}

#[test]
fn names_are_checked_everywhere() {
    for flag in [
        "--filter stage_id=NEW",
        "--select stage_id",
        "--order stage_id:desc",
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(make(&format!("deals {flag}"), Some(DEAL)).unwrap_err(),
                @r#"deals have no field "stage_id" | nothing was sent | did you mean "stageId" (Stage)? --unchecked sends names as they are"#);
        }
    }
    let unchecked = make("deals --unchecked --filter stage_id=NEW", Some(DEAL)).unwrap();
    assert_eq!(
        serde_json::to_string(&unchecked.filter).unwrap(),
        r#"{"stage_id":"NEW"}"#
    );
}

#[test]
fn an_order_reads_page_by_page_unless_it_is_that_of_the_list() {
    let natural = make("deals --order id", Some(DEAL)).unwrap();
    assert!(!natural.by_offset && natural.order.is_empty());
    let other = make("deals --order DATE_CREATE:desc,id", Some(DEAL)).unwrap();
    assert!(other.by_offset);
    assert_eq!(
        other.order,
        [("createdTime".to_owned(), "DESC"), ("id".to_owned(), "ASC")]
    );
    assert!(make("deals --order id:up", Some(DEAL)).is_err());
}

#[test]
fn dates_without_a_time_are_known_at_any_depth() {
    let filter: Tree = serde_json::from_str(
        r#"{">=createdTime":"2024-01-10","<x":"2024-01-10T00:00:00+03:00","0":{"@y":["2024-02-30","2023-12-31"]},"title":"2024-1-1"}"#,
    )
    .unwrap();
    let found: Vec<_> = super::bare_dates(&filter).into_iter().collect();
    assert_eq!(found, ["2023-12-31", "2024-01-10"]);
}
