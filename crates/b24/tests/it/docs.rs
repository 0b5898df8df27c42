//! The documents beside the code keep to it.

use std::fs;
use std::path::Path;

/// The last column of every table in `docs/b24jssdk.md` names tests that exist.
#[test]
fn every_test_that_the_comparison_names_exists() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for folder in ["src", "tests"] {
        read(&here.join(folder), &mut code);
    }
    let comparison = fs::read_to_string(here.join("docs/b24jssdk.md")).unwrap();
    let rows = comparison.lines().filter(|line| line.starts_with("| "));
    let named: Vec<&str> = rows
        .filter_map(|row| row.trim_end_matches(['|', ' ']).rsplit('|').next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|path| path.rsplit("::").next().unwrap_or(path))
        .collect();
    assert!(named.len() > 60, "{}", named.len());
    for name in named {
        assert!(code.contains(&format!("fn {name}()")), "{name}");
    }
}

fn read(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
