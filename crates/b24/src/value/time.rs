//! Dates as the portal writes them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

static PARSER: DateTimeParser = DateTimeParser::new();

/// A moment with the offset in which the portal told it:
/// `2024-08-30T02:00:00+02:00`.
///
/// It compares by the moment, and is written with its offset as the portal
/// reads it. A field that may be empty is an `Option` with
/// [`maybe`](super::maybe).
///
/// ```
/// use b24::value::DateTime;
///
/// let here: DateTime = "2024-08-30T02:00:00+02:00".parse()?;
/// let there: DateTime = "2024-08-30T00:00:00Z".parse()?;
/// assert_eq!(here, there);
/// assert_eq!(here.to_string(), "2024-08-30T02:00:00+02:00");
/// assert_eq!(there.to_string(), "2024-08-30T00:00:00+00:00");
/// assert_eq!(here.date().to_string(), "2024-08-30");
/// assert_eq!(here.unix_seconds(), 1_724_976_000);
/// assert_eq!(DateTime::from_unix(1_724_976_000, 7200), Some(here));
/// # Ok::<(), b24::value::TimeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct DateTime {
    moment: Timestamp,
    offset: Offset,
}

/// A date without a time: `2024-08-30`. Of a date-time it is the date as
/// printed: many date columns come as `2024-08-30T03:00:00+03:00`.
///
/// ```
/// use b24::value::Date;
///
/// let date: Date = "2024-08-30T03:00:00+03:00".parse()?;
/// assert_eq!(date, "2024-08-30".parse()?);
/// assert_eq!(Some(date), Date::new(2024, 8, 30));
/// assert_eq!((date.year(), date.month(), date.day()), (2024, 8, 30));
/// # Ok::<(), b24::value::TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// Not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct TimeError {
    text: String,
    expected: &'static str,
}

impl DateTime {
    /// The moment so many seconds after 1970, told in the offset of so many
    /// seconds east of Greenwich. `None` out of the years -9999 to 9999 or of
    /// an offset of 25 hours.
    pub fn from_unix(seconds: i64, offset_seconds: i32) -> Option<Self> {
        let moment = Timestamp::from_second(seconds).ok()?;
        let offset = Offset::from_seconds(offset_seconds).ok()?;
        Some(Self { moment, offset })
    }

    /// Seconds since 1970.
    pub fn unix_seconds(self) -> i64 {
        self.moment.as_second()
    }

    /// Seconds east of Greenwich.
    pub fn offset_seconds(self) -> i32 {
        self.offset.seconds()
    }

    /// The same moment, told in another offset. `None` if there is none such.
    #[must_use]
    pub fn at_offset(self, offset_seconds: i32) -> Option<Self> {
        let offset = Offset::from_seconds(offset_seconds).ok()?;
        Some(Self {
            moment: self.moment,
            offset,
        })
    }

    /// The date on the wall, in its offset.
    pub fn date(self) -> Date {
        Date(self.local().date())
    }

    /// Hour, minute and second on the wall, in its offset.
    pub fn time(self) -> (u8, u8, u8) {
        let local = self.local();
        (
            local.hour() as u8,
            local.minute() as u8,
            local.second() as u8,
        )
    }

    fn local(self) -> civil::DateTime {
        self.offset.to_datetime(self.moment)
    }
}

impl FromStr for DateTime {
    type Err = TimeError;

    /// ISO 8601 with an offset; `Z` is one.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = |expected| TimeError {
            text: text.to_owned(),
            expected,
        };
        let pieces = PARSER
            .parse_pieces(text.trim())
            .map_err(|_| wrong("a date and time like 2024-08-30T02:00:00+02:00"))?;
        let time = pieces
            .time()
            .ok_or_else(|| wrong("a date and time: the time is missing"))?;
        let offset = pieces
            .to_numeric_offset()
            .ok_or_else(|| wrong("a date and time with its offset, like +02:00 or Z"))?;
        let moment = offset
            .to_timestamp(pieces.date().to_datetime(time))
            .map_err(|_| wrong("a date and time of the years -9999 to 9999"))?;
        Ok(Self { moment, offset })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.time();
        let offset = self.offset_seconds();
        let (sign, offset) = if offset < 0 {
            ('-', -offset)
        } else {
            ('+', offset)
        };
        let (east_hours, east_minutes) = (offset / 3600, offset / 60 % 60);
        let date = self.date();
        write!(
            f,
            "{date}T{hour:02}:{minute:02}:{second:02}{sign}{east_hours:02}:{east_minutes:02}"
        )
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DateTime({self})")
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.moment == other.moment
    }
}

impl Eq for DateTime {}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.moment.hash(state);
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.moment.cmp(&other.moment)
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl Date {
    /// A date of the calendar; `None` if it has no such day.
    pub fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?)
            .ok()
            .map(Self)
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, from 1.
    pub fn month(self) -> u8 {
        self.0.month() as u8
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.0.day() as u8
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        match PARSER.parse_pieces(text.trim()) {
            Ok(pieces) => Ok(Self(pieces.date())),
            Err(_) => Err(TimeError {
                text: text.to_owned(),
                expected: "a date like 2024-08-30",
            }),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.year(),
            self.month(),
            self.day()
        )
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
