//! Tasks.

use serde::Serialize;

use super::Done;
use super::fields::Fields;
use crate::call::Call;
use crate::client::Client;
use crate::list::List;
use crate::model::Task;

/// Tasks: `tasks.task.*` of REST v2, which lists 2,500 in a request. Made by [`Client::tasks`].
///
/// Filters, selections and orders take names in upper case only (`RESPONSIBLE_ID`), and pass over others silently.
/// Writes take both: they are sent in upper case.
#[derive(Debug)]
pub struct Tasks {
    client: Client,
}

impl Tasks {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
        }
    }

    /// One by its id.
    pub fn get(&self, id: u64) -> Call<Task> {
        let call = self.client.v2().call("tasks.task.get");
        // Without a selection, custom fields and participants do not come.
        call.param("taskId", id)
            .param("select", ["*", "UF_*"])
            .key("task")
            .typed()
    }

    /// Those that match and the caller may see, in the order of their ids.
    pub fn list(&self) -> List<Task> {
        self.client.v2().list("tasks.task.list").typed()
    }

    /// Makes one: a title and a responsible user are needed. What is `None` or null is not sent. It comes back as the
    /// portal has it now.
    pub fn add(&self, fields: impl Serialize) -> Call<Task> {
        let call = self.client.v2().call("tasks.task.add");
        call.param("fields", Fields::upper(fields))
            .key("task")
            .typed()
    }

    /// Changes one. What is `None` or null stays as it is, empty text empties a field. It comes back as the portal has
    /// it now.
    pub fn update(&self, id: u64, fields: impl Serialize) -> Call<Task> {
        let call = self.client.v2().call("tasks.task.update");
        call.param("taskId", id)
            .param("fields", Fields::upper(fields))
            .key("task")
            .typed()
    }

    /// Deletes one.
    pub fn delete(&self, id: u64) -> Call<Done> {
        let call = self.client.v2().call("tasks.task.delete");
        call.param("taskId", id).key("task").typed()
    }
}
