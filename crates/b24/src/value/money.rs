//! Custom fields of the type money: `10.50|EUR`.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::{Decimal, DecimalError};

/// An amount with its currency: a custom field of the type money, `10.50|EUR`.
///
/// ```
/// use b24::value::Money;
///
/// let price: Money = serde_json::from_str(r#""10.50|EUR""#)?;
/// assert_eq!((price.amount.as_str(), price.currency.as_str()), ("10.50", "EUR"));
/// assert_eq!(serde_json::to_string(&price)?, r#""10.50|EUR""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// The code of the currency; empty where the portal names none.
    pub currency: String,
}

impl Money {
    /// An amount in a currency.
    pub fn new(amount: impl Into<Decimal>, currency: impl Into<String>) -> Self {
        Self {
            amount: amount.into(),
            currency: currency.into(),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.amount, self.currency)
    }
}

impl FromStr for Money {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (amount, currency) = text.split_once('|').unwrap_or((text, ""));
        let amount = amount.parse().map_err(|_| DecimalError {
            text: text.to_owned(),
            expected: "an amount with its currency, like 10.50|EUR",
        })?;
        Ok(Self {
            amount,
            currency: currency.trim().to_owned(),
        })
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Money that may be missing: `null`, `""`, `false`, and `"|EUR"`, which the
/// portal writes for a field that was cleared.
///
/// ```
/// use b24::value::{self, Money};
///
/// #[derive(serde::Deserialize)]
/// struct Deal {
///     #[serde(default, rename = "ufCrm_1704067201", with = "value::money::option")]
///     budget: Option<Money>,
/// }
///
/// let deal: Deal = serde_json::from_str(r#"{"ufCrm_1704067201": "|EUR"}"#)?;
/// assert_eq!(deal.budget, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub mod option {
    use serde::de::{Deserializer, Error};

    pub use crate::value::maybe::serialize;

    use super::Money;
    use crate::value::maybe;

    /// Reads money, or nothing.
    ///
    /// # Errors
    /// On anything else.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Money>, D::Error> {
        let text: Option<String> = maybe::deserialize(deserializer)?;
        match text {
            Some(text) if !text.starts_with('|') => {
                text.parse().map(Some).map_err(D::Error::custom)
            }
            _ => Ok(None),
        }
    }
}
