//! Numbers that come as numbers or as text: `410`, `"410"`, `"410.00"`.
//!
//! ```
//! #[derive(serde::Deserialize)]
//! struct Deal {
//!     #[serde(with = "b24::value::number")]
//!     id: i64,
//!     #[serde(with = "b24::value::number")]
//!     probability: f64,
//!     #[serde(default, with = "b24::value::number::option")]
//!     lead_id: Option<u32>,
//!     #[serde(default, with = "b24::value::number::link")]
//!     company_id: Option<u32>,
//! }
//!
//! let deal: Deal = serde_json::from_str(
//!     r#"{"id": "410", "probability": "62.5", "lead_id": "", "company_id": "0"}"#,
//! )?;
//! assert_eq!((deal.id, deal.probability), (410, 62.5));
//! assert_eq!((deal.lead_id, deal.company_id), (None, None));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! For money take [`Decimal`](super::Decimal), which keeps the digits.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A number that these modules read. Implemented by the integers up to 64 bits
/// and by the floats.
pub trait Number: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn from_i64(number: i64) -> Option<Self>;
    #[doc(hidden)]
    fn from_u64(number: u64) -> Option<Self>;
    #[doc(hidden)]
    fn from_f64(number: f64) -> Option<Self>;
    #[doc(hidden)]
    fn from_text(text: &str) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl sealed::Sealed for $integer {}
        impl Number for $integer {
            fn from_i64(number: i64) -> Option<Self> {
                number.try_into().ok()
            }
            fn from_u64(number: u64) -> Option<Self> {
                number.try_into().ok()
            }
            fn from_f64(number: f64) -> Option<Self> {
                // As text, for a float may be whole and out of range.
                number.to_string().parse().ok()
            }
            fn from_text(text: &str) -> Option<Self> {
                match text.split_once('.') {
                    None => text.parse().ok(),
                    Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole.parse().ok(),
                    Some(_) => None,
                }
            }
        }
    )+};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64, isize, usize);

macro_rules! floats {
    ($($float:ty),+) => {$(
        impl sealed::Sealed for $float {}
        impl Number for $float {
            fn from_i64(number: i64) -> Option<Self> {
                Some(number as Self)
            }
            fn from_u64(number: u64) -> Option<Self> {
                Some(number as Self)
            }
            fn from_f64(number: f64) -> Option<Self> {
                Some(number as Self)
            }
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok().filter(|number: &Self| number.is_finite())
            }
        }
    )+};
}

floats!(f32, f64);

/// Reads a number.
///
/// # Errors
/// On anything that is not one, or not one of this type.
pub fn deserialize<'de, T: Number, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    option::deserialize(deserializer)?
        .ok_or_else(|| D::Error::invalid_type(Unexpected::Other("nothing"), &"a number"))
}

/// Writes a number.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<T: Serialize, S: Serializer>(
    number: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    number.serialize(serializer)
}

/// Numbers that may be missing.
pub mod option {
    use super::{Deserializer, Number, NumberVisitor, PhantomData, Serialize, Serializer};

    /// Reads a number; nothing (`null`, `""`, `false`, `[]`) is `None`.
    ///
    /// # Errors
    /// On anything else.
    pub fn deserialize<'de, T: Number, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(NumberVisitor(PhantomData))
    }

    /// Writes a number or `null`.
    ///
    /// # Errors
    /// Only the serializer's own.
    pub fn serialize<T: Serialize, S: Serializer>(
        number: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        number.serialize(serializer)
    }
}

/// Ids of other objects, where `0` and `"0"` mean none.
pub mod link {
    pub use super::option::serialize;
    use super::{Deserializer, Number};

    /// Reads an id; nothing and zero are `None`.
    ///
    /// # Errors
    /// On anything else.
    pub fn deserialize<'de, T: Number + PartialEq, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let id = super::option::deserialize(deserializer)?;
        Ok(id.filter(|id| T::from_u64(0).is_none_or(|zero| *id != zero)))
    }
}

struct NumberVisitor<T>(PhantomData<T>);

impl<'de, T: Number> Visitor<'de> for NumberVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number of type {}", std::any::type_name::<T>())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Signed(number), &self);
        T::from_i64(number).map(Some).ok_or_else(wrong)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Unsigned(number), &self);
        T::from_u64(number).map(Some).ok_or_else(wrong)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Float(number), &self);
        T::from_f64(number).map(Some).ok_or_else(wrong)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            digits => {
                let wrong = || E::invalid_value(Unexpected::Str(text), &self);
                T::from_text(digits).map(Some).ok_or_else(wrong)
            }
        }
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        if flag {
            Err(E::invalid_type(Unexpected::Bool(true), &self))
        } else {
            Ok(None)
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }
}
