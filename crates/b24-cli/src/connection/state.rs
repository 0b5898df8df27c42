//! Where the command keeps what must outlive it: records of what was sent.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

use crate::failure::Failure;

/// `$XDG_STATE_HOME/b24`, made for its owner alone.
pub(crate) fn state_directory() -> Result<PathBuf, Failure> {
    let base = choose_base_strategy()
        .map_err(|_| Failure::local("no home directory: HOME is not set").hint("set HOME"))?;
    let directory = base
        .state_dir()
        .unwrap_or_else(|| base.data_dir())
        .join("b24");
    make(&directory)
        .map_err(|error| Failure::local(format!("{}: {error}", directory.display())))?;
    Ok(directory)
}

/// A file for its owner alone, made when it is not there; what is in it stays.
pub(crate) fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
