//! `b24 import`

mod begin;
mod failed;
mod jobs;
mod known;
mod plan;
mod survey;
mod target;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use encoding_rs::Encoding;

use super::export::{entity_of, fields};
use crate::bulk::{self, How, SharedJournal};
use crate::check::{self, Blank, Checker, Contacts, Mapping, Purpose, Settings};
use crate::connection::Connection;
use crate::entity::{Api, Word};
use crate::exit::Exit;
use crate::failure::{Failure, quoted};
use crate::fields::Fields;
use crate::formats::beside;
use crate::guard;
use crate::intake::{self, Format, Source};
use crate::journal::Journal;
use crate::labels::Codes;
use crate::session::Session;

use jobs::{Plan, RowJobs};
use plan::Shown;
use survey::survey;
use target::{External, Target};
use told::Told;

/// The ending of the journal: `deals.csv.b24journal`.
const JOURNAL: &str = "b24journal";
/// The fields of phones, e-mail addresses and the like: that of `crm.item.*`, and those of the classic methods.
const CONTACTS: [&str; 6] = ["fm", "PHONE", "EMAIL", "WEB", "IM", "LINK"];

/// Write the rows of a file to the portal, each once.
///
/// All rows are checked before one is sent. What was sent is kept in a journal beside the file: killed at any
/// moment, the same command goes on and neither doubles nor loses a row.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 import deals deals.csv --dry-run            the plan and its price
  b24 import deals deals.csv --yes
  b24 import contacts people.xlsx --sheet 2026 --map 'Mobile=PHONE_MOBILE'
  b24 import deals prices.csv --mode update       changes the deals of the column id
  b24 import deals erp.csv --mode upsert --key originId
  b24 import deals deals.failed.csv               the rows that failed, after they were mended
")]
pub(crate) struct Args {
    /// deals leads contacts companies tasks invoices quotes products, spa:NAME or spa:ID, or a list method
    pub(crate) entity: String,
    /// CSV, xlsx or JSON lines, the text ones also packed; - is standard input
    pub(crate) file: PathBuf,
    /// Which field a column is: 'Deal name=title'; 'Comment=' leaves the column out
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = column)]
    pub(crate) map: Vec<(String, String)>,
    /// Add rows, update those that are there, or do whichever fits
    #[arg(long, value_enum, value_name = "MODE", default_value = "add")]
    pub(crate) mode: Mode,
    /// The field that tells which row is meant, for update (absent: id) and upsert
    #[arg(long, value_name = "FIELD")]
    pub(crate) key: Option<String>,
    /// What an empty cell does to a row that is there: keep or clear the field
    #[arg(long, value_enum, value_name = "HOW", default_value = "keep")]
    pub(crate) blank: Blank,
    /// What the file's phones, e-mails and the like do to those of a row that is there: add or replace
    #[arg(long, value_enum, value_name = "HOW", default_value = "add")]
    pub(crate) contacts: Contacts,
    /// Start no robots and workflows for new rows (crm.item.import)
    #[arg(long)]
    pub(crate) no_automation: bool,
    /// The encoding of a text file, such as windows-1251; absent: by its bytes
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub(crate) encoding: Option<&'static Encoding>,
    /// The sheet of a workbook; absent: the first
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    /// The format; absent: by the name of the file
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// The journal; absent: beside the file
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Where failed rows go; absent: beside the file, deals.failed.csv
    #[arg(long, value_name = "FILE")]
    pub(crate) failed: Option<PathBuf>,
    /// How long a row whose answer is lost is given before it is looked for: the portal's wall and a reserve
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = bulk::SETTLE)]
    pub(crate) settle: Duration,
    /// Throw the journal away and send everything again
    #[arg(long)]
    pub(crate) restart: bool,
}

/// `--mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mode {
    /// Each row becomes a new one
    #[default]
    Add,
    /// Each row changes one
    Update,
    /// Each row changes one, or becomes a new one where there is none
    Upsert,
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Update => "update",
            Self::Upsert => "upsert",
        }
    }

    const fn purpose(self) -> Purpose {
        match self {
            Self::Add => Purpose::Add,
            Self::Update => Purpose::Update,
            Self::Upsert => Purpose::Upsert,
        }
    }
}

