//! Contacts.

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed};
use super::{Extra, is_unset};
use crate::value::{Date, DateTime, Multifield, flag, list, multifield, number};

/// A contact: `crm.item.*` with the entity type 3.
///
/// Made by [`Client::contacts`](crate::Client::contacts); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Contact {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// How to address the person: a code of the directory `HONORIFIC`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub honorific: Option<String>,
    /// First name. A new contact needs this or the last name.
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
    /// Its type: a code of the directory `CONTACT_TYPE`, such as `CLIENT`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub type_id: Option<String>,
    /// The first company.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub company_id: Option<u64>,
    /// All companies.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub company_ids: Vec<u64>,
    /// The lead it was made of.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<u64>,
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
    /// Whether it may be exported.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub export: Option<bool>,
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
