//! `b24 export`

mod columns;
pub(crate) mod fields;
pub(crate) mod ids;
mod plan;
mod price;
mod read;
mod request;
mod source;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::connection::Connection;
use crate::entity::{Api, Entity, Word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::formats::{CsvFor, FileType, Format};
use crate::labels::Labelling;
use crate::parameters::Tree;
use crate::resume::Wish;
use crate::session::Session;

pub(crate) use plan::everything;
use request::Request;

/// Read all rows of an entity or a list method, each once.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what they are")]
#[command(before_long_help = "\
Examples:
  b24 export deals -o deals.csv
  b24 export deals --select id,title,opportunity --filter 'opportunity>=1000' --filter 'stageId!=WON'
  b24 export contacts --csv-for excel -o contacts.csv
  b24 export deals --labels -o deals.xlsx         also .parquet, .jsonl.gz, .csv.zst
  b24 export crm.deal.list --filter '>=DATE_CREATE=2026-01-01' | jq .TITLE
  b24 export spa:Orders --limit 10 -f table
  b24 export deals contacts companies -o backup/
  b24 export deals -o deals.csv --resume          goes on where a stopped run ended
")]
pub(crate) struct Args {
    /// deals leads contacts companies tasks invoices quotes users products, spa:NAME or spa:ID, or any list method
    #[arg(required = true, value_name = "ENTITY")]
    pub(crate) entities: Vec<String>,
    /// Only rows like this: 'opportunity>=1000', 'title~Acme', '@stageId=NEW,WON'; all of several
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// A ready filter: JSON, @FILE or -
    #[arg(long, value_name = "JSON")]
    pub(crate) filter_json: Option<String>,
    /// Only these fields; absent: all, user fields too
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// In this order: FIELD or FIELD:desc; reads page by page
    #[arg(long, value_name = "FIELD[:desc]", value_delimiter = ',')]
    pub(crate) order: Vec<String>,
    /// Read page by page: for methods whose rows have no rising id
    #[arg(long)]
    pub(crate) by_offset: bool,
    /// At most so many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Only the rows with these ids: a file with one a line, or -
    #[arg(long, value_name = "FILE", conflicts_with_all = ["order", "by_offset"])]
    pub(crate) ids: Option<String>,
    /// Where to: a file, DIR/ or - (standard output)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Go on with the part that a stopped run left, if it fits; else start
    #[arg(long)]
    pub(crate) resume: bool,
    /// As --resume, if the part was last written to within this time, such as 6h
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration)]
    pub(crate) resume_within: Option<Duration>,
    /// jsonl, json, csv, xlsx, parquet or table, the text ones also as csv.gz or csv.zst; absent: the extension of the output, else jsonl
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// For whom the CSV is
    #[arg(long, value_enum, value_name = "WHO")]
    pub(crate) csv_for: Option<CsvFor>,
    /// Titles for the names of fields, and texts for stages, statuses, sources, users, currencies and choices; =both keeps the codes beside them
    #[arg(long, value_enum, value_name = "both", num_args = 0..=1, require_equals = true, default_missing_value = "text", hide_possible_values = true)]
    pub(crate) labels: Option<Labelling>,
    /// A further parameter of the method, as for b24 call
    #[arg(long, value_name = "PARAM")]
    pub(crate) param: Vec<String>,
    /// Send names and operators without a look at the fields of the entity
    #[arg(long)]
    pub(crate) unchecked: bool,
    /// Which version of the API
    #[arg(long, value_enum, value_name = "VERSION", default_value = "auto")]
    pub(crate) api: Api,
    /// Short for --api v3
    #[arg(long, conflicts_with = "api")]
    pub(crate) v3: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let api = args.api.chosen(args.v3);
    let words: Result<Vec<_>, _> = args
        .entities
        .iter()
        .map(|word| Word::read(word, api))
        .collect();
    let words = words?;
    let places = Places::of(&args, words.len())?;
    let wish = wish(&args, &places)?;
    let request = Request::read(&args, places.file_type)?;
    let connection = session.connection().await?;
    for word in words {
        let entity = entity_of(word, api, session, connection).await?;
        let plan = plan::make(&request, entity, session, connection).await?;
        let target = places.target(&plan.entity);
        if session.global.dry_run {
            price::show(&plan, target.as_deref(), session, connection).await?;
        } else {
            read::read(plan, target.as_deref(), wish, session, connection).await?;
        }
    }
    Ok(Exit::Done)
}

