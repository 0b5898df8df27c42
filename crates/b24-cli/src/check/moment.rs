//! Dates and times as people and programs write them.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// A date, maybe with a time, maybe with an offset. Without an offset it is of the portal's zone,
/// which the portal knows best: it is sent so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    date: Date,
    time: Option<Time>,
    offset: Option<Offset>,
}

impl Moment {
    /// `2026-03-01`, `01.03.2026`, with `10:30`, `10:30:15` or `10:30:15.5` behind it, and behind
    /// that `Z`, `+03:00` or `+0300`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(['T', 't', ' ']).unwrap_or(text.len());
        let date = iso_date(&text[..end]).or_else(|| dotted_date(&text[..end]))?;
        let rest = text.get(end + 1..).unwrap_or_default().trim();
        if rest.is_empty() {
            let whole = end == text.len();
            return whole.then_some(Self {
                date,
                time: None,
                offset: None,
            });
        }
        let zone = rest.find(['Z', 'z', '+', '-', '−']).unwrap_or(rest.len());
        let (clock, offset) = (rest[..zone].trim_end(), &rest[zone..]);
        Some(Self {
            date,
            time: Some(time(clock)?),
            offset: match offset {
                "" => None,
                offset => Some(offset_of(offset)?),
            },
        })
    }

    /// As a field of dates takes it. A moment of another zone is left whole: its day is another one
    /// where the portal is.
    pub(super) fn as_date(self) -> String {
        match self.offset {
            Some(_) => self.as_time(),
            None => self.date.to_string(),
        }
    }

    /// As a field of times takes it; a date alone is its midnight.
    pub(super) fn as_time(self) -> String {
        let time = self.time.unwrap_or(Time::midnight());
        let wall = self.date.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S");
        match self.offset {
            Some(offset) => {
                let seconds = offset.seconds();
                let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
                format!("{wall}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            None => wall.to_string(),
        }
    }
}

fn iso_date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-')?;
    let form = text.len() == 10 && year.len() == 4 && month.len() == 2;
    form.then(|| date(year, month, day))?
}

fn dotted_date(text: &str) -> Option<Date> {
    let [day, month, year] = numbers(text, '.')?;
    let form = year.len() == 4 && day.len() <= 2 && month.len() <= 2;
    form.then(|| date(year, month, day))?
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Three numbers and what stands between them.
fn numbers(text: &str, between: char) -> Option<[&str; 3]> {
    let mut parts = text.split(between);
    let mut next = || parts.next().filter(|part| is_number(part));
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `9:05`, `09:05:30`, `09:05:30.5`; the portal knows no fractions.
fn time(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] if clock == text => (hour, minute, &"0"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let part = |text: &str| {
        let fits = is_number(text) && text.len() <= 2;
        fits.then(|| text.parse::<i8>().ok())?
    };
    let time = Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()?;
    is_number(fraction).then_some(time)
}

/// `Z`, `+03:00`, `+0300`, `+03`.
fn offset_of(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, size) = match text.strip_prefix('+') {
        Some(size) => (1, size),
        None => (-1, text.strip_prefix(['-', '−'])?),
    };
    let digits = size.replacen(':', "", 1);
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let minutes = minutes
        .parse::<i32>()
        .ok()
        .filter(|minutes| *minutes < 60)?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes * 60;
    Offset::from_seconds(sign * seconds)
        .ok()
        .filter(|_| is_number(&digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_and_times_are_read_as_people_write_them() {
        let texts = [
            "2026-03-01",
            "01.03.2026",
            "1.3.2026",
            "2026-03-01T10:30:15+03:00",
            "2026-03-01 10:30",
            "2026-03-01T10:30:15Z",
            "2026-03-01T10:30:15.123-0530",
            "01.03.2026 9:05",
            "01.03.2026 09:05:30",
            " 2026-03-01 ",
            "2026-02-29",
            "2024-02-29",
            "29.02.2026",
            "01.13.2026",
            "03/04/2026",
            "01.03.26",
            "2026-3-1",
            "2026-03-01T",
            "2026-03-01 25:00",
            "2026-03-01 10",
            "2026-03-01 10:30 PM",
            "2026-03-01T10:30:15+3",
            "2026-03-01T10:30:15+03:99",
            "tomorrow",
            "",
            "46082",
            "2026-03-01T10:30.5",
        ];
        let lines = texts.map(|text| match Moment::read(text) {
            Some(moment) => format!("{text:?} -> {} | {}", moment.as_date(), moment.as_time()),
            None => format!("{text:?} is none"),
        });
        insta::assert_snapshot!(lines.join("\n"));
    }

    proptest! {
        /// Any moment is the same one in each form.
        #[test]
        fn written_moments_come_back(
            year in 1_i16..=9999, month in 1_i8..=12, day in 1_i8..=28,
            hour in 0_i8..24, minute in 0_i8..60, second in 0_i8..60,
            offset in prop::option::of(-12 * 60..=14 * 60_i32), dotted: bool, letter: bool,
        ) {
            let date = if dotted {
                format!("{day:02}.{month:02}.{year:04}")
            } else {
                format!("{year:04}-{month:02}-{day:02}")
            };
            let zone = offset.map_or(String::new(), |minutes| {
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            });
            let clock = format!("{hour:02}:{minute:02}:{second:02}");
            let between = if letter { 'T' } else { ' ' };
            let moment = Moment::read(&format!("{date}{between}{clock}{zone}")).unwrap();
            let zone = zone.replace("-00:00", "+00:00");
            prop_assert_eq!(
                moment.as_time(),
                format!("{year:04}-{month:02}-{day:02}T{clock}{zone}")
            );
            prop_assert_eq!(Moment::read(&moment.as_time()), Some(moment));
            let day = Moment::read(&date).unwrap();
            prop_assert_eq!(day.as_date(), format!("{year:04}-{month:02}-{:02}", day.date.day()));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,24}|[-+0-9.:TZ ]{0,24}") {
            let _ = Moment::read(&text);
        }
    }
}
