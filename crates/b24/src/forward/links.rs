//! Links that hold a secret: led to another address, with another secret.

use bytes::Bytes;
use memchr::memmem;

/// How far before a secret its link may begin.
const LINK: usize = 4096;

/// Whether `secret` occurs in `bytes`.
pub(super) fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    !secret.is_empty() && memmem::find(bytes, secret).is_some()
}

/// `body` with `new_secret` for `secret`, and `new_origin` for `origin` in the links that hold it. A body without it
/// stays what it is.
pub(super) fn led(
    body: Bytes,
    origin: &str,
    secret: &str,
    new_origin: &str,
    new_secret: &str,
) -> Bytes {
    if !holds(&body, secret.as_bytes()) {
        return body;
    }
    let forms = forms(origin, new_origin);
    let mut out = Vec::with_capacity(body.len() + 256);
    let mut done = 0;
    while let Some(at) = memmem::find(&body[done..], secret.as_bytes()) {
        let at = done + at;
        let before = &body[done..at];
        let from = before.len().saturating_sub(LINK);
        let begin = before[from..]
            .iter()
            .rposition(|byte| b"\"'<> \t\r\n".contains(byte))
            .map_or(from, |quote| from + quote + 1);
        let link = &before[begin..];
        let named = forms
            .iter()
            .find_map(|(old, new)| Some((memmem::find(link, old.as_bytes())?, old, new)));
        match named {
            Some((place, old, new)) => {
                out.extend_from_slice(&before[..begin + place]);
                out.extend_from_slice(new.as_bytes());
                out.extend_from_slice(&link[place + old.len()..]);
            }
            None => out.extend_from_slice(before),
        }
        out.extend_from_slice(new_secret.as_bytes());
        done = at + secret.len();
    }
    out.extend_from_slice(&body[done..]);
    out.into()
}

/// The address as it is written in text, in JSON of PHP and in a parameter of another address, with what stands for each.
fn forms(origin: &str, new_origin: &str) -> Vec<(String, String)> {
    let bare = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let mut forms = Vec::new();
    // The portal may think that it is called by the other scheme, behind a proxy of its own.
    for scheme in ["https", "http"] {
        let origin = format!("{scheme}://{bare}");
        for write in [str::to_owned as fn(&str) -> String, escaped, percent] {
            forms.push((write(&origin), write(new_origin)));
        }
    }
    forms
}

fn escaped(address: &str) -> String {
    address.replace('/', "\\/")
}

fn percent(address: &str) -> String {
    form_urlencoded::byte_serialize(address.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTAL: &str = "https://acme.bitrix24.com";
    const SECRET: &str = "s3cr3t";

    fn lead(text: &str) -> String {
        let led = led(
            Bytes::copy_from_slice(text.as_bytes()),
            PORTAL,
            SECRET,
            "http://127.0.0.1:8725",
            "t0ken",
        );
        String::from_utf8(led.to_vec()).unwrap()
    }

    #[test]
    fn links_lead_to_the_other_address() {
        for (told, led) in [
            (
                r#""https:\/\/acme.bitrix24.com\/rest\/7\/s3cr3t\/download\/?token=x""#,
                r#""http:\/\/127.0.0.1:8725\/rest\/7\/t0ken\/download\/?token=x""#,
            ),
            (
                r#""http://acme.bitrix24.com/rest/download.json?auth=s3cr3t&token=x""#,
                r#""http://127.0.0.1:8725/rest/download.json?auth=t0ken&token=x""#,
            ),
            (
                "go to /x?to=https%3A%2F%2Facme.bitrix24.com%2Frest%2F7%2Fs3cr3t%2F",
                "go to /x?to=http%3A%2F%2F127.0.0.1%3A8725%2Frest%2F7%2Ft0ken%2F",
            ),
            (
                r#"["/rest/7/s3cr3t/","s3cr3ts3cr3t"]"#,
                r#"["/rest/7/t0ken/","t0kent0ken"]"#,
            ),
        ] {
            assert_eq!(lead(told), led);
        }
    }

    #[test]
    fn other_links_stay() {
        let page = r#"{"a":"https:\/\/acme.bitrix24.com\/crm\/","b":"s3cr3"}"#;
        assert_eq!(lead(page), page);
        let both =
            r#"{"a":"https:\/\/acme.bitrix24.com\/crm\/","b":"x","c":"\/rest\/7\/s3cr3t\/"}"#;
        assert_eq!(lead(both), both.replace("s3cr3t", "t0ken"));
    }
}
