//! One call as a method plays it: what it is given and what it may answer.

use std::sync::Mutex;

use crate::links::Links;
use crate::oauth::{Registry, Seat};
use crate::php::{Php, json};
use crate::settings::{Edition, PastTheEnd, V3Profile};
use crate::shared::ADMINISTRATOR;
use crate::world::World;

/// One call as a method plays it.
pub(crate) struct Call<'a> {
    /// All data of the portal.
    pub(crate) world: &'a mut World,
    /// The parameters, always an array; credentials, `state` and `start` are taken out (v3: the JSON body).
    pub(crate) params: &'a Php,
    /// The `start` parameter as an integer, `None` if absent.
    pub(crate) start: Option<i64>,
    /// Who calls.
    pub(crate) actor: &'a Actor,
    /// Unix seconds by the portal's clock, which may be virtual.
    pub(crate) now: i64,
    /// What the portal knows about itself.
    pub(crate) portal: &'a Facts,
    /// What the OAuth server knows.
    pub(crate) oauth: &'a Mutex<Registry>,
    /// Makes links to files.
    pub(crate) links: &'a Links,
}

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) user_id: i64,
    pub(crate) kind: ActorKind,
    pub(crate) scopes: Vec<String>,
    /// The application on this portal, where one calls.
    pub(crate) app: Option<Seat>,
}

impl Actor {
    /// The first user is the portal's administrator.
    pub(crate) const fn is_admin(&self) -> bool {
        self.user_id == ADMINISTRATOR
    }
}

/// By what right a call comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActorKind {
    Webhook,
    App,
}

/// What the portal knows about itself.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// Host and port as clients see them.
    pub(crate) host: String,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    pub(crate) edition: Edition,
    pub(crate) v3: V3Profile,
    pub(crate) past_the_end: PastTheEnd,
    /// The largest page of `tasks.task.list` in v3.
    pub(crate) v3_task_list_cap: i64,
}

impl Facts {
    /// The plan as `app.info` names it.
    pub(crate) const fn licence(&self) -> &'static str {
        match self.edition {
            Edition::Cloud => "en_pro100",
            Edition::Enterprise => "en_ent250",
            Edition::Box => "en_selfhosted",
        }
    }
}

/// What a method answers with.
#[derive(Debug)]
pub(crate) enum Answer {
    Value(Php),
    /// Rows already written as JSON. `key` wraps them (`items`, `tasks`); without one they are a bare list.
    Rows {
        key: Option<&'static str>,
        rows: JsonRows,
    },
    /// The whole body, without `result` and `time` (the OpenAPI document).
    Document(Php),
}

/// Concatenated complete JSON values and the end offset of each.
#[derive(Debug, Default)]
pub(crate) struct JsonRows {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ends: Vec<u32>,
}

impl Answer {
    /// As `result` shows it.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Value(value) | Self::Document(value) => value.write_json(out),
            Self::Rows {
                key: Some(key),
                rows,
            } => {
                out.push(b'{');
                json::write_str(key, out);
                out.push(b':');
                rows.write_json(out);
                out.push(b'}');
            }
            Self::Rows { key: None, rows } => rows.write_json(out),
        }
    }

    /// As a value; costly for many rows.
    pub(crate) fn to_php(&self) -> Php {
        match self {
            Self::Value(value) | Self::Document(value) => value.clone(),
            Self::Rows {
                key: Some(key),
                rows,
            } => Php::map([(*key, rows.to_php())]),
            Self::Rows { key: None, rows } => rows.to_php(),
        }
    }

    /// Roughly its length as JSON, where that is known without work.
    pub(crate) const fn size_hint(&self) -> usize {
        match self {
            Self::Rows { rows, .. } => rows.bytes.len() + rows.ends.len() + 16,
            Self::Value(_) | Self::Document(_) => 64,
        }
    }

    /// Whether it is a page of a list.
    pub(crate) const fn is_page(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }

    /// How many rows there are.
    pub(crate) const fn rows(&self) -> u64 {
        match self {
            Self::Rows { rows, .. } => rows.len() as u64,
            Self::Value(_) | Self::Document(_) => 0,
        }
    }
}

impl JsonRows {
    fn write_json(&self, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() + self.ends.len() + 2);
        out.push(b'[');
        let mut start = 0;
        for end in &self.ends {
            if start > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&self.bytes[start..*end as usize]);
            start = *end as usize;
        }
        out.push(b']');
    }

    pub(crate) fn to_php(&self) -> Php {
        Php::list((0..self.len()).filter_map(|place| self.row_php(place)))
    }

    /// One row as a value.
    pub(crate) fn row_php(&self, place: usize) -> Option<Php> {
        Php::from_json(self.row(place)?)
    }

    pub(crate) fn with_capacity(rows: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(rows),
        }
    }

    /// Adds the row that `write` appends. One without fields is an empty array, as PHP prints empty maps.
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes[start..] == *b"{}" {
            self.bytes.truncate(start);
            self.bytes.extend_from_slice(b"[]");
        }
        self.ends.push(self.bytes.len() as u32);
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The JSON of one row.
    pub(crate) fn row(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)? as usize;
        let start = if place == 0 {
            0
        } else {
            self.ends[place - 1] as usize
        };
        self.bytes.get(start..end)
    }
}

/// A method's success; `None` keeps the key out of the envelope.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) next: Option<i64>,
    pub(crate) total: Option<i64>,
}

impl Reply {
    /// A plain value without `next` and `total`.
    pub(crate) fn value(value: impl Into<Php>) -> Self {
        Self {
            answer: Answer::Value(value.into()),
            next: None,
            total: None,
        }
    }
}

/// A refusal: v2 `{error, error_description, …extra}`, v3 `{error: {code, message, validation}}`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) text: String,
    pub(crate) status: u16,
    pub(crate) extra: Vec<(String, Php)>,
    /// v3 only: field (if one is to blame) and message.
    pub(crate) validation: Vec<(Option<String>, String)>,
}

/// What codes of v3 begin with; [`V3Profile::V25`] shows the plural form instead.
pub(crate) const V3_PREFIX: &str = "BITRIX_REST_V3_EXCEPTION_";

impl Refusal {
    /// A refusal with status 400.
    pub(crate) fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            text: text.into(),
            status: 400,
            extra: Vec::new(),
            validation: Vec::new(),
        }
    }

    /// A v3 refusal with status 400; the code is completed by its prefix.
    pub(crate) fn v3(suffix: &str, text: impl Into<String>) -> Self {
        Self::new(format!("{V3_PREFIX}{suffix}"), text)
    }

    pub(crate) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// One more key beside `error` and `error_description`.
    pub(crate) fn extra(mut self, key: &str, value: impl Into<Php>) -> Self {
        self.extra.push((key.to_owned(), value.into()));
        self
    }

    /// One more entry of v3's `validation`.
    pub(crate) fn field(mut self, field: Option<&str>, message: impl Into<String>) -> Self {
        self.validation
            .push((field.map(str::to_owned), message.into()));
        self
    }
}

/// Plays one call.
pub(crate) type Play = fn(&mut Call<'_>) -> Result<Reply, Refusal>;

/// Version of the REST protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    V2,
    V3,
}

impl Version {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// A method that the portal plays.
#[derive(Debug)]
pub(crate) struct Method {
    /// As documented; looked up in lower case.
    pub(crate) name: &'static str,
    pub(crate) version: Version,
    /// The scope it needs; empty for basic methods.
    pub(crate) scope: &'static str,
    /// Refused to webhooks.
    pub(crate) app_only: bool,
    pub(crate) play: Play,
}
