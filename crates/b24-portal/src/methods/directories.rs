//! Pipelines, currencies, smart processes: short lists, always whole.

#![expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]

use super::short::{chosen, listed};
use super::{required, v2};
use crate::php::Php;
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::directory::{
    BASE_CURRENCY, CATEGORIES, CURRENCIES, Category, Currency, PROCESSES, Process,
};
use crate::world::time;

pub(super) const METHODS: &[Method] = &[
    v2("crm.category.list", "crm", categories),
    v2("crm.currency.list", "crm", currencies),
    v2("crm.currency.base.get", "crm", |_| {
        Ok(Reply::value(BASE_CURRENCY))
    }),
    v2("crm.type.list", "crm", types),
];

/// When everything in the directories was made: a year before the demo set ends.
const MADE: i64 = 1_735_678_800;

fn categories(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let type_id = required(call.params, "entityTypeId")?.to_int();
    let rows: Vec<Php> = CATEGORIES
        .iter()
        .filter(|category| category.entity_type_id == type_id)
        .map(category_row)
        .collect();
    if rows.is_empty() {
        return Err(Refusal::new(
            "ENTITY_TYPE_NOT_SUPPORTED",
            format!("Entity type {type_id} does not support categories"),
        ));
    }
    Ok(listed(Some("categories"), rows))
}

fn category_row(category: &Category) -> Php {
    Php::map([
        ("id", category.id.into()),
        ("name", category.name.into()),
        ("sort", category.sort.into()),
        ("entityTypeId", category.entity_type_id.into()),
        ("isDefault", yes_or_no(category.is_default)),
        ("originId", "".into()),
        ("originatorId", "".into()),
    ])
}

fn currencies(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let rows = CURRENCIES.iter().map(currency_row).collect();
    Ok(listed(
        None,
        chosen(rows, None, call.params.get_ci("order")),
    ))
}

fn currency_row(currency: &Currency) -> Php {
    Php::map([
        ("CURRENCY", currency.code.into()),
        ("AMOUNT_CNT", currency.count.to_string().into()),
        ("AMOUNT", currency.rate.into()),
        ("SORT", currency.sort.to_string().into()),
        ("BASE", yes_or_no(currency.code == BASE_CURRENCY)),
        ("FULL_NAME", currency.name.into()),
        ("LID", "ru".into()),
        ("FORMAT_STRING", currency.format.into()),
        ("DEC_POINT", ".".into()),
        ("THOUSANDS_SEP", Php::Null),
        ("DECIMALS", "2".into()),
        ("DATE_UPDATE", time::text(MADE).into()),
    ])
}

fn types(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let rows = PROCESSES.iter().map(type_row).collect();
    let (filter, order) = (call.params.get("filter"), call.params.get("order"));
    Ok(listed(Some("types"), chosen(rows, filter, order)))
}

fn type_row(process: &Process) -> Php {
    const FEATURES: [(&str, bool); 16] = [
        ("isCategoriesEnabled", true),
        ("isStagesEnabled", true),
        ("isBeginCloseDatesEnabled", true),
        ("isClientEnabled", true),
        ("isUseInUserfieldEnabled", true),
        ("isLinkWithProductsEnabled", true),
        ("isMycompanyEnabled", true),
        ("isDocumentsEnabled", true),
        ("isSourceEnabled", true),
        ("isObserversEnabled", true),
        ("isRecyclebinEnabled", true),
        ("isAutomationEnabled", true),
        ("isBizProcEnabled", false),
        ("isSetOpenPermissions", true),
        ("isPaymentsEnabled", false),
        ("isCountersEnabled", false),
    ];
    let first = [
        ("id", process.id.into()),
        ("title", process.title.into()),
        ("code", process.code.into()),
        ("createdBy", 1_i64.into()),
        ("entityTypeId", process.entity_type_id.into()),
        ("customSectionId", Php::Null),
    ];
    let last = [
        ("createdTime", time::text(MADE).into()),
        ("updatedTime", time::text(MADE).into()),
        ("updatedBy", 1_i64.into()),
    ];
    let features = FEATURES.iter().map(|(name, on)| (*name, yes_or_no(*on)));
    Php::map(first.into_iter().chain(features).chain(last))
}

fn yes_or_no(flag: bool) -> Php {
    if flag { "Y" } else { "N" }.into()
}
