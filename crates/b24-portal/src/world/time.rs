//! Time as the portal shows and reads it: ISO 8601 in the portal's zone, UTC+3.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;

/// The portal's zone.
const ZONE: Offset = Offset::constant(3);

/// `2024-08-30T14:05:00+03:00`.
pub(crate) fn write(seconds: i64, out: &mut Vec<u8>) {
    let local = local(seconds);
    two_digits(local.year() as u32 / 100, out);
    two_digits(local.year() as u32 % 100, out);
    for (mark, part) in [
        (b'-', local.month()),
        (b'-', local.day()),
        (b'T', local.hour()),
        (b':', local.minute()),
        (b':', local.second()),
    ] {
        out.push(mark);
        two_digits(part as u32, out);
    }
    out.extend_from_slice(b"+03:00");
}

/// As [`write`], to a string.
pub(crate) fn text(seconds: i64) -> String {
    let mut out = Vec::with_capacity(25);
    write(seconds, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn two_digits(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

fn local(seconds: i64) -> DateTime {
    ZONE.to_datetime(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// A moment as text: with an offset, or local to the portal; a bare date is its midnight there. Also `31.12.2024 10:00:00`.
pub(crate) fn parse(text: &str) -> Option<i64> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = text.trim();
    if let Ok(moment) = PARSER.parse_timestamp(text) {
        return Some(moment.as_second());
    }
    let civil = PARSER.parse_datetime(text).ok().or_else(|| dotted(text))?;
    ZONE.to_timestamp(civil).ok().map(Timestamp::as_second)
}

/// The day of a moment in the portal's zone, as fields of dates keep it: its midnight UTC.
pub(crate) fn day(seconds: i64) -> i64 {
    let midnight = local(seconds).date().to_datetime(Time::midnight());
    Offset::UTC
        .to_timestamp(midnight)
        .map_or(seconds, Timestamp::as_second)
}

/// `31.12.2024` or `31.12.2024 10:00:00`.
fn dotted(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = date.split('.').map(str::parse::<i16>);
    let (Some(Ok(day)), Some(Ok(month)), Some(Ok(year)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let mut clock = time
        .split(':')
        .filter(|part| !part.is_empty())
        .map(str::parse::<i8>);
    let mut part = || clock.next().unwrap_or(Ok(0)).ok();
    let time = Time::new(part()?, part()?, part()?, 0).ok()?;
    Some(date.to_datetime(time))
}
