//! Where rows go: standard output, or a part file that gets its name when it is whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::Encoder;
use crate::failure::Failure;
use crate::printer::{Printer, Stdout, disk_words};

/// The ending of a file that is not whole yet.
const PART: &str = "b24part";
/// The ending of a file that is made of a part.
const WHOLE: &str = "b24whole";

/// Takes whole rows. A failed write leaves the part as it was before it.
#[derive(Debug)]
pub(crate) struct Output {
    sink: Sink,
    /// Bytes that are surely written, all of whole rows.
    whole: u64,
}

#[derive(Debug)]
enum Sink {
    Stdout(Stdout),
    /// A pipe or device: there is nothing to rename.
    Device {
        file: File,
        path: PathBuf,
    },
    Part {
        file: File,
        part: PathBuf,
        target: PathBuf,
    },
    /// A part without a name, for a file that is made of it and goes where no part can be.
    Unnamed {
        file: File,
        to: Box<Sink>,
    },
}

impl Output {
    /// Opens the output; `None` is standard output. What an earlier run left of it is still in
    /// the part: see [`cut`](Self::cut). `assembled`: the file is made of the part at the end.
    pub(crate) fn open(
        target: Option<&Path>,
        assembled: bool,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let sink = match target {
            None => Sink::Stdout(printer.stdout()),
            Some(path) if is_device(path) => Sink::Device {
                file: OpenOptions::new()
                    .write(true)
                    .open(path)
                    .map_err(|error| not_opened(path, &error))?,
                path: path.to_owned(),
            },
            Some(path) => part(path)?,
        };
        let sink = match sink {
            sink @ (Sink::Stdout(_) | Sink::Device { .. }) if assembled => Sink::Unnamed {
                file: tempfile::tempfile().map_err(|error| {
                    let text = format!("no temporary file: {}", disk_words(&error));
                    Failure::local(text).state("nothing was sent")
                })?,
                to: Box::new(sink),
            },
            sink => sink,
        };
        Ok(Self { sink, whole: 0 })
    }

    /// Whether the rows are in a file that is kept when the command fails.
    pub(crate) fn part(&self) -> Option<&Path> {
        match &self.sink {
            Sink::Part { part, .. } => Some(part),
            _ => None,
        }
    }

    /// Whether the rows go to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        self.sink.is_stdout()
    }

    /// The name that messages and summaries use.
    pub(crate) fn name(&self) -> String {
        self.sink.name()
    }

    /// Writes whole rows.
    pub(crate) fn write(&mut self, rows: &[u8]) -> io::Result<()> {
        let written = match &mut self.sink {
            Sink::Stdout(stdout) => stdout.write_all(rows).and_then(|()| stdout.flush()),
            Sink::Device { file, .. } | Sink::Part { file, .. } | Sink::Unnamed { file, .. } => {
                file.write_all(rows)
            }
        };
        match written {
            Ok(()) => {
                self.whole += rows.len() as u64;
                Ok(())
            }
            Err(error) => {
                if let Sink::Part { file, .. } = &mut self.sink {
                    // The disk may have taken half a row: the part ends before it. If even that
                    // fails, the first error is the one to tell.
                    let _ = file.set_len(self.whole);
                    let _ = file.seek(io::SeekFrom::Start(self.whole));
                }
                Err(error)
            }
        }
    }

    /// The length of the part: what an earlier run left, until it is cut.
    pub(crate) fn length(&self) -> io::Result<u64> {
        match &self.sink {
            Sink::Part { file, .. } => Ok(file.metadata()?.len()),
            _ => Ok(0),
        }
    }

    /// Keeps so many bytes of the part, and goes on behind them.
    pub(crate) fn cut(&mut self, length: u64) -> io::Result<()> {
        if let Sink::Part { file, .. } = &mut self.sink {
            file.set_len(length)?;
            file.seek(io::SeekFrom::Start(length))?;
            self.whole = length;
        }
        Ok(())
    }

    /// Brings all that was written to the disk; the length of the part is told.
    pub(crate) fn checkpoint(&mut self) -> io::Result<u64> {
        if let Sink::Part { file, .. } = &self.sink {
            file.sync_data()?;
        }
        Ok(self.whole)
    }

    /// Takes an empty part away; what is in it stays.
    pub(crate) fn give_up(&self) {
        if let (Sink::Part { part, .. }, 0) = (&self.sink, self.whole) {
            // It says nothing to anybody; that it may stay changes nothing.
            let _ = std::fs::remove_file(part);
        }
    }

    /// All is written, and the file is what was written: it gets its name.
    pub(crate) fn complete(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::Device { file, .. } => file.flush(),
            Sink::Part { file, part, target } => {
                file.sync_all()?;
                std::fs::rename(part, target)
            }
            Sink::Unnamed { .. } => Ok(()),
        }
    }

    /// All rows are written: the file gets its name, or is made of the part first.
    pub(crate) fn finish(&mut self, encoder: &mut Encoder) -> io::Result<()> {
        match &mut self.sink {
            Sink::Part { file, part, target } if encoder.is_assembled() => {
                let whole = beside(target, WHOLE);
                let made = assemble(encoder, file, target, &whole);
                if made.is_err() {
                    // The part stays; that half a file may stay too changes nothing.
                    let _ = std::fs::remove_file(&whole);
                }
                made.and_then(|()| std::fs::remove_file(part))
            }
            Sink::Unnamed { file, to } => {
                let mut whole = tempfile::tempfile()?;
                encoder.assemble(file, &whole, &std::env::temp_dir())?;
                whole.rewind()?;
                match to.as_mut() {
                    Sink::Stdout(stdout) => {
                        io::copy(&mut whole, stdout).and_then(|_| stdout.flush())
                    }
                    Sink::Device { file, .. } => io::copy(&mut whole, file).map(drop),
                    Sink::Part { .. } | Sink::Unnamed { .. } => Ok(()),
                }
            }
            _ => self.complete(),
        }
    }

    /// An error of the disk in the words of the command, without what is kept.
    pub(crate) fn failure(&self, error: &io::Error) -> String {
        format!("{}: {}", self.name(), disk_words(error))
    }
}

