use super::*;

#[test]
fn tables_are_sorted_and_lower_case() {
    for table in [EXCEPTIONS, generated::SHAPES] {
        for pair in table.windows(2) {
            assert!(
                (pair[0].0, pair[0].1.version) < (pair[1].0, pair[1].1.version),
                "{:?} before {:?}",
                pair[0].0,
                pair[1].0
            );
        }
        for (name, _) in table {
            assert_eq!(*name, name.to_ascii_lowercase());
        }
    }
}

#[test]
fn methods_are_found_in_any_case_and_by_version() {
    let tasks = Shape::of("Tasks.Task.List", 2);
    assert_eq!(
        (&*tasks.key, &*tasks.row_id, &*tasks.filter_id),
        ("tasks", "id", "ID")
    );
    let tasks = Shape::of("tasks.task.list", 3);
    assert_eq!((&*tasks.key, tasks.paging), ("items", Paging::KeysetV3));
    assert_eq!(
        Shape::of("user.get", 2).order,
        Order::Scalars("sort", "order")
    );
}

#[test]
fn an_unknown_method_is_a_guess() {
    let shape = Shape::of("my.own.list", 2);
    assert!(shape.guessed);
    assert_eq!((&*shape.key, &*shape.row_id), ("", "ID"));
    assert!(!Shape::of("crm.item.list", 2).guessed);
}
