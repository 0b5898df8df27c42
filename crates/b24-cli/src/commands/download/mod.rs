//! `b24 download`

mod fetch;
mod reference;
mod source;

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::exit::Exit;
use crate::formats::Output;
use crate::printer::{Summary, size};
use crate::session::Session;

use reference::Reference;
use source::Source;

/// Fetch a file of the portal.
///
/// It is written beside its place and gets its name when it is whole. A cut download goes on where it was cut, where
/// the portal can do that; else it begins anew.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 download disk:8071 -o offer.pdf
  b24 download deals:5:ufCrm_contract -o contracts/
  b24 download spa:Orders:7:ufCrm12Scan:431 -o scan.png    one of several files of a field
  b24 call disk.file.get id=8071 | jq -r .DOWNLOAD_URL | xargs b24 download -o offer.pdf
")]
pub(crate) struct Args {
    /// disk:ID, ENTITY:ID:FIELD, ENTITY:ID:FIELD:FILE, or an address out of an answer of the same portal
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// Where to: a file, DIR/ for the name it has on the portal, or - (standard output)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let reference = Reference::read(&args.reference)?;
    let connection = session.connection().await?;
    let source = source::find(&reference, session, connection).await?;
    let target = target(&args.output, &source);
    if session.global.dry_run {
        show(&source, target.as_deref(), session)?;
        return Ok(Exit::Done);
    }
    let mut output = Output::open(target.as_deref(), false, &session.printer)?;
    let fetched = fetch::fetch(&source, &mut output, session, connection).await;
    let (bytes, cuts) = match fetched {
        Ok(fetched) => fetched,
        Err(failure) => {
            // A part that nobody goes on with is in the way.
            let _ = output.cut(0);
            output.give_up();
            return Err(failure.into());
        }
    };
    let again = match cuts {
        0 => String::new(),
        cuts => format!(", cut off {cuts}x on the way"),
    };
    session.finish(
        Summary::new(format!(
            "{} in {}{again}, {connection}",
            size(bytes),
            output.name()
        ))
        .field("file", source.name.clone())
        .field("bytes", bytes)
        .field("cuts", cuts)
        .field("output", output.name())
        .field("portal", connection.host.as_str())
        .field("origin", connection.origin.as_str()),
    );
    Ok(Exit::Done)
}

/// Where the file goes; none for standard output.
fn target(output: &Path, source: &Source) -> Option<PathBuf> {
    if output == Path::new("-") {
        return None;
    }
    let text = output.as_os_str().to_string_lossy();
    if text.ends_with(['/', MAIN_SEPARATOR]) {
        return Some(output.join(plain(&source.name)));
    }
    Some(output.to_owned())
}

/// A name that stays in its directory, whatever the portal calls the file.
fn plain(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| {
            if matches!(c, '/' | '\\' | ':') || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect();
    match name.trim_matches(['.', ' ']) {
        "" => "file".to_owned(),
        _ => name,
    }
}

fn show(source: &Source, target: Option<&Path>, session: &Session) -> Result<()> {
    let output = target.map_or_else(
        || "standard output".to_owned(),
        |path| path.display().to_string(),
    );
    let report = json!({
        "event": "plan", "file": source.name, "bytes": source.size, "output": output,
    });
    let bytes = source
        .size
        .map_or_else(|| "the portal does not tell".to_owned(), size);
    let text = format!(
        "file    {}\nsize    {bytes}\noutput  {output}\nnothing was fetched\n",
        source.name
    );
    session.printer.report(&report, text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_portal_stays_in_its_directory() {
        for (name, expected) in [
            ("offer.pdf", "offer.pdf"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("a\\b:c\n", "a_b_c_"),
            ("..", "file"),
            ("", "file"),
        ] {
            assert_eq!(plain(name), expected);
        }
    }
}
