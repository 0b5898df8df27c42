//! Items.

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed};
use super::{Extra, is_unset};
use crate::value::{Date, DateTime, Decimal, flag, number};

/// An invoice, an estimate or an item of a smart process: `crm.item.*` with any entity type. What a
/// kind does not have stays empty.
///
/// Made by [`Client::items`](crate::Client::items); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Item {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// The kind of item. Written by the portal.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub entity_type_id: Option<i64>,
    /// Its name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its id in an outside system.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub xml_id: Option<String>,
    /// The number of an invoice, as printed. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub account_number: Option<String>,
    /// Its pipeline. Set once, when it is made.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub category_id: Option<i64>,
    /// Its stage: `DT128_7:NEW`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<String>,
    /// The stage before. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub previous_stage_id: Option<String>,
    /// The currency of its amounts: `EUR`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub currency_id: Option<String>,
    /// Its amount, in `currencyId`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<Decimal>,
    /// Whether the amount was entered by hand, not summed from its products.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_manual_opportunity: Option<bool>,
    /// The tax in the amount, in `currencyId`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub tax_value: Option<Decimal>,
    /// The company.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub company_id: Option<u64>,
    /// The first contact.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<u64>,
    /// All contacts.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub contact_ids: Vec<u64>,
    /// The portal's own company in the matter.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub mycompany_id: Option<u64>,
    /// When it begins; the date of an invoice.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub begindate: Option<Date>,
    /// When it ends; the day to pay an invoice by.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub closedate: Option<Date>,
    /// Whether all may see it.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub opened: Option<bool>,
    /// The user responsible for it.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub assigned_by_id: Option<u64>,
    /// The user who made it. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub created_by: Option<u64>,
    /// The user who changed it last. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<u64>,
    /// When it was made. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub created_time: Option<DateTime>,
    /// When it was changed last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub updated_time: Option<DateTime>,
    /// The user who changed its stage last. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub moved_by: Option<u64>,
    /// When its stage changed last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub moved_time: Option<DateTime>,
    /// The user of the last activity. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub last_activity_by: Option<u64>,
    /// When the last activity was. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub last_activity_time: Option<DateTime>,
    /// Notes, with `BBCode` or HTML.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Where it is, for taxes.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub location_id: Option<String>,
    /// Where it came from: a code of the directory `SOURCE`, such as `WEB`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// More about the source.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub source_description: Option<String>,
    /// The CRM form it came by.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub webform_id: Option<u64>,
    /// Users who watch it.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub observers: Vec<u64>,
    /// Custom fields (`ufCrm_…`) and others that this model does not name.
    #[serde(flatten)]
    pub extra: Extra,
}
