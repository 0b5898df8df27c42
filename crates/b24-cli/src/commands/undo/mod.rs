//! `b24 undo`

mod put_back;
mod restore;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::bulk;
use crate::change::file::{Head, Reader};
use crate::change::methods::Method;
use crate::change::{Action, Change, RunArgs, undo_file};
use crate::commands::export::{entity_of, fields};
use crate::connection::Connection;
use crate::entity::{Api, Word};
use crate::exit::Exit;
use crate::failure::{Failure, quoted};
use crate::guard;
use crate::resume::Question;
use crate::session::Session;

use put_back::OldValues;
use restore::Again;

/// Put back what b24 update or b24 delete has changed.
///
/// Updated rows get their old values, if they still are as the update left them. Deleted rows are added again: as new
/// ones, with new ids, which are printed; what the portal writes itself (id, times, files) does not come back.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 undo deals.undo-20261120T134000.jsonl --dry-run
  b24 undo deals.undo-20261120T134000.jsonl --yes --at-most 412
  b24 undo deals.undo-20261120T134000.jsonl > new-ids.jsonl     of deleted rows
")]
pub(crate) struct Args {
    /// The file that the update or delete has written
    pub(crate) file: PathBuf,
    /// Also rows that somebody has changed since
    #[arg(long)]
    pub(crate) force: bool,
    /// Where the values of now go; absent: ENTITY.undo-TIME.jsonl here
    #[arg(long, value_name = "FILE")]
    pub(crate) undo: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let reader = Reader::open(&args.file)?;
    let connection = session.connection().await?;
    same_portal(&reader.head, &args.file, connection)?;
    if !session.global.dry_run {
        guard::writable(connection, "undo")?;
    }
    let action = match reader.head.command.as_str() {
        "delete" => Action::Restore,
        _ => Action::PutBack,
    };
    let word = Word::read(&reader.head.entity, Api::Auto)?;
    let entity = entity_of(word, Api::Auto, session, connection).await?;
    let method = Method::of(&entity, action)?;
    let fields = fields::all(&entity, session, connection).await?;
    let question = Question::default()
        .with("portal", &connection.caller())
        .with(
            "file",
            &(
                &reader.head.time,
                reader.rows,
                std::path::absolute(&args.file)?,
            ),
        )
        .with("force", &args.force);
    let mut change = Change {
        session,
        connection,
        entity: &entity,
        method,
        action,
        command: format!(
            "b24 undo {}{}",
            quoted(&args.file.to_string_lossy()),
            if args.force { " --force" } else { "" }
        ),
        question,
        filter: None,
        set: None,
        undo: None,
        args: args.run,
        external: None,
        left_out: Vec::new(),
    };
    if action == Action::Restore {
        if args.undo.is_some() || args.force {
            return Err(
                Failure::usage("--undo and --force are for rows that were updated")
                    .state("nothing was sent")
                    .hint("b24 delete deletes rows that were added again")
                    .into(),
            );
        }
        let found_by = bulk::external_ids(&entity, &fields).next();
        change.external = found_by.map(|(field, _)| field.name.clone());
        let mut lines = Again::of(reader, &entity, &fields);
        return change.run(&mut lines).await;
    }
    change.undo = Some(undo_file(args.undo, &entity));
    let mut lines = OldValues::of(reader, &entity, &fields, args.force, connection);
    change.run(&mut lines).await
}

fn same_portal(head: &Head, file: &Path, connection: &Connection) -> Result<(), Failure> {
    if head.portal == connection.place {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} is of {}, and this is {connection}",
        file.display(),
        head.portal
    ))
    .state("nothing was sent")
    .hint("the profile of that portal: b24 -p NAME undo …"))
}
