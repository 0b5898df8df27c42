//! Files written from `catalogue/`: `cargo xtask codegen` writes them, `--check` compares them.

mod catalogue;
mod command;
mod json;
mod names;
mod portal;
mod shapes;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use catalogue::Catalogue;

/// Makes the whole text of one generated file.
type Generator = fn(&Catalogue) -> String;

/// Every generated file of the repository.
const FILES: &[(&str, Generator)] = &[
    (
        "crates/b24/src/list/shapes_generated.rs",
        shapes::rust_table,
    ),
    ("crates/b24/tests/it/data/methods.txt", names::lines),
    ("crates/b24-cli/data/errors.jsonl", command::errors),
    ("crates/b24-cli/data/events.jsonl", command::events),
    ("crates/b24-cli/data/methods.jsonl", command::methods),
    ("crates/b24-portal/data/methods.jsonl", portal::methods),
];

/// Writes the generated files, or with `check` fails if one of them differs.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let catalogue = Catalogue::read(root)?;
    let mut drifted = Vec::new();
    for (path, generate) in FILES {
        let text = generate(&catalogue);
        let file = root.join(path);
        let committed = fs::read_to_string(&file).unwrap_or_default();
        if committed == text {
            continue;
        }
        if check {
            drifted.push(format!("{path}: {}", first_difference(&committed, &text)));
        } else {
            write(&file, &text)?;
            eprintln!("wrote {path}");
        }
    }
    if drifted.is_empty() {
        return Ok(());
    }
    bail!(
        "generated files differ from the catalogue; run `cargo xtask codegen` and commit:\n  {}",
        drifted.join("\n  ")
    )
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Where two texts part, short enough for one message.
fn first_difference(committed: &str, generated: &str) -> String {
    let (mut have, mut want) = (committed.lines(), generated.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (have.next(), want.next()) {
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return "only line ends differ".to_owned(),
            (a, b) => {
                return format!(
                    "line {number}\n    - {}\n    + {}",
                    shortened(a.unwrap_or("(end of file)")),
                    shortened(b.unwrap_or("(end of file)"))
                );
            }
        }
    }
}

fn shortened(line: &str) -> String {
    const LONGEST: usize = 120;
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_named() {
        let told = first_difference("a\nb\n", "a\nc\n");
        assert_eq!(told, "line 2\n    - b\n    + c");
        assert!(first_difference("a\n", "a\nb\n").contains("(end of file)"));
        assert_eq!(first_difference("a", "a\n"), "only line ends differ");
    }
}