impl Args {
    /// The command again, without what gives consent.
    fn command(&self) -> String {
        let mut words = vec![self.command_for(&self.file)];
        let mut flag = |name: &str, value: &str| words.push(format!("{name} {}", quoted(value)));
        if let Some(encoding) = self.encoding {
            flag("--encoding", encoding.name());
        }
        if let Some(sheet) = &self.sheet {
            flag("--sheet", sheet);
        }
        if let Some(format) = self.format.and_then(|format| format.to_possible_value()) {
            flag("--format", format.get_name());
        }
        for (name, path) in [("--journal", &self.journal), ("--failed", &self.failed)] {
            if let Some(path) = path {
                flag(name, &path.to_string_lossy());
            }
        }
        words.join(" ")
    }

    /// The command for the failed rows of this file: it says what columns and rows are, not how the file is read.
    fn command_for(&self, file: &Path) -> String {
        let mut words = ["b24", "import", &self.entity].map(str::to_owned).to_vec();
        words.push(quoted(&file.to_string_lossy()));
        for (column, field) in &self.map {
            words.push(format!("--map {}", quoted(&format!("{column}={field}"))));
        }
        if self.mode != Mode::Add {
            words.push(format!("--mode {}", self.mode.word()));
        }
        if let Some(key) = &self.key {
            words.push(format!("--key {}", quoted(key)));
        }
        if self.blank == Blank::Clear {
            words.push("--blank clear".to_owned());
        }
        if self.contacts == Contacts::Replace {
            words.push("--contacts replace".to_owned());
        }
        if self.no_automation {
            words.push("--no-automation".to_owned());
        }
        words.join(" ")
    }
}

fn column(text: &str) -> Result<(String, String), String> {
    let (column, field) = text
        .split_once('=')
        .ok_or("a column and its field are wanted: 'Deal name=title'")?;
    Ok((column.trim().to_owned(), field.trim().to_owned()))
}

fn encoding(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.trim().as_bytes())
        .ok_or_else(|| format!("`{name}` is no encoding such as utf-8, utf-16le or windows-1251"))
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let journal = match journal_path(&args) {
        // A plan needs none.
        Err(_) if session.global.dry_run => None,
        path => Some(path?),
    };
    check_mode(&args)?;
    let word = Word::read(&args.entity, Api::V2)?;
    let options = intake::Options {
        format: args.format,
        encoding: args.encoding,
        sheet: args.sheet.clone(),
        delimiter: None,
    };
    let source = intake::open(&args.file, &options)?;
    let connection = session.connection().await?;
    if !session.global.dry_run {
        guard::writable(connection, "import")?;
    }
    let entity = entity_of(word, Api::V2, session, connection).await?;
    let target = Target::of(entity, args.no_automation)?;
    let import = Import {
        args: &args,
        session,
        connection,
        target,
        source,
        journal,
    };
    import.run().await
}

fn journal_path(args: &Args) -> Result<PathBuf, Failure> {
    match &args.journal {
        Some(path) => Ok(path.clone()),
        None if args.file == Path::new("-") => Err(Failure::usage(
            "what was sent from standard input has no file to keep its journal beside",
        )
        .state("nothing was sent")
        .hint("--journal FILE")),
        None => Ok(beside(&args.file, JOURNAL)),
    }
}

fn check_mode(args: &Args) -> Result<(), Failure> {
    let wrong = |text: &str| Err(Failure::usage(text).state("nothing was sent"));
    match (args.mode, &args.key) {
        (Mode::Add, Some(_)) => wrong("--key is for --mode update and --mode upsert"),
        (Mode::Upsert, None) => {
            wrong("--mode upsert needs --key FIELD: the field that tells which row is meant")
        }
        (Mode::Update, _) if args.no_automation => {
            wrong("--no-automation is for new rows: an update starts what it starts")
        }
        _ => Ok(()),
    }
}

/// One import.
struct Import<'a> {
    args: &'a Args,
    session: &'a Session,
    connection: &'a Connection,
    target: Target,
    source: Source,
    /// `None`: only the plan can be shown.
    journal: Option<PathBuf>,
}

