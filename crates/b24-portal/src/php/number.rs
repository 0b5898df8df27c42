//! Numbers in text, as PHP reads and prints them.

/// `(int)$text`: the number the text begins with, 0 without one.
pub(super) fn leading_int(text: &str) -> i64 {
    let numeric = leading_number(text);
    numeric
        .parse()
        .unwrap_or_else(|_| numeric.parse::<f64>().map_or(0, |value| value as i64))
}

/// `(float)$text`.
pub(super) fn leading_float(text: &str) -> f64 {
    leading_number(text).parse().unwrap_or(0.0)
}

/// The longest numeric beginning of a text: sign, digits, fraction, exponent.
fn leading_number(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    end += digits(end);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    &text[..end]
}

/// The shortest text that reads back as this float; whole numbers without a fraction, as `json_encode` prints.
pub(super) fn float_text(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e17).contains(&size) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = if mantissa.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return format!("{mantissa}{fraction}e{sign}{exponent}");
    }
    format!("{value}")
}
