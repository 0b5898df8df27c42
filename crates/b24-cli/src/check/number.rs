//! Numbers as people write them, kept as digits: no amount goes through a float.

use crate::parameters::Tree;

/// What stands between thousands beside commas and points.
const SPACES: &[char] = &[' ', '\u{A0}', '\u{202F}', '\u{2009}', '\'', '’'];

/// A number as `-1234.50`: without anything between thousands, with a point.
///
/// `1 234,5`, `1,234.5`, `1.234.567` are plain; `1,234` is refused, for it may be two numbers.
pub(super) fn decimal(text: &str) -> Result<String, String> {
    let plain = text.trim();
    let (sign, size) = match plain.strip_prefix(['-', '−']) {
        Some(size) => ("-", size),
        None => ("", plain.strip_prefix('+').unwrap_or(plain)),
    };
    let none = || format!("{text:?} is no number");
    let (whole, fraction) = parts(size, text)?;
    let whole = grouped(whole).ok_or_else(none)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = match fraction {
        Some(fraction) if fraction.is_empty() || !digits(fraction) => return Err(none()),
        Some(fraction) => format!(".{fraction}"),
        None if whole.is_empty() => return Err(none()),
        None => String::new(),
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Ok(format!("{sign}{whole}{fraction}"))
}

/// A whole number; `7.00` is one.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    let none = || format!("{text:?} is no whole number");
    let digits = decimal(text).map_err(|why| {
        let two_ways = why.contains(" may be ");
        if two_ways { why } else { none() }
    })?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    match fraction.trim_start_matches('0') {
        "" => whole.parse().map_err(|_| none()),
        _ => Err(none()),
    }
}

/// Digits as a JSON number where it has the same ones, else as their text.
pub(super) fn tree(digits: String) -> Tree {
    match serde_json::from_str::<serde_json::Number>(&digits) {
        Ok(number) if number.to_string() == digits => Tree::Number(number),
        _ => Tree::Text(digits),
    }
}

/// The parts before and behind the decimal mark.
fn parts<'a>(size: &'a str, text: &str) -> Result<(&'a str, Option<&'a str>), String> {
    let (comma, point) = (size.rfind(','), size.rfind('.'));
    let once = |mark: char| size.matches(mark).count() == 1;
    let mark = match (comma, point) {
        (None, None) => None,
        (Some(comma), Some(point)) if comma > point => Some(comma).filter(|_| once(',')),
        (Some(_), Some(point)) => Some(point).filter(|_| once('.')),
        (Some(comma), None) if once(',') => {
            let (whole, fraction) = (&size[..comma], &size[comma + 1..]);
            let thousands = matches!(whole.len(), 1..=3) && !whole.starts_with('0');
            if thousands && fraction.len() == 3 {
                let point = text.trim().replace(',', ".");
                let none = text.trim().replace(',', "");
                return Err(format!(
                    "{text:?} may be {none} or {point}: write one of these"
                ));
            }
            Some(comma)
        }
        (None, Some(point)) if once('.') => Some(point),
        _ => return Ok((size, None)),
    };
    match mark {
        Some(mark) => Ok((&size[..mark], Some(&size[mark + 1..]))),
        None if comma.is_some() && point.is_some() => Err(format!("{text:?} is no number")),
        None => Ok((size, None)),
    }
}

/// The digits of a whole number, if what stands between them stands between thousands.
fn grouped(whole: &str) -> Option<String> {
    let mark = |c: char| SPACES.contains(&c) || c == ',' || c == '.';
    let Some(first) = whole.chars().find(|c| mark(*c)) else {
        let digits = whole.bytes().all(|byte| byte.is_ascii_digit());
        return digits.then(|| whole.to_owned());
    };
    let groups: Vec<&str> = whole.split(first).collect();
    let fits = groups.iter().enumerate().all(|(at, group)| {
        let length = if at == 0 { 1..=3 } else { 3..=3 };
        length.contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
    });
    fits.then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let texts = [
            "7",
            " 7 ",
            "-7",
            "−7",
            "+7",
            "007",
            "7.50",
            "7,5",
            ".5",
            "0,123",
            "1234,567",
            "1 234,567",
            "1\u{A0}234\u{202F}567",
            "1'234.5",
            "1,234.56",
            "1.234,56",
            "1,234,567",
            "1.234.567",
            "1.234",
            "12345678901234567.89",
            "1,234",
            "-1,234",
            "12,345",
            "",
            " ",
            "-",
            "7.",
            "1,2,3",
            "1.2.3",
            "1 23",
            "1,234.5.6",
            "1 234 5",
            "12a",
            "1e5",
            "inf",
            "0x10",
            "100 EUR",
            "1-2",
            "--7",
            "٣",
        ];
        let lines = texts.map(|text| match decimal(text) {
            Ok(digits) => format!("{text:?} -> {digits}"),
            Err(why) => why,
        });
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(integer("1 234 567"), Ok(1_234_567));
        assert_eq!(integer("7.00"), Ok(7));
        assert_eq!(integer("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(integer("7.5").unwrap_err(), "\"7.5\" is no whole number");
        assert_eq!(
            integer("seven").unwrap_err(),
            "\"seven\" is no whole number"
        );
        assert!(integer("9223372036854775808").is_err());
        assert!(
            integer("1,234")
                .unwrap_err()
                .contains("may be 1234 or 1.234")
        );
    }

    #[test]
    fn digits_are_kept() {
        assert_eq!(tree("100".into()), Tree::Number(100.into()));
        assert_eq!(tree("1000.50".into()), Tree::Text("1000.50".into()));
        assert_eq!(
            tree("12345678901234567.89".into()),
            Tree::Text("12345678901234567.89".into())
        );
    }

    proptest! {
        /// However thousands and fractions are written, the digits come back.
        #[test]
        fn written_numbers_come_back(
            whole in 0_u64..=u64::MAX / 2, fraction in "[0-9]{0,6}", negative: bool,
            between in prop::sample::select(vec!["", " ", "\u{A0}", "'"]), comma: bool,
        ) {
            let plain = whole.to_string();
            let mut written = String::new();
            for (at, digit) in plain.chars().enumerate() {
                if at > 0 && (plain.len() - at) % 3 == 0 {
                    written.push_str(between);
                }
                written.push(digit);
            }
            let mut wanted = plain.clone();
            if !fraction.is_empty() {
                written.push(if comma { ',' } else { '.' });
                written.push_str(&fraction);
                wanted = format!("{plain}.{fraction}");
            }
            if negative {
                written.insert(0, '-');
                wanted.insert(0, '-');
            }
            let two_ways = comma && fraction.len() == 3 && plain.len() <= 3 && whole > 0;
            match decimal(&written) {
                Ok(digits) => prop_assert_eq!(digits, wanted),
                Err(why) => prop_assert!(two_ways, "{}", why),
            }
        }

        /// Nothing else becomes a number, and nothing panics.
        #[test]
        fn what_is_read_is_made_of_its_digits(text in "\\PC{0,12}|[-+0-9., ']{0,12}") {
            if let Ok(digits) = decimal(&text) {
                let kept = |text: &str| {
                    let digits = text.chars().filter(char::is_ascii_digit).collect::<String>();
                    digits.trim_start_matches('0').to_owned()
                };
                prop_assert_eq!(kept(&digits), kept(&text));
                prop_assert!(digits.parse::<f64>().is_ok());
            }
        }
    }
}
