//! JSON rewritten as text, without building values: digits and order stay as they came.

/// Writes `raw` on one line and without needless escapes: PHP writes `\/` and
/// `\u0026`, which nobody can search for.
pub(crate) fn compact(raw: &str, out: &mut Vec<u8>) {
    let mut rest = raw.as_bytes();
    while let Some(&byte) = rest.first() {
        match byte {
            b'"' => rest = string(rest, out),
            b' ' | b'\n' | b'\r' | b'\t' => rest = &rest[1..],
            _ => {
                let end = rest
                    .iter()
                    .position(|b| matches!(b, b'"' | b' ' | b'\n' | b'\r' | b'\t'))
                    .unwrap_or(rest.len());
                out.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
}

/// Writes `raw` over many lines, two spaces a level.
pub(crate) fn pretty(raw: &str, out: &mut Vec<u8>) {
    let mut rest = raw.as_bytes();
    let mut depth = 0_usize;
    while let Some(&byte) = rest.first() {
        match byte {
            b'"' => {
                rest = string(rest, out);
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

/// Copies a JSON string, quotes included; returns what follows it.
fn string<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    out.push(b'"');
    let mut rest = text.get(1..).unwrap_or_default();
    loop {
        let Some(plain) = rest.iter().position(|b| matches!(b, b'"' | b'\\')) else {
            out.extend_from_slice(rest);
            return &[];
        };
        out.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        if rest[0] == b'"' {
            out.push(b'"');
            return &rest[1..];
        }
        let (character, taken) = unescape(rest);
        match character {
            Some(character) => {
                if matches!(character, '"' | '\\') {
                    out.push(b'\\');
                }
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            None => out.extend_from_slice(&rest[..taken]),
        }
        rest = &rest[taken..];
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
