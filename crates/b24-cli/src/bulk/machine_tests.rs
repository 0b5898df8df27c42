//! Whatever is lost, refused or killed: every row runs once, or is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::machine::{Answer, Certainty, Finding, Machine, Standing, Step, fence_left};
use crate::journal::End;

const SETTLE: Duration = Duration::from_secs(90);
/// A request that was sent runs within this time, or never.
const WALL: u64 = 60;

/// What the journal holds of a row.
#[derive(Clone, Debug, Default, PartialEq)]
struct Noted {
    sent: Option<Duration>,
    lost: u32,
    end: Option<End>,
}

/// A portal, a journal and a client that is killed now and then.
struct World {
    /// What goes wrong next; when it is used up nothing does.
    script: std::vec::IntoIter<u8>,
    now: Duration,
    /// How often each row has run.
    runs: BTreeMap<u64, u32>,
    /// Requests that run later, although nobody hears of it.
    late: Vec<(Duration, Vec<u64>)>,
    journal: BTreeMap<u64, Noted>,
    rows: u64,
    kills: u32,
    clock_went_back: bool,
}

fn certainty(row: u64) -> Certainty {
    match row % 3 {
        0 => Certainty::Repeat,
        1 => Certainty::Look,
        _ => Certainty::Nothing,
    }
}

impl World {
    fn chance(&mut self) -> u8 {
        self.script.next().unwrap_or(255)
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        let (ran, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.late = late;
        let ran: Vec<(Duration, Vec<u64>)> = ran;
        for (_, rows) in ran {
            self.run(&rows);
        }
    }

    fn run(&mut self, rows: &[u64]) {
        for row in rows {
            *self.runs.entry(*row).or_default() += 1;
        }
    }

    /// The request leaves: the answer that will be heard, if the client lives.
    fn send(&mut self, rows: &[u64]) -> Vec<(u64, Answer)> {
        for row in rows {
            let noted = self.journal.entry(*row).or_default();
            noted.sent = Some(self.now);
            noted.end = Some(End::Unknown {
                reason: "sent".into(),
            });
        }
        let all = |answer: Answer| rows.iter().map(|row| (*row, answer.clone())).collect();
        let lost = Answer::Lost {
            reason: "reset".into(),
        };
        match self.chance() {
            0..30 => {
                self.run(rows);
                all(lost)
            }
            30..50 => all(lost),
            50..80 => {
                let at = self.now + Duration::from_secs(u64::from(self.chance()) % WALL);
                self.late.push((at, rows.to_vec()));
                all(lost)
            }
            80..110 => {
                let half = usize::from(self.chance()) % (rows.len() + 1);
                self.run(&rows[..half]);
                all(lost)
            }
            110..130 => all(Answer::NotRun),
            130..140 if rows.len() > 1 => all(Answer::Misfit {
                reason: "macro".into(),
            }),
            140..150 => {
                let (first, others) = rows.split_at(1);
                self.run(others);
                let refused = Answer::Refused {
                    code: "X".into(),
                    reason: "no".into(),
                };
                let mut answers = vec![(first[0], refused)];
                answers.extend(others.iter().map(|row| (*row, Answer::Ran { id: None })));
                answers
            }
            _ => {
                self.run(rows);
                all(Answer::Ran { id: None })
            }
        }
    }

    fn look(&self, rows: &[u64]) -> Vec<(u64, Finding)> {
        let finding = |row: &u64| match self.runs.get(row) {
            None => Finding::NotRun,
            Some(1) => Finding::Ran { id: None },
            Some(_) => Finding::Doubled { ids: Vec::new() },
        };
        rows.iter().map(|row| (*row, finding(row))).collect()
    }

    fn settle(&mut self, ends: Vec<(u64, End)>) {
        for (row, end) in ends {
            let noted = self.journal.entry(row).or_default();
            noted.lost += u32::from(matches!(end, End::Unknown { .. }));
            noted.end = Some(end);
        }
    }

    /// One life of the client; true when nothing is left to do.
    fn live(&mut self) -> bool {
        let mut machine = Machine::new(SETTLE);
        let mut next_row = 1;
        let mut flights: Vec<(Vec<(u64, Answer)>, Duration)> = Vec::new();
        let mut looks: Vec<Vec<u64>> = Vec::new();
        loop {
            if self.kills < 40 && self.chance() < 8 {
                self.kills += 1;
                return false;
            }
            match machine.next(self.now) {
                Step::Feed => {
                    let last = (next_row + 49).min(self.rows);
                    for row in next_row..=last {
                        self.feed(&mut machine, row);
                    }
                    next_row = last + 1;
                    if next_row > self.rows {
                        machine.fed();
                    }
                }
                Step::Send(rows) => {
                    assert!(rows.len() <= 50 && !rows.is_empty());
                    assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len());
                    let sent = self.now;
                    flights.push((self.send(&rows), sent));
                    assert!(flights.len() + looks.len() <= 4);
                }
                Step::Look(rows) => looks.push(rows),
                Step::Wait(until) => {
                    let time = Duration::from_secs(u64::from(self.chance()) % 20);
                    if flights.is_empty() && looks.is_empty() {
                        let until = until.expect("something is waited for");
                        assert!(until > self.now, "waits for what is over");
                        self.pass(until.saturating_sub(self.now));
                        continue;
                    }
                    self.pass(time);
                    let ends = if let Some(rows) = looks.pop() {
                        machine.looked(self.look(&rows))
                    } else {
                        let which = usize::from(self.chance()) % flights.len();
                        let (answers, sent) = flights.swap_remove(which);
                        machine.answered(answers, sent)
                    };
                    self.settle(ends);
                }
                Step::Over => {
                    assert!(flights.is_empty() && looks.is_empty() && next_row > self.rows);
                    return true;
                }
                Step::GiveUp => {
                    assert!(flights.is_empty() && looks.is_empty());
                    return false;
                }
            }
        }
    }

