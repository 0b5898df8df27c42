//! Lists.
mod cursor;
mod id;
pub use cursor::Cursor;

use crate::client::Client;
/// A list.
#[derive(Debug)]
pub struct List(Client);
impl List {
    pub(crate) fn v2(client: Client, _method: String) -> Self {
        Self(client)
    }
    pub(crate) fn v3(client: Client, _method: String) -> Self {
        Self(client)
    }
    pub(crate) fn tail(client: Client, _method: String) -> Self {
        Self(client)
    }
}
