//! The portal's own fields of an entity.

use std::fmt::Write;

use anyhow::Result;
use console::{measure_text_width, pad_str};
use serde_json::{Value, json};

use crate::commands::export::fields::{self, Known};
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Field, Fields};
use crate::session::Session;

/// Choices that fit on a line.
const CHOICES: usize = 6;

/// What the portal says of an entity.
pub(super) struct Shown {
    entity: Entity,
    fields: Fields,
    portal: String,
    origin: String,
}

/// Asks the portal for the fields.
pub(super) async fn ask(entity: &Entity, session: &Session) -> Result<Shown> {
    let connection = session.connection().await?;
    let params = entity.parameters();
    let Known::All(fields) = fields::ask(entity, &params, session, connection).await? else {
        return Err(Failure::usage(format!(
            "the portal has no method that describes the fields of {}",
            entity.rows
        ))
        .hint(format!("b24 describe {}", entity.method))
        .into());
    };
    Ok(Shown {
        entity: entity.clone(),
        fields,
        portal: connection.host.clone(),
        origin: connection.origin.clone(),
    })
}

impl Shown {
    pub(super) fn object(&self) -> Value {
        json!({
            "entity": self.entity.stem,
            "method": self.entity.method,
            "api": self.entity.version.to_string(),
            "params": self.entity.parameters(),
            "fields_method": self.entity.fields_method(),
            "portal": self.portal,
            "origin": self.origin,
            "fields": self.fields(),
        })
    }

    pub(super) fn portal(&self) -> &str {
        &self.portal
    }

    pub(super) fn fields(&self) -> Value {
        self.fields.iter().map(object).collect()
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let params = match self.entity.type_id {
            Some(id) => format!(", entityTypeId {id}"),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "{}: {} ({}){params}, {} fields of {} ({})\n",
            self.entity.stem,
            self.entity.method,
            self.entity.version,
            self.fields.iter().count(),
            self.portal,
            self.origin,
        );
        let rows: Vec<[String; 4]> = self.fields.iter().map(row).collect();
        let header = ["FIELD", "TYPE", "", "TITLE"].map(str::to_owned);
        let rows = std::iter::once(&header).chain(&rows);
        let width = |column: usize| {
            let widths = rows.clone().map(|row| measure_text_width(&row[column]));
            widths.max().unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2)];
        for row in rows {
            let mut line = String::new();
            for (text, width) in row.iter().zip(widths) {
                line.push_str(&pad_str(text, width, console::Alignment::Left, None));
                line.push_str("  ");
            }
            line.push_str(&row[3]);
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}

fn object(field: &Field) -> Value {
    json!({
        "name": field.name,
        "key": field.key,
        "type": field.kind,
        "title": field.title,
        "required": field.required,
        "read_only": field.read_only,
        "immutable": field.immutable,
        "multiple": field.multiple,
        "status_type": field.status_type,
        "items": field.items.iter()
            .map(|(code, text)| json!({"code": code, "text": text}))
            .collect::<Vec<_>>(),
    })
}

fn row(field: &Field) -> [String; 4] {
    let flags = [
        (field.required, "required"),
        (field.read_only, "read-only"),
        (field.immutable, "immutable"),
        (field.multiple, "multiple"),
    ];
    let flags: Vec<&str> = flags
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect();
    let mut title = field.title.clone().unwrap_or_default();
    if let Some(directory) = &field.status_type {
        let _ = write!(title, " [{directory}]");
    }
    if !field.items.is_empty() {
        let shown = field.items.iter().take(CHOICES);
        let shown: Vec<String> = shown.map(|(code, text)| format!("{code} {text}")).collect();
        let more = if field.items.len() > CHOICES {
            ", …"
        } else {
            ""
        };
        let _ = write!(title, ": {}{more}", shown.join(", "));
    }
    let title = title.trim().replace(char::is_control, " ");
    [
        field.name.clone(),
        field.kind.clone(),
        flags.join(", "),
        title,
    ]
}
