use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Boolean, Currency, Date, DateTime, Flag, Integer, Money, MoneyText, Option, Options, Parent,
    Reference, References, Status, Text, Texts,
};

/// Deals: `crm.deal.*` and entity type 2.
pub(in crate::world) const DEAL: &[Field] = &[
    Field::new("ID", "id", Integer, "ID").read_only(),
    Field::new("TITLE", "title", Text, "Name"),
    Field::new("TYPE_ID", "typeId", Status("DEAL_TYPE"), "Type").code("SALE"),
    Field::new("STAGE_ID", "stageId", Status("DEAL_STAGE"), "Stage"),
    Field::new("PROBABILITY", "probability", Integer, "Probability"),
    Field::new("CURRENCY_ID", "currencyId", Currency, "Currency"),
    Field::new("OPPORTUNITY", "opportunity", Money, "Total").number(0),
    Field::new(
        "IS_MANUAL_OPPORTUNITY",
        "isManualOpportunity",
        Flag,
        "Total entered by hand",
    )
    .number(0),
    Field::new("TAX_VALUE", "taxValue", Money, "Tax").number(0),
    Field::new("LEAD_ID", "leadId", Reference("crm_lead"), "Lead").read_only(),
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
    Field::new("QUOTE_ID", "quoteId", Reference("crm_quote"), "Estimate")
        .rare()
        .read_only(),
    Field::new("BEGINDATE", "begindate", Date, "Start date"),
    Field::new("CLOSEDATE", "closedate", Date, "End date"),
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
    Field::new("OPENED", "opened", Flag, "Available to everyone").number(1),
    Field::new("CLOSED", "closed", Flag, "Closed")
        .number(0)
        .read_only(),
    Field::new("COMMENTS", "comments", Text, "Comment"),
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
    Field::new("SOURCE_ID", "sourceId", Status("SOURCE"), "Source"),
    Field::new(
        "SOURCE_DESCRIPTION",
        "sourceDescription",
        Text,
        "About the source",
    )
    .rare(),
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
    Field::new(
        "LAST_ACTIVITY_TIME",
        "lastActivityTime",
        DateTime,
        "Last activity",
    )
    .read_only(),
    Field::new("UTM_SOURCE", "utmSource", Text, "UTM Source").rare(),
    Field::new("UTM_MEDIUM", "utmMedium", Text, "UTM Medium").rare(),
    Field::new("UTM_CAMPAIGN", "utmCampaign", Text, "UTM Campaign").rare(),
    Field::new("UTM_CONTENT", "utmContent", Text, "UTM Content").rare(),
    Field::new("UTM_TERM", "utmTerm", Text, "UTM Term").rare(),
    Field::new("PARENT_ID_128", "parentId128", Parent(128), "Project").rare(),
    Field::new(
        "LAST_ACTIVITY_BY",
        "lastActivityBy",
        Reference("user"),
        "Last active",
    )
    .read_only(),
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
    Field::new("OBSERVER_IDS", "observers", References("user"), "Observers").item_only(),
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
