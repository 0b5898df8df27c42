//! Fields that several entities have, each under its classic name.

use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Currency, DateTime, Flag, Integer, Money, Multifield, Reference, References, Status, Text,
};

pub(super) const ADDRESS: Field = Field::new("ADDRESS", "address", Text, "Address").rare();
pub(super) const ADDRESS_2: Field = Field::new("ADDRESS_2", "", Text, "Address, line 2").rare();
pub(super) const ADDRESS_CITY: Field = Field::new("ADDRESS_CITY", "", Text, "City").rare();
pub(super) const ADDRESS_COUNTRY: Field = Field::new("ADDRESS_COUNTRY", "", Text, "Country").rare();
pub(super) const ADDRESS_LOC_ADDR_ID: Field =
    Field::new("ADDRESS_LOC_ADDR_ID", "", Integer, "Location address").rare();
pub(super) const ADDRESS_POSTAL_CODE: Field =
    Field::new("ADDRESS_POSTAL_CODE", "", Text, "Postal code").rare();
pub(super) const ADDRESS_PROVINCE: Field = Field::new("ADDRESS_PROVINCE", "", Text, "State").rare();
pub(super) const ADDRESS_REGION: Field = Field::new("ADDRESS_REGION", "", Text, "Region").rare();
pub(super) const ASSIGNED_BY_ID: Field = Field::new(
    "ASSIGNED_BY_ID",
    "assignedById",
    Reference("user"),
    "Responsible person",
);
pub(super) const COMMENTS: Field = Field::new("COMMENTS", "comments", Text, "Comment");
pub(super) const COMPANY_ID: Field = Field::new(
    "COMPANY_ID",
    "companyId",
    Reference("crm_company"),
    "Company",
)
.number(0);
pub(super) const CONTACT_ID: Field = Field::new(
    "CONTACT_ID",
    "contactId",
    Reference("crm_contact"),
    "Contact",
);
pub(super) const CONTACT_IDS: Field = Field::new(
    "CONTACT_IDS",
    "contactIds",
    References("crm_contact"),
    "Contacts",
)
.or_single("CONTACT_ID");
pub(super) const CREATED_BY_ID: Field = Field::new(
    "CREATED_BY_ID",
    "createdBy",
    Reference("user"),
    "Created by",
)
.read_only();
pub(super) const CURRENCY_ID: Field = Field::new("CURRENCY_ID", "currencyId", Currency, "Currency");
pub(super) const DATE_CREATE: Field =
    Field::new("DATE_CREATE", "createdTime", DateTime, "Created on").read_only();
pub(super) const DATE_MODIFY: Field =
    Field::new("DATE_MODIFY", "updatedTime", DateTime, "Modified on").read_only();
pub(super) const EMAIL: Field = Field::new("EMAIL", "", Multifield, "E-mail");
pub(super) const HAS_EMAIL: Field = Field::new("HAS_EMAIL", "hasEmail", Flag, "Has e-mail")
    .number(0)
    .read_only();
pub(super) const HAS_IMOL: Field = Field::new("HAS_IMOL", "hasImol", Flag, "Has an open channel")
    .number(0)
    .read_only();
pub(super) const HAS_PHONE: Field = Field::new("HAS_PHONE", "hasPhone", Flag, "Has a phone")
    .number(0)
    .read_only();
pub(super) const ID: Field = Field::new("ID", "id", Integer, "ID").read_only();
pub(super) const IM: Field = Field::new("IM", "", Multifield, "Messenger");
pub(super) const IS_MANUAL_OPPORTUNITY: Field = Field::new(
    "IS_MANUAL_OPPORTUNITY",
    "isManualOpportunity",
    Flag,
    "Total entered by hand",
)
.number(0);
pub(super) const LAST_ACTIVITY_BY: Field = Field::new(
    "LAST_ACTIVITY_BY",
    "lastActivityBy",
    Reference("user"),
    "Last active",
)
.read_only();
pub(super) const LAST_ACTIVITY_TIME: Field = Field::new(
    "LAST_ACTIVITY_TIME",
    "lastActivityTime",
    DateTime,
    "Last activity",
)
.read_only();
pub(super) const LINK: Field = Field::new("LINK", "", Multifield, "Link");
pub(super) const MODIFY_BY_ID: Field = Field::new(
    "MODIFY_BY_ID",
    "updatedBy",
    Reference("user"),
    "Modified by",
)
.read_only();
pub(super) const MOVED_BY_ID: Field = Field::new(
    "MOVED_BY_ID",
    "movedBy",
    Reference("user"),
    "Stage changed by",
)
.read_only();
pub(super) const MOVED_TIME: Field =
    Field::new("MOVED_TIME", "movedTime", DateTime, "Stage changed on").read_only();
pub(super) const OBSERVER_IDS: Field =
    Field::new("OBSERVER_IDS", "observers", References("user"), "Observers").item_only();
pub(super) const OPENED: Field =
    Field::new("OPENED", "opened", Flag, "Available to everyone").number(1);
pub(super) const OPPORTUNITY: Field =
    Field::new("OPPORTUNITY", "opportunity", Money, "Total").number(0);
pub(super) const ORIGINATOR_ID: Field =
    Field::new("ORIGINATOR_ID", "originatorId", Text, "External source").rare();
pub(super) const ORIGIN_ID: Field =
    Field::new("ORIGIN_ID", "originId", Text, "Id in the external source").rare();
pub(super) const PHONE: Field = Field::new("PHONE", "", Multifield, "Phone");
pub(super) const SOURCE_DESCRIPTION: Field = Field::new(
    "SOURCE_DESCRIPTION",
    "sourceDescription",
    Text,
    "About the source",
)
.rare();
pub(super) const SOURCE_ID: Field = Field::new("SOURCE_ID", "sourceId", Status("SOURCE"), "Source");
pub(super) const TAX_VALUE: Field = Field::new("TAX_VALUE", "taxValue", Money, "Tax").number(0);
pub(super) const TITLE: Field = Field::new("TITLE", "title", Text, "Name");
pub(super) const UTM_CAMPAIGN: Field =
    Field::new("UTM_CAMPAIGN", "utmCampaign", Text, "UTM Campaign").rare();
pub(super) const UTM_CONTENT: Field =
    Field::new("UTM_CONTENT", "utmContent", Text, "UTM Content").rare();
pub(super) const UTM_MEDIUM: Field =
    Field::new("UTM_MEDIUM", "utmMedium", Text, "UTM Medium").rare();
pub(super) const UTM_SOURCE: Field =
    Field::new("UTM_SOURCE", "utmSource", Text, "UTM Source").rare();
pub(super) const UTM_TERM: Field = Field::new("UTM_TERM", "utmTerm", Text, "UTM Term").rare();
pub(super) const WEB: Field = Field::new("WEB", "", Multifield, "Website");
pub(super) const XML_ID: Field = Field::new("XML_ID", "xmlId", Text, "External id").rare();
