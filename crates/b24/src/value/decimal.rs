//! Decimal numbers, digit for digit.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A decimal number with the digits the portal wrote: `1000000.00` stays
/// `1000000.00`. It compares by value.
///
/// It does not calculate: parse [`as_str`](Self::as_str) with the decimal crate
/// of your choice.
///
/// ```
/// use b24::value::Decimal;
///
/// #[derive(serde::Deserialize)]
/// struct Deal {
///     opportunity: Decimal,
/// }
///
/// let old: Deal = serde_json::from_str(r#"{"opportunity": "19.90"}"#)?;
/// let new: Deal = serde_json::from_str(r#"{"opportunity": 19.9}"#)?;
/// assert_eq!(old.opportunity.as_str(), "19.90");
/// assert_eq!(old.opportunity, new.opportunity);
/// assert!(old.opportunity < "20".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is written as text, which v2 takes everywhere. v3 is strict and wants a
/// JSON number: give it an `f64`.
#[derive(Clone)]
pub struct Decimal(String);

/// Not a decimal number, or not an amount with its currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct DecimalError {
    pub(super) text: String,
    pub(super) expected: &'static str,
}

impl Decimal {
    /// The digits, with `-` before and `.` inside where the number has them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest float: for charts, not for sums.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Sign, whole part and fraction without zeros that say nothing.
    fn parts(&self) -> (bool, &str, &str) {
        let digits = self.0.strip_prefix('-').unwrap_or(&self.0);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        let is_zero = whole.is_empty() && fraction.is_empty();
        (self.0.starts_with('-') && !is_zero, whole, fraction)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Digits with an optional sign and fraction. PHP's `1.0E+25` is read too.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let wrong = || DecimalError {
            text: text.to_owned(),
            expected: "a decimal number",
        };
        let number = text.trim();
        let number = number.strip_prefix('+').unwrap_or(number);
        if number.contains(['e', 'E']) {
            let float: f64 = number.parse().map_err(|_| wrong())?;
            return Self::try_from(float).map_err(|_| wrong());
        }
        let digits = number.strip_prefix('-').unwrap_or(number);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if are_digits(whole) && are_digits(fraction) && !(whole.is_empty() && fraction.is_empty()) {
            Ok(Self(number.to_owned()))
        } else {
            Err(wrong())
        }
    }
}

impl TryFrom<f64> for Decimal {
    type Error = DecimalError;

    /// The shortest digits that mean this float.
    fn try_from(float: f64) -> Result<Self, DecimalError> {
        if float.is_finite() {
            Ok(Self(float.to_string()))
        } else {
            Err(DecimalError {
                text: float.to_string(),
                expected: "a decimal number",
            })
        }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({})", self.0)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (negative, whole, fraction) = self.parts();
        let (other_negative, other_whole, other_fraction) = other.parts();
        let by_size = || {
            let by_length = whole.len().cmp(&other_whole.len());
            by_length.then_with(|| (whole, fraction).cmp(&(other_whole, other_fraction)))
        };
        match (negative, other_negative) {
            (false, false) => by_size(),
            (true, true) => by_size().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecimalVisitor;

        impl Visitor<'_> for DecimalVisitor {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number, as text or as a number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E>(self, number: i64) -> Result<Decimal, E> {
                Ok(number.into())
            }

            fn visit_u64<E>(self, number: u64) -> Result<Decimal, E> {
                Ok(number.into())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Decimal, E> {
                Decimal::try_from(number).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(DecimalVisitor)
    }
}
