//! Fields by which a row that was made is found again, and the highest id before it was made.

use anyhow::Result;

use crate::connection::Connection;
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Field, Fields};
use crate::parameters::Tree;
use crate::session::Session;

/// The names of the external id and of its giver; the first that an entity has counts.
const EXTERNAL: &[(&str, Option<&str>)] = &[
    ("originId", Some("originatorId")),
    ("xmlId", None),
    ("ORIGIN_ID", Some("ORIGINATOR_ID")),
    ("XML_ID", None),
];

/// The names of fields that may be the external id.
pub(crate) fn external_names() -> impl Iterator<Item = &'static str> {
    EXTERNAL.iter().map(|(name, _)| *name)
}

/// The external ids that rows of an entity can have, each with the field that says who gave it.
pub(crate) fn external_ids<'a>(
    entity: &'a Entity,
    fields: &'a Fields,
) -> impl Iterator<Item = (&'a Field, Option<&'a Field>)> {
    let writable = |name: &str| {
        let found = fields.iter().find(|field| field.name == name);
        found.filter(|field| !field.read_only)
    };
    EXTERNAL
        .iter()
        .filter(|(name, _)| is_searched(entity, name))
        .filter_map(move |(name, giver)| Some((writable(name)?, giver.and_then(writable))))
}

/// Whether a filter by this field is sure to be one: some methods pass over a field that they do not know.
fn is_searched(entity: &Entity, field: &str) -> bool {
    let documented = entity.documented.as_ref();
    entity.is_items()
        || entity.is_classic_crm()
        || documented.is_some_and(|method| method.filter_names().any(|name| name == field))
}

/// The highest id there is: what is made from now on comes above it. 0 where there is no row.
pub(crate) async fn highest_id(
    entity: &Entity,
    session: &Session,
    connection: &Connection,
) -> Result<u64> {
    let id = entity.filter_id();
    let first = connection
        .client
        .v2()
        .list(&entity.method)
        .params(entity.parameters())
        .select([id])
        .order([(id, "DESC")])
        .by_offset()
        .limit(1)
        .typed::<Tree>();
    let rows = tokio::select! {
        rows = first => rows?,
        reason = session.stop.requested() => {
            return Err(Failure::stopped(reason, session.command).state("nothing was sent").into());
        }
    };
    Ok(rows
        .first()
        .and_then(|row| entity.id_of(row))
        .unwrap_or_default())
}
