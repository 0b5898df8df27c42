//! The portal's currencies, and amounts as the portal writes them.

use serde::Deserialize;

use crate::value::{Decimal, flag, maybe, number};

/// The portal's currencies, in its order.
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "CurrencyManager")]
pub struct Currencies {
    base: String,
    list: Vec<Currency>,
}

impl Currencies {
    pub(super) fn new(base: String, list: Vec<Currency>) -> Self {
        Self { base, list }
    }

    /// The code of the base currency: `EUR`.
    #[doc(alias = "baseCurrency")]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// All of them.
    #[doc(alias = "currencyList")]
    pub fn list(&self) -> &[Currency] {
        &self.list
    }

    /// The currency with this code, if the portal has it.
    pub fn get(&self, code: &str) -> Option<&Currency> {
        self.list.iter().find(|currency| currency.code == code)
    }
}

/// A currency of the portal, in the portal's language.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Currency {
    /// `EUR`.
    #[serde(rename = "CURRENCY")]
    pub code: String,
    /// So many units of it …
    #[serde(default, rename = "AMOUNT_CNT", with = "number::option")]
    pub units: Option<u64>,
    /// … cost so much of the base currency.
    #[serde(default, rename = "AMOUNT", with = "maybe")]
    pub rate: Option<Decimal>,
    /// Whether it is the base currency.
    #[serde(default, rename = "BASE", with = "flag")]
    pub is_base: bool,
    /// Its name in the portal's language.
    #[serde(default, rename = "FULL_NAME", with = "maybe")]
    pub full_name: Option<String>,
    /// How an amount is written, as HTML: `#` stands for the number.
    #[serde(default, rename = "FORMAT_STRING", with = "maybe")]
    pub format: Option<String>,
    /// What stands before the decimals.
    #[serde(default, rename = "DEC_POINT", with = "maybe")]
    pub point: Option<String>,
    /// What stands between thousands, as HTML; `None` for nothing.
    #[serde(default, rename = "THOUSANDS_SEP", with = "maybe")]
    pub separator: Option<String>,
    /// Digits behind the point.
    #[serde(default, rename = "DECIMALS", with = "number::option")]
    pub decimals: Option<usize>,
}

impl Currency {
    /// An amount as the portal writes it, as plain text: `1,990.50 €`. Rounded half away from zero.
    pub fn format(&self, amount: &Decimal) -> String {
        let (sign, whole, decimals) = rounded(amount.as_str(), self.decimals.unwrap_or(2));
        let separator = text(self.separator.as_deref().unwrap_or_default());
        let mut number = sign.to_owned();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                number.push_str(&separator);
            }
            number.push(digit);
        }
        if !decimals.is_empty() {
            number.push_str(self.point.as_deref().unwrap_or("."));
            number.push_str(&decimals);
        }
        let format = text(self.format.as_deref().unwrap_or("#"));
        format.replace('#', &number)
    }
}

/// The sign, the digits before the point, and so many behind it.
fn rounded(amount: &str, decimals: usize) -> (&'static str, String, String) {
    let digits = amount.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept = fraction.chars().chain(std::iter::repeat('0'));
    let mut all: Vec<u8> = whole
        .bytes()
        .chain(kept.take(decimals).map(|digit| digit as u8))
        .collect();
    let is_up = fraction
        .as_bytes()
        .get(decimals)
        .is_some_and(|digit| *digit >= b'5');
    if is_up {
        for digit in all.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
        if all.iter().all(|digit| *digit == b'0') {
            all.insert(0, b'1');
        }
    }
    let is_zero = all.iter().all(|digit| *digit == b'0');
    let sign = if amount.starts_with('-') && !is_zero {
        "-"
    } else {
        ""
    };
    let text: String = all.into_iter().map(char::from).collect();
    let at = text.len() - decimals;
    (sign, text[..at].to_owned(), text[at..].to_owned())
}

/// HTML without its entities: those that the portal's own formats use.
fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let decoded = after
            .split_once(';')
            .and_then(|(entity, behind)| Some((entity_of(entity)?, behind)));
        if let Some((letter, behind)) = decoded {
            text.push(letter);
            rest = behind;
        } else {
            text.push('&');
            rest = after;
        }
    }
    text + rest
}

fn entity_of(name: &str) -> Option<char> {
    match name {
        "nbsp" => Some('\u{a0}'),
        "euro" => Some('€'),
        "pound" => Some('£'),
        "yen" => Some('¥'),
        "amp" => Some('&'),
        _ => match name.strip_prefix('#')?.strip_prefix('x') {
            Some(digits) => char::from_u32(u32::from_str_radix(digits, 16).ok()?),
            None => char::from_u32(name[1..].parse().ok()?),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn currency(format: &str, separator: &str, decimals: u32) -> Currency {
        serde_json::from_value(json!({
            "CURRENCY": "RUB", "AMOUNT_CNT": "1", "AMOUNT": "1.0000", "BASE": "Y", "FULL_NAME": "Rouble",
            "FORMAT_STRING": format, "DEC_POINT": ",", "THOUSANDS_SEP": separator, "DECIMALS": decimals.to_string(),
        }))
        .unwrap()
    }

    #[test]
    fn amounts_are_written_in_the_format_of_their_currency() {
        let rouble = currency("#&nbsp;&#8381;", "&nbsp;", 2);
        let dollar = currency("$#", "", 0);
        for (currency, amount, expected) in [
            (&rouble, "1234567.891", "1\u{a0}234\u{a0}567,89\u{a0}₽"),
            (&rouble, "0.005", "0,01\u{a0}₽"),
            (&rouble, "-0.004", "0,00\u{a0}₽"),
            (&rouble, "-999.995", "-1\u{a0}000,00\u{a0}₽"),
            (&rouble, "12", "12,00\u{a0}₽"),
            (&dollar, "1990.5", "$1991"),
            (&dollar, "99.9", "$100"),
        ] {
            assert_eq!(currency.format(&amount.parse().unwrap()), expected);
        }
    }

    #[test]
    fn what_is_no_entity_stays() {
        for (html, expected) in [
            ("A&B", "A&B"),
            ("&#x20AC;", "€"),
            ("&unknown;1", "&unknown;1"),
            ("&#;", "&#;"),
        ] {
            assert_eq!(text(html), expected);
        }
    }
}
