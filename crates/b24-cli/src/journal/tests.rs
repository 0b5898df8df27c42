use tempfile::TempDir;

use super::*;

fn question(content: &str) -> Question {
    Question::default()
        .with("portal", &"acme.bitrix24.com")
        .with("content", &content)
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(b24_seen::folder())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("deals.csv.b24journal")
    }

    fn open(&self) -> Result<Journal, JournalError> {
        Journal::open(&self.path(), &question("a"), false)
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn done(id: &str) -> End {
    End::Done {
        id: Some(id.to_owned()),
    }
}

#[test]
fn what_was_written_is_there_after_a_kill() {
    let place = Place::new();
    let mut journal = place.open().unwrap();
    let id = journal.id().to_owned();
    assert_eq!(id.len(), 12);
    journal.sent_at(&[2, 3, 4, 5], at(1)).unwrap();
    let lost = End::Unknown {
        reason: "lost".into(),
    };
    journal.settle(&[(2, done("77")), (3, lost)]).unwrap();
    let refused = End::Failed {
        code: "X".into(),
        reason: "no".into(),
    };
    journal.settle(&[(9, refused)]).unwrap();
    journal.keep("floor", "76").unwrap();
    // Neither closed nor checkpointed, as after kill -9.
    std::fs::copy(place.path(), place.0.path().join("copy")).unwrap();
    let wal = |name: &str| place.0.path().join(format!("{name}-wal"));
    std::fs::copy(wal("deals.csv.b24journal"), wal("copy")).unwrap();
    let journal = Journal::open(&place.0.path().join("copy"), &question("a"), false).unwrap();
    assert_eq!(journal.id(), id);
    assert_eq!(journal.kept("floor").unwrap().as_deref(), Some("76"));
    assert_eq!(journal.kept("other").unwrap(), None);
    let tally = journal.tally().unwrap();
    assert_eq!(
        tally,
        Tally {
            sent: 2,
            done: 1,
            failed: 1,
            unknown: 1,
            ..Tally::default()
        }
    );
    assert_eq!(journal.entry(1).unwrap(), None);
    let two = journal.entry(2).unwrap().unwrap();
    assert_eq!((two.state, two.id.as_deref()), (State::Done, Some("77")));
    let three = journal.entry(3).unwrap().unwrap();
    assert_eq!(
        (three.state, three.lost, three.sent),
        (State::Unknown, 1, Some(at(1)))
    );
    let open: Vec<u64> = journal
        .entries(&[State::Sent, State::Unknown], 3, 10)
        .unwrap()
        .iter()
        .map(|entry| entry.row)
        .collect();
    assert_eq!(open, [4, 5]);
}

#[test]
fn lost_answers_are_counted_until_the_end() {
    let place = Place::new();
    let mut journal = place.open().unwrap();
    for _ in 0..3 {
        journal.sent(&[7]).unwrap();
        let lost = End::Unknown {
            reason: "reset".into(),
        };
        journal.settle(&[(7, lost)]).unwrap();
        journal.settle(&[(7, End::Again)]).unwrap();
    }
    let entry = journal.entry(7).unwrap().unwrap();
    assert_eq!(
        (entry.state, entry.lost, entry.reason),
        (State::Waiting, 3, None)
    );
    journal
        .settle(&[(
            7,
            End::Doubled {
                ids: vec!["5".into(), "6".into()],
            },
        )])
        .unwrap();
    let entry = journal.entry(7).unwrap().unwrap();
    assert_eq!(
        (entry.state, entry.id.as_deref()),
        (State::Doubled, Some("5,6"))
    );
}

#[test]
fn one_process_at_a_time_and_for_one_question() {
    let place = Place::new();
    let journal = place.open().unwrap();
    let id = journal.id().to_owned();
    assert!(matches!(place.open(), Err(JournalError::InUse(_))));
    let restarted = Journal::open(&place.path(), &question("a"), true);
    assert!(matches!(restarted, Err(JournalError::InUse(_))));
    drop(journal);
    let other = Journal::open(&place.path(), &question("b"), false).unwrap_err();
    assert_eq!(
        other.to_string().rsplit_once(" is ").unwrap().1,
        "the journal of another write (content)"
    );
    let fresh = Journal::open(&place.path(), &question("b"), true).unwrap();
    assert_ne!(fresh.id(), id);
    drop(fresh);
    assert!(matches!(place.open(), Err(JournalError::Other { .. })));
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mut journal = place.open().unwrap();
    journal.sent(&[1]).unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(place.0.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 2, "the journal and its log");
}

#[test]
fn a_clock_that_went_back_shows() {
    let place = Place::new();
    let open = |now| Journal::open_at(&place.path(), &question("a"), false, now).unwrap();
    let mut journal = open(at(0));
    journal.sent_at(&[1], at(100)).unwrap();
    drop(journal);
    assert!(open(at(99)).clock_went_back());
    assert!(!open(at(101)).clock_went_back());
}

#[test]
fn killed_between_the_lock_and_the_tables_it_begins_again() {
    let place = Place::new();
    let locked = Connection::open(place.path()).unwrap();
    locked.execute_batch("BEGIN EXCLUSIVE; COMMIT").unwrap();
    drop(locked);
    assert!(place.path().metadata().unwrap().len() > 0);
    let mut journal = place.open().unwrap();
    journal.sent(&[1]).unwrap();
    assert_eq!(journal.tally().unwrap().sent, 1);
}

#[test]
fn what_is_no_journal_is_told_and_untouched() {
    let place = Place::new();
    for text in ["id;title\n1;A\n", "x"] {
        std::fs::write(place.path(), text).unwrap();
        for restart in [false, true] {
            let error = Journal::open(&place.path(), &question("a"), restart).unwrap_err();
            assert!(matches!(error, JournalError::Strange(_)), "{error}");
        }
        assert_eq!(std::fs::read_to_string(place.path()).unwrap(), text);
    }
    std::fs::remove_file(place.path()).unwrap();
    let strange = Connection::open(place.path()).unwrap();
    strange.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(strange);
    assert!(matches!(place.open(), Err(JournalError::Strange(_))));
}

#[test]
fn a_damaged_and_a_newer_one_are_told_apart() {
    let place = Place::new();
    drop(place.open().unwrap());
    let db = Connection::open(place.path()).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    assert!(matches!(place.open(), Err(JournalError::Newer(_))));
    let mut bytes = std::fs::read(place.path()).unwrap();
    let half = bytes.len() / 2;
    bytes[100..half].fill(0xff);
    std::fs::write(place.path(), bytes).unwrap();
    assert!(matches!(place.open(), Err(JournalError::Damaged(_))));
    std::fs::write(place.path(), "").unwrap();
    assert_eq!(place.open().unwrap().tally().unwrap(), Tally::default());
}
