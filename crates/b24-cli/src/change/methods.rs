//! The methods that write the rows of an entity.

use crate::catalogue::{self, Version};
use crate::entity::Entity;
use crate::failure::Failure;
use crate::parameters::Tree;

use super::Action;

/// The names of an id among parameters.
const IDS: &[&str] = &["id", "ID", "taskId"];

/// How one row of an entity is written.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) name: String,
    /// The parameter of the id; none for a new row.
    id: Option<&'static str>,
    with_fields: bool,
}

impl Method {
    /// The method for an action, if the documentation has one in a form that we know.
    pub(crate) fn of(entity: &Entity, action: Action) -> Result<Self, Failure> {
        let verb = match action {
            Action::Update | Action::PutBack => "update",
            Action::Delete => "delete",
            Action::Restore => "add",
        };
        let refused = |why: &str| {
            Failure::usage(format!(
                "{} cannot be written by b24 {verb}: {why}",
                entity.rows
            ))
            .state("nothing was sent")
            .hint("b24 batch runs any method for each line of a file")
        };
        if entity.version != Version::V2 {
            return Err(refused("it is for REST 2"));
        }
        let base = entity.method.rsplit_once('.').map_or("", |(base, _)| base);
        let name = format!("{base}.{verb}");
        let documented = catalogue::find_method(&name, Some(Version::V2))
            .ok_or_else(|| refused(&format!("there is no method {name}")))?;
        let has = |wanted: &str| documented.params.iter().any(|param| param.name == wanted);
        let id = IDS.iter().copied().find(|id| has(id));
        let with_fields = verb != "delete";
        if (with_fields && !has("fields")) || (verb != "add" && id.is_none()) {
            return Err(refused(&format!(
                "{name} takes its values in a form of its own"
            )));
        }
        Ok(Self {
            name: documented.name().to_owned(),
            id: id.filter(|_| verb != "add"),
            with_fields,
        })
    }

    /// The parameters for one row.
    pub(crate) fn params(&self, entity: &Entity, id: u64, fields: &Tree) -> Tree {
        let mut params = entity.parameters();
        if let Some(name) = self.id {
            params.set(name, id.into());
        }
        if self.with_fields {
            params.set("fields", fields.clone());
        }
        params
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Api, Word};

    #[test]
    fn rows_are_written_as_documented() {
        let line = |word: &str, action| {
            let Ok(Word::Entity(entity)) = Word::read(word, Api::Auto) else {
                panic!("{word} is an entity");
            };
            match Method::of(&entity, action) {
                Ok(method) => {
                    let mut fields = Tree::empty();
                    fields.set("title", "A".into());
                    let params = method.params(&entity, 5, &fields);
                    format!(
                        "{} {}",
                        method.name,
                        serde_json::to_string(&params).unwrap()
                    )
                }
                Err(failure) => failure.to_string(),
            }
        };
        let all = [
            "deals",
            "tasks",
            "crm.contact.list",
            "products",
            "users",
            "main.eventlog.list",
        ]
        .map(|word| {
            [Action::Update, Action::Delete, Action::Restore]
                .map(|action| line(word, action))
                .join("\n")
        });
        insta::assert_snapshot!(all.join("\n"));
    }
}
