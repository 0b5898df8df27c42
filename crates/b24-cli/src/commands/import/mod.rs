//! `b24 import`

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
use b24::Effect;
use encoding_rs::Encoding;

use super::export::fields::{Known, ask as ask_fields};
use super::export::smart_process;
use crate::bulk::{self, How, SharedJournal};
use crate::check::{self, Blank, Checker, Contacts, Mapping, Purpose, Settings};
use crate::connection::Connection;
use crate::entity::{Api, Word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::formats::beside;
use crate::guard;
use crate::intake::{self, Format, Source};
use crate::journal::{Journal, State};
use crate::labels::Codes;
use crate::printer::grouped;
use crate::prompt;
use crate::resume::Question;
use crate::session::{Mode as Guard, Session};

use jobs::{Plan, RowJobs};
use plan::Shown;
use survey::{Survey, survey};
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
    let journal = journal_path(&args)?;
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
    if !session.global.dry_run && connection.mode == Guard::ReadOnly {
        guard::allow(session, connection, Effect::Write, "import")?;
    }
    let entity = match word {
        Word::Entity(entity) => *entity,
        Word::SmartProcess(name) => smart_process(&name, Api::V2, session, connection).await?,
    };
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
    journal: PathBuf,
}

impl Import<'_> {
    async fn run(self) -> Result<Exit> {
        let fields = self.fields().await?;
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
        let survey = survey(&self.source, &checker, key.as_deref())?;
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
            command: &format!(
                "b24 import {} {}",
                self.args.entity,
                self.args.file.display()
            ),
            target: &self.target,
            mode: self.args.mode,
            key: key.as_deref(),
            external: &external,
            survey: &survey,
            journal: &self.journal,
        };
        if session.global.dry_run {
            shown.report()?;
            return Ok(Exit::Done);
        }
        let journal = self.open_journal(&survey, &shown)?;
        let plan = Plan {
            target: &self.target,
            mode: self.args.mode,
            key: key.as_deref(),
            contacts: self.args.contacts,
            external: &external,
            checker: &checker,
            survey: &survey,
        };
        self.send(&plan, journal).await
    }

    async fn fields(&self) -> Result<Fields> {
        let entity = &self.target.entity;
        let known = ask_fields(entity, &entity.parameters(), self.session, self.connection).await?;
        match known {
            Known::All(fields) => Ok(fields),
            Known::Filter(_) | Known::Nothing => Err(Failure::usage(format!(
                "{} does not say what fields {} have, so rows cannot be checked",
                self.connection.host, entity.rows
            ))
            .state("nothing was sent")
            .into()),
        }
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

    /// What the journal belongs to.
    fn question(&self, survey: &Survey) -> Question {
        let args = self.args;
        let mut maps = args.map.clone();
        maps.sort();
        Question::default()
            .with("portal", &self.connection.place)
            .with(
                "entity",
                &(&self.target.add, self.target.entity.parameters()),
            )
            .with("content of the file", &survey.content)
            .with("map", &maps)
            .with("mode", &(args.mode.word(), &args.key))
            .with("blank", &(args.blank == Blank::Clear))
            .with("contacts", &(args.contacts == Contacts::Replace))
    }

    /// The journal of an earlier run, or a new one after the plan was agreed to.
    fn open_journal(&self, survey: &Survey, shown: &Shown<'_>) -> Result<Journal> {
        let question = self.question(survey);
        let open = |restart| {
            Journal::open(&self.journal, &question, restart).map_err(|error| error.failure())
        };
        let there = self.journal.metadata().is_ok_and(|facts| facts.len() > 0);
        if there && !self.args.restart {
            let journal = open(false)?;
            self.going_on(&journal, survey)?;
            return Ok(journal);
        }
        if there {
            self.may_restart()?;
        }
        shown.consent()?;
        Ok(open(self.args.restart)?)
    }

    fn going_on(&self, journal: &Journal, survey: &Survey) -> Result<(), Failure> {
        let tally = journal.tally().map_err(|error| error.failure())?;
        let begun = journal.begun().to_zoned(jiff::tz::TimeZone::system());
        let mut text = format!(
            "going on with the journal of {}: {} rows done, {} unknown",
            begun.strftime("%Y-%m-%d %H:%M"),
            grouped(tally.done),
            grouped(tally.unknown + tally.sent)
        );
        if tally.failed > 0 {
            text = format!("{text}, {} failed", grouped(tally.failed));
        }
        if tally.ended() >= survey.rows {
            text = format!("{text}; nothing is left to send");
        }
        self.session.printer.note(text);
        if journal.clock_went_back() {
            self.session.printer.note(format!(
                "the clock of this machine has gone back: unknown rows wait {} in full",
                crate::printer::lasting(self.args.settle)
            ));
        }
        Ok(())
    }

    fn may_restart(&self) -> Result<()> {
        let what = format!(
            "--restart throws {} away: what it has sent is sent again",
            self.journal.display()
        );
        if self.session.global.yes {
            return Ok(());
        }
        if !self.session.can_ask() {
            return Err(
                Failure::usage(format!("{what}, and nobody can be asked here"))
                    .state("nothing was sent")
                    .hint("without --restart it goes on; --yes throws it away")
                    .into(),
            );
        }
        if !prompt::confirmed(&format!("{what}. Do it?"))? {
            return Err(Failure::usage("the journal was kept")
                .state("nothing was sent")
                .into());
        }
        Ok(())
    }

    async fn send(&self, plan: &Plan<'_>, journal: Journal) -> Result<Exit> {
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
        let failed = self
            .args
            .failed
            .clone()
            .unwrap_or_else(|| failed::beside(&self.args.file));
        let written = failed::write_failed(&failed, &self.source, &journal)?;
        let told = Told {
            session: self.session,
            connection: self.connection,
            target: &self.target,
            external: plan.external,
            journal: &journal,
            rows: plan.survey.rows,
            ended: &ended,
            failed_file: (written > 0).then(|| failed.display().to_string()),
        };
        told.tell()
    }

    /// The highest id before the first row was sent: what has an external id of the file and stands below is none of
    /// ours.
    async fn above(&self, plan: &Plan<'_>, journal: &SharedJournal) -> Result<Option<u64>> {
        const FACT: &str = "highest id before";
        if plan.mode != Mode::Add || !matches!(plan.external, External::Own { .. }) {
            return Ok(None);
        }
        let kept = journal.with(|journal| journal.kept(FACT));
        if let Some(kept) = kept.map_err(|error| error.failure())? {
            return Ok(kept.parse().ok());
        }
        let highest = self.highest().await?.unwrap_or(0);
        let none_sent = journal
            .with(|journal| journal.entries(&[State::Sent, State::Done, State::Unknown], 0, 1))
            .map_err(|error| error.failure())?
            .is_empty();
        if none_sent {
            journal
                .with(|journal| journal.keep(FACT, &highest.to_string()))
                .map_err(|error| error.failure())?;
            return Ok(Some(highest));
        }
        Ok(None)
    }

    async fn highest(&self) -> Result<Option<u64>> {
        let entity = &self.target.entity;
        let id = entity.id_field();
        let order = serde_json::Map::from_iter([(id.to_owned(), "DESC".into())]);
        let call = self
            .connection
            .client
            .v2()
            .call(&entity.method)
            .params(entity.parameters())
            .param("select", [id])
            .param("order", order)
            .param("start", -1);
        let answer: crate::parameters::Tree = tokio::select! {
            answer = call.typed() => answer?,
            reason = self.session.stop.requested() => return Err(Failure::stopped(reason, "import").into()),
        };
        let rows = known::rows_of(answer);
        let first = rows.first().and_then(|row| known::text(row.get(id)?));
        Ok(first.and_then(|id| id.parse().ok()))
    }
}
