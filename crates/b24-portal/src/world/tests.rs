//! Tests of the tables, the filters and the demo set.

use std::time::Instant;

use proptest::prelude::*;

use super::filter::{Filter, Relation, Test};
use super::scan::{Scan, Sort};
use super::table::ID;
use super::*;
use crate::php::Php;
use crate::world::input::{Op, Rules, condition};

fn deals(world: &World) -> &Entity {
    world.crm(2).unwrap()
}

#[test]
fn the_demo_set_is_alike_on_every_run_and_has_gaps() {
    let (first, second) = (World::demo(5_000), World::demo(5_000));
    for entity in [
        "deal",
        "contact",
        "company",
        "lead",
        "task",
        "smart_invoice",
        "dynamic_128",
        "1032",
        "user",
        "eventlog",
    ] {
        assert_eq!(first.rows(entity), second.rows(entity), "{entity}");
    }
    let sizes = ["deal", "contact", "company", "lead", "task", "user"]
        .map(|entity| first.ids(entity).len());
    assert_eq!(sizes, [5_000, 3_000, 800, 1_200, 2_000, 25]);
    let ids = first.ids("deal");
    let missing = ids.last().unwrap() - 5_000;
    assert!(
        (300..600).contains(&missing),
        "about one id in twelve is missing, found {missing}"
    );
    assert!(first.rows("deal").iter().any(|row| {
        row["TITLE"]
            .as_str()
            .is_some_and(|title| title.contains('"'))
    }));
}

#[test]
fn an_empty_world_has_people_and_directories() {
    let world = World::empty();
    assert!(world.rows("deal").is_empty());
    assert_eq!(world.ids("user").len(), 25);
    assert!(world.directory.of("DEAL_STAGE_1").len() > 2);
    assert!(world.rows("no such entity").is_empty());
}

#[test]
fn rows_vanish_and_appear() {
    let mut world = World::demo(100);
    let ids = world.ids("deal");
    world.delete_rows("deal", &ids[10..20]);
    assert_eq!(world.ids("deal").len(), 90);
    world.insert_rows("deal", 3);
    let after = world.ids("deal");
    assert_eq!(after.len(), 93);
    assert!(after[90] > ids[99], "new ids are above all old ones");
    assert_eq!(world.rows("deal").len(), 93);
}

#[test]
fn texts_of_rows_change_and_nothing_else() {
    let mut world = World::demo(10);
    let ids = world.ids("deal");
    let before = world.rows("deal");
    let fields = [("TITLE", "hidden"), ("OPPORTUNITY", "1"), ("NO_SUCH", "2")]
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
    world.update_rows("deal", &[ids[0], 999_999], &fields.into());
    let after = world.rows("deal");
    assert_eq!(after[0]["TITLE"], "hidden");
    assert_eq!(after[0]["OPPORTUNITY"], before[0]["OPPORTUNITY"]);
    assert_eq!(after[1..], before[1..]);
}

#[test]
fn times_are_read_and_shown_in_the_portals_zone() {
    assert_eq!(time::text(1_724_976_000), "2024-08-30T03:00:00+03:00");
    for text in [
        "2024-08-30T03:00:00+03:00",
        "2024-08-30 03:00:00",
        "30.08.2024 03:00:00",
        "2024-08-30T00:00:00Z",
    ] {
        assert_eq!(time::parse(text), Some(1_724_976_000), "{text}");
    }
    assert_eq!(time::parse("2024-08-30"), Some(1_724_976_000 - 3 * 3_600));
    assert_eq!(time::parse("30.08.2024"), time::parse("2024-08-30"));
    assert_eq!(time::parse("soon"), None);
    assert_eq!(time::day(time::parse("2024-08-30").unwrap()), 1_724_976_000);
}

#[test]
fn a_scan_finds_what_a_look_at_every_row_finds() {
    let world = World::demo(500);
    let table = &deals(&world).table;
    let rows: Vec<_> = table.places().collect();
    let stage = table.field_no("STAGE_ID").unwrap();
    let sum = table.field_no("OPPORTUNITY").unwrap();
    let won = condition(
        table,
        stage,
        Op::Is(Relation::Equal),
        false,
        &"won".into(),
        Rules::Loose,
    )
    .unwrap();
    let rich = condition(
        table,
        sum,
        Op::Is(Relation::AtLeast),
        false,
        &"100000.005".into(),
        Rules::Loose,
    )
    .unwrap();
    let scan = Scan {
        table,
        filter: Filter::All(vec![won, rich]),
        order: vec![Sort {
            field: sum,
            descending: true,
        }],
    };
    let expected = rows
        .iter()
        .filter(|&&row| {
            table.text(row, "STAGE_ID") == "WON" && table.number(row, "OPPORTUNITY") > 10_000_000
        })
        .count();
    assert!(expected > 0);
    assert_eq!(scan.count(), expected);
    let found = scan.window(0, 1_000);
    assert_eq!(found.len(), expected);
    assert!(found.is_sorted_by(
        |left, right| table.number(*left, "OPPORTUNITY") >= table.number(*right, "OPPORTUNITY")
    ));
    let halves = [
        scan.window(0, expected / 2),
        scan.window(expected / 2, 1_000),
    ]
    .concat();
    assert_eq!(
        halves, found,
        "windows of a sorted result join without a seam"
    );
}

