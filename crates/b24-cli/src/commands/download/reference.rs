//! What a person calls a file.

use url::Url;

use crate::entity::{Api, Word};
use crate::failure::Failure;

/// A file, as it was written.
#[derive(Debug)]
pub(super) enum Reference {
    /// `disk:8071`
    Disk(u64),
    /// An address out of an answer.
    Address(Url),
    /// `deals:5:ufCrm_contract`, and the id of one file of several.
    Field {
        entity: Word,
        id: u64,
        field: String,
        file: Option<u64>,
    },
}

impl Reference {
    /// Reads a reference. Messages never repeat an address: it may hold a secret.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Url::parse(text)
                .map(Self::Address)
                .map_err(|error| wrong(&format!("the address cannot be read: {error}")));
        }
        let mut parts: Vec<&str> = text.split(':').collect();
        let number = |text: &str| text.parse::<u64>().ok();
        if let ["disk", id] = parts.as_slice() {
            return number(id)
                .map(Self::Disk)
                .ok_or_else(|| wrong(&format!("{id:?} is no id")));
        }
        // An entity may be `spa:ID` itself, so the end says how many parts there are.
        let file = match parts.as_slice() {
            [_, .., id, field, file]
                if number(id).is_some() && number(field).is_none() && number(file).is_some() =>
            {
                number(file)
            }
            _ => None,
        };
        if file.is_some() {
            parts.pop();
        }
        match parts.as_slice() {
            [entity @ .., id, field] if !entity.is_empty() && !field.is_empty() => {
                let Some(id) = number(id) else {
                    return Err(wrong(&format!("{id:?} is no id")));
                };
                Ok(Self::Field {
                    entity: Word::read(&entity.join(":"), Api::Auto)?,
                    id,
                    field: (*field).to_owned(),
                    file,
                })
            }
            _ => Err(wrong("it names no file")),
        }
    }
}

fn wrong(why: &str) -> Failure {
    Failure::usage(format!("REF: {why}"))
        .state("nothing was sent")
        .hint("disk:8071, deals:5:ufCrm_contract, or an address out of an answer of the portal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_every_kind_read() {
        let read = |text: &str| match Reference::read(text) {
            Ok(Reference::Disk(id)) => format!("disk {id}"),
            Ok(Reference::Address(url)) => format!("address at {}", url.host_str().unwrap()),
            Ok(Reference::Field {
                entity,
                id,
                field,
                file,
            }) => {
                let entity = match entity {
                    Word::Entity(entity) => entity.stem,
                    Word::SmartProcess(name) => name,
                };
                format!("{entity} {id} {field} {file:?}")
            }
            Err(failure) => failure.to_string(),
        };
        assert_eq!(read("disk:8071"), "disk 8071");
        assert_eq!(
            read("https://acme.bitrix24.com/x?token=y"),
            "address at acme.bitrix24.com"
        );
        assert_eq!(read("deals:5:ufCrm_1"), "deals 5 ufCrm_1 None");
        assert_eq!(read("deals:5:ufCrm_1:77"), "deals 5 ufCrm_1 Some(77)");
        assert_eq!(
            read("spa:1032:7:ufCrm12Scan"),
            "spa-1032 7 ufCrm12Scan None"
        );
        assert_eq!(
            read("spa:Orders:7:ufCrm12Scan:431"),
            "Orders 7 ufCrm12Scan Some(431)"
        );
        assert_eq!(
            read("crm.contact.list:7:PHOTO"),
            "crm.contact.list 7 PHOTO None"
        );
        for wrong in ["disk:x", "deals:5", "deals:x:f", "5", "", "deals:5:"] {
            assert!(read(wrong).starts_with("REF: "), "{wrong}: {}", read(wrong));
        }
        assert!(!read("https://[/rest/1/verysecret/").contains("verysecret"));
    }
}
