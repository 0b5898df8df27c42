//! Deals.

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed};
use super::{Extra, is_unset};
use crate::value::{Date, DateTime, Decimal, flag, number};

/// A deal: `crm.item.*` with the entity type 2.
///
/// Made by [`Client::deals`](crate::Client::deals); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Deal {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// Its name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its type: a code of the directory `DEAL_TYPE`, such as `SALE`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub type_id: Option<String>,
    /// Its pipeline; 0 is the first one. Set once, when it is made.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub category_id: Option<i64>,
    /// Its stage: `NEW`, `WON`; of other pipelines `C1:NEW`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<String>,
    /// What the stage means: `P` in work, `S` won, `F` lost. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub stage_semantic_id: Option<String>,
    /// How likely it is, in percent.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub probability: Option<i64>,
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
    /// The lead it was made of.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<u64>,
    /// The company.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub company_id: Option<u64>,
    /// The first contact.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<u64>,
    /// All contacts.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub contact_ids: Vec<u64>,
    /// The estimate it was made of.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub quote_id: Option<u64>,
    /// When it begins.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub begindate: Option<Date>,
    /// When it is expected to close.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub closedate: Option<Date>,
    /// Whether all may see it.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub opened: Option<bool>,
    /// Whether it is won or lost. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Whether nobody has moved it yet. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_new: Option<bool>,
    /// Whether it is a template of recurring deals.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_recurring: Option<bool>,
    /// Whether the customer has bought before. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_return_customer: Option<bool>,
    /// Whether the customer came before. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_repeated_approach: Option<bool>,
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
    /// More, for programs.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<String>,
    /// Where it is, for taxes.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub location_id: Option<String>,
    /// Where it came from: a code of the directory `SOURCE`, such as `WEB`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// More about the source.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub source_description: Option<String>,
    /// The outside system it came from.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub originator_id: Option<String>,
    /// Its id in that system: search by it before adding again.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub origin_id: Option<String>,
    /// The CRM form it came by.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub webform_id: Option<u64>,
    /// Where the visit came from: `google`, `yandex`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub utm_source: Option<String>,
    /// The kind of traffic: `CPC`, `CPM`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub utm_medium: Option<String>,
    /// The campaign.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub utm_campaign: Option<String>,
    /// What in the campaign.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub utm_content: Option<String>,
    /// The search term.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub utm_term: Option<String>,
    /// Users who watch it.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub observers: Vec<u64>,
    /// Custom fields (`ufCrm_…`) and others that this model does not name.
    #[serde(flatten)]
    pub extra: Extra,
}
