//! Which commands go into which request. Pure.

use super::reference::{Ref, reads_as_macro, references};
use super::{Command, wire};
use crate::call::Version;
use crate::error::Error;

/// The most commands the portal runs in a batch; each further one gets `ERROR_BATCH_LENGTH_EXCEEDED`.
pub(super) const COMMANDS: usize = 50;

/// The longest body of a request with several commands: `post_max_size` as PHP sets it, 8 MB, less a reserve. Past
/// it a portal sees a request without parameters, and nothing says so.
pub(super) const BODY: usize = 8 * 1024 * 1024 - 64 * 1024;

/// One request.
#[derive(Debug, PartialEq)]
pub(super) enum Chunk {
    /// These commands, by position, as a batch.
    Batch(Vec<usize>),
    /// A command that cannot stand in a batch, as a call of its own.
    Single(usize),
}

/// Splits the commands into requests, in order.
///
/// A text that reads like a macro would be replaced by the portal inside a v2 batch, so its command goes alone. So
/// does one that is too large to stand with others, or has more fields than PHP takes out of a form: alone it is sent
/// as JSON, which is shorter and has no such bound.
pub(super) fn plan(
    commands: &[Command],
    version: Version,
    batch: u64,
) -> Result<Vec<Chunk>, Error> {
    let mut chunks = Vec::new();
    let mut open = Vec::new();
    let mut bytes = 0;
    for (index, command) in commands.iter().enumerate() {
        let length = wire::length(command, version).filter(|length| *length <= BODY);
        let Some(length) = length.filter(|_| !alone(command, version)) else {
            flush(&mut open, &mut chunks);
            chunks.push(Chunk::Single(index));
            continue;
        };
        if open.is_empty() || bytes + length > BODY {
            flush(&mut open, &mut chunks);
            bytes = 0;
        }
        bytes += length;
        open.push(index);
        if open.len() == COMMANDS {
            flush(&mut open, &mut chunks);
        }
    }
    flush(&mut open, &mut chunks);
    check_references(commands, &chunks, version, batch)?;
    Ok(chunks)
}

fn alone(command: &Command, version: Version) -> bool {
    version == Version::V2 && command.call.params.any_text(&reads_as_macro)
}

fn flush(open: &mut Vec<usize>, chunks: &mut Vec<Chunk>) {
    if !open.is_empty() {
        chunks.push(Chunk::Batch(std::mem::take(open)));
    }
}

/// A reference works only from a later command to an earlier one of the same request.
fn check_references(
    commands: &[Command],
    chunks: &[Chunk],
    version: Version,
    batch: u64,
) -> Result<(), Error> {
    let mut chunk_of = vec![0; commands.len()];
    for (number, chunk) in chunks.iter().enumerate() {
        match chunk {
            Chunk::Batch(indexes) => indexes.iter().for_each(|index| chunk_of[*index] = number),
            Chunk::Single(index) => chunk_of[*index] = number,
        }
    }
    for (index, command) in commands.iter().enumerate() {
        for reference in references(&command.call.params) {
            let Ref {
                batch: of,
                index: target,
                each,
                ..
            } = reference;
            let wrong = if of != batch {
                "refers to a command of another batch".to_owned()
            } else if target >= index {
                "refers to a command that does not come before it".to_owned()
            } else if chunk_of[target] != chunk_of[index] {
                format!(
                    "refers to {:?}, which goes in another request: a request takes {COMMANDS} commands \
                     and {} MB, and one whose text reads like a macro goes alone",
                    commands[target].name,
                    BODY.div_ceil(1024 * 1024)
                )
            } else if each && version == Version::V2 {
                "uses `each`, which v2 does not have".to_owned()
            } else {
                continue;
            };
            return Err(Error::usage(format!("command {:?} {wrong}", command.name))
                .with_method(command.call.method.clone()));
        }
    }
    Ok(())
}
