//! `b24 delete`

use std::path::PathBuf;

use anyhow::Result;

use crate::change::choose::{Choice, ChoiceArgs, Rows};
use crate::change::methods::Method;
use crate::change::{Action, Change, Line, Lines, RunArgs, undo_file};
use crate::commands::export::{entity_of, everything, fields};
use crate::connection::Connection;
use crate::entity::{Api, Entity, Word};
use crate::exit::Exit;
use crate::guard;
use crate::parameters::Tree;
use crate::resume::Question;
use crate::session::Session;

/// Delete rows: those of a filter, or of a list of ids.
///
/// Names are checked, the rows are counted and shown, and all their values go into an undo file before the first
/// one goes. A stopped run goes on with the same command.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 delete deals --filter 'stageId=LOSE' --dry-run
  b24 delete deals --filter 'stageId=LOSE' --yes --at-most 412
  b24 delete contacts --ids 5,7,9
  b24 undo deals.undo-20261120T134000.jsonl       adds them again, with new ids
")]
pub(crate) struct Args {
    /// deals leads contacts companies tasks invoices quotes products, spa:NAME or spa:ID, or a list method
    pub(crate) entity: String,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// Where the rows go; absent: ENTITY.undo-TIME.jsonl here
    #[arg(long, value_name = "FILE")]
    pub(crate) undo: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let choice = Choice::read(&args.choice, "delete")?;
    let connection = session.connection().await?;
    if !session.global.dry_run {
        guard::writable(connection, "delete")?;
    }
    let word = Word::read(&args.entity, Api::Auto)?;
    let entity = entity_of(word, Api::Auto, session, connection).await?;
    let method = Method::of(&entity, Action::Delete)?;
    let fields = fields::all(&entity, session, connection).await?;
    let filter = choice.filter(&entity, &fields)?;
    let question = Question::default()
        .with("portal", &connection.caller())
        .with("rows", &(entity.word(), &filter, choice.ids()));
    let select = everything(&entity, Some(&fields)).unwrap_or_else(|| {
        let names = fields.iter().map(|field| field.name.clone());
        names.collect()
    });
    let ids = choice.ids().map(<[String]>::to_vec);
    let mut lines = Deletes {
        rows: Rows::of(&entity, filter.clone(), ids, select, connection),
        connection,
        entity: &entity,
    };
    let words = std::iter::once(format!("b24 delete {}", args.entity));
    let command: Vec<String> = words.chain(args.choice.words()).collect();
    let change = Change {
        session,
        connection,
        entity: &entity,
        method,
        action: Action::Delete,
        command: command.join(" "),
        question,
        filter,
        set: None,
        undo: Some(undo_file(args.undo, &entity)),
        args: args.run,
        external: None,
        left_out: Vec::new(),
    };
    change.run(&mut lines).await
}

/// The chosen rows, whole.
struct Deletes<'a> {
    rows: Rows<'a>,
    connection: &'a Connection,
    entity: &'a Entity,
}

impl Lines for Deletes<'_> {
    async fn next(&mut self) -> Result<Option<Vec<Line>>> {
        let Some(rows) = self.rows.next(self.connection).await? else {
            return Ok(None);
        };
        let line = |row: Tree| {
            let id = self.entity.id_of(&row)?;
            Some(Line {
                id,
                old: row,
                new: Tree::Null,
            })
        };
        Ok(Some(rows.into_iter().filter_map(line).collect()))
    }

    fn left_out(&self) -> Vec<String> {
        self.rows.left_out()
    }
}
