//! Users.

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed};
use super::{Extra, is_unset};
use crate::value::{Date, DateTime, flag, number};

/// A user of the portal: `user.*`. Which fields come depends on the scope: `user_brief` and
/// `user_basic` hide some.
///
/// Made by [`Client::users`](crate::Client::users); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "SCREAMING_SNAKE_CASE")]
pub struct User {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// Whether the user works here; `false` for a dismissed one.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `employee`, `extranet`, `email` … Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    /// First name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Last name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Second name.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub second_name: Option<String>,
    /// Salutation.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// E-mail, and login. A new user needs it.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The id in an outside system.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub xml_id: Option<String>,
    /// The time zone, where it is not that of the portal: `Europe/Berlin`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether the user is online. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_online: Option<bool>,
    /// The day the user was registered. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_register: Option<Date>,
    /// When the user logged in last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub last_login: Option<DateTime>,
    /// When the user did something last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub last_activity_date: Option<DateTime>,
    /// `M`, `F`, or nothing.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_gender: Option<String>,
    /// Date of birth.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_birthday: Option<Date>,
    /// Profession.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_profession: Option<String>,
    /// Website.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_www: Option<String>,
    /// Phone at home.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_phone: Option<String>,
    /// Mobile phone.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_mobile: Option<String>,
    /// Street at home.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_street: Option<String>,
    /// City at home.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_city: Option<String>,
    /// Region at home.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_state: Option<String>,
    /// Postal code at home.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_zip: Option<String>,
    /// Country at home, by its number.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub personal_country: Option<String>,
    /// The company the user works for.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub work_company: Option<String>,
    /// The department, as text.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub work_department: Option<String>,
    /// Position.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub work_position: Option<String>,
    /// Phone at work.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub work_phone: Option<String>,
    /// City of work.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub work_city: Option<String>,
    /// Departments. A new user of the intranet needs one.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub uf_department: Vec<u64>,
    /// Extension.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub uf_phone_inner: Option<String>,
    /// Employed since, as the portal writes dates.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub uf_employment_date: Option<String>,
    /// Custom fields (`ufCrm_…`) and others that this model does not name.
    #[serde(flatten)]
    pub extra: Extra,
}
