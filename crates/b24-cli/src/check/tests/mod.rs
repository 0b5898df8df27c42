//! Files against a portal.

mod columns;
mod sent;
mod values;

use std::path::Path;

use b24_portal::{Edition, Portal};
use clap::FromArgMatches;
use serde_json::value::RawValue;

use super::*;
use crate::args::{Cli, grammar};
use crate::commands::export::fields::{self, Known};
use crate::entity::{Api, Entity, Word};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::intake::{self, Options};
use crate::printer::{ColorChoice, Printer, ProgressChoice, Style};
use crate::session::Session;

/// A portal with the demo set, and this command connected to it.
struct Desk {
    portal: Portal,
    session: Session,
    home: tempfile::TempDir,
}

async fn unlimited() -> Portal {
    let portal = Portal::builder().demo().edition(Edition::Box);
    portal.start().await.unwrap()
}

/// What a file is checked for.
#[derive(Clone, Copy)]
struct Case<'a> {
    entity: &'a str,
    maps: &'a [(&'a str, &'a str)],
    purpose: Purpose,
    blank: Blank,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            entity: "deals",
            maps: &[],
            purpose: Purpose::Add,
            blank: Blank::Keep,
        }
    }
}

impl Desk {
    async fn new() -> Self {
        let portal = unlimited().await;
        Self::with(None, portal)
    }

    /// With only some scopes.
    async fn of_scopes(scopes: &[&str]) -> Self {
        let portal = unlimited().await;
        Self::with(Some(scopes), portal)
    }

    fn with(scopes: Option<&[&str]>, portal: Portal) -> Self {
        let webhook = match scopes {
            Some(scopes) => portal.add_webhook(1, scopes),
            None => portal.webhook().to_owned(),
        };
        let words = [
            "b24",
            "-q",
            "--limits",
            "off",
            "--webhook",
            &webhook,
            "ping",
        ];
        let matches = grammar().try_get_matches_from(words).unwrap();
        let Cli { global, .. } = Cli::from_arg_matches(&matches).unwrap();
        let style = Style::resolve(false, true, 0, ColorChoice::Never, ProgressChoice::None);
        Self {
            portal,
            session: Session::new("import", global, Printer::new(style)),
            home: b24_seen::folder(),
        }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    /// Reads a file and prepares its check.
    async fn checker(
        &self,
        case: Case<'_>,
        name: &str,
        text: &str,
    ) -> Result<(intake::Source, Checker), Failure> {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        self.checker_of(case, &path).await
    }

    async fn checker_of(
        &self,
        case: Case<'_>,
        path: &Path,
    ) -> Result<(intake::Source, Checker), Failure> {
        let source = intake::open(path, &Options::default())?;
        let (entity, fields) = self.fields(case.entity).await;
        let maps: Vec<(String, String)> = case
            .maps
            .iter()
            .map(|(column, field)| ((*column).to_owned(), (*field).to_owned()))
            .collect();
        let wanted = Wanted {
            file: source.name(),
            columns: source.columns(),
            maps: &maps,
            purpose: case.purpose,
        };
        let mapping = Mapping::of(wanted, &entity, &fields)?;
        let connection = self.session.connection().await.unwrap();
        let codes = Codes::of(
            &entity,
            &fields,
            |field| mapping.has(field),
            &self.session,
            connection,
        );
        let codes = codes.await.unwrap();
        let settings = Settings {
            purpose: case.purpose,
            blank: case.blank,
            files: self.path().to_owned(),
        };
        Ok((source, Checker::new(mapping, codes, settings)))
    }

    async fn fields(&self, word: &str) -> (Entity, Fields) {
        let Ok(Word::Entity(entity)) = Word::read(word, Api::Auto) else {
            panic!("an entity");
        };
        let connection = self.session.connection().await.unwrap();
        let params = entity.parameters();
        let known = fields::ask(&entity, &params, &self.session, connection).await;
        let Known::All(fields) = known.unwrap() else {
            panic!("fields");
        };
        (*entity, fields)
    }

    /// What each row of a file becomes, and what is noted.
    async fn told(&self, case: Case<'_>, name: &str, text: &str) -> String {
        match self.checker(case, name, text).await {
            Ok((source, checker)) => {
                let mut lines = rows(&source, &checker);
                let notes = checker
                    .mapping
                    .notes()
                    .iter()
                    .map(|note| format!("note: {note}"));
                lines.extend(notes);
                let warnings = checker.mapping.warnings().iter();
                lines.extend(warnings.map(|warning| format!("warning: {warning}")));
                lines.join("\n")
            }
            Err(failure) => told(&failure),
        }
    }

    /// Runs another command on the same portal.
    async fn run(&self, words: &[&str]) {
        let own = [
            "b24",
            "-q",
            "--limits",
            "off",
            "--webhook",
            self.portal.webhook(),
        ];
        let matches = grammar()
            .try_get_matches_from(own.iter().chain(words))
            .unwrap();
        let Cli { global, command } = Cli::from_arg_matches(&matches).unwrap();
        let style = Style::resolve(false, true, 0, ColorChoice::Never, ProgressChoice::None);
        let session = Session::new(command.name(), global, Printer::new(style));
        crate::commands::run(command, &session).await.unwrap();
    }

    async fn call(&self, method: &str, params: &Tree) -> Tree {
        let connection = self.session.connection().await.unwrap();
        let call = connection.client.v2().call(method).params(params);
        let answer: Box<RawValue> = call.typed().await.unwrap();
        serde_json::from_str(answer.get()).unwrap()
    }
}

fn told(failure: &Failure) -> String {
    let lines = failure.lines();
    let lines = lines
        .iter()
        .map(|(label, text)| format!("\n  {label}: {text}"));
    format!("{failure}{}", lines.collect::<String>())
}

fn rows(source: &intake::Source, checker: &Checker) -> Vec<String> {
    let mut rows = source.rows().unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.read().unwrap() {
        let row = row.expect("a row that can be read");
        match checker.check(&row, Files::Look) {
            Ok(ready) => {
                let id = ready.id.map(|id| format!("#{id} ")).unwrap_or_default();
                let fields = serde_json::to_string(&ready.fields).unwrap();
                lines.push(format!("{}: {id}{fields}", row.number));
            }
            Err(reasons) => lines.extend(
                reasons
                    .iter()
                    .map(|reason| format!("{}: {}: {}", row.number, reason.field, reason.message)),
            ),
        }
    }
    lines
}

/// One column of values, most of them with quotes in CSV.
fn column(heading: &str, values: &[&str]) -> String {
    let mut text = format!("{heading},title\n");
    for value in values {
        let quoted = value.replace('"', "\"\"");
        text.extend(["\"", &quoted, "\",x\n"]);
    }
    text
}
