//! Query strings and form bodies, as PHP's own parser reads them.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::{Key, Php, PhpArray};

/// Deeper brackets make PHP drop the pair.
const DEPTH: usize = 64;

/// `parse_str`: brackets nest, dots and spaces of top-level names become `_`, everything is decoded once.
pub(crate) fn parse(text: &[u8]) -> PhpArray {
    let mut params = PhpArray::new();
    for pair in text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.map_or((pair, &[][..]), |place| {
            (&pair[..place], &pair[place + 1..])
        });
        insert(&mut params, &decode(name), decode(value).into());
    }
    params
}

/// Puts one pair with an already decoded name where its brackets say.
pub(crate) fn insert(params: &mut PhpArray, name: &str, value: Php) {
    let Some((top, path)) = split_name(name) else {
        return;
    };
    if path.len() > DEPTH {
        return;
    }
    let Some((last, parents)) = path.split_last() else {
        params.insert(top.as_str(), value);
        return;
    };
    let mut array = params.child(&Key::from(top.as_str()));
    for step in parents {
        let Some(key) = key_in(array, step) else {
            return;
        };
        array = array.child(&key);
    }
    if let Some(key) = key_in(array, last) {
        array.insert(key, value);
    }
}

/// The key that a step between brackets means; an empty one appends, which nothing can do after the largest key.
fn key_in(array: &PhpArray, step: &str) -> Option<Key> {
    if step.is_empty() {
        array.next_key()
    } else {
        Some(Key::from(step))
    }
}

/// `a.b[c][]` is `a_b` with the path `c` and an empty step. An opening bracket that is never closed becomes `_`.
fn split_name(name: &str) -> Option<(String, Vec<&str>)> {
    let name = name.trim_start_matches(' ');
    if name.is_empty() {
        return None;
    }
    let plain = |text: &str| text.replace(['.', ' '], "_");
    let Some(open) = name.find('[').filter(|open| *open > 0) else {
        return Some((plain(name).replacen('[', "_", 1), Vec::new()));
    };
    let (mut path, mut rest) = (Vec::new(), &name[open..]);
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(close) = inner.find(']') else { break };
        path.push(&inner[..close]);
        rest = &inner[close + 1..];
    }
    if path.is_empty() {
        return Some((plain(name).replacen('[', "_", 1), path));
    }
    Some((plain(&name[..open]), path))
}

fn decode(text: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect::<Vec<_>>()
            .into()
    } else {
        text.into()
    };
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}
