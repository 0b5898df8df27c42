//! JSON as the portal reads and prints it: `<>&'"` as `\u00XX`, `/` as `\/`, Unicode as it is, arrays with the keys
//! 0..n-1 as lists and empty ones as `[]`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Key, Php, PhpArray, number};

/// `json_decode($json, true)`.
pub(super) fn parse(json: &[u8]) -> Option<Php> {
    serde_json::from_slice(json).ok()
}

impl<'de> Deserialize<'de> for Php {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PhpVisitor)
    }
}

struct PhpVisitor;

impl<'de> Visitor<'de> for PhpVisitor {
    type Value = Php;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Php, E> {
        Ok(Php::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Php, E> {
        Ok(Php::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Php, E> {
        Ok(Php::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Php, E> {
        Ok(i64::try_from(value).map_or(Php::Float(value as f64), Php::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Php, E> {
        Ok(Php::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Php, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Php, A::Error> {
        let mut array = PhpArray::new();
        while let Some(value) = seq.next_element()? {
            array.push(value);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Php, A::Error> {
        let mut array = PhpArray::new();
        while let Some((key, value)) = map.next_entry::<String, Php>()? {
            array.insert(key, value);
        }
        Ok(array.into())
    }
}

/// `json_encode($value)` with the portal's flags.
pub(super) fn write(value: &Php, out: &mut Vec<u8>) {
    match value {
        Php::Null => out.extend_from_slice(b"null"),
        Php::Bool(true) => out.extend_from_slice(b"true"),
        Php::Bool(false) => out.extend_from_slice(b"false"),
        Php::Int(number) => write_int(*number, out),
        Php::Float(number) => out.extend_from_slice(number::float_text(*number).as_bytes()),
        Php::Str(text) => write_str(text, out),
        Php::Array(array) => write_array(array, out),
    }
}

/// An array: a list where its keys allow, else an object.
pub(crate) fn write_array(array: &PhpArray, out: &mut Vec<u8>) {
    write_entries(array.iter(), array.is_list(), write, out);
}

/// The entries of an array with values of any kind.
pub(crate) fn write_entries<'a, T: 'a>(
    entries: impl Iterator<Item = (&'a Key, &'a T)>,
    is_list: bool,
    write_value: impl Fn(&T, &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    out.push(if is_list { b'[' } else { b'{' });
    for (place, (key, value)) in entries.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        if !is_list {
            write_key(key, out);
        }
        write_value(value, out);
    }
    out.push(if is_list { b']' } else { b'}' });
}

/// A key of an object and its colon.
pub(crate) fn write_key(key: &Key, out: &mut Vec<u8>) {
    match key {
        Key::Int(number) => {
            out.push(b'"');
            write_int(*number, out);
            out.push(b'"');
        }
        Key::Str(text) => write_str(text, out),
    }
    out.push(b':');
}

/// An integer.
pub(crate) fn write_int(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    let mut rest = number.unsigned_abs();
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// A quoted string.
pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut copied = 0;
    for (place, &byte) in bytes.iter().enumerate() {
        if !NEEDS_CARE[byte as usize] {
            continue;
        }
        let mut width = 1;
        let escape: &[u8] = match byte {
            b'"' => b"\\u0022",
            b'&' => b"\\u0026",
            b'\'' => b"\\u0027",
            b'<' => b"\\u003C",
            b'>' => b"\\u003E",
            b'/' => b"\\/",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0c => b"\\f",
            // U+2028 and U+2029 end a line in old JavaScript; PHP escapes them even where Unicode stays.
            0xe2 => {
                width = 3;
                match &bytes[place..] {
                    [0xe2, 0x80, 0xa8, ..] => b"\\u2028",
                    [0xe2, 0x80, 0xa9, ..] => b"\\u2029",
                    _ => continue,
                }
            }
            control => {
                out.extend_from_slice(&bytes[copied..place]);
                out.extend_from_slice(format!("\\u{control:04x}").as_bytes());
                copied = place + 1;
                continue;
            }
        };
        out.extend_from_slice(&bytes[copied..place]);
        out.extend_from_slice(escape);
        copied = place + width;
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

/// Bytes that [`write_str`] cannot simply copy.
static NEEDS_CARE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte < 0x20
            || matches!(
                byte as u8,
                b'"' | b'&' | b'\'' | b'<' | b'>' | b'/' | b'\\' | 0xe2
            );
        byte += 1;
    }
    table
};
