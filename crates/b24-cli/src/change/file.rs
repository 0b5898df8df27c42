//! The undo file: what rows were before they were changed. One JSON object a line; a head first, an end last.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Line;
use crate::connection::private_file;
use crate::failure::Failure;
use crate::formats::beside;

/// Changes with what the lines hold.
const VERSION: u32 = 1;
const PART: &str = "b24part";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The version of the file.
    pub(crate) b24_undo: u32,
    /// `update` or `delete`
    pub(crate) command: String,
    pub(crate) portal: String,
    /// `deals`, `spa:1032`, or a list method.
    pub(crate) entity: String,
    pub(crate) time: String,
}

impl Head {
    pub(crate) fn new(command: &str, portal: &str, entity: String) -> Self {
        Self {
            b24_undo: VERSION,
            command: command.to_owned(),
            portal: portal.to_owned(),
            entity,
            time: jiff::Zoned::now()
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
                .to_string(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct End {
    end: u64,
}

/// Writes an undo file beside its place; it gets its name when it is whole and on the disk.
#[derive(Debug)]
pub(crate) struct Writer {
    out: BufWriter<File>,
    part: PathBuf,
    target: PathBuf,
    lines: u64,
    whole: bool,
}

impl Writer {
    pub(crate) fn create(target: &Path, head: &Head) -> Result<Self, Failure> {
        if target.exists() {
            return Err(
                Failure::usage(format!("{} is there already", target.display()))
                    .state("nothing was sent")
                    .hint("--undo FILE names another one"),
            );
        }
        let part = beside(target, PART);
        // Of a run that was killed before it wrote anything to the portal.
        let _ = fs::remove_file(&part);
        let file = private_file(&part).map_err(|error| failed(target, &error))?;
        let mut writer = Self {
            out: BufWriter::new(file),
            part,
            target: target.to_owned(),
            lines: 0,
            whole: false,
        };
        writer.put(head).map_err(|error| failed(target, &error))?;
        Ok(writer)
    }

    pub(crate) fn line(&mut self, line: &Line) -> Result<(), Failure> {
        self.lines += 1;
        self.put(line).map_err(|error| failed(&self.target, &error))
    }

    fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value).map_err(io::Error::from)?;
        self.out.write_all(b"\n")
    }

    /// Brings the whole file to the disk, under its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let end = End { end: self.lines };
        let finished = self.put(&end).and_then(|()| {
            self.out.flush()?;
            self.out.get_ref().sync_all()?;
            fs::rename(&self.part, &self.target)?;
            sync_directory(&self.target)
        });
        finished.map_err(|error| failed(&self.target, &error))?;
        self.whole = true;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.whole {
            // Nothing was sent: it says nothing to anybody.
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// A new name is on the disk only with its directory.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads an undo file, line after line.
#[derive(Debug)]
pub(crate) struct Reader {
    lines: io::Lines<BufReader<File>>,
    path: PathBuf,
    number: u64,
    pub(crate) head: Head,
    /// How many rows it has.
    pub(crate) rows: u64,
}

impl Reader {
    /// Opens a file and makes sure that it is whole.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let rows = count(path)?;
        let file = File::open(path).map_err(|error| failed(path, &error))?;
        let mut lines = BufReader::new(file).lines();
        let first = lines
            .next()
            .transpose()
            .map_err(|error| failed(path, &error))?;
        let head: Option<Head> = first.and_then(|line| serde_json::from_str(&line).ok());
        let Some(head) = head else {
            return Err(strange(path, "it is no undo file of b24"));
        };
        if head.b24_undo > VERSION {
            return Err(strange(path, "a newer b24 has written it"));
        }
        Ok(Self {
            lines,
            path: path.to_owned(),
            number: 1,
            head,
            rows,
        })
    }

    /// The next rows, `most` at most; none at the end.
    pub(crate) fn next(&mut self, most: usize) -> Result<Vec<Line>, Failure> {
        let mut some = Vec::new();
        while some.len() < most && self.number <= self.rows {
            let Some(line) = self.lines.next() else { break };
            self.number += 1;
            let line = line.map_err(|error| failed(&self.path, &error))?;
            let line = serde_json::from_str(&line)
                .map_err(|error| strange(&self.path, &format!("line {}: {error}", self.number)))?;
            some.push(line);
        }
        Ok(some)
    }
}

/// The rows of a whole file.
fn count(path: &Path) -> Result<u64, Failure> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::usage(format!("there is no file {}", path.display())).state("nothing was sent")
        }
        _ => failed(path, &error),
    })?;
    let (mut lines, mut last) = (0, String::new());
    for line in BufReader::new(file).lines() {
        last = line.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => strange(path, "it is no undo file of b24"),
            _ => failed(path, &error),
        })?;
        lines += 1;
    }
    match serde_json::from_str::<End>(&last) {
        Ok(end) if end.end + 2 == lines => Ok(end.end),
        _ => Err(strange(
            path,
            "it is no undo file of b24, or not all of one",
        )),
    }
}

fn strange(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("{}: {why}", path.display())).state("nothing was sent")
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::StorageFull => "no space left on device".to_owned(),
        _ => error.to_string(),
    };
    Failure::local(format!("{}: {why}", path.display()))
        .state("nothing was sent: what cannot be undone is not done")
        .hint("free space, or --undo FILE elsewhere")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Tree;

    fn line(id: u64) -> Line {
        let mut old = Tree::empty();
        old.set("stageId", "NEW".into());
        Line {
            id,
            old,
            new: Tree::Null,
        }
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let home = b24_seen::folder();
        let path = home.path().join("deals.undo.jsonl");
        let head = Head::new("delete", "acme.bitrix24.com", "deals".to_owned());
        let mut writer = Writer::create(&path, &head).unwrap();
        writer.line(&line(5)).unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

        let mut writer = Writer::create(&path, &head).unwrap();
        for id in 1..=5 {
            writer.line(&line(id)).unwrap();
        }
        writer.finish().unwrap();
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!((&reader.head, reader.rows), (&head, 5));
        assert_eq!(reader.next(3).unwrap(), [line(1), line(2), line(3)]);
        assert_eq!(reader.next(3).unwrap(), [line(4), line(5)]);
        assert!(reader.next(3).unwrap().is_empty());
        assert!(
            Writer::create(&path, &head).is_err(),
            "it is never written over"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }

        let text = fs::read_to_string(&path).unwrap();
        let cut: Vec<&str> = text.lines().take(4).collect();
        fs::write(&path, cut.join("\n")).unwrap();
        let failure = Reader::open(&path).unwrap_err();
        assert!(
            failure.to_string().contains("or not all of one"),
            "{failure}"
        );
    }
}
