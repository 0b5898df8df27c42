use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Code, Date, DateTime, Flag, Integer, Option, Reference, Status, Text,
};

/// Leads: `crm.lead.*` and entity type 1.
pub(in crate::world) const LEAD: &[Field] = &[
    standard::ID,
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
    standard::CONTACT_IDS,
    Field::new(
        "IS_RETURN_CUSTOMER",
        "isReturnCustomer",
        Flag,
        "Repeat lead",
    )
    .number(0)
    .read_only(),
    Field::new("BIRTHDATE", "birthdate", Date, "Date of birth").rare(),
    standard::SOURCE_ID,
    standard::SOURCE_DESCRIPTION,
    Field::new("STATUS_ID", "stageId", Status("STATUS"), "Stage").code("NEW"),
    Field::new(
        "STATUS_DESCRIPTION",
        "statusDescription",
        Text,
        "About the stage",
    )
    .rare(),
    Field::new("POST", "post", Text, "Position").rare(),
    standard::COMMENTS,
    standard::CURRENCY_ID,
    standard::OPPORTUNITY,
    standard::IS_MANUAL_OPPORTUNITY,
    standard::HAS_PHONE,
    standard::HAS_EMAIL,
    standard::HAS_IMOL,
    standard::ASSIGNED_BY_ID,
    standard::CREATED_BY_ID,
    standard::MODIFY_BY_ID,
    standard::DATE_CREATE,
    standard::DATE_MODIFY,
    Field::new("DATE_CLOSED", "dateClosed", DateTime, "Closed on")
        .rare()
        .read_only(),
    Field::new("STATUS_SEMANTIC_ID", "stageSemanticId", Code, "Stage group")
        .code("P")
        .read_only(),
    standard::OPENED,
    standard::ORIGINATOR_ID,
    standard::ORIGIN_ID,
    standard::MOVED_BY_ID,
    standard::MOVED_TIME,
    standard::ADDRESS,
    standard::ADDRESS_2,
    standard::ADDRESS_CITY,
    standard::ADDRESS_POSTAL_CODE,
    standard::ADDRESS_REGION,
    standard::ADDRESS_PROVINCE,
    standard::ADDRESS_COUNTRY,
    Field::new("ADDRESS_COUNTRY_CODE", "", Text, "Country code").rare(),
    standard::ADDRESS_LOC_ADDR_ID,
    standard::UTM_SOURCE,
    standard::UTM_MEDIUM,
    standard::UTM_CAMPAIGN,
    standard::UTM_CONTENT,
    standard::UTM_TERM,
    standard::LAST_ACTIVITY_BY,
    standard::LAST_ACTIVITY_TIME,
    standard::PHONE,
    standard::EMAIL,
    standard::WEB,
    standard::IM,
    standard::LINK,
    Field::custom(
        "UF_CRM_1704067211",
        "ufCrm_1704067211",
        Text,
        "Откуда узнали",
    ),
    Field::custom("UF_CRM_1704067212", "ufCrm_1704067212", Option, "Priority").options(PRIORITY),
    standard::OBSERVER_IDS,
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
