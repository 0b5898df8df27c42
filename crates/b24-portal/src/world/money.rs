//! Amounts, kept in hundredths.

use crate::php::Php;

/// An amount as hundredths hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hundredths {
    /// Rounded down.
    pub(super) floor: i64,
    pub(super) nearest: i64,
    /// Whether nothing was rounded.
    pub(super) exact: bool,
}

impl Hundredths {
    /// Reads digits, not a float: `12345678901.23` has no exact one.
    pub(super) fn read(value: &Php) -> Self {
        Self::of_digits(value.to_text().trim()).unwrap_or_else(|| Self::of_float(value.to_float()))
    }

    fn of_digits(text: &str) -> Option<Self> {
        let (sign, size) = text.strip_prefix('-').map_or((1, text), |size| (-1, size));
        let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let digit = |place: usize| {
            fraction
                .as_bytes()
                .get(place)
                .map_or(0, |byte| i64::from(byte - b'0'))
        };
        let hundredths = whole
            .parse::<i64>()
            .ok()?
            .checked_mul(100)?
            .checked_add(digit(0) * 10 + digit(1))?;
        let exact = fraction.bytes().skip(2).all(|byte| byte == b'0');
        Some(Self {
            floor: sign * hundredths - i64::from(sign < 0 && !exact),
            nearest: sign * hundredths.saturating_add(i64::from(digit(2) >= 5)),
            exact,
        })
    }

    fn of_float(value: f64) -> Self {
        let hundredths = value * 100.0;
        Self {
            floor: hundredths.floor() as i64,
            nearest: hundredths.round() as i64,
            exact: hundredths.fract() == 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hundredths, Php};

    #[test]
    fn digits_stay_exact() {
        for (value, floor, nearest, exact) in [
            (
                Php::from("12345678901.23"),
                1_234_567_890_123,
                1_234_567_890_123,
                true,
            ),
            (
                Php::from(12_345_678_901.23),
                1_234_567_890_123,
                1_234_567_890_123,
                true,
            ),
            (Php::from("0.1"), 10, 10, true),
            (Php::from("10.005"), 1_000, 1_001, false),
            (Php::from("-10.005"), -1_001, -1_001, false),
            (Php::from("-10.004"), -1_001, -1_000, false),
            (Php::from("7.500"), 750, 750, true),
            (Php::from(7_i64), 700, 700, true),
            (Php::from("12abc"), 1_200, 1_200, true),
            (Php::from(""), 0, 0, true),
            (Php::from("1e3"), 100_000, 100_000, true),
        ] {
            assert_eq!(
                Hundredths::read(&value),
                Hundredths {
                    floor,
                    nearest,
                    exact
                },
                "{value:?}"
            );
        }
    }
}
