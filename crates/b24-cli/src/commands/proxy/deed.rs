//! What a request does: which methods, and how much they change.

use b24::value::form;
use b24::{Effect, Version};
use bytes::Bytes;
use serde_json::{Map, Value};

/// What a request does.
#[derive(Debug, PartialEq)]
pub(super) struct Deed {
    /// For the log: `crm.deal.list`, or `batch` with what is in it.
    pub(super) name: String,
    /// The strongest of its commands.
    pub(super) effect: Effect,
    /// Of a batch: the methods of its commands by key.
    pub(super) commands: Vec<(String, String)>,
}

impl Deed {
    /// Of a call of `method`, as it stands in the path. Only of a batch is the body read.
    pub(super) async fn of(
        version: Version,
        method: &str,
        query: Option<&str>,
        kind: &str,
        body: &Bytes,
    ) -> Self {
        let method = method.to_ascii_lowercase();
        let name = match (version, method.rsplit_once('.')) {
            (Version::V2, Some((name, "json" | "xml"))) => name.to_owned(),
            _ => method,
        };
        if name != "batch" {
            return Self {
                effect: effect(&name),
                name,
                commands: Vec::new(),
            };
        }
        let commands = match version {
            Version::V2 => commands_v2(&parameters(query, kind, body).await),
            Version::V3 => commands_v3(body),
        };
        Self {
            name: batch_name(&commands),
            // One whose commands cannot be read may do anything.
            effect: if commands.is_empty() {
                Effect::Write
            } else {
                Effect::strongest(commands.iter().map(|(_, method)| effect(method)))
            },
            commands,
        }
    }
}

fn effect(method: &str) -> Effect {
    match method {
        // The files behind signed links.
        "download" => Effect::Read,
        _ => Effect::of(method),
    }
}

/// `batch (crm.deal.add 49, crm.deal.get)`: at most three methods.
fn batch_name(commands: &[(String, String)]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (_, method) in commands {
        match counts.iter_mut().find(|(known, _)| known == method) {
            Some((_, count)) => *count += 1,
            None => counts.push((method, 1)),
        }
    }
    if counts.is_empty() {
        return "batch".to_owned();
    }
    let more = if counts.len() > 3 { ", …" } else { "" };
    let told: Vec<String> = counts
        .iter()
        .take(3)
        .map(|(method, count)| match count {
            1 => (*method).to_owned(),
            _ => format!("{method} {count}"),
        })
        .collect();
    format!("batch ({}{more})", told.join(", "))
}

/// The parameters of a request of v2: query, and form or JSON over it.
pub(super) async fn parameters(
    query: Option<&str>,
    kind: &str,
    body: &Bytes,
) -> Map<String, Value> {
    let mut parameters = fields(query.unwrap_or_default().as_bytes());
    let media = kind.split(';').next().unwrap_or_default().trim();
    let over = if media.eq_ignore_ascii_case("multipart/form-data") {
        multipart(kind, body).await
    } else if media == "application/json" {
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    } else {
        fields(body)
    };
    parameters.extend(over);
    parameters
}

