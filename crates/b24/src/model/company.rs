//! Companies.

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed};
use super::{Extra, is_unset};
use crate::value::{DateTime, Decimal, Multifield, flag, list, multifield, number};

/// A company: `crm.item.*` with the entity type 4.
///
/// Made by [`Client::companies`](crate::Client::companies); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Company {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// Its name. A new company needs it.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its type: a code of the directory `COMPANY_TYPE`, such as `CUSTOMER`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub type_id: Option<String>,
    /// Its industry: a code of the directory `INDUSTRY`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// Its size: a code of the directory `EMPLOYEES`, such as `EMPLOYEES_1`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub employees: Option<String>,
    /// Its revenue in a year, in `currencyId`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Decimal>,
    /// The currency of the revenue: `EUR`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub currency_id: Option<String>,
    /// Bank and account, as text.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub banking_details: Option<String>,
    /// Whether it is one of the portal's own companies.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_my_company: Option<bool>,
    /// The lead it was made of.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<u64>,
    /// Its contacts.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub contact_ids: Vec<u64>,
    /// Phones, e-mails, sites and messengers, each with its kind in `type_id` (`PHONE`, `EMAIL`
    /// …). They come only where no field is selected. In an update a value without an id is
    /// added.
    #[serde(
        deserialize_with = "list::deserialize",
        serialize_with = "multifield::items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub fm: Vec<Multifield>,
    /// Whether it has a phone. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub has_phone: Option<bool>,
    /// Whether it has an e-mail. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub has_email: Option<bool>,
    /// Whether it has an open channel. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub has_imol: Option<bool>,
    /// The address, in one line.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The registered address, in one line.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub address_legal: Option<String>,
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
    /// The user of the last activity. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub last_activity_by: Option<u64>,
    /// When the last activity was. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub last_activity_time: Option<DateTime>,
    /// Notes, with `BBCode` or HTML.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// The outside system it came from.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub originator_id: Option<String>,
    /// Its id in that system: search by it before adding again.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub origin_id: Option<String>,
    /// The version of the data in that system.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub origin_version: Option<String>,
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
