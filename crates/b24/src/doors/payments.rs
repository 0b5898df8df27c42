//! Payments.

use serde::Serialize;

use super::Done;
use super::fields::Fields;
use crate::call::Call;
use crate::client::Client;
use crate::list::List;
use crate::model::Payment;

/// Payments of orders: `sale.payment.*`. Made by [`Client::payments`].
///
/// Payments of deals and invoices are among them, because an order stands behind each; `crm.item.payment.list` knows
/// only those of one deal. The portal passes over names that it does not know, in filters too: a misspelt condition
/// answers all payments.
#[derive(Debug)]
pub struct Payments {
    client: Client,
}

impl Payments {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
        }
    }

    /// One by its id.
    pub fn get(&self, id: u64) -> Call<Payment> {
        let call = self.client.v2().call("sale.payment.get");
        call.param("id", id).key("payment").typed()
    }

    /// Those that match, in the order of their ids.
    ///
    /// ```no_run
    /// # use serde_json::json;
    /// # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
    /// let year = json!({ "paid": "Y", ">=datePaid": "2025-01-01", "<datePaid": "2026-01-01" });
    /// for payment in b24.payments().list().filter(year).await? {
    ///     println!("{:?} {:?}", payment.sum, payment.currency);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> List<Payment> {
        self.client.v2().list("sale.payment.list").typed()
    }

    /// Makes one for an order: `orderId` and `paySystemId` are needed. What is `None` or null is not sent. It comes
    /// back as the portal has it now.
    pub fn add(&self, fields: impl Serialize) -> Call<Payment> {
        let call = self.client.v2().call("sale.payment.add");
        call.param("fields", Fields::new(fields))
            .key("payment")
            .typed()
    }

    /// Changes one; the portal wants `paySystemId` each time. What is `None` or null stays as it is, empty text empties
    /// a field. It comes back as the portal has it now.
    pub fn update(&self, id: u64, fields: impl Serialize) -> Call<Payment> {
        let call = self.client.v2().call("sale.payment.update");
        call.param("id", id)
            .param("fields", Fields::new(fields))
            .key("payment")
            .typed()
    }

    /// Deletes one.
    pub fn delete(&self, id: u64) -> Call<Done> {
        let call = self.client.v2().call("sale.payment.delete");
        call.param("id", id).typed()
    }
}
