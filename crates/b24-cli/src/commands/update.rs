//! `b24 update`

use std::path::PathBuf;

use anyhow::Result;

use crate::change::choose::{Choice, ChoiceArgs, Rows};
use crate::change::methods::Method;
use crate::change::values::{Set, same};
use crate::change::{Action, Change, Line, Lines, RunArgs, undo_file};
use crate::commands::export::{entity_of, fields};
use crate::connection::Connection;
use crate::entity::{Api, Entity, Word};
use crate::exit::Exit;
use crate::failure::quoted;
use crate::fields::Fields;
use crate::guard;
use crate::parameters::Tree;
use crate::printer::counted;
use crate::resume::Question;
use crate::session::Session;

/// Give rows new values: those of a filter, or of a list of ids.
///
/// Names are checked, the rows are counted and shown, and their old values go into an undo file before the first
/// write. A stopped run goes on with the same command.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 update deals --filter 'stageId=LOSE' --set stageId=NEW --dry-run
  b24 update deals --filter 'stageId=LOSE' --set stageId=NEW --yes --at-most 412
  b24 update contacts --ids ids.txt --set assignedById=17 --set comments=
  b24 update spa:Orders --all --set-json '{\"opened\":\"Y\"}'
  b24 undo deals.undo-20261120T134000.jsonl       puts the old values back
")]
pub(crate) struct Args {
    /// deals leads contacts companies tasks invoices quotes products, spa:NAME or spa:ID, or a list method
    pub(crate) entity: String,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// A field and its new value: a code or its text; FIELD= empties it, FIELD:=JSON takes it as it is
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
    /// Fields and new values: JSON, @FILE or -
    #[arg(long, value_name = "JSON")]
    pub(crate) set_json: Option<String>,
    /// Where the old values go; absent: ENTITY.undo-TIME.jsonl here
    #[arg(long, value_name = "FILE")]
    pub(crate) undo: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let choice = Choice::read(&args.choice, "update")?;
    let set = Set::read(&args.set, args.set_json.as_deref())?;
    let connection = session.connection().await?;
    if !session.global.dry_run {
        guard::writable(connection, "update")?;
    }
    let word = Word::read(&args.entity, Api::Auto)?;
    let entity = entity_of(word, Api::Auto, session, connection).await?;
    let method = Method::of(&entity, Action::Update)?;
    let fields = fields::all(&entity, session, connection).await?;
    let filter = choice.filter(&entity, &fields)?;
    let set = set.checked(&entity, &fields, session, connection).await?;
    let question = Question::default()
        .with("portal", &connection.caller())
        .with("rows", &(entity.word(), &filter, choice.ids()))
        .with("values", &set);
    let names = set.entries().iter().map(|(name, _)| name.clone());
    let select: Vec<String> = std::iter::once(entity.filter_id().to_owned())
        .chain(names)
        .collect();
    let ids = choice.ids().map(<[String]>::to_vec);
    let mut lines = Updates {
        rows: Rows::of(&entity, filter.clone(), ids, select, connection),
        connection,
        entity: &entity,
        fields: &fields,
        set: &set,
        same: 0,
    };
    let change = Change {
        session,
        connection,
        entity: &entity,
        method,
        action: Action::Update,
        command: command(&args),
        question,
        filter,
        set: Some(set.clone()),
        undo: Some(undo_file(args.undo, &entity)),
        args: args.run,
        external: None,
        left_out: Vec::new(),
    };
    change.run(&mut lines).await
}

fn command(args: &Args) -> String {
    let mut words = vec!["b24 update".to_owned(), args.entity.clone()];
    words.extend(args.choice.words());
    for set in &args.set {
        words.extend(["--set".to_owned(), quoted(set)]);
    }
    if let Some(json) = &args.set_json {
        words.extend(["--set-json".to_owned(), quoted(json)]);
    }
    words.join(" ")
}

/// The chosen rows that are not yet as they are to be.
struct Updates<'a> {
    rows: Rows<'a>,
    connection: &'a Connection,
    entity: &'a Entity,
    fields: &'a Fields,
    set: &'a Tree,
    same: u64,
}

impl Lines for Updates<'_> {
    async fn next(&mut self) -> Result<Option<Vec<Line>>> {
        let Some(rows) = self.rows.next(self.connection).await? else {
            return Ok(None);
        };
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(id) = self.entity.id_of(&row) else {
                continue;
            };
            let (mut old, mut new) = (Tree::empty(), Tree::empty());
            let mut differs = false;
            for (name, value) in self.set.entries() {
                let key = self
                    .fields
                    .find(name)
                    .map_or(name.as_str(), |field| &field.key);
                let is = row.get(key).cloned().unwrap_or(Tree::Null);
                differs |= !same(value, &is);
                old.set(name.clone(), is);
                new.set(name.clone(), value.clone());
            }
            if differs {
                lines.push(Line { id, old, new });
            } else {
                self.same += 1;
            }
        }
        Ok(Some(lines))
    }

    fn left_out(&self) -> Vec<String> {
        let mut all = self.rows.left_out();
        if self.same > 0 {
            let (row, rows) = (&self.entity.row, &self.entity.rows);
            let count = counted(self.same, &format!("{row} is"), &format!("{rows} are"));
            all.push(format!("{count} so already, and left out"));
        }
        all
    }
}
