use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Code, Date, Integer, Option, Reference, References, Status, Text,
};

/// Items of the process "Projects", which has two pipelines.
pub(in crate::world) const PROJECT: &[Field] =
    &process(128, 7, "DYNAMIC_128_STAGE_7", "DT128_7:NEW");
/// Items of the process "Equipment".
pub(in crate::world) const EQUIPMENT: &[Field] =
    &process(1032, 11, "DYNAMIC_1032_STAGE_11", "DT1032_11:NEW");

const fn process(
    type_id: i64,
    category: i64,
    stages: &'static str,
    first_stage: &'static str,
) -> [Field; 34] {
    [
        standard::ID,
        standard::TITLE,
        standard::XML_ID,
        standard::DATE_CREATE,
        standard::DATE_MODIFY,
        standard::CREATED_BY_ID,
        standard::MODIFY_BY_ID,
        standard::ASSIGNED_BY_ID,
        standard::OPENED,
        Field::new("BEGINDATE", "begindate", Date, "Start date"),
        Field::new("CLOSEDATE", "closedate", Date, "End date"),
        standard::COMPANY_ID,
        standard::CONTACT_ID,
        standard::CONTACT_IDS,
        Field::new(
            "CATEGORY_ID",
            "categoryId",
            Reference("crm_category"),
            "Pipeline",
        )
        .number(category)
        .once(),
        standard::MOVED_TIME,
        standard::MOVED_BY_ID,
        Field::new("STAGE_ID", "stageId", Status(stages), "Stage").code(first_stage),
        Field::new(
            "PREVIOUS_STAGE_ID",
            "previousStageId",
            Code,
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
