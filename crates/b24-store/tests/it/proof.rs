//! Lines for the table of `cargo xtask bench oauth`.

/// What was done, by whom, how many calls, how many succeeded, how often tokens were asked for, a note.
#[expect(clippy::print_stdout, reason = "the figures are its result")]
pub(crate) fn proof(cells: &[&str; 6]) {
    println!("proof\t{}", cells.join("\t"));
}
