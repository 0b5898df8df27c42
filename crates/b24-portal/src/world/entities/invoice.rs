use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Currency, Date, DateTime, Flag, Integer, Money, Reference, References, Status, Text,
};

/// Invoices: entity type 31.
pub(in crate::world) const INVOICE: &[Field] = &[
    Field::new("ID", "id", Integer, "ID").read_only(),
    Field::new("TITLE", "title", Text, "Name"),
    Field::new("XML_ID", "xmlId", Text, "External id").rare(),
    Field::new("ACCOUNT_NUMBER", "accountNumber", Text, "Number").read_only(),
    Field::new("DATE_CREATE", "createdTime", DateTime, "Created on").read_only(),
    Field::new("DATE_MODIFY", "updatedTime", DateTime, "Modified on").read_only(),
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
    Field::new(
        "ASSIGNED_BY_ID",
        "assignedById",
        Reference("user"),
        "Responsible person",
    ),
    Field::new("OPENED", "opened", Flag, "Available to everyone").number(1),
    Field::new("BEGINDATE", "begindate", Date, "Invoice date"),
    Field::new("CLOSEDATE", "closedate", Date, "Pay before"),
    Field::new(
        "COMPANY_ID",
        "companyId",
        Reference("crm_company"),
        "Company",
    )
    .number(0),
    Field::new(
        "CONTACT_ID",
        "contactId",
        Reference("crm_contact"),
        "Contact",
    ),
    Field::new(
        "CONTACT_IDS",
        "contactIds",
        References("crm_contact"),
        "Contacts",
    )
    .or_single("CONTACT_ID"),
    Field::new(
        "CATEGORY_ID",
        "categoryId",
        Reference("crm_category"),
        "Pipeline",
    )
    .number(5)
    .once(),
    Field::new("MOVED_TIME", "movedTime", DateTime, "Stage changed on").read_only(),
    Field::new(
        "MOVED_BY_ID",
        "movedBy",
        Reference("user"),
        "Stage changed by",
    )
    .read_only(),
    Field::new(
        "STAGE_ID",
        "stageId",
        Status("SMART_INVOICE_STAGE_5"),
        "Stage",
    )
    .code("DT31_5:N"),
    Field::new(
        "PREVIOUS_STAGE_ID",
        "previousStageId",
        Status("SMART_INVOICE_STAGE_5"),
        "Previous stage",
    )
    .read_only(),
    Field::new("SOURCE_ID", "sourceId", Status("SOURCE"), "Source").rare(),
    Field::new(
        "SOURCE_DESCRIPTION",
        "sourceDescription",
        Text,
        "About the source",
    )
    .rare(),
    Field::new("CURRENCY_ID", "currencyId", Currency, "Currency"),
    Field::new(
        "IS_MANUAL_OPPORTUNITY",
        "isManualOpportunity",
        Flag,
        "Total entered by hand",
    )
    .number(0),
    Field::new("OPPORTUNITY", "opportunity", Money, "Total").number(0),
    Field::new("TAX_VALUE", "taxValue", Money, "Tax").number(0),
    Field::new(
        "MYCOMPANY_ID",
        "mycompanyId",
        Reference("crm_company"),
        "My company",
    )
    .number(0),
    Field::new("COMMENTS", "comments", Text, "Comment").rare(),
    Field::new("LOCATION_ID", "locationId", Text, "Location").rare(),
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
    Field::new(
        "PARENT_ID_2",
        "parentId2",
        crate::world::schema::Kind::Parent(2),
        "Deal",
    )
    .rare(),
    Field::custom(
        "UF_CRM_SMART_INVOICE_1704067241",
        "ufCrm_SMART_INVOICE_1704067241",
        Text,
        "Основание",
    ),
    Field::new("OBSERVER_IDS", "observers", References("user"), "Observers"),
    Field::hollow("webformId"),
    Field::new("", "entityTypeId", Integer, "Entity type")
        .item_only()
        .number(31)
        .constant(),
];