/// A counted scan keeps what it found, and every write makes it look again.
#[test]
fn kept_results_are_the_rows_of_now() {
    let mut world = World::demo(300);
    let stage = deals(&world).table.field_no("STAGE_ID").unwrap();
    let amount = deals(&world).table.field_no("OPPORTUNITY").unwrap();
    let look = |world: &World, counts: bool| {
        let table = &deals(world).table;
        let filter = Filter::field(table, stage, Test::Text(Relation::Equal, "won".into()));
        let order = vec![Sort {
            field: amount,
            descending: true,
        }];
        let scan = Scan {
            table,
            filter,
            order,
        };
        let count = counts.then(|| scan.count());
        let rows: Vec<i64> = scan
            .window(3, 1_000)
            .into_iter()
            .map(|row| table.id(row))
            .collect();
        assert!(count.is_none_or(|count| count == rows.len() + 3));
        rows
    };
    let streamed = look(&world, false);
    assert_eq!(look(&world, true), streamed);
    assert_eq!(look(&world, true), streamed, "from what was kept");
    world.delete_rows("deal", &streamed[..2]);
    assert_eq!(look(&world, true), streamed[2..]);
    let table = &mut world.crm_mut(2).unwrap().table;
    let row = table.append();
    table.set(row, stage, "WON");
    assert_eq!(look(&world, true).last(), Some(&table_id(&world, row)));
    world.crm_mut(2).unwrap().table.set(row, amount, i64::MAX);
    assert!(
        !look(&world, true).contains(&table_id(&world, row)),
        "it is first now"
    );
}

fn table_id(world: &World, row: u32) -> i64 {
    deals(world).table.id(row)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The counts and bounds that are found without looking agree with looking.
    #[test]
    fn counting_by_bounds_agrees_with_counting(low in -5_i64..260, high in -5_i64..260, gone in proptest::collection::vec(0_usize..200, 0..150)) {
        let mut world = World::demo(200);
        let ids = world.ids("deal");
        let gone: Vec<i64> = gone.into_iter().map(|place| ids[place]).collect();
        world.delete_rows("deal", &gone);
        let table = &deals(&world).table;
        let bounds = vec![Filter::Field(ID, Test::Number(Relation::Above, low)), Filter::Field(ID, Test::Number(Relation::AtMost, high))];
        let scan = Scan { table, filter: Filter::All(bounds), order: Vec::new() };
        let expected: Vec<i64> = world.ids("deal").into_iter().filter(|&id| id > low && id <= high).collect();
        prop_assert_eq!(scan.count(), expected.len());
        let found: Vec<i64> = scan.window(0, usize::MAX).into_iter().map(|row| table.id(row)).collect();
        prop_assert_eq!(found, expected);
    }

    /// No value makes a filter panic, whatever the field.
    #[test]
    fn any_value_is_taken(text in ".*", number: i64, place in 0_usize..70) {
        let world = World::demo(60);
        let table = &deals(&world).table;
        let field = place % table.fields().len();
        let nested = Php::list([text.as_str().into(), number.into(), Php::list([Php::Null])]);
        for op in [Op::Is(Relation::Equal), Op::Is(Relation::Above), Op::In, Op::Contains, Op::Like, Op::Between] {
            for value in [Php::from(text.as_str()), number.into(), nested.clone(), Php::Null, Php::empty_array()] {
                for rules in [Rules::Loose, Rules::Strict] {
                    if let Some(filter) = condition(table, field, op, true, &value, rules) {
                        let _ = Scan { table, filter, order: Vec::new() }.count();
                    }
                }
            }
        }
    }
}

/// Prints how long a million deals take to load; run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn measure_a_million_deals() {
    let start = Instant::now();
    let world = World::demo(1_000_000);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("VmRSS unknown");
    println!("1,000,000 deals loaded in {:?}, {memory}", start.elapsed());
    let deals = deals(&world);
    let ids = deals.table.ids();
    let pages = |selected: &[usize]| {
        let start = Instant::now();
        let mut out = Vec::new();
        for page in 0..50 {
            let filter = Filter::Field(ID, Test::Number(Relation::Above, ids[500_000 + page * 50]));
            for row in (Scan {
                table: &deals.table,
                filter,
                order: Vec::new(),
            })
            .window(0, 50)
            {
                deals
                    .classic
                    .write_row(selected, &deals.table, row, &mut out);
            }
        }
        (start.elapsed(), out.len())
    };
    let three: Vec<usize> = ["ID", "TITLE", "STAGE_ID"]
        .iter()
        .filter_map(|name| deals.classic.place(name))
        .collect();
    let all = deals
        .classic
        .of_groups(&[view::Group::Standard, view::Group::Custom]);
    for (what, selected) in [
        ("three fields", &three),
        ("whole rows", &all),
        ("three fields again", &three),
    ] {
        let (time, bytes) = pages(selected);
        println!("50 pages of 50 rows, {what}: {time:?}, {bytes} bytes");
    }
}