/// Whether to go on with an earlier run.
fn wish(args: &Args, places: &Places) -> Result<Option<Wish>, Failure> {
    if !args.resume && args.resume_within.is_none() {
        return Ok(None);
    }
    if places.output.is_none() {
        return Err(
            Failure::usage("--resume goes on with a file, and this is standard output")
                .state("nothing was sent")
                .hint("-o FILE, and the same again with --resume when it was stopped"),
        );
    }
    Ok(Some(Wish {
        within: args.resume_within,
    }))
}

/// The entity of a word; a smart process is looked up by its name.
pub(crate) async fn entity_of(
    word: Word,
    api: Api,
    session: &Session,
    connection: &Connection,
) -> Result<Entity> {
    let name = match word {
        Word::Entity(entity) => return Ok(*entity),
        Word::SmartProcess(name) => name,
    };
    let call = connection.client.v2().call("crm.type.list");
    let types = tokio::select! {
        types = call.typed::<Tree>() => types?,
        reason = session.stop.requested() => return Err(Failure::stopped(reason, session.command).into()),
    };
    Ok(Entity::smart_process(&name, &types, api)?)
}

/// What `-o` calls standard output. The second may lead to a file that the shell appends to: to
/// write beside it and rename would take away what is in it, or the link itself.
const STDOUT: [&str; 2] = ["-", "/dev/stdout"];

/// Where the rows go.
struct Places {
    output: Option<PathBuf>,
    directory: bool,
    file_type: FileType,
}

impl Places {
    fn of(args: &Args, entities: usize) -> Result<Self, Failure> {
        let is_stdout = |path: &PathBuf| STDOUT.map(Path::new).contains(&path.as_path());
        let output = args.output.clone().filter(|path| !is_stdout(path));
        let directory = output.as_ref().is_some_and(|path| {
            path.as_os_str()
                .to_string_lossy()
                .ends_with(['/', std::path::MAIN_SEPARATOR])
        });
        if entities > 1 && !directory {
            return Err(
                Failure::usage("several entities need a directory, one file for each")
                    .state("nothing was sent")
                    .hint("-o backup/"),
            );
        }
        let named = output.as_deref().filter(|_| !directory);
        let default = (args.csv_for.is_some() && named.is_none()).then_some("csv");
        let file_type = FileType::choose(args.format.as_deref().or(default), named)?;
        if args.csv_for.is_some() && file_type.format != Format::Csv {
            return Err(Failure::usage("--csv-for is for the format csv")
                .state("nothing was sent")
                .hint("-f csv"));
        }
        if directory && let Some(path) = &output {
            std::fs::create_dir_all(path).map_err(|error| {
                Failure::local(format!("{}: {error}", path.display())).state("nothing was sent")
            })?;
        }
        Ok(Self {
            output,
            directory,
            file_type,
        })
    }

    fn target(&self, entity: &Entity) -> Option<PathBuf> {
        let output = self.output.clone()?;
        let path = if self.directory {
            output.join(format!("{}.{}", entity.stem, self.file_type.extension()))
        } else {
            output
        };
        // A link is followed, so that it stays one.
        let is_link = path.is_symlink();
        let followed = is_link.then(|| std::fs::canonicalize(&path).ok());
        Some(followed.flatten().unwrap_or(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn standard_output_has_two_names() {
        for name in STDOUT {
            let args = Command::parse_from(["export", "deals", "-o", name]).args;
            assert_eq!(Places::of(&args, 1).unwrap().output, None);
        }
    }
}
