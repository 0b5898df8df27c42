use std::fmt::Write;

use super::{EXCEPTIONS, Effect, READ_WORDS, READS};

const CATALOGUE: &str = include_str!("../../tests/it/data/methods.txt");

fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE
        .lines()
        .filter_map(|line| line.split_whitespace().next())
}

/// Every documented method by its effect, for a person to read: nothing that
/// changes state may stand under `Read`.
#[test]
fn the_effect_of_every_documented_method() {
    let mut report = String::new();
    for effect in [Effect::Read, Effect::IdempotentWrite, Effect::Write] {
        let mut of_effect: Vec<_> = names().filter(|name| Effect::of(name) == effect).collect();
        of_effect.sort_unstable();
        of_effect.dedup();
        writeln!(report, "# {effect:?}: {}", of_effect.len()).unwrap();
        for name in of_effect {
            writeln!(report, "{name}").unwrap();
        }
    }
    insta::assert_snapshot!(report);
}

#[test]
fn the_lists_are_lower_case_and_told_once() {
    let exceptions: Vec<_> = EXCEPTIONS.iter().map(|(name, _)| *name).collect();
    for list in [READ_WORDS, READS] {
        assert!(list.is_sorted());
    }
    for name in exceptions.iter().chain(READS).chain(READ_WORDS) {
        assert_eq!(*name, name.to_lowercase());
    }
    for name in READS {
        assert!(!exceptions.contains(name), "{name} is told twice");
        let last = name.rsplit('.').next().unwrap_or_default();
        let needless = name.contains('.') && READ_WORDS.contains(&last);
        assert!(!needless, "{name} is a read by its last word");
    }
}

/// A misspelt exception would be a silent one.
#[test]
fn the_lists_name_documented_methods() {
    const UNDOCUMENTED: [&str; 4] = [
        "calendar.event.getnearest",
        "documentation",
        "rest.documentation.openapi",
        "crm.settings.mode.set",
    ];
    let known: Vec<_> = names().map(str::to_lowercase).collect();
    for name in EXCEPTIONS.iter().map(|(name, _)| name).chain(READS) {
        assert!(
            UNDOCUMENTED.contains(name) || known.iter().any(|known| known == name),
            "{name} is in no catalogue"
        );
    }
}

#[test]
fn names_are_read_in_any_case() {
    assert_eq!(Effect::of("CRM.Deal.GET"), Effect::Read);
    assert_eq!(Effect::of("Event.Offline.Get"), Effect::Write);
    assert_eq!(Effect::of("crm.enum.OwnerType"), Effect::Read);
}

#[test]
fn a_word_alone_is_not_a_method() {
    for name in ["get", "list", "", ".", "batch"] {
        assert_eq!(Effect::of(name), Effect::Write, "{name:?}");
    }
}

#[test]
fn a_batch_is_as_strong_as_its_strongest_command() {
    use Effect::{IdempotentWrite, Read, Write};
    assert_eq!(Effect::strongest([Read, Write, IdempotentWrite]), Write);
    assert_eq!(Effect::strongest([Read, IdempotentWrite]), IdempotentWrite);
    assert_eq!(Effect::strongest([]), Read);
}
