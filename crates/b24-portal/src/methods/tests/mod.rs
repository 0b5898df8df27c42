//! The methods, called as the protocol calls them.
#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::items_after_statements,
    reason = "tables of cases"
)]

mod classic;
mod crm_files;
mod disk;
mod item;
mod paging;
mod payments;
mod reference;
mod sales;
mod tasks;
mod userfields;
mod v3;
mod writes;

use std::sync::Mutex;

use serde_json::Value;

use crate::access::Credentials;
use crate::links::Links;
use crate::methods;
use crate::oauth::Registry;
use crate::php::Php;
use crate::play::{Actor, ActorKind, Call, Facts, Refusal, Version};
use crate::settings::{Edition, PastTheEnd, V3Profile};
use crate::world::World;

/// A world and someone who calls methods on it.
struct Stage {
    world: World,
    actor: Actor,
    facts: Facts,
    oauth: Mutex<Registry>,
    now: i64,
}

/// An answer as JSON, with what goes beside it.
#[derive(Debug, PartialEq)]
struct Answered {
    result: Value,
    next: Option<i64>,
    total: Option<i64>,
}

impl Stage {
    fn demo(deals: u64) -> Self {
        Self::new(World::demo(deals))
    }

    fn new(world: World) -> Self {
        let actor = Actor {
            user_id: 1,
            kind: ActorKind::Webhook,
            scopes: vec!["crm".to_owned(), "task".to_owned()],
            app: None,
        };
        let facts = Facts {
            host: "127.0.0.1".to_owned(),
            scheme: "http",
            edition: Edition::Cloud,
            v3: V3Profile::V26,
            past_the_end: PastTheEnd::FirstPage,
            v3_task_list_cap: 1_000,
        };
        Self {
            world,
            actor,
            facts,
            oauth: Mutex::default(),
            now: 1_780_000_000,
        }
    }

    fn play(&mut self, version: Version, name: &str, params: &Value) -> Result<Answered, Refusal> {
        let mut params = Php::from_json(params.to_string().as_bytes()).unwrap();
        let start = match (&mut params, version) {
            (Php::Array(array), Version::V2) => {
                array.remove(&"start".into()).map(|start| start.to_int())
            }
            _ => None,
        };
        let method =
            methods::find(version, &name.to_ascii_lowercase()).expect("the method is played");
        let credentials = Credentials::Webhook("1".to_owned(), "secret".to_owned());
        let mut call = Call {
            world: &mut self.world,
            params: &params,
            start,
            actor: &self.actor,
            now: self.now,
            portal: &self.facts,
            oauth: &self.oauth,
            links: &Links::new(&self.facts, &credentials),
        };
        let reply = (method.play)(&mut call)?;
        let mut json = Vec::new();
        reply.answer.write_json(&mut json);
        Ok(Answered {
            result: serde_json::from_slice(&json).unwrap(),
            next: reply.next,
            total: reply.total,
        })
    }

    fn v2(&mut self, name: &str, params: Value) -> Answered {
        self.play(Version::V2, name, &params).unwrap()
    }

    fn v3(&mut self, name: &str, params: Value) -> Value {
        self.play(Version::V3, name, &params).unwrap().result
    }

    fn refused(&mut self, name: &str, params: Value) -> Refusal {
        self.play(Version::V2, name, &params).unwrap_err()
    }

    /// The end of the code of a refusal of v3.
    fn refused_v3(&mut self, name: &str, params: Value) -> (String, u16) {
        let refusal = self.play(Version::V3, name, &params).unwrap_err();
        let code = refusal
            .code
            .strip_prefix("BITRIX_REST_V3_EXCEPTION_")
            .unwrap_or(&refusal.code);
        (code.to_owned(), refusal.status)
    }
}

/// The values of one field of a list of rows.
fn column<'a>(rows: &'a Value, field: &str) -> Vec<&'a Value> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| &row[field])
        .collect()
}

fn ids(rows: &Value, field: &str) -> Vec<i64> {
    let number = |value: &Value| {
        value
            .as_i64()
            .or_else(|| value.as_str()?.parse().ok())
            .unwrap()
    };
    column(rows, field).into_iter().map(number).collect()
}
