use super::*;

fn question(filter: &str) -> Question {
    Question::default()
        .with("method", &"crm.item.list")
        .with("filter", &filter)
}

fn mark(length: u64) -> Mark {
    Mark {
        place: Place::Ids {
            done: 2_500,
            missing: vec!["7".to_owned()],
        },
        length,
        rows: 2_499,
        last: Some("2500".to_owned()),
        state: State::default(),
    }
}

fn journal(home: &Path, filter: &str) -> Journal {
    Journal::of(&home.join("deals.csv"), question(filter))
}

const ANY: Wish = Wish { within: None };

#[test]
fn a_note_is_found_by_the_same_question_only() {
    let home = b24_seen::folder();
    let mut first = journal(home.path(), "a");
    assert!(first.earlier(ANY, 0).unwrap().is_none());
    assert!(first.is_due());
    first.note(mark(100), Instant::now()).unwrap();
    assert!(!first.is_due());
    let mut same = journal(home.path(), "a");
    let earlier = same.earlier(ANY, 130).unwrap().unwrap();
    assert_eq!(earlier.mark, mark(100));
    assert_eq!(same.noted(), Some(&mark(100)));
    let other = journal(home.path(), "b").earlier(ANY, 130).unwrap_err();
    assert_eq!(other, "it answers another question (filter)");
    let text = std::fs::read_to_string(home.path().join("deals.csv.b24state")).unwrap();
    assert!(!text.contains("crm.item.list"), "{text}");
}

#[test]
fn a_part_that_lost_bytes_does_not_count() {
    let home = b24_seen::folder();
    journal(home.path(), "a")
        .note(mark(100), Instant::now())
        .unwrap();
    let shorter = journal(home.path(), "a").earlier(ANY, 99).unwrap_err();
    assert_eq!(shorter, "it is shorter than it was");
    // The file has got its name, the note is left over.
    assert!(journal(home.path(), "a").earlier(ANY, 0).unwrap().is_none());
    journal(home.path(), "a").forget().unwrap();
    assert!(
        journal(home.path(), "a")
            .earlier(ANY, 200)
            .unwrap()
            .is_none()
    );
    journal(home.path(), "a").forget().unwrap();
}

#[test]
fn a_part_may_be_too_old() {
    let written = Timestamp::now();
    let note = Note {
        question: question("a"),
        begun: written,
        written,
        mark: mark(100),
    };
    let after = |hours: i64, within: u64| {
        let wish = Wish {
            within: Some(Duration::from_secs(within * 3_600)),
        };
        let now = written + SignedDuration::from_hours(hours);
        fits(&note, &question("a"), 100, wish, now)
    };
    assert!(after(5, 6).is_ok());
    assert!(after(7, 6).unwrap_err().contains("--resume-within"));
    assert!(
        fits(
            &note,
            &question("a"),
            100,
            ANY,
            written + SignedDuration::from_hours(9_000)
        )
        .is_ok()
    );
}

#[test]
fn a_broken_note_is_told() {
    let home = b24_seen::folder();
    std::fs::write(home.path().join("deals.csv.b24state"), "{").unwrap();
    let why = journal(home.path(), "a").earlier(ANY, 5).unwrap_err();
    assert!(why.ends_with("is not readable"), "{why}");
}
