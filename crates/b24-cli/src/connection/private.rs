//! Files written whole or not at all, and the secret ones readable by nobody else.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use toml_edit::DocumentMut;

use super::state::private_file;
use crate::failure::{Failure, Kind};

/// Who may read a file we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever the system lets.
    Anyone,
    /// The owner alone.
    Owner,
}

/// The turn of this process to change the files of profiles, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _locked: fs::File,
}

/// Waits until no other process changes files beside this one.
pub(super) fn turn(beside: &Path) -> Result<Turn, Failure> {
    let path = beside.with_file_name(".b24.lock");
    let locked = || {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = private_file(&path)?;
        match file.lock() {
            // As on some network shares: it goes without.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
            locked => locked.map(|()| file),
        }
    };
    let locked = locked().map_err(|error| failed(&path, &error).state("nothing was changed"))?;
    Ok(Turn { _locked: locked })
}

/// Changes a TOML file, keeping its comments; makes it and its directory when they are missing.
pub(super) fn edit(
    path: &Path,
    access: Access,
    _turn: &Turn,
    change: impl FnOnce(&mut DocumentMut),
) -> Result<()> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(path, &error).into()),
    };
    let mut document: DocumentMut = text.parse().map_err(|_| {
        Failure::usage(format!("{} is not TOML", path.display())).state("it is untouched")
    })?;
    change(&mut document);
    write(path, access, document.to_string().as_bytes())
        .map_err(|error| failed(path, &error).into())
}

/// Replaces a file in one step. A pipe or a device is written to: to replace one takes it away.
pub(crate) fn write(path: &Path, access: Access, bytes: &[u8]) -> io::Result<()> {
    // `/dev/stdout` may lead to a file, which others write too.
    let is_device = path.starts_with("/dev/");
    if is_device || fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::OpenOptions::new()
            .append(true)
            .open(path)?
            .write_all(bytes);
    }
    // A link is followed, so that it stays one.
    let target: PathBuf = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = target
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(".b24-")
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    if access == Access::Anyone {
        set_readable(file.as_file(), &target)?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Refuses a secret file that others could read.
pub(crate) fn check(path: &Path) -> Result<()> {
    match mode(path) {
        Some(mode) if mode & 0o077 != 0 => {
            let message = format!("{} can be read by others (mode {mode:04o})", path.display());
            Err(Failure::new(Kind::Auth, message)
                .state("nothing was sent")
                .hint(format!("chmod 600 {}", path.display()))
                .into())
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path)
        .ok()
        .map(|meta| meta.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> Option<u32> {
    None
}

/// Temporary files start at 0600: gives them the old file's mode, or the usual one.
#[cfg(unix)]
fn set_readable(file: &fs::File, target: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = mode(target).unwrap_or(0o644);
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_readable(_file: &fs::File, _target: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::local(format!("{}: {error}", path.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, symlink};

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        let home = b24_seen::folder();
        let pipe = home.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        write(&pipe, Access::Anyone, b"told").unwrap();
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(reader.join().unwrap(), "told");
    }

    #[test]
    fn a_link_stays_one() {
        let home = b24_seen::folder();
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        fs::write(&file, "before").unwrap();
        symlink(&file, &link).unwrap();
        write(&link, Access::Anyone, b"after").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
    }
}
