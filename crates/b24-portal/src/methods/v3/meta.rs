//! What the portal says about REST 3.0 itself.

#![expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]

use super::Source;
use super::query::type_name;
use crate::methods::all;
use crate::php::{Php, PhpArray};
use crate::play::{Answer, Call, Refusal, Reply, Version};
use crate::world::Entity;

/// Module → controller → method, with what it needs. `filterModule`, `filterController`, `filterMethod` narrow it.
pub(super) fn scopes(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let wanted = |name: &str, found: &str| {
        call.params
            .get(name)
            .and_then(Php::as_str)
            .is_none_or(|text| text.is_empty() || text == found)
    };
    let mut modules = PhpArray::new();
    for method in all().filter(|method| method.version == Version::V3) {
        let mut parts = method.name.splitn(3, '.');
        let (Some(module), Some(controller), Some(action)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if !(wanted("filterModule", module)
            && wanted("filterController", controller)
            && wanted("filterMethod", action))
        {
            continue;
        }
        let described = Php::map([
            ("scope", method.name.into()),
            ("title", method.name.into()),
            ("description", Php::Null),
            ("fields", Php::empty_array()),
        ]);
        let controllers = modules.child(&module.into());
        controllers
            .child(&controller.into())
            .insert(action, described);
    }
    Ok(Reply::value(modules))
}

/// The OpenAPI document: it stands alone, without `result` and `time`.
pub(super) fn openapi(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let methods = || all().filter(|method| method.version == Version::V3);
    let mut tags: Vec<&str> = methods()
        .filter_map(|method| method.name.split('.').next())
        .collect();
    tags.dedup();
    let path = |name: &'static str| {
        let tag = name.split('.').next().unwrap_or(name);
        let content = Php::map([(
            "application/json",
            Php::map([("schema", Php::map([("type", "object".into())]))]),
        )]);
        let answers = Php::map([(
            "200",
            Php::map([("description", "OK".into()), ("content", content)]),
        )]);
        let post = Php::map([
            ("tags", Php::list([tag.into()])),
            ("operationId", name.into()),
            ("responses", answers),
        ]);
        (format!("/{name}"), Php::map([("post", post)]))
    };
    let schemas = [("TaskDto", Source::Tasks), ("EventLogDto", Source::Events)];
    let schemas = Php::map(schemas.map(|(name, source)| (name, schema(source.entity(call.world)))));
    let document = Php::map([
        ("openapi", "3.0.0".into()),
        (
            "info",
            Php::map([
                ("title", "Bitrix24 REST V3 API".into()),
                ("version", "1.0.0".into()),
            ]),
        ),
        (
            "tags",
            Php::list(
                tags.into_iter()
                    .map(|tag| Php::map([("name", tag.into()), ("description", "".into())])),
            ),
        ),
        ("paths", Php::map(methods().map(|method| path(method.name)))),
        ("components", Php::map([("schemas", schemas)])),
    ]);
    Ok(Reply {
        answer: Answer::Document(document),
        next: None,
        total: None,
    })
}

fn schema(entity: &Entity) -> Php {
    let properties = entity.v3.entries.iter().map(|entry| {
        let (kind, format) = match type_name(entry) {
            "int" => ("integer", Some("int64")),
            "float" => ("number", None),
            "bool" => ("boolean", None),
            "datetime" => ("string", Some("date-time")),
            "date" => ("string", Some("date")),
            other => (other, None),
        };
        let mut property: PhpArray = [("type", kind.into())].into_iter().collect();
        if let Some(format) = format {
            property.insert("format", format.into());
        }
        (&*entry.name, property.into())
    });
    Php::map([
        ("type", "object".into()),
        ("properties", Php::map(properties)),
    ])
}
