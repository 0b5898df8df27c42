//! A file that several readers read, each from a place of its own.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::failure::Failure;

/// A file, and where this reader stands in it.
#[derive(Clone, Debug)]
pub(super) struct Window {
    file: Arc<File>,
    at: u64,
    seen: Seen,
}

/// What shows that a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    length: u64,
    modified: Option<SystemTime>,
}

/// Opens a file, or keeps standard input (`-`) in a temporary one that has no name.
pub(super) fn open(path: &Path) -> Result<(String, Window), Failure> {
    let standard_input = path == Path::new("-");
    let name = match path.file_name() {
        Some(_) if standard_input => "standard input".to_owned(),
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    };
    let file = if standard_input {
        keep(&mut io::stdin().lock())
    } else {
        File::open(path)
    };
    let window = file.and_then(Window::new).map_err(|error| {
        let failure = match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::usage(format!("there is no file {}", path.display()))
            }
            _ => Failure::local(format!("{name} cannot be read: {error}")),
        };
        failure.state("nothing was sent")
    })?;
    Ok((name, window))
}

/// Keeps what comes in a temporary file.
fn keep(from: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(from, &mut file)?;
    Ok(file)
}

impl Window {
    /// The file, from its start.
    pub(super) fn new(file: File) -> io::Result<Self> {
        if file.metadata()?.is_dir() {
            return Err(io::Error::other("it is a directory"));
        }
        Ok(Self {
            seen: Seen::of(&file)?,
            file: Arc::new(file),
            at: 0,
        })
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.seen.length
    }

    /// The first bytes.
    pub(super) fn head(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.clone().take(16).read_to_end(&mut head)?;
        Ok(head)
    }

    /// Fails if the file is not what it was when it was opened.
    pub(super) fn check(&self, name: &str) -> Result<(), Failure> {
        match Seen::of(&self.file) {
            Ok(now) if now == self.seen => Ok(()),
            Ok(_) => Err(Failure::local(format!(
                "{name} was changed while it was read"
            ))),
            Err(error) => Err(super::unreadable(name, &error)),
        }
    }
}

impl Seen {
    fn of(file: &File) -> io::Result<Self> {
        let facts = file.metadata()?;
        Ok(Self {
            length: facts.len(),
            modified: facts.modified().ok(),
        })
    }
}

impl Read for Window {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = read_at(&self.file, out, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, at)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, at)
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.seen.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::other("a place before the file"))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_once_is_read_as_often_as_wanted() {
        let kept = keep(&mut &b"a\nb\n"[..]).unwrap();
        let window = Window::new(kept).unwrap();
        let read = |mut window: Window| {
            let mut text = String::new();
            window.read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(window.len(), 4);
        let mut behind = window.clone();
        assert_eq!(behind.seek(SeekFrom::End(-2)).unwrap(), 2);
        assert_eq!(behind.stream_position().unwrap(), 2);
        assert_eq!(read(behind), "b\n");
        assert_eq!(read(window.clone()), "a\nb\n");
        assert_eq!(read(window.clone()), "a\nb\n");
        assert!(window.clone().seek(SeekFrom::Current(-1)).is_err());
        window.check("-").unwrap();
    }
}
