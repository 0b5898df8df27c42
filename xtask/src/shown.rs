//! What the test runner prints: all of it into a file, and to the terminal without what good tests have printed.

use std::io::{Result, Write};

/// Takes whole lines.
pub(crate) struct Shown<T, F> {
    terminal: T,
    file: F,
    is_hiding: bool,
    /// The summary of the last binary, with the empty line after it.
    held: Vec<u8>,
}

impl<T: Write, F: Write> Shown<T, F> {
    pub(crate) fn new(terminal: T, file: F) -> Self {
        Self {
            terminal,
            file,
            is_hiding: false,
            held: Vec::new(),
        }
    }

    /// Shows the last summary.
    pub(crate) fn end(mut self) -> Result<()> {
        self.release()
    }

    fn release(&mut self) -> Result<()> {
        self.terminal.write_all(&std::mem::take(&mut self.held))?;
        self.terminal.flush()
    }
}

impl<T: Write, F: Write> Write for Shown<T, F> {
    fn write(&mut self, line: &[u8]) -> Result<usize> {
        self.file.write_all(line)?;
        let is_summary = line.starts_with(b"test result:");
        match line {
            b"successes:\n" => self.is_hiding = true,
            b"failures:\n" => self.is_hiding = false,
            _ if is_summary => self.is_hiding = false,
            _ => {}
        }
        if is_summary || line == b"\n" && !self.held.is_empty() {
            if is_summary {
                self.release()?;
            }
            self.held.extend(line);
        } else if !self.is_hiding {
            self.release()?;
            self.terminal.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_tests_are_hidden_and_the_last_summary_waits() {
        let text = "running 2 tests\ntest a ... ok\n\nsuccesses:\n\n---- a stdout ----\nhidden\n\n\nsuccesses:\n    a\n\n\
                    failures:\n\n---- b stdout ----\nseen\n\ntest result: FAILED. 1\n\nrunning 1 test\n\n\
                    test result: ok. 2\n\n";
        let (mut terminal, mut file) = (Vec::new(), Vec::new());
        let mut shown = Shown::new(&mut terminal, &mut file);
        for line in text.split_inclusive('\n') {
            shown.write_all(line.as_bytes()).unwrap();
        }
        let before = String::from_utf8(shown.terminal.clone()).unwrap();
        assert!(
            before.ends_with("FAILED. 1\n\nrunning 1 test\n\n"),
            "{before}"
        );
        shown.end().unwrap();
        let after = String::from_utf8(terminal).unwrap();
        assert!(
            after.contains("seen") && !after.contains("hidden"),
            "{after}"
        );
        assert!(after.ends_with("\n\ntest result: ok. 2\n\n"), "{after}");
        assert_eq!(file, text.as_bytes());
    }
}