impl Import<'_> {
    async fn run(self) -> Result<Exit> {
        let fields = fields::all(&self.target.entity, self.session, self.connection).await?;
        let key = self.key(&fields)?;
        let mapping = self.mapping(&fields)?;
        let (session, connection) = (self.session, self.connection);
        let codes = Codes::of(
            &self.target.entity,
            &fields,
            |field| mapping.has(field),
            session,
            connection,
        )
        .await?;
        let has: Vec<_> = fields
            .iter()
            .filter(|field| mapping.has(field))
            .cloned()
            .collect();
        let settings = Settings {
            purpose: self.args.mode.purpose(),
            blank: self.args.blank,
            files: self.directory(),
        };
        let checker = Checker::new(mapping, codes, settings);
        let survey = survey(&self.source, &checker, key.as_deref(), session)?;
        let external = External::of(
            &self.target.entity,
            &fields,
            |field| has.contains(field),
            |name| survey.is_unique(name),
        );
        let shown = Shown {
            session,
            connection,
            file: self.source.name(),
            command: self.args.command(),
            target: &self.target,
            mode: self.args.mode,
            key: key.as_deref(),
            external: &external,
            survey: &survey,
            journal: self.journal.as_deref(),
        };
        let journal = shown.journal.filter(|_| !session.global.dry_run);
        let Some(path) = journal else {
            shown.report()?;
            return Ok(Exit::Done);
        };
        let journal = self.open_journal(path, &survey, &shown)?;
        let plan = Plan {
            target: &self.target,
            mode: self.args.mode,
            key: key.as_deref(),
            contacts: self.args.contacts,
            external: &external,
            checker: &checker,
            survey: &survey,
        };
        self.send(&plan, path, journal).await
    }

    /// The field that tells which row is meant, as the portal names it.
    fn key(&self, fields: &Fields) -> Result<Option<String>, Failure> {
        let name = match (self.args.mode, &self.args.key) {
            (Mode::Add, _) | (Mode::Upsert, None) => return Ok(None),
            (Mode::Update, None) => "id",
            (_, Some(key)) => key,
        };
        if name.eq_ignore_ascii_case("id") {
            return Ok(Some("id".to_owned()));
        }
        let rows = &self.target.entity.rows;
        let Some(field) = fields.find(name) else {
            let failure = Failure::usage(format!("--key {name}: {rows} have no such field"))
                .state("nothing was sent");
            return Err(match fields.suggestion(name) {
                Some(close) => failure.hint(format!("did you mean {close}?")),
                None => failure.hint(format!("b24 describe {}", self.target.entity.stem)),
            });
        };
        if field.multiple || field.kind == "crm_multifield" {
            return Err(Failure::usage(format!(
                "--key {name}: a field with several values does not tell which row is meant"
            ))
            .state("nothing was sent"));
        }
        Ok(Some(field.name.clone()))
    }

    fn mapping(&self, fields: &Fields) -> Result<Mapping, Failure> {
        let mut maps = self.args.map.clone();
        if self
            .source
            .columns()
            .iter()
            .any(|name| name == failed::REASON)
        {
            maps.insert(0, (failed::REASON.to_owned(), String::new()));
        }
        let asked = check::Wanted {
            file: self.source.name(),
            columns: self.source.columns(),
            maps: &maps,
            purpose: self.args.mode.purpose(),
        };
        let mapping = Mapping::of(asked, &self.target.entity, fields)?;
        let printer = &self.session.printer;
        self.source
            .notes()
            .iter()
            .for_each(|note| printer.note(note));
        mapping.notes().iter().for_each(|note| printer.note(note));
        let warnings = mapping.warnings().iter();
        warnings.for_each(|warning| printer.warning(warning));
        Ok(mapping)
    }

    /// Files that cells name are beside the input.
    fn directory(&self) -> PathBuf {
        let parent = self.args.file.parent();
        parent
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .to_owned()
    }

    async fn send(&self, plan: &Plan<'_>, path: &Path, journal: Journal) -> Result<Exit> {
        let journal = SharedJournal::new(journal);
        let above = self.above(plan, &journal).await?;
        let rows = self.source.rows()?;
        let mut jobs = RowJobs::new(plan, rows, journal.clone(), above, self.connection);
        let how = How {
            session: self.session,
            connection: self.connection,
            settle: self.args.settle,
            rows: "rows",
            total: plan.survey.rows,
        };
        let ended = bulk::run(&mut jobs, &journal, &how).await?;
        let place = failed::Place::of(self.args.failed.as_deref(), &self.args.file, path);
        let failed = failed::write_failed(&place, &self.source, &journal)?;
        let told = Told {
            session: self.session,
            connection: self.connection,
            target: &self.target,
            external: plan.external,
            journal: &journal,
            rows: plan.survey.rows,
            ended: &ended,
            mended: failed.as_deref().map(|file| self.args.command_for(file)),
            failed_file: failed,
        };
        told.tell()
    }
}
