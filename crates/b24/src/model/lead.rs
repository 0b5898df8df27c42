//! Leads.

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed};
use super::{Extra, is_unset};
use crate::value::{Date, DateTime, Decimal, Multifield, flag, list, multifield, number};

/// A lead: `crm.item.*` with the entity type 1.
///
/// Made by [`Client::leads`](crate::Client::leads); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Lead {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// Its name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How to address the person: a code of the directory `HONORIFIC`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub honorific: Option<String>,
    /// First name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Second name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub second_name: Option<String>,
    /// Last name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Date of birth.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<Date>,
    /// The person's position.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The company's name, as told.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub company_title: Option<String>,
    /// The company, where it is known.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub company_id: Option<u64>,
    /// The first contact.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<u64>,
    /// All contacts.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub contact_ids: Vec<u64>,
    /// Its stage: a code of the directory `STATUS`, such as `NEW`, `CONVERTED`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<String>,
    /// What the stage means: `P` in work, `S` converted, `F` junk. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub stage_semantic_id: Option<String>,
    /// More about the stage.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub status_description: Option<String>,
    /// The currency of its amounts: `EUR`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub currency_id: Option<String>,
    /// Its amount, in `currencyId`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<Decimal>,
    /// Whether the amount was entered by hand, not summed from its products.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_manual_opportunity: Option<bool>,
    /// The address, in one line.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
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
    /// Whether the customer has bought before.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_return_customer: Option<bool>,
    /// Whether all may see it.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub opened: Option<bool>,
    /// When it was converted or junked. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_closed: Option<DateTime>,
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
