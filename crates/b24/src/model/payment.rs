//! Payments.

use serde::{Deserialize, Serialize};

use super::read::parsed;
use super::{Extra, is_unset};
use crate::value::{Date, DateTime, Decimal, flag, number};

/// A payment of an order: `sale.payment.*`. Payments of deals and invoices are among them: behind each
/// stands an order.
///
/// Made by [`Client::payments`](crate::Client::payments); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Payment {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// Its number, as printed. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub account_number: Option<String>,
    /// The order it pays. A new payment needs it.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// The payment system. A new payment needs it, and so does an update.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub pay_system_id: Option<u64>,
    /// The name of the payment system. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_system_name: Option<String>,
    /// The outside id of the payment system. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_system_xml_id: Option<String>,
    /// Whether the payment system takes cash: `Y`, `N`, or `A` for a card terminal. Written by
    /// the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_system_is_cash: Option<String>,
    /// The amount to pay, in `currency`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub sum: Option<Decimal>,
    /// The currency: `EUR`. That of the order.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The fee for cash on delivery, in `currency`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub price_cod: Option<Decimal>,
    /// Whether it is paid.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    /// When it was paid or unpaid last.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_paid: Option<DateTime>,
    /// The user who did that.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub emp_paid_id: Option<u64>,
    /// When it was issued.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_bill: Option<DateTime>,
    /// To be paid by. The documentation calls it outdated.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_pay_before: Option<DateTime>,
    /// The number of the payment document.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_voucher_num: Option<String>,
    /// The date of the payment document.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_voucher_date: Option<Date>,
    /// Whether it was paid back.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_return: Option<bool>,
    /// The number of the return document.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_return_num: Option<String>,
    /// The date of the return document.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_return_date: Option<Date>,
    /// Notes on the return.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub pay_return_comment: Option<String>,
    /// The user who paid it back.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub emp_return_id: Option<u64>,
    /// Whether the payment system has confirmed it.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub ps_status: Option<bool>,
    /// The state in the payment system, as a code.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_status_code: Option<String>,
    /// The state in the payment system, described.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_status_description: Option<String>,
    /// The message of the payment system.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_status_message: Option<String>,
    /// The amount in the payment system, in `psCurrency`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_sum: Option<Decimal>,
    /// The currency in the payment system.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_currency: Option<String>,
    /// When the payment system answered.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_response_date: Option<DateTime>,
    /// The id in the payment system.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub ps_invoice_id: Option<String>,
    /// The portal's own company that is paid.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub company_id: Option<u64>,
    /// The user responsible for it.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub responsible_id: Option<u64>,
    /// The user who named the responsible one.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub emp_responsible_id: Option<u64>,
    /// When that was. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_responsible_id: Option<DateTime>,
    /// Whether there is trouble with it.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub marked: Option<bool>,
    /// What trouble.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub reason_marked: Option<String>,
    /// When it was marked. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_marked: Option<DateTime>,
    /// The user who marked it.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub emp_marked_id: Option<u64>,
    /// Notes.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Its id in an outside system: search by it before adding again.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub xml_id: Option<String>,
    /// Whether it came from outside: `Y`, `N`, or `F` for the first exchange.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub external_payment: Option<String>,
    /// Whether 1C changed it.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub updated_1c: Option<bool>,
    /// Its id in 1C.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub id_1c: Option<String>,
    /// Its version in 1C.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub version_1c: Option<String>,
    /// Custom fields (`ufCrm_…`) and others that this model does not name.
    #[serde(flatten)]
    pub extra: Extra,
}
