//! The application, its payment, the portal's plan, the user.

use serde::Deserialize;

use crate::limits::Limits;
use crate::value::{flag, maybe, number};

/// The application on this portal. To a webhook nothing of it is told: the fields are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "UPPERCASE")]
#[non_exhaustive]
pub struct AppInfo {
    /// Its number on the portal.
    #[serde(with = "number::option")]
    pub id: Option<u64>,
    /// Its `client_id`, or its code in the Market.
    #[serde(with = "maybe")]
    pub code: Option<String>,
    /// Its version.
    #[serde(with = "number::option")]
    pub version: Option<u64>,
    /// `F`ree, `D`emo, `T`rial, `P`aid, `L`ocal or `S`ubscription.
    #[serde(with = "maybe")]
    pub status: Option<String>,
    /// Whether its installation was finished.
    #[serde(rename = "INSTALLED", with = "flag")]
    pub is_installed: bool,
}

/// How the application is paid for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PaymentInfo {
    /// Whether the paid or trial time is over.
    #[serde(rename = "PAYMENT_EXPIRED", with = "flag")]
    pub is_expired: bool,
    /// Days that are left; `None` where nothing ends. Below 0 after the end.
    #[serde(rename = "DAYS", with = "number::option")]
    pub days: Option<i64>,
}

/// The portal's plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LicenceInfo {
    /// The portal's language: `de`.
    #[serde(rename = "LANGUAGE_ID", with = "maybe")]
    pub language: Option<String>,
    /// Region and plan: `de_ent250`, `ru_selfhosted`.
    #[serde(rename = "LICENSE")]
    pub licence: String,
    /// The plan before a demo.
    #[serde(rename = "LICENSE_PREVIOUS", with = "maybe")]
    pub previous: Option<String>,
    /// The plan alone; the cloud's only.
    #[serde(rename = "LICENSE_TYPE", with = "maybe")]
    pub plan: Option<String>,
    /// The family of plans: `ent`; the cloud's only.
    #[serde(rename = "LICENSE_FAMILY", with = "maybe")]
    pub family: Option<String>,
}

impl LicenceInfo {
    /// Whether the portal stands on a server of its owner.
    #[doc(alias = "isSelfHosted")]
    pub fn is_self_hosted(&self) -> bool {
        self.licence.contains("selfhosted")
    }

    /// The limits of the plan.
    pub fn limits(&self) -> Limits {
        Limits::of_licence(&self.licence)
    }
}

/// The user on whose behalf the client calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ProfileInfo {
    /// The user's number; 0 for one who was dismissed: nothing else is told then.
    #[serde(rename = "ID", with = "number")]
    pub id: u64,
    /// Whether the user is an administrator of the portal.
    #[serde(rename = "ADMIN", with = "flag")]
    pub is_admin: bool,
    /// First name.
    #[serde(rename = "NAME")]
    pub name: String,
    /// Last name.
    #[serde(rename = "LAST_NAME")]
    pub last_name: String,
    /// `M`, `F`, or nothing.
    #[serde(rename = "PERSONAL_GENDER", with = "maybe")]
    pub gender: Option<String>,
    /// The address of the photo.
    #[serde(rename = "PERSONAL_PHOTO", with = "maybe")]
    pub photo: Option<String>,
    /// `Europe/Berlin`; `None` if it follows the browser.
    #[serde(rename = "TIME_ZONE", with = "maybe")]
    pub time_zone: Option<String>,
    /// Seconds east of UTC.
    #[serde(rename = "TIME_ZONE_OFFSET", with = "number::option")]
    pub time_zone_offset: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_of_any_region_names_its_limits() {
        let info: LicenceInfo = serde_json::from_str(
            r#"{"LICENSE":"de_ent250","LICENSE_TYPE":"ent250","LICENSE_FAMILY":"ent","LANGUAGE_ID":"de"}"#,
        )
        .unwrap();
        assert_eq!(info.limits(), Limits::Enterprise);
        assert!(!info.is_self_hosted());
        let own: LicenceInfo = serde_json::from_str(r#"{"LICENSE":"ru_selfhosted"}"#).unwrap();
        assert!(own.is_self_hosted());
    }

    #[test]
    fn payment_that_ends_nowhere_has_no_days() {
        for (text, is_expired, days) in [
            (r#"{"PAYMENT_EXPIRED":"N","DAYS":null}"#, false, None),
            (r#"{"PAYMENT_EXPIRED":"Y","DAYS":"-3"}"#, true, Some(-3)),
            (r#"{"PAYMENT_EXPIRED":"N","DAYS":14}"#, false, Some(14)),
        ] {
            let info: PaymentInfo = serde_json::from_str(text).unwrap();
            assert_eq!((info.is_expired, info.days), (is_expired, days), "{text}");
        }
    }
}
