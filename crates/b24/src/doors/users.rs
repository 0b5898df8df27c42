//! Users.

use serde::Serialize;

use super::Done;
use super::fields::Fields;
use crate::call::Call;
use crate::client::Client;
use crate::list::List;
use crate::model::User;

/// Users of the portal: `user.*`. Made by [`Client::users`].
///
/// Names of fields are in upper case. A filter passes over names that the portal does not know: a misspelt condition
/// answers all users. There is no delete: a user who leaves is dismissed by `{ "ACTIVE": "N" }`.
#[derive(Debug)]
pub struct Users {
    client: Client,
}

impl Users {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
        }
    }

    /// The user on whose behalf the client calls.
    pub fn current(&self) -> Call<User> {
        self.client.v2().call("user.current").typed()
    }

    /// One by the id. There is none: an error of [`Kind::Answer`](crate::Kind::Answer), for the portal answers an empty
    /// list and no error.
    pub fn get(&self, id: u64) -> Call<User> {
        let call = self.client.v2().call("user.get");
        call.param("ID", id).key("0").typed()
    }

    /// Those that match, in the order of their ids; the dismissed ones too, but for a filter `{ "ACTIVE": true }`.
    pub fn list(&self) -> List<User> {
        self.client.v2().list("user.get").typed()
    }

    /// Invites one, by e-mail: `EMAIL` is needed, and for the intranet `UF_DEPARTMENT`. What is `None` or null is not
    /// sent. The id comes back.
    pub fn add(&self, fields: impl Serialize) -> Call<u64> {
        let call = self.client.v2().call("user.add");
        call.params(Fields::new(fields)).typed()
    }

    /// Changes one. What is `None` or null stays as it is, empty text empties a field.
    pub fn update(&self, id: u64, fields: impl Serialize) -> Call<Done> {
        let call = self.client.v2().call("user.update");
        call.params(Fields::new(fields)).param("ID", id).typed()
    }
}
