//! The server that the tests of `b24-store` start: a program of Debian's package, no service.

use std::path::Path;

use anyhow::Result;

use crate::debian::install;

const PACKAGE: &str = "postgresql";

/// Where Debian keeps the programs, by version.
const PROGRAMS: &str = "/usr/lib/postgresql";

/// Installs the package if its programs are missing.
pub(crate) fn provide() -> Result<()> {
    if has_programs(Path::new(PROGRAMS)) {
        return Ok(());
    }
    let remedy = format!(
        "the tests need a PostgreSQL to start: on Debian as root `apt-get install {PACKAGE}`"
    );
    install(&[PACKAGE], &remedy)
}

fn has_programs(root: &Path) -> bool {
    let versions = std::fs::read_dir(root).into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("bin/initdb"))
        .any(|program| program.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_under_any_version() {
        let root = std::env::temp_dir().join(format!("xtask-postgres-{}", std::process::id()));
        assert!(!has_programs(&root));
        std::fs::create_dir_all(root.join("17/bin")).unwrap();
        assert!(!has_programs(&root));
        std::fs::write(root.join("17/bin/initdb"), "").unwrap();
        assert!(has_programs(&root));
        std::fs::remove_dir_all(root).unwrap();
    }
}
