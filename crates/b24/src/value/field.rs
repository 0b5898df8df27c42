//! Names of fields: `UF_CRM_1_ABC` in the classic methods, `ufCrm1Abc` in
//! `crm.item.*`.
//!
//! ```
//! use b24::value::field::{to_classic, to_item};
//!
//! for (classic, item) in [
//!     ("UF_CRM_1_ABC", "ufCrm1Abc"),
//!     ("UF_CRM_1747309879", "ufCrm_1747309879"),
//!     ("UF_CRM_3_1747309727", "ufCrm3_1747309727"),
//!     ("ASSIGNED_BY_ID", "assignedById"),
//!     ("PARENT_ID_128", "parentId128"),
//! ] {
//!     assert_eq!(to_item(classic), item);
//!     assert_eq!(to_classic(item), classic);
//! }
//! ```
//!
//! The portal leaves a custom name as it is, after `ufCrm_`, when camel case
//! would lose something: where digits and letters mix. Names that `crm.item.*`
//! chose anew (`DATE_CREATE` is `createdTime`) are not in the spelling, but in
//! `crm.item.fields`, under `upperName`. With the parameter
//! `useOriginalUfNames=Y` the new methods take and give the classic names.

/// The beginning of custom field names in the CRM.
const CUSTOM: &str = "UF_CRM_";

/// The name of a field in `crm.item.*`, from its classic one. What is no
/// classic name comes back unchanged.
pub fn to_item(classic: &str) -> String {
    if !classic
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    {
        return classic.to_owned();
    }
    let Some(custom) = classic.strip_prefix(CUSTOM) else {
        return camel(classic, false);
    };
    let (process, name) = split_process(custom);
    let is_number = name
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'_');
    let has_digit = name.bytes().any(|byte| byte.is_ascii_digit());
    let item = match (process, is_number, has_digit) {
        (Some(process), true, _) => format!("ufCrm{process}_{name}"),
        (process, false, false) => {
            format!("ufCrm{}{}", process.unwrap_or_default(), camel(name, true))
        }
        _ => format!("ufCrm_{custom}"),
    };
    // Underscores that camel case would swallow stay too.
    if to_classic(&item) == classic {
        item
    } else {
        format!("ufCrm_{custom}")
    }
}

/// The classic name of a field, from that of `crm.item.*`. What is already
/// classic comes back unchanged.
pub fn to_classic(item: &str) -> String {
    let is_camel = item
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase())
        && item
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_camel {
        return item.to_owned();
    }
    match item.strip_prefix("ufCrm") {
        Some("") | None => snake(item),
        Some(custom) => match custom.strip_prefix('_') {
            Some(kept) => format!("{CUSTOM}{kept}"),
            None if custom.starts_with(|c: char| c.is_ascii_lowercase()) => snake(item),
            None => format!("{CUSTOM}{}", snake(custom)),
        },
    }
}

/// The number of a smart process and the rest of `5_NAME`.
fn split_process(custom: &str) -> (Option<&str>, &str) {
    match custom.split_once('_') {
        Some((process, name))
            if !name.is_empty()
                && !process.is_empty()
                && process.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (Some(process), name)
        }
        _ => (None, custom),
    }
}

/// `ASSIGNED_BY_ID` as `assignedById`, or with its first letter in upper case.
fn camel(upper: &str, mut capital: bool) -> String {
    let mut out = String::with_capacity(upper.len());
    for letter in upper.chars() {
        if letter == '_' {
            capital = !out.is_empty() || capital;
        } else {
            out.push(if capital {
                letter
            } else {
                letter.to_ascii_lowercase()
            });
            capital = false;
        }
    }
    out
}

/// `assignedById` as `ASSIGNED_BY_ID`: a new word begins at a capital and where
/// digits begin.
fn snake(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 8);
    let mut previous = None;
    for letter in camel.chars() {
        let begins = match previous {
            None | Some('_') => false,
            Some(before) => {
                letter.is_ascii_uppercase() || letter.is_ascii_digit() && !before.is_ascii_digit()
            }
        };
        if begins {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
        previous = Some(letter);
    }
    out
}
