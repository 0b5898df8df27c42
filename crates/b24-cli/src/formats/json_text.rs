//! JSON rewritten as text, without building values: digits and order stay as they came.

/// Writes `raw` on one line and without needless escapes: PHP writes `\/` and
/// `\u0026`, which nobody can search for.
pub(crate) fn compact(raw: &str, out: &mut Vec<u8>) {
    let text = raw.as_bytes();
    // What lies between is written in one piece, up to the next byte that is not.
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = string(text, at, &mut from, out),
            b' ' | b'\n' | b'\r' | b'\t' => {
                out.extend_from_slice(&text[from..at]);
                at += 1;
                from = at;
            }
            _ => at += 1,
        }
    }
    out.extend_from_slice(&text[from..]);
}

/// Writes `raw` over many lines, two spaces a level.
pub(crate) fn pretty(raw: &str, out: &mut Vec<u8>) {
    let mut rest = raw.as_bytes();
    let mut depth = 0_usize;
    while let Some(&byte) = rest.first() {
        match byte {
            b'"' => {
                let mut from = 0;
                let end = string(rest, 0, &mut from, out);
                out.extend_from_slice(&rest[from..end]);
                rest = &rest[end..];
                continue;
            }
            b'{' | b'[' => {
                out.push(byte);
                let after = rest[1..].trim_ascii_start();
                if let Some(&close @ (b'}' | b']')) = after.first() {
                    out.push(close);
                    rest = &after[1..];
                    continue;
                }
                depth += 1;
                new_line(depth, out);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(depth, out);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(depth, out);
            }
            b':' => out.extend_from_slice(b": "),
            byte if byte.is_ascii_whitespace() => {}
            byte => out.push(byte),
        }
        rest = &rest[1..];
    }
}

fn new_line(depth: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

/// Passes over the JSON string that begins at `at`; where it ends. At a needless escape, all from
/// `from` on is written, and the character; then `from` is behind it.
fn string(text: &[u8], at: usize, from: &mut usize, out: &mut Vec<u8>) -> usize {
    let mut at = at + 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(plain) = memchr::memchr2(b'"', b'\\', rest) else {
            return text.len();
        };
        at += plain;
        if text[at] == b'"' {
            return at + 1;
        }
        let (character, taken) = unescape(&text[at..]);
        if let Some(character) = character {
            out.extend_from_slice(&text[*from..at]);
            if matches!(character, '"' | '\\') {
                out.push(b'\\');
            }
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            *from = at + taken;
        }
        at += taken;
    }
}

/// The character of an escape if it need not be one, and how long the escape is.
fn unescape(text: &[u8]) -> (Option<char>, usize) {
    match text.get(1) {
        Some(b'/') => (Some('/'), 2),
        Some(b'u') => {
            let Some(first) = unit(text) else {
                return (None, 2.min(text.len()));
            };
            let low = || text.get(6..).and_then(unit);
            let (code, taken) = match first {
                0xD800..=0xDBFF => match low() {
                    Some(low @ 0xDC00..=0xDFFF) => {
                        (0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00), 12)
                    }
                    _ => return (None, 6),
                },
                code => (code, 6),
            };
            (char::from_u32(code).filter(|c| may_stand(*c)), taken)
        }
        _ => (None, 2.min(text.len())),
    }
}

/// Control characters and Unicode line ends stay escaped.
fn may_stand(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// `\u0041` as a number.
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |code, digit| {
        Some(code * 16 + char::from(*digit).to_digit(16)?)
    })
}
