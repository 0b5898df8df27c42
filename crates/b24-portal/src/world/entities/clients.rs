use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Date, File, Flag, Integer, Money, Option, Reference, References, Status, Text, Texts,
};

/// Contacts: `crm.contact.*` and entity type 3.
pub(in crate::world) const CONTACT: &[Field] = &[
    standard::ID,
    Field::new("POST", "post", Text, "Position"),
    standard::COMMENTS,
    Field::new("HONORIFIC", "honorific", Status("HONORIFIC"), "Salutation"),
    Field::new("NAME", "name", Text, "First name"),
    Field::new("SECOND_NAME", "secondName", Text, "Second name"),
    Field::new("LAST_NAME", "lastName", Text, "Last name"),
    Field::new("PHOTO", "photo", File, "Photo").rare(),
    Field::new("LEAD_ID", "leadId", Reference("crm_lead"), "Lead")
        .rare()
        .read_only(),
    Field::new("TYPE_ID", "typeId", Status("CONTACT_TYPE"), "Contact type"),
    standard::SOURCE_ID,
    standard::SOURCE_DESCRIPTION,
    Field::new(
        "COMPANY_ID",
        "companyId",
        Reference("crm_company"),
        "Company",
    ),
    Field::new(
        "COMPANY_IDS",
        "companyIds",
        References("crm_company"),
        "Companies",
    )
    .or_single("COMPANY_ID"),
    Field::new("BIRTHDATE", "birthdate", Date, "Date of birth"),
    Field::new("EXPORT", "export", Flag, "Include in export").number(1),
    standard::HAS_PHONE,
    standard::HAS_EMAIL,
    standard::HAS_IMOL,
    standard::DATE_CREATE,
    standard::DATE_MODIFY,
    standard::ASSIGNED_BY_ID,
    standard::CREATED_BY_ID,
    standard::MODIFY_BY_ID,
    standard::OPENED,
    standard::ORIGINATOR_ID,
    standard::ORIGIN_ID,
    Field::new(
        "ORIGIN_VERSION",
        "originVersion",
        Text,
        "Version in the external source",
    )
    .rare(),
    Field::new("FACE_ID", "", Integer, "Face")
        .rare()
        .read_only(),
    standard::LAST_ACTIVITY_TIME,
    standard::ADDRESS,
    standard::ADDRESS_2,
    standard::ADDRESS_CITY,
    standard::ADDRESS_POSTAL_CODE,
    standard::ADDRESS_REGION,
    standard::ADDRESS_PROVINCE,
    standard::ADDRESS_COUNTRY,
    standard::ADDRESS_LOC_ADDR_ID,
    standard::UTM_SOURCE,
    standard::UTM_MEDIUM,
    standard::UTM_CAMPAIGN,
    standard::UTM_CONTENT,
    standard::UTM_TERM,
    standard::LAST_ACTIVITY_BY,
    standard::PHONE,
    standard::EMAIL,
    standard::WEB,
    standard::IM,
    standard::LINK,
    Field::custom(
        "UF_CRM_1704067221",
        "ufCrm_1704067221",
        Text,
        "Любимый напиток",
    ),
    Field::custom("UF_CRM_1704067222", "ufCrm_1704067222", Texts, "Languages"),
    standard::OBSERVER_IDS,
    Field::hollow("shortName"),
    Field::hollow("searchContent"),
    Field::new("", "categoryId", Integer, "Category")
        .item_only()
        .number(0)
        .constant(),
    Field::new("", "entityTypeId", Integer, "Entity type")
        .item_only()
        .number(3)
        .constant(),
];

/// Companies: `crm.company.*` and entity type 4.
pub(in crate::world) const COMPANY: &[Field] = &[
    standard::ID,
    Field::new(
        "COMPANY_TYPE",
        "typeId",
        Status("COMPANY_TYPE"),
        "Company type",
    )
    .code("CUSTOMER"),
    Field::new("TITLE", "title", Text, "Company name"),
    Field::new("LOGO", "logo", File, "Logo").rare(),
    Field::new("LEAD_ID", "leadId", Reference("crm_lead"), "Lead")
        .rare()
        .read_only(),
    standard::HAS_PHONE,
    standard::HAS_EMAIL,
    standard::HAS_IMOL,
    standard::ASSIGNED_BY_ID,
    standard::CREATED_BY_ID,
    standard::MODIFY_BY_ID,
    Field::new("BANKING_DETAILS", "bankingDetails", Text, "Bank details").rare(),
    Field::new("INDUSTRY", "industry", Status("INDUSTRY"), "Industry"),
    Field::new("REVENUE", "revenue", Money, "Annual revenue").number(0),
    standard::CURRENCY_ID,
    Field::new("EMPLOYEES", "employees", Status("EMPLOYEES"), "Employees"),
    standard::COMMENTS,
    standard::DATE_CREATE,
    standard::DATE_MODIFY,
    standard::OPENED,
    Field::new("IS_MY_COMPANY", "isMyCompany", Flag, "My company").number(0),
    standard::ORIGINATOR_ID,
    standard::ORIGIN_ID,
    Field::new(
        "ORIGIN_VERSION",
        "originVersion",
        Text,
        "Version in the external source",
    )
    .rare(),
    standard::ADDRESS,
    standard::ADDRESS_2,
    standard::ADDRESS_CITY,
    standard::ADDRESS_POSTAL_CODE,
    standard::ADDRESS_REGION,
    standard::ADDRESS_PROVINCE,
    standard::ADDRESS_COUNTRY,
    Field::new("ADDRESS_COUNTRY_CODE", "", Text, "Country code").rare(),
    standard::ADDRESS_LOC_ADDR_ID,
    Field::new("ADDRESS_LEGAL", "addressLegal", Text, "Legal address").rare(),
    standard::UTM_SOURCE,
    standard::UTM_MEDIUM,
    standard::UTM_CAMPAIGN,
    standard::UTM_CONTENT,
    standard::UTM_TERM,
    Field::new(
        "CONTACT_IDS",
        "contactIds",
        References("crm_contact"),
        "Contacts",
    ),
    standard::LAST_ACTIVITY_BY,
    standard::LAST_ACTIVITY_TIME,
    standard::PHONE,
    standard::EMAIL,
    standard::WEB,
    standard::IM,
    standard::LINK,
    Field::custom("UF_CRM_1704067231", "ufCrm_1704067231", Text, "ИНН"),
    Field::custom("UF_CRM_1704067232", "ufCrm_1704067232", Option, "Segment").options(SEGMENTS),
    standard::OBSERVER_IDS,
    Field::hollow("searchContent"),
    Field::new("", "categoryId", Integer, "Category")
        .item_only()
        .number(0)
        .constant(),
    Field::new("", "entityTypeId", Integer, "Entity type")
        .item_only()
        .number(4)
        .constant(),
];

const SEGMENTS: &[(i64, &str)] = &[(70, "SMB"), (71, "Enterprise"), (72, "Госсектор")];
