//! Files that cells name: `@photo.png`.

use std::path::{Path, PathBuf};

use super::Files;
use super::value::text_of;
use crate::parameters::{Tree, upload_field};

/// The largest file: the portal takes it in one request with a third more of base64.
const LARGEST: u64 = 100 * 1024 * 1024;

/// The value of a field of a file: its name and contents.
pub(super) fn value(
    cell: &Tree,
    directory: &Path,
    method: &str,
    files: Files,
) -> Result<Option<Tree>, String> {
    let text = match cell {
        cell if is_of_portal(cell) => {
            return Err(
                "a file of a portal cannot be copied: write @PATH of a file here".to_owned(),
            );
        }
        cell => text_of(cell)?,
    };
    let Some(name) = text.trim().strip_prefix('@') else {
        return match text.trim() {
            "" => Ok(None),
            other => Err(format!("{other:?} is no file: write @PATH")),
        };
    };
    let path = within(directory, name)?;
    let unreadable = |error: std::io::Error| format!("{name}: {error}");
    let size = std::fs::metadata(&path).map_err(unreadable)?.len();
    if size > LARGEST {
        let megabytes = LARGEST / 1024 / 1024;
        return Err(format!("{name} is larger than {megabytes} MB"));
    }
    if files == Files::Look {
        return Ok(Some(text.into_owned().into()));
    }
    upload_field(method, name, &path).map(Some)
}

/// An object, as an export has it; CSV has it as text.
fn is_of_portal(cell: &Tree) -> bool {
    match cell {
        Tree::Text(text) => text.starts_with('{'),
        Tree::Map(_) | Tree::List(_) => true,
        _ => false,
    }
}

/// The file of this name. A table that somebody else made names no file outside.
fn within(directory: &Path, name: &str) -> Result<PathBuf, String> {
    let outside = || format!("{name} is not in {}", directory.display());
    let root = directory
        .canonicalize()
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let path = match root.join(name).canonicalize() {
        Ok(path) => path,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(format!(
                "there is no file {name} in {}",
                directory.display()
            ));
        }
        Err(error) => return Err(format!("{name}: {error}")),
    };
    if !path.starts_with(&root) {
        return Err(outside());
    }
    if !path.is_file() {
        return Err(format!("{name} is no file"));
    }
    Ok(path)
}