fn fields(form: &[u8]) -> Map<String, Value> {
    let limits = form::Limits {
        pairs: 100_000,
        bytes: usize::MAX,
        ..form::Limits::default()
    };
    match form::decode(form, limits) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// The text fields of a form with files, by way of a form without.
async fn multipart(kind: &str, body: &Bytes) -> Map<String, Value> {
    let Ok(boundary) = multer::parse_boundary(kind) else {
        return Map::new();
    };
    let whole = body.clone();
    let chunks = futures_util::stream::once(async move { Ok::<_, std::io::Error>(whole) });
    let mut parts = multer::Multipart::new(chunks, boundary);
    let mut pairs = Vec::new();
    while let Ok(Some(part)) = parts.next_field().await {
        let (None, Some(name)) = (part.file_name(), part.name().map(str::to_owned)) else {
            continue;
        };
        if let Ok(text) = part.text().await {
            pairs.push((name, text));
        }
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    fields(form.extend_pairs(pairs).finish().as_bytes())
}

fn commands_v2(parameters: &Map<String, Value>) -> Vec<(String, String)> {
    let command = |key: String, value: &Value| -> Option<(String, String)> {
        let method = value.as_str()?.split('?').next()?.trim();
        Some((key, method.to_ascii_lowercase()))
    };
    // The portal takes the key in any case of its letters; of two nobody knows which one counts.
    let mut given = parameters
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cmd"));
    let (Some((_, cmd)), None) = (given.next(), given.next()) else {
        return Vec::new();
    };
    let read: Option<Vec<_>> = match cmd {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| command(key.clone(), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(place, value)| command(place.to_string(), value))
            .collect(),
        _ => None,
    };
    read.unwrap_or_default()
}

fn commands_v3(body: &Bytes) -> Vec<(String, String)> {
    let read: Option<Vec<_>> = match serde_json::from_slice(body) {
        Ok(Value::Array(list)) => list
            .iter()
            .enumerate()
            .map(|(place, item)| named(place.to_string(), item))
            .collect(),
        Ok(Value::Object(map)) => map
            .iter()
            .map(|(key, item)| named(key.clone(), item))
            .collect(),
        _ => None,
    };
    read.unwrap_or_default()
}

fn named(key: String, item: &Value) -> Option<(String, String)> {
    let method = item.get("method")?.as_str()?;
    Some((key, method.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn deed(version: Version, method: &str, kind: &str, body: &'static str) -> Deed {
        Deed::of(
            version,
            method,
            None,
            kind,
            &Bytes::from_static(body.as_bytes()),
        )
        .await
    }

    #[tokio::test]
    async fn a_batch_is_what_its_strongest_command_is_in_every_form() {
        let boundary = "multipart/form-data; boundary=X";
        for (kind, body) in [
            (
                "application/json",
                r#"{"halt":0,"cmd":{"a":"crm.deal.list?select[]=ID","b":"CRM.Deal.Add?x=1"}}"#,
            ),
            (
                "application/x-www-form-urlencoded",
                "cmd[a]=crm.deal.list%3Fselect&cmd%5Bb%5D=crm.deal.add",
            ),
            ("", "cmd[a]=crm.deal.list&cmd[b]=crm.deal.add"),
            (
                boundary,
                "--X\r\nContent-Disposition: form-data; name=\"cmd[a]\"\r\n\r\ncrm.deal.list\r\n--X\r\nContent-Disposition: form-data; name=\"cmd[b]\"\r\n\r\ncrm.deal.add\r\n--X--\r\n",
            ),
        ] {
            let deed = deed(Version::V2, "batch.json", kind, body).await;
            assert_eq!(deed.effect, Effect::Write, "{kind}");
            assert_eq!(deed.name, "batch (crm.deal.list, crm.deal.add)", "{kind}");
        }
        let only_reads = r#"{"cmd":["crm.deal.list","crm.deal.get?id=1","crm.deal.get?id=2"]}"#;
        let deed = deed(Version::V2, "batch", "application/json", only_reads).await;
        assert_eq!(deed.effect, Effect::Read);
        assert_eq!(deed.commands[2], ("2".into(), "crm.deal.get".into()));
        assert_eq!(deed.name, "batch (crm.deal.list, crm.deal.get 2)");
    }

    #[tokio::test]
    async fn a_batch_that_cannot_be_read_may_do_anything() {
        for body in ["", "{", r#"{"cmd":5}"#, r#"{"cmd":{"a":5}}"#, "[]"] {
            let deed = deed(Version::V2, "batch", "application/json", body).await;
            assert_eq!((deed.effect, deed.name.as_str()), (Effect::Write, "batch"));
        }
        let v3 =
            r#"[{"method":"tasks.task.get","query":{}},{"method":"tasks.task.list","query":{}}]"#;
        let deed = deed(Version::V3, "batch", "application/json", v3).await;
        assert_eq!(deed.effect, Effect::Read);
    }

    #[tokio::test]
    async fn a_suffix_is_no_part_of_the_method() {
        for (version, method, name, effect) in [
            (
                Version::V2,
                "crm.deal.list.json",
                "crm.deal.list",
                Effect::Read,
            ),
            (
                Version::V2,
                "CRM.deal.ADD.xml",
                "crm.deal.add",
                Effect::Write,
            ),
            (Version::V2, "download", "download", Effect::Read),
            (Version::V2, "upload", "upload", Effect::Write),
            (Version::V3, "a.json", "a.json", Effect::Write),
        ] {
            let deed = deed(version, method, "", "").await;
            assert_eq!(
                (deed.name.as_str(), deed.effect),
                (name, effect),
                "{method}"
            );
        }
    }
}
