//! The other way round: codes for the texts that a file has.

use anyhow::Result;

use super::ask::{self, Answers};
use super::books::directory;
use crate::connection::Connection;
use crate::entity::Entity;
use crate::fields::{Field, Fields};
use crate::session::Session;

/// The codes of an import.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    #[expect(dead_code, reason = "the checks are made of it")]
    answers: Answers,
}

impl Codes {
    #[expect(dead_code, reason = "`import` is made of it")]
    /// Asks the portal for the directories of the fields that are `wanted`. What it refuses is a
    /// warning: codes are then taken unchecked, and texts cannot be.
    pub(crate) async fn of(
        entity: &Entity,
        fields: &Fields,
        wanted: impl Fn(&Field) -> bool,
        session: &Session,
        connection: &Connection,
    ) -> Result<Self> {
        let coded = fields.iter().filter(|field| wanted(field));
        let needed: Vec<_> = coded.filter_map(|field| directory(field, entity)).collect();
        let answers = ask::ask(needed.iter(), entity, session, connection).await?;
        Ok(Self { answers })
    }
}
