use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{Date, Integer, Reference, References, Status, Text};

/// Invoices: entity type 31.
pub(in crate::world) const INVOICE: &[Field] = &[
    standard::ID,
    standard::TITLE,
    standard::XML_ID,
    Field::new("ACCOUNT_NUMBER", "accountNumber", Text, "Number").read_only(),
    standard::DATE_CREATE,
    standard::DATE_MODIFY,
    standard::CREATED_BY_ID,
    standard::MODIFY_BY_ID,
    standard::ASSIGNED_BY_ID,
    standard::OPENED,
    Field::new("BEGINDATE", "begindate", Date, "Invoice date"),
    Field::new("CLOSEDATE", "closedate", Date, "Pay before"),
    standard::COMPANY_ID,
    standard::CONTACT_ID,
    standard::CONTACT_IDS,
    Field::new(
        "CATEGORY_ID",
        "categoryId",
        Reference("crm_category"),
        "Pipeline",
    )
    .number(5)
    .once(),
    standard::MOVED_TIME,
    standard::MOVED_BY_ID,
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
    standard::SOURCE_DESCRIPTION,
    standard::CURRENCY_ID,
    standard::IS_MANUAL_OPPORTUNITY,
    standard::OPPORTUNITY,
    standard::TAX_VALUE,
    Field::new(
        "MYCOMPANY_ID",
        "mycompanyId",
        Reference("crm_company"),
        "My company",
    )
    .number(0),
    Field::new("COMMENTS", "comments", Text, "Comment").rare(),
    Field::new("LOCATION_ID", "locationId", Text, "Location").rare(),
    standard::LAST_ACTIVITY_BY,
    standard::LAST_ACTIVITY_TIME,
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
