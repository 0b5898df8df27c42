use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Code, Currency, Date, DateTime, Flag, Integer, Money, Option, Reference, References, Status,
    Text,
};

/// Items of the process "Projects", which has two pipelines.
pub(in crate::world) const PROJECT: &[Field] =
    &process(128, 7, "DYNAMIC_128_STAGE_7", "DT128_7:NEW");
/// Items of the process "Equipment".
pub(in crate::world) const EQUIPMENT: &[Field] =
    &process(1032, 11, "DYNAMIC_1032_STAGE_11", "DT1032_11:NEW");

#[expect(clippy::too_many_lines, reason = "a table")]
const fn process(
    type_id: i64,
    category: i64,
    stages: &'static str,
    first_stage: &'static str,
) -> [Field; 34] {
    [
        Field::new("ID", "id", Integer, "ID").read_only(),
        Field::new("TITLE", "title", Text, "Name"),
        Field::new("XML_ID", "xmlId", Text, "External id").rare(),
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
        Field::new("BEGINDATE", "begindate", Date, "Start date"),
        Field::new("CLOSEDATE", "closedate", Date, "End date"),
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
        .number(category)
        .once(),
        Field::new("MOVED_TIME", "movedTime", DateTime, "Stage changed on").read_only(),
        Field::new(
            "MOVED_BY_ID",
            "movedBy",
            Reference("user"),
            "Stage changed by",
        )
        .read_only(),
        Field::new("STAGE_ID", "stageId", Status(stages), "Stage").code(first_stage),
        Field::new(
            "PREVIOUS_STAGE_ID",
            "previousStageId",
            Code,
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
            "UF_CRM_5_1704067251",
            "ufCrm5_1704067251",
            Text,
            "Описание работ",
        ),
        Field::custom("UF_CRM_5_1704067252", "ufCrm5_1704067252", Option, "Risk").options(RISKS),
        Field::new("OBSERVER_IDS", "observers", References("user"), "Observers"),
        Field::hollow("webformId"),
        Field::new("", "entityTypeId", Integer, "Entity type")
            .item_only()
            .number(type_id)
            .constant(),
    ]
}

const RISKS: &[(i64, &str)] = &[(80, "Низкий"), (81, "Средний"), (82, "Высокий")];
