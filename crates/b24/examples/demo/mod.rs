//! The portal of the examples: the one that `B24_WEBHOOK` names, or a local one with made-up data.

use b24::{Client, Error};
use b24_portal::Portal;

/// A client, and the local portal that must live as long.
pub(crate) async fn connect() -> Result<(Client, Option<Portal>), Error> {
    if std::env::var_os("B24_WEBHOOK").is_some() {
        return Ok((Client::from_env()?, None));
    }
    let portal = Portal::builder().demo().start().await;
    let portal = portal.unwrap_or_else(|error| panic!("the demo portal: {error}"));
    Ok((Client::from_webhook(portal.webhook())?, Some(portal)))
}