    fn feed(&mut self, machine: &mut Machine, row: u64) {
        let noted = self.journal.get(&row).cloned().unwrap_or_default();
        let over = match &noted.end {
            Some(End::Unknown { .. }) => certainty(row) == Certainty::Nothing && noted.lost > 0,
            Some(End::Again) | None => false,
            Some(_) => true,
        };
        if over {
            return;
        }
        let standing = match noted.end {
            Some(End::Unknown { .. }) => {
                let since = noted.sent.map(|sent| self.now.saturating_sub(sent));
                let since = since.filter(|_| !self.clock_went_back);
                Standing::Unsettled {
                    lost: noted.lost,
                    left: fence_left(SETTLE, since),
                }
            }
            _ => Standing::Waiting { lost: noted.lost },
        };
        if let Some(end) = machine.feed(row, certainty(row), standing, self.now) {
            self.settle(vec![(row, end)]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_row_runs_once_or_is_reported(
        rows in 1_u64..400,
        script in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut world = World {
            script: script.into_iter(),
            now: Duration::from_secs(1_000),
            runs: BTreeMap::new(),
            late: Vec::new(),
            journal: BTreeMap::new(),
            rows,
            kills: 0,
            clock_went_back: false,
        };
        let mut lives = 0;
        while !world.live() {
            lives += 1;
            prop_assert!(lives < 200, "it ends");
            let pause = u64::from(world.chance()) % 100;
            world.pass(Duration::from_secs(pause));
            world.clock_went_back = world.chance() < 60;
        }
        world.pass(Duration::from_secs(2 * WALL));
        for row in 1..=rows {
            let ran = world.runs.get(&row).copied().unwrap_or_default();
            match world.journal.get(&row).and_then(|noted| noted.end.clone()) {
                Some(End::Done { .. }) if certainty(row) == Certainty::Repeat => prop_assert!(ran >= 1),
                Some(End::Done { .. }) => prop_assert_eq!(ran, 1, "row {}", row),
                Some(End::Failed { .. }) if certainty(row) == Certainty::Repeat => {}
                Some(End::Failed { .. }) => prop_assert_eq!(ran, 0, "row {}", row),
                Some(End::Unknown { .. }) => {
                    prop_assert!(certainty(row) != Certainty::Look, "row {}", row);
                    prop_assert!(ran <= 1 || certainty(row) == Certainty::Repeat, "row {}", row);
                }
                other => prop_assert!(false, "row {row}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_fence_is_counted_from_the_send_and_in_full_by_a_clock_that_went_back() {
    let seconds = Duration::from_secs;
    assert_eq!(fence_left(SETTLE, Some(seconds(30))), seconds(60));
    assert_eq!(fence_left(SETTLE, Some(seconds(3_600))), Duration::ZERO);
    assert_eq!(fence_left(SETTLE, None), SETTLE);
}

#[test]
fn the_row_that_breaks_its_request_ends_up_alone_and_fails() {
    let mut machine = Machine::new(SETTLE);
    let mut now = Duration::ZERO;
    for row in 1..=50 {
        machine.feed(row, Certainty::Look, Standing::Waiting { lost: 0 }, now);
    }
    machine.fed();
    let mut there: BTreeSet<u64> = BTreeSet::new();
    let mut ends: BTreeMap<u64, End> = BTreeMap::new();
    let mut requests = 0;
    loop {
        match machine.next(now) {
            Step::Send(rows) => {
                requests += 1;
                // PHP dies at row 7; what stands before it has run.
                let before: Vec<u64> = rows.iter().copied().take_while(|row| *row != 7).collect();
                there.extend(&before);
                let dies = before.len() < rows.len();
                let answer = |row: u64| {
                    let answer = if dies {
                        Answer::Lost {
                            reason: "HTTP 500".into(),
                        }
                    } else {
                        Answer::Ran { id: None }
                    };
                    (row, answer)
                };
                ends.extend(machine.answered(rows.into_iter().map(answer).collect(), now));
            }
            Step::Look(rows) => {
                let finding = |row: u64| {
                    let ran = there.contains(&row);
                    let finding = if ran {
                        Finding::Ran { id: None }
                    } else {
                        Finding::NotRun
                    };
                    (row, finding)
                };
                ends.extend(machine.looked(rows.into_iter().map(finding).collect()));
            }
            Step::Wait(until) => now = until.unwrap(),
            Step::Over => break,
            step => panic!("{step:?}"),
        }
    }
    assert_eq!(there.len(), 49);
    for (row, end) in ends {
        assert_eq!(
            matches!(end, End::Failed { .. }),
            row == 7,
            "{row}: {end:?}"
        );
    }
    assert!(requests < 30, "{requests}");
}
