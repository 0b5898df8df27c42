use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Currency, Date, DateTime, File, Flag, Integer, Money, Multifield, Option, Reference,
    References, Status, Text, Texts,
};

/// Contacts: `crm.contact.*` and entity type 3.
pub(in crate::world) const CONTACT: &[Field] = &[
    Field::new("ID", "id", Integer, "ID").read_only(),
    Field::new("POST", "post", Text, "Position"),
    Field::new("COMMENTS", "comments", Text, "Comment"),
    Field::new("HONORIFIC", "honorific", Status("HONORIFIC"), "Salutation"),
    Field::new("NAME", "name", Text, "First name"),
    Field::new("SECOND_NAME", "secondName", Text, "Second name"),
    Field::new("LAST_NAME", "lastName", Text, "Last name"),
    Field::new("PHOTO", "photo", File, "Photo").rare(),
    Field::new("LEAD_ID", "leadId", Reference("crm_lead"), "Lead")
        .rare()
        .read_only(),
    Field::new("TYPE_ID", "typeId", Status("CONTACT_TYPE"), "Contact type"),
    Field::new("SOURCE_ID", "sourceId", Status("SOURCE"), "Source"),
    Field::new(
        "SOURCE_DESCRIPTION",
        "sourceDescription",
        Text,
        "About the source",
    )
    .rare(),
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
    Field::new("HAS_PHONE", "hasPhone", Flag, "Has a phone")
        .number(0)
        .read_only(),
    Field::new("HAS_EMAIL", "hasEmail", Flag, "Has e-mail")
        .number(0)
        .read_only(),
    Field::new("HAS_IMOL", "hasImol", Flag, "Has an open channel")
        .number(0)
        .read_only(),
    Field::new("DATE_CREATE", "createdTime", DateTime, "Created on").read_only(),
    Field::new("DATE_MODIFY", "updatedTime", DateTime, "Modified on").read_only(),
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
    Field::new("OPENED", "opened", Flag, "Available to everyone").number(1),
    Field::new("ORIGINATOR_ID", "originatorId", Text, "External source").rare(),
    Field::new("ORIGIN_ID", "originId", Text, "Id in the external source").rare(),
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
    Field::new(
        "LAST_ACTIVITY_TIME",
        "lastActivityTime",
        DateTime,
        "Last activity",
    )
    .read_only(),
    Field::new("ADDRESS", "address", Text, "Address").rare(),
    Field::new("ADDRESS_2", "", Text, "Address, line 2").rare(),
    Field::new("ADDRESS_CITY", "", Text, "City").rare(),
    Field::new("ADDRESS_POSTAL_CODE", "", Text, "Postal code").rare(),
    Field::new("ADDRESS_REGION", "", Text, "Region").rare(),
    Field::new("ADDRESS_PROVINCE", "", Text, "State").rare(),
    Field::new("ADDRESS_COUNTRY", "", Text, "Country").rare(),
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
    Field::new("PHONE", "", Multifield, "Phone"),
    Field::new("EMAIL", "", Multifield, "E-mail"),
    Field::new("WEB", "", Multifield, "Website"),
    Field::new("IM", "", Multifield, "Messenger"),
    Field::new("LINK", "", Multifield, "Link"),
    Field::custom(
        "UF_CRM_1704067221",
        "ufCrm_1704067221",
        Text,
        "Любимый напиток",
    ),
    Field::custom("UF_CRM_1704067222", "ufCrm_1704067222", Texts, "Languages"),
    Field::new("OBSERVER_IDS", "observers", References("user"), "Observers").item_only(),
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
    Field::new("ID", "id", Integer, "ID").read_only(),
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
    Field::new("BANKING_DETAILS", "bankingDetails", Text, "Bank details").rare(),
    Field::new("INDUSTRY", "industry", Status("INDUSTRY"), "Industry"),
    Field::new("REVENUE", "revenue", Money, "Annual revenue").number(0),
    Field::new("CURRENCY_ID", "currencyId", Currency, "Currency"),
    Field::new("EMPLOYEES", "employees", Status("EMPLOYEES"), "Employees"),
    Field::new("COMMENTS", "comments", Text, "Comment"),
    Field::new("DATE_CREATE", "createdTime", DateTime, "Created on").read_only(),
    Field::new("DATE_MODIFY", "updatedTime", DateTime, "Modified on").read_only(),
    Field::new("OPENED", "opened", Flag, "Available to everyone").number(1),
    Field::new("IS_MY_COMPANY", "isMyCompany", Flag, "My company").number(0),
    Field::new("ORIGINATOR_ID", "originatorId", Text, "External source").rare(),
    Field::new("ORIGIN_ID", "originId", Text, "Id in the external source").rare(),
    Field::new(
        "ORIGIN_VERSION",
        "originVersion",
        Text,
        "Version in the external source",
    )
    .rare(),
    Field::new("ADDRESS", "address", Text, "Address").rare(),
    Field::new("ADDRESS_2", "", Text, "Address, line 2").rare(),
    Field::new("ADDRESS_CITY", "", Text, "City").rare(),
    Field::new("ADDRESS_POSTAL_CODE", "", Text, "Postal code").rare(),
    Field::new("ADDRESS_REGION", "", Text, "Region").rare(),
    Field::new("ADDRESS_PROVINCE", "", Text, "State").rare(),
    Field::new("ADDRESS_COUNTRY", "", Text, "Country").rare(),
    Field::new("ADDRESS_COUNTRY_CODE", "", Text, "Country code").rare(),
    Field::new("ADDRESS_LOC_ADDR_ID", "", Integer, "Location address").rare(),
    Field::new("ADDRESS_LEGAL", "addressLegal", Text, "Legal address").rare(),
    Field::new("UTM_SOURCE", "utmSource", Text, "UTM Source").rare(),
    Field::new("UTM_MEDIUM", "utmMedium", Text, "UTM Medium").rare(),
    Field::new("UTM_CAMPAIGN", "utmCampaign", Text, "UTM Campaign").rare(),
    Field::new("UTM_CONTENT", "utmContent", Text, "UTM Content").rare(),
    Field::new("UTM_TERM", "utmTerm", Text, "UTM Term").rare(),
    Field::new(
        "CONTACT_IDS",
        "contactIds",
        References("crm_contact"),
        "Contacts",
    ),
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
    Field::custom("UF_CRM_1704067231", "ufCrm_1704067231", Text, "ИНН"),
    Field::custom("UF_CRM_1704067232", "ufCrm_1704067232", Option, "Segment").options(SEGMENTS),
    Field::new("OBSERVER_IDS", "observers", References("user"), "Observers").item_only(),
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
