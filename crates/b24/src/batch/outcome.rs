//! What became of each command of a batch.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Slot;
use crate::call;
use crate::effect::Effect;
use crate::error::Error;
use crate::room::decode::Time;

/// What became of one command.
#[derive(Debug)]
pub enum Outcome {
    /// It ran; here is its answer.
    Ok(Answer),
    /// It was refused or could not be run: nothing changed.
    Err(Error),
    /// It was not run: an earlier command failed and the batch halted.
    Skipped,
    /// It is a write that may have run; the answer was lost and it was not sent again.
    Unknown(Error),
}

/// The answer to one command.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) result: Bytes,
    pub(super) total: Option<u64>,
    pub(super) next: Option<u64>,
    pub(super) time: Option<Time>,
}

impl Answer {
    /// The result as JSON text.
    pub fn json(&self) -> &[u8] {
        &self.result
    }

    /// Reads the result.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer) if it is no `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        call::read(&self.result, None)
    }

    /// How many rows there are in all, where the method counts.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The `start` of the next page, where there is one.
    pub fn next(&self) -> Option<u64> {
        self.next
    }

    /// The portal's clock and what the command cost.
    pub fn time(&self) -> Option<&Time> {
        self.time.as_ref()
    }
}

/// The outcomes of a batch, one for each command, in the order of the commands.
#[derive(Debug)]
pub struct Outcomes {
    pub(super) batch: u64,
    pub(super) names: Vec<String>,
    pub(super) methods: Vec<(String, Effect)>,
    pub(super) each: Vec<Outcome>,
}

impl Outcomes {
    /// Takes the result of a command out. A second time it is an error.
    ///
    /// # Errors
    /// The error of the command; [`Kind::Usage`](crate::Kind::Usage) for a command that was skipped or is of
    /// another batch.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a slot is used up: its result is gone"
    )]
    pub fn take<T: DeserializeOwned>(&mut self, slot: Slot<T>) -> Result<T, Error> {
        let (Some(name), true) = (self.names.get(slot.index), slot.batch == self.batch) else {
            return Err(Error::usage("the slot is of another batch"));
        };
        match std::mem::replace(&mut self.each[slot.index], Outcome::Skipped) {
            Outcome::Ok(answer) => {
                let (method, effect) = &self.methods[slot.index];
                call::read(&answer.result, slot.key.as_deref()).map_err(|error| {
                    // The portal did its part: only the reading failed.
                    error
                        .with_method(method.clone())
                        .with_may_have_run(*effect != Effect::Read)
                })
            }
            Outcome::Err(error) | Outcome::Unknown(error) => Err(error),
            Outcome::Skipped => Err(Error::usage(format!(
                "command {name} was not run, or its result was taken before"
            ))),
        }
    }

    /// What became of a command, by its position.
    pub fn get(&self, index: usize) -> Option<&Outcome> {
        self.each.get(index)
    }

    /// What became of a command, by its name.
    pub fn by_name(&self, name: &str) -> Option<&Outcome> {
        let index = self.names.iter().position(|known| known == name)?;
        self.each.get(index)
    }

    /// All commands' names and outcomes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Outcome)> {
        self.names.iter().map(String::as_str).zip(&self.each)
    }

    /// How many commands there were.
    pub fn len(&self) -> usize {
        self.each.len()
    }

    /// Whether there was no command.
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Whether every command ran.
    pub fn all_ok(&self) -> bool {
        self.each
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Ok(_)))
    }
}

impl IntoIterator for Outcomes {
    type Item = (String, Outcome);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<String>, std::vec::IntoIter<Outcome>>;

    fn into_iter(self) -> Self::IntoIter {
        self.names.into_iter().zip(self.each)
    }
}
