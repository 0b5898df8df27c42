use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Boolean, Date, Flag, Integer, MoneyText, Option, Options, Parent, Reference, Status, Text,
    Texts,
};

/// Deals: `crm.deal.*` and entity type 2.
pub(in crate::world) const DEAL: &[Field] = &[
    standard::ID,
    standard::TITLE,
    Field::new("TYPE_ID", "typeId", Status("DEAL_TYPE"), "Type").code("SALE"),
    Field::new("STAGE_ID", "stageId", Status("DEAL_STAGE"), "Stage"),
    Field::new("PROBABILITY", "probability", Integer, "Probability"),
    standard::CURRENCY_ID,
    standard::OPPORTUNITY,
    standard::IS_MANUAL_OPPORTUNITY,
    standard::TAX_VALUE,
    Field::new("LEAD_ID", "leadId", Reference("crm_lead"), "Lead").read_only(),
    standard::COMPANY_ID,
    standard::CONTACT_ID,
    standard::CONTACT_IDS,
    Field::new("QUOTE_ID", "quoteId", Reference("crm_quote"), "Estimate")
        .rare()
        .read_only(),
    Field::new("BEGINDATE", "begindate", Date, "Start date"),
    Field::new("CLOSEDATE", "closedate", Date, "End date"),
    standard::ASSIGNED_BY_ID,
    standard::CREATED_BY_ID,
    standard::MODIFY_BY_ID,
    standard::DATE_CREATE,
    standard::DATE_MODIFY,
    standard::OPENED,
    Field::new("CLOSED", "closed", Flag, "Closed")
        .number(0)
        .read_only(),
    standard::COMMENTS,
    Field::new(
        "ADDITIONAL_INFO",
        "additionalInfo",
        Text,
        "Additional information",
    )
    .rare(),
    Field::new("LOCATION_ID", "locationId", Text, "Location").rare(),
    Field::new(
        "CATEGORY_ID",
        "categoryId",
        Reference("crm_category"),
        "Pipeline",
    )
    .number(0)
    .once(),
    Field::new(
        "STAGE_SEMANTIC_ID",
        "stageSemanticId",
        crate::world::schema::Kind::Code,
        "Stage group",
    )
    .code("P")
    .read_only(),
    Field::new("IS_NEW", "isNew", Flag, "New deal")
        .number(0)
        .read_only(),
    Field::new(
        "IS_RECURRING",
        "isRecurring",
        Flag,
        "Template of a recurring deal",
    )
    .number(0),
    Field::new(
        "IS_RETURN_CUSTOMER",
        "isReturnCustomer",
        Flag,
        "Repeat deal",
    )
    .number(0),
    Field::new(
        "IS_REPEATED_APPROACH",
        "isRepeatedApproach",
        Flag,
        "Repeat inquiry",
    )
    .number(0),
    standard::SOURCE_ID,
    standard::SOURCE_DESCRIPTION,
    standard::ORIGINATOR_ID,
    standard::ORIGIN_ID,
    standard::MOVED_BY_ID,
    standard::MOVED_TIME,
    standard::LAST_ACTIVITY_TIME,
    standard::UTM_SOURCE,
    standard::UTM_MEDIUM,
    standard::UTM_CAMPAIGN,
    standard::UTM_CONTENT,
    standard::UTM_TERM,
    Field::new("PARENT_ID_128", "parentId128", Parent(128), "Project").rare(),
    standard::LAST_ACTIVITY_BY,
    Field::custom(
        "UF_CRM_1704067201",
        "ufCrm_1704067201",
        Text,
        "Примечание к заказу",
    ),
    Field::custom(
        "UF_CRM_1704067202",
        "ufCrm_1704067202",
        Integer,
        "Contract length, months",
    ),
    Field::custom(
        "UF_CRM_1704067203",
        "ufCrm_1704067203",
        Option,
        "Способ доставки",
    )
    .options(DELIVERY),
    Field::custom(
        "UF_CRM_1704067204",
        "ufCrm_1704067204",
        Date,
        "Delivery date",
    ),
    Field::custom("UF_CRM_1704067205", "ufCrm_1704067205", Texts, "Метки"),
    Field::custom(
        "UF_CRM_1704067206",
        "ufCrm_1704067206",
        Boolean,
        "Contract signed",
    ),
    Field::custom("UF_CRM_1704067207", "ufCrm_1704067207", MoneyText, "Budget"),
    Field::custom("UF_CRM_1704067208", "ufCrm_1704067208", Options, "Интересы").options(INTERESTS),
    standard::OBSERVER_IDS,
    Field::hollow("dateCreateShort"),
    Field::hollow("dateModifyShort"),
    Field::hollow("productId"),
    Field::hollow("begindateShort"),
    Field::hollow("closedateShort"),
    Field::hollow("eventDate"),
    Field::hollow("eventDateShort"),
    Field::hollow("eventId"),
    Field::hollow("eventDescription"),
    Field::hollow("webformId"),
    Field::hollow("searchContent"),
    Field::hollow("orderStage"),
    Field::hollow("isWork"),
    Field::hollow("isWon"),
    Field::hollow("isLose"),
    Field::hollow("receivedAmount"),
    Field::hollow("lostAmount"),
    Field::hollow("hasProducts"),
    Field::new("", "entityTypeId", Integer, "Entity type")
        .item_only()
        .number(2)
        .constant(),
];

const DELIVERY: &[(i64, &str)] = &[
    (44, "Курьер"),
    (45, "Самовывоз"),
    (46, "Почта \"Экспресс\" & Ко"),
    (47, "Own transport"),
];
const INTERESTS: &[(i64, &str)] = &[
    (50, "CRM"),
    (51, "Телефония"),
    (52, "Склад & логистика"),
    (53, "HR"),
    (54, "Сайты"),
];
