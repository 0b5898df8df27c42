use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Code, Currency, Date, DateTime, Flag, Integer, Money, Multifield, Option, Reference,
    References, Status, Text,
};

/// Leads: `crm.lead.*` and entity type 1.
pub(in crate::world) const LEAD: &[Field] = &[
    Field::new("ID", "id", Integer, "ID").read_only(),
    Field::new("TITLE", "title", Text, "Lead name"),
    Field::new("HONORIFIC", "honorific", Status("HONORIFIC"), "Salutation").rare(),
    Field::new("NAME", "name", Text, "First name"),
    Field::new("SECOND_NAME", "secondName", Text, "Second name"),
    Field::new("LAST_NAME", "lastName", Text, "Last name"),
    Field::new("COMPANY_TITLE", "companyTitle", Text, "Company name"),
    Field::new(
        "COMPANY_ID",
        "companyId",
        Reference("crm_company"),
        "Company",
    )
    .rare(),
    Field::new(
        "CONTACT_ID",
        "contactId",
        Reference("crm_contact"),
        "Contact",
    )
    .rare(),
    Field::new(
        "CONTACT_IDS",
        "contactIds",
        References("crm_contact"),
        "Contacts",
    )
    .or_single("CONTACT_ID"),
    Field::new(
        "IS_RETURN_CUSTOMER",
        "isReturnCustomer",
        Flag,
        "Repeat lead",
    )
    .number(0)
    .read_only(),
    Field::new("BIRTHDATE", "birthdate", Date, "Date of birth").rare(),
    Field::new("SOURCE_ID", "sourceId", Status("SOURCE"), "Source"),
    Field::new(
        "SOURCE_DESCRIPTION",
        "sourceDescription",
        Text,
        "About the source",
    )
    .rare(),
    Field::new("STATUS_ID", "stageId", Status("STATUS"), "Stage").code("NEW"),
    Field::new(
        "STATUS_DESCRIPTION",
        "statusDescription",
        Text,
        "About the stage",
    )
    .rare(),
    Field::new("POST", "post", Text, "Position").rare(),
    Field::new("COMMENTS", "comments", Text, "Comment"),
    Field::new("CURRENCY_ID", "currencyId", Currency, "Currency"),
    Field::new("OPPORTUNITY", "opportunity", Money, "Total").number(0),
    Field::new(
        "IS_MANUAL_OPPORTUNITY",
        "isManualOpportunity",
        Flag,
        "Total entered by hand",
    )
    .number(0),
    Field::new("HAS_PHONE", "hasPhone", Flag, "Has a phone")
        .number(0)
        .read_only(),
    Field::new("HAS_EMAIL", "hasEmail", Flag, "Has e-mail")
        .number(0)
        .read_only(),
    Field::new("HAS_IMOL", "hasImol", Flag, "Has an open channel")
        .number(0)
        .read_only(),
    Field::new(
        "ASSIGNED_BY_ID",
        "assignedById",
        Reference("user"),
        "Responsible person",
    ),
    Field::new(
        "CREATED_BY_ID",
        "createdBy",
        Reference("user"),
        "Created by",
    )
    .read_only(),
    Field::new(
        "MODIFY_BY_ID",
        "updatedBy",
        Reference("user"),
        "Modified by",
    )
    .read_only(),
    Field::new("DATE_CREATE", "createdTime", DateTime, "Created on").read_only(),
    Field::new("DATE_MODIFY", "updatedTime", DateTime, "Modified on").read_only(),
    Field::new("DATE_CLOSED", "dateClosed", DateTime, "Closed on")
        .rare()
        .read_only(),
    Field::new("STATUS_SEMANTIC_ID", "stageSemanticId", Code, "Stage group")
        .code("P")
        .read_only(),
    Field::new("OPENED", "opened", Flag, "Available to everyone").number(1),
    Field::new("ORIGINATOR_ID", "originatorId", Text, "External source").rare(),
    Field::new("ORIGIN_ID", "originId", Text, "Id in the external source").rare(),
    Field::new(
        "MOVED_BY_ID",
        "movedBy",
        Reference("user"),
        "Stage changed by",
    )
    .read_only(),
    Field::new("MOVED_TIME", "movedTime", DateTime, "Stage changed on").read_only(),
    Field::new("ADDRESS", "address", Text, "Address").rare(),
    Field::new("ADDRESS_2", "", Text, "Address, line 2").rare(),
    Field::new("ADDRESS_CITY", "", Text, "City").rare(),
    Field::new("ADDRESS_POSTAL_CODE", "", Text, "Postal code").rare(),
    Field::new("ADDRESS_REGION", "", Text, "Region").rare(),
    Field::new("ADDRESS_PROVINCE", "", Text, "State").rare(),
    Field::new("ADDRESS_COUNTRY", "", Text, "Country").rare(),
    Field::new("ADDRESS_COUNTRY_CODE", "", Text, "Country code").rare(),
    Field::new("ADDRESS_LOC_ADDR_ID", "", Integer, "Location address").rare(),
    Field::new("UTM_SOURCE", "utmSource", Text, "UTM Source").rare(),
    Field::new("UTM_MEDIUM", "utmMedium", Text, "UTM Medium").rare(),
    Field::new("UTM_CAMPAIGN", "utmCampaign", Text, "UTM Campaign").rare(),
    Field::new("UTM_CONTENT", "utmContent", Text, "UTM Content").rare(),
    Field::new("UTM_TERM", "utmTerm", Text, "UTM Term").rare(),
    Field::new(
        "LAST_ACTIVITY_BY",
        "lastActivityBy",
        Reference("user"),
        "Last active",
    )
    .read_only(),
    Field::new(
        "LAST_ACTIVITY_TIME",
        "lastActivityTime",
        DateTime,
        "Last activity",
    )
    .read_only(),
    Field::new("PHONE", "", Multifield, "Phone"),
    Field::new("EMAIL", "", Multifield, "E-mail"),
    Field::new("WEB", "", Multifield, "Website"),
    Field::new("IM", "", Multifield, "Messenger"),
    Field::new("LINK", "", Multifield, "Link"),
    Field::custom(
        "UF_CRM_1704067211",
        "ufCrm_1704067211",
        Text,
        "Откуда узнали",
    ),
    Field::custom("UF_CRM_1704067212", "ufCrm_1704067212", Option, "Priority").options(PRIORITY),
    Field::new("OBSERVER_IDS", "observers", References("user"), "Observers").item_only(),
    Field::hollow("dateCreateShort"),
    Field::hollow("dateModifyShort"),
    Field::hollow("isConvert"),
    Field::hollow("productId"),
    Field::hollow("shortName"),
    Field::hollow("webformId"),
    Field::hollow("login"),
    Field::hollow("searchContent"),
    Field::new("", "entityTypeId", Integer, "Entity type")
        .item_only()
        .number(1)
        .constant(),
];

const PRIORITY: &[(i64, &str)] = &[(60, "Высокий"), (61, "Обычный"), (62, "Низкий")];