impl Sink {
    fn is_stdout(&self) -> bool {
        match self {
            Self::Stdout(_) => true,
            Self::Unnamed { to, .. } => to.is_stdout(),
            Self::Device { .. } | Self::Part { .. } => false,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Stdout(_) => "standard output".to_owned(),
            Self::Device { path, .. } => path.display().to_string(),
            Self::Part { target, .. } => target.display().to_string(),
            Self::Unnamed { to, .. } => to.name(),
        }
    }
}

/// Makes the file beside its place, then puts it there.
fn assemble(encoder: &mut Encoder, part: &File, target: &Path, whole: &Path) -> io::Result<()> {
    let file = File::create(whole)?;
    let scratch = target.parent().filter(|path| !path.as_os_str().is_empty());
    encoder.assemble(part, &file, scratch.unwrap_or(Path::new(".")))?;
    file.sync_all()?;
    std::fs::rename(whole, target)
}

/// A name that exists and is neither a file nor a directory.
fn is_device(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|facts| !facts.is_file() && !facts.is_dir())
}

fn part(target: &Path) -> Result<Sink, Failure> {
    if target.is_dir() {
        return Err(
            Failure::usage(format!("{} is a directory", target.display()))
                .state("nothing was sent")
                .hint(format!("-o {}/ writes a file into it", target.display())),
        );
    }
    let part = beside(target, PART);
    loop {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&part)
            .map_err(|error| not_opened(target, &error))?;
        match file.try_lock() {
            // A file system without locks: two runs cannot be told apart there.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::usage(format!(
                    "another b24 is writing {} now",
                    target.display()
                ))
                .state("nothing was sent"));
            }
        }
        // A run that ended between the two steps above has renamed or removed this file.
        if is_still(&file, &part) {
            return Ok(Sink::Part {
                file,
                part,
                target: target.to_owned(),
            });
        }
    }
}

/// `deals.csv.b24part` for `deals.csv`.
pub(crate) fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |facts: std::fs::Metadata| (facts.dev(), facts.ino());
    match (file.metadata(), path.metadata()) {
        (Ok(opened), Ok(named)) => identity(opened) == identity(named),
        _ => false,
    }
}

/// Elsewhere an open file keeps its name from others.
#[cfg(not(unix))]
fn is_still(_file: &File, _path: &Path) -> bool {
    true
}

fn not_opened(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    let failure = match error.kind() {
        io::ErrorKind::NotFound => {
            let parent = path.parent().map(Path::display).map(|dir| dir.to_string());
            Failure::usage(format!(
                "{shown}: there is no directory {}",
                parent.unwrap_or_default()
            ))
        }
        _ => Failure::local(format!("{shown} cannot be written: {}", disk_words(error))),
    };
    failure.state("nothing was sent")
}
