//! Phones, e-mail addresses and the like: `crm_multifield`.

use crate::failure::closest;
use crate::fields::Fields;
use crate::parameters::Tree;

use super::value::{list_of, text_of};

/// The kinds, and the types of each.
pub(super) const KINDS: &[(&str, &[&str])] = &[
    (
        "PHONE",
        &["WORK", "MOBILE", "FAX", "HOME", "PAGER", "MAILING", "OTHER"],
    ),
    ("EMAIL", &["WORK", "HOME", "MAILING", "OTHER"]),
    (
        "WEB",
        &[
            "WORK",
            "HOME",
            "FACEBOOK",
            "VK",
            "LIVEJOURNAL",
            "TWITTER",
            "OTHER",
        ],
    ),
    (
        "IM",
        &[
            "TELEGRAM",
            "FACEBOOK",
            "VK",
            "SKYPE",
            "VIBER",
            "INSTAGRAM",
            "BITRIX24",
            "OPENLINE",
            "IMOL",
            "ICQ",
            "MSN",
            "JABBER",
            "OTHER",
        ],
    ),
    ("LINK", &["USER", "OTHER"]),
];

/// Where the contacts of a column go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// `PHONE_WORK`: the kind and the type.
    One(&'static str, &'static str),
    /// `fm`: each says its own.
    Any,
}

/// A phone, an address …
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    kind: String,
    /// Such as `WORK`.
    value_type: String,
    value: String,
}

/// What the name of a column says, if the entity has contacts at all.
pub(super) fn channel(name: &str, fields: &Fields) -> Option<Channel> {
    let upper = name.to_ascii_uppercase().replace([' ', '-'], "_");
    if upper == "FM" {
        return by_item(fields).then_some(Channel::Any);
    }
    let (kind, value_type) = upper.split_once('_').unwrap_or((&upper, ""));
    let (kind, types) = KINDS.iter().find(|(known, _)| *known == kind)?;
    if !by_item(fields) && !is_multifield(fields, kind) {
        return None;
    }
    let value_type = match value_type {
        "" => types.first()?,
        other => types.iter().find(|known| **known == other)?,
    };
    Some(Channel::One(kind, value_type))
}

/// The column of contacts that a name is most like, if it begins as one.
pub(super) fn suggestion(name: &str, fields: &Fields) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let begins = |kind: &str| upper.starts_with(kind);
    let (kind, types) = KINDS.iter().find(|(kind, _)| begins(kind))?;
    channel(kind, fields)?;
    let names: Vec<String> = types
        .iter()
        .map(|value_type| format!("{kind}_{value_type}"))
        .collect();
    let close = closest(&upper, names.iter().map(String::as_str))?;
    Some(format!("{close:?}"))
}

/// Whether contacts are all in `fm`, as those of `crm.item.*` are.
pub(super) fn by_item(fields: &Fields) -> bool {
    is_multifield(fields, "fm")
}

fn is_multifield(fields: &Fields, name: &str) -> bool {
    let field = fields.find(name);
    field.is_some_and(|field| field.kind == "crm_multifield")
}

/// The contacts of a cell: one, several between `;`, or JSON.
pub(super) fn read(cell: &Tree, channel: Channel) -> Result<Vec<Contact>, String> {
    let mut contacts = Vec::new();
    for item in list_of(cell, &[';', '\n']) {
        contacts.extend(one(&item, channel)?);
    }
    Ok(contacts)
}

fn one(item: &Tree, channel: Channel) -> Result<Option<Contact>, String> {
    let text = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| item.get(key));
        found.map(text_of).transpose()
    };
    let (kind, value_type, value) = match (item, channel) {
        (Tree::Map(_), channel) => {
            let (kind, value_type) = match channel {
                Channel::One(kind, value_type) => (kind, value_type),
                Channel::Any => ("", ""),
            };
            let value = text(["value", "VALUE"])?.ok_or("a contact without a value")?;
            let kind = text(["typeId", "TYPE_ID"])?.unwrap_or_else(|| kind.into());
            let own = text(["valueType", "VALUE_TYPE"])?;
            let value_type = own.unwrap_or_else(|| value_type.into());
            (
                kind.into_owned(),
                value_type.into_owned(),
                value.into_owned(),
            )
        }
        (_, Channel::Any) => {
            return Err(
                "wants JSON: [{\"typeId\":\"PHONE\",\"valueType\":\"WORK\",\"value\":\"…\"}]"
                    .to_owned(),
            );
        }
        (item, Channel::One(kind, value_type)) => (
            kind.to_owned(),
            value_type.to_owned(),
            text_of(item)?.into_owned(),
        ),
    };
    let value = value.trim().to_owned();
    if value.is_empty() {
        return Ok(None);
    }
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        return Err(format!("no kind of contact {kind:?}"));
    }
    fits(&kind, &value)?;
    Ok(Some(Contact {
        kind,
        value_type: if value_type.is_empty() {
            "WORK".to_owned()
        } else {
            value_type
        },
        value,
    }))
}

/// What is surely none of its kind.
fn fits(kind: &str, value: &str) -> Result<(), String> {
    match kind {
        "PHONE" if !value.contains(|c: char| c.is_ascii_digit()) => {
            Err(format!("{value:?} is no phone number"))
        }
        "EMAIL" => {
            let parts = value.split_once('@');
            let one = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
            let several = value.matches('@').count() > 1;
            let blank = value.contains(|c: char| c.is_whitespace() || c == ',');
            match (one, several || blank) {
                (true, false) => Ok(()),
                (_, true) if several => Err(format!(
                    "{value:?} is more than one e-mail: they go between ;"
                )),
                _ => Err(format!("{value:?} is no e-mail")),
            }
        }
        _ => Ok(()),
    }
}

/// Puts contacts into `fields`, each once.
pub(super) fn put(contacts: Vec<Contact>, by_item: bool, fields: &mut Tree) {
    let mut seen: Vec<(String, String)> = Vec::new();
    for contact in contacts {
        let alike = (contact.kind.clone(), plain(&contact.kind, &contact.value));
        if seen.contains(&alike) {
            continue;
        }
        seen.push(alike);
        let key = if by_item { "fm" } else { contact.kind.as_str() };
        let mut list = match fields.get(key) {
            Some(Tree::List(list)) => list.clone(),
            _ => Vec::new(),
        };
        let names = Names::of(by_item);
        let mut entries = vec![
            (names.value_type.to_owned(), contact.value_type.into()),
            (names.value.to_owned(), contact.value.into()),
        ];
        let key = key.to_owned();
        if by_item {
            entries.insert(0, (names.kind.to_owned(), contact.kind.into()));
        }
        list.push(Tree::Map(entries));
        fields.set(key, Tree::List(list));
    }
}

/// What the two families call the parts of a contact.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) id: &'static str,
    pub(super) kind: &'static str,
    pub(super) value_type: &'static str,
    pub(super) value: &'static str,
}

impl Names {
    pub(super) const fn of(by_item: bool) -> Self {
        if by_item {
            Self {
                id: "id",
                kind: "typeId",
                value_type: "valueType",
                value: "value",
            }
        } else {
            Self {
                id: "ID",
                kind: "TYPE_ID",
                value_type: "VALUE_TYPE",
                value: "VALUE",
            }
        }
    }
}

/// A contact as it is compared: `+7 (900) 1` and `+79001` are one phone.
pub(super) fn plain(kind: &str, value: &str) -> String {
    match kind {
        "PHONE" => value
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '+')
            .collect(),
        _ => value.trim().to_lowercase(),
    }
}
