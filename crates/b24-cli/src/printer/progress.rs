//! Progress: a bar for a person, a line now and then for a log, objects for a machine.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::style::{ProgressChoice, Style};

/// How far a command is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// What is counted: `deals`.
    pub(crate) what: String,
    /// How many are done.
    pub(crate) done: u64,
    /// How many of them an earlier run has done.
    pub(crate) before: u64,
    /// How many there are, as far as is known.
    pub(crate) total: Option<u64>,
    /// What keeps it from going faster.
    pub(crate) binds: Option<String>,
}

impl Progress {
    /// `1,250 of ~5,000 deals, 410/s`.
    fn text(&self, running: Duration) -> String {
        let mut text = grouped(self.done);
        if let Some(total) = self.total {
            text = text + " of ~" + &grouped(total);
        }
        text = text + " " + &self.what;
        let seconds = running.as_secs_f64();
        if seconds >= 1.0 {
            let rate = (self.done - self.before) as f64 / seconds;
            text = text + ", " + &grouped(rate as u64) + "/s";
        }
        if let Some(left) = self.left(running) {
            text = text + ", " + &lasting(left) + " left";
        }
        text
    }

    /// How long it takes if it goes on as it went.
    fn left(&self, running: Duration) -> Option<Duration> {
        let fresh = self.done.checked_sub(self.before)?;
        let to_do = self.total?.checked_sub(self.done)?;
        if running < Duration::from_secs(1) || fresh == 0 || to_do == 0 {
            return None;
        }
        Duration::try_from_secs_f64(running.as_secs_f64() / fresh as f64 * to_do as f64).ok()
    }

    fn object(&self, running: Duration) -> Value {
        json!({
            "event": "progress",
            "what": self.what,
            "done": self.done,
            "total": self.total,
            "seconds": running.as_secs(),
            "left": self.left(running).map(|left| left.as_secs()),
            "binds": self.binds,
        })
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12 s`, `7 min`, `3 h 20 min`.
pub(crate) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil().max(1.0) as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// `1 request`, `1,250 requests`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Shows progress in the chosen way, not more often than is useful.
#[derive(Debug)]
pub(super) struct Meter {
    choice: ProgressChoice,
    started: Option<Instant>,
    shown: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Meter {
    pub(super) fn new(style: Style) -> Self {
        Self {
            choice: style.progress,
            started: None,
            shown: None,
            bar: None,
        }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        let running = now - started;
        let every = match self.choice {
            ProgressChoice::None => return,
            ProgressChoice::Bar | ProgressChoice::Auto => return self.draw(progress, running),
            ProgressChoice::Plain => Duration::from_secs(30),
            ProgressChoice::Json => Duration::from_secs(1),
        };
        if !due(now, self.shown.unwrap_or(started), every) {
            return;
        }
        self.shown = Some(now);
        if self.choice == ProgressChoice::Plain {
            super::emit(&progress.text(running));
        } else {
            super::emit(&progress.object(running).to_string());
        }
    }

    /// Says what is waited for: in the bar, or as a line of its own.
    pub(super) fn wait(&mut self, text: &str) {
        match (self.choice, &self.bar) {
            (ProgressChoice::None, _) => {}
            (ProgressChoice::Json, _) => {
                super::emit(&json!({ "event": "progress", "waiting": text }).to_string());
            }
            (_, Some(bar)) => bar.set_message(text.to_owned()),
            (_, None) => super::emit(text),
        }
    }

    /// Takes the bar away; the next one begins from the start.
    pub(super) fn clear(&mut self) {
        (self.started, self.shown) = (None, None);
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Prints above the bar.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn draw(&mut self, progress: &Progress, running: Duration) {
        let bar = self.bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        });
        match progress.total {
            Some(total) if bar.length().is_none() => {
                bar.set_style(style("{wide_bar} {msg}"));
                bar.set_length(total);
            }
            Some(total) => bar.set_length(total.max(progress.done)),
            None if bar.length().is_none() => bar.set_style(style("{spinner} {msg}")),
            None => {}
        }
        bar.set_message(progress.text(running));
        bar.set_position(progress.done);
    }
}

fn due(now: Instant, last: Instant, every: Duration) -> bool {
    now.saturating_duration_since(last) >= every
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `8.1 MB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(412_306), "412,306");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn text_says_how_far_and_how_fast() {
        let progress = Progress {
            what: "deals".into(),
            done: 1_250,
            before: 0,
            total: Some(5_000),
            binds: None,
        };
        assert_eq!(
            progress.text(Duration::from_secs(5)),
            "1,250 of ~5,000 deals, 250/s, 15 s left"
        );
        let resumed = Progress {
            before: 1_000,
            ..progress.clone()
        };
        assert_eq!(
            resumed.text(Duration::from_secs(5)),
            "1,250 of ~5,000 deals, 50/s, 75 s left"
        );
        assert_eq!(
            progress.text(Duration::from_millis(10)),
            "1,250 of ~5,000 deals"
        );
    }

    #[test]
    fn a_plain_line_comes_only_after_its_time() {
        let start = Instant::now();
        let every = Duration::from_secs(30);
        assert!(!due(start, start, every));
        assert!(!due(start + Duration::from_secs(29), start, every));
        assert!(due(start + Duration::from_secs(30), start, every));
    }
}
