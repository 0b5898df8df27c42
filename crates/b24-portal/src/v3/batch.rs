use super::envelope;
use super::references::Context;
use crate::access::{Admitted, Credentials};
use crate::faults::Fault;
use crate::http::HttpAnswer;
use crate::links::Links;
use crate::php::{Key, Php, PhpArray};
use crate::play::{Refusal, Version};
use crate::refusals;
use crate::run::{Known, Running, Timing};
use crate::settings::V3Profile;
use crate::shared::Shared;

/// Runs the items one after the other; the first failure is the answer, and what ran before it stays done.
pub(super) async fn answer(
    portal: &Shared,
    who: &Admitted,
    body: &PhpArray,
    fault: Option<&Fault>,
) -> Result<HttpAnswer, Refusal> {
    let began = portal.clock.now();
    let items = body
        .values()
        .map(Item::read)
        .collect::<Result<Vec<_>, _>>()?;
    if items.is_empty() {
        return Err(malformed("Batch must be a list of calls."));
    }
    if portal.settings.v3 == V3Profile::V26 {
        for item in &items {
            item.find(portal)?;
        }
    }
    let links = Links::new(&portal.facts(), &Credentials::None);
    let running = Running {
        portal,
        version: Version::V3,
        who,
        payer: None,
        links: &links,
    };
    let mut context = Context::default();
    let mut out = b"{\"result\":[".to_vec();
    let mut rows = 0;
    for (place, item) in items.iter().enumerate() {
        let name = item.alias.map_or(Key::Int(place as i64), Key::from);
        if context.knows(&name) {
            return Err(malformed(format!("Alias `{}` is used twice.", name.text())));
        }
        if let Some(Fault::InnerError {
            command,
            code,
            text,
        }) = fault
            && *command == place
        {
            return Err(Refusal::new(code, text));
        }
        let method = item.find(portal)?;
        running.check_scope(method)?;
        running.struck(item.method)?;
        let Php::Array(params) = context.resolve(item.query)? else {
            return Err(malformed("`query` must be an object."));
        };
        let played = running.play(method, params).await?;
        if place > 0 {
            out.push(b',');
        }
        played.reply.answer.write_json(&mut out);
        rows += played.reply.answer.rows();
        context.add(name, &played.reply.answer);
    }
    out.push(b']');
    let time = Timing::new(portal, None, "batch", began);
    Ok(HttpAnswer::json(200, envelope::finish(out, &time)).rows(rows))
}

/// What v3 says to anything wrong with the form of a batch.
pub(super) fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::v3("INVALIDSELECTEXCEPTION", text)
}

/// One call of a batch.
struct Item<'a> {
    method: &'a str,
    query: &'a Php,
    alias: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn read(value: &'a Php) -> Result<Self, Refusal> {
        let method = value.get("method").and_then(Php::as_str);
        let query = value
            .get("query")
            .filter(|query| query.as_array().is_some());
        let (Some(method), Some(query)) = (method, query) else {
            return Err(malformed(
                "Each item of a batch needs `method` and `query`.",
            ));
        };
        match value.get("as") {
            None | Some(Php::Null) => Ok(Self {
                method,
                query,
                alias: None,
            }),
            Some(Php::Str(alias)) if !alias.is_empty() => Ok(Self {
                method,
                query,
                alias: Some(alias),
            }),
            Some(_) => Err(malformed("`as` must be text.")),
        }
    }

    fn find(&self, portal: &Shared) -> Result<Known, Refusal> {
        Known::find(portal, Version::V3, self.method)
            .ok_or_else(|| refusals::v3_method_not_found(self.method))
    }
}
