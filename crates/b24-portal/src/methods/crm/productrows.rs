//! Product rows: `crm.item.productrow.*`, `crm.deal.productrows.*`, `crm.lead.productrows.*`.

use crate::methods::short::{chosen, listed};
use crate::methods::{optional_array, required, v2};
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::product_rows::{Owner, ProductRow};
use crate::world::view::upper_snake;

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("crm.item.productrow.add", "crm", add),
    v2("crm.item.productrow.get", "crm", get),
    v2("crm.item.productrow.list", "crm", list),
    v2("crm.item.productrow.update", "crm", update),
    v2("crm.item.productrow.delete", "crm", delete),
    v2("crm.item.productrow.set", "crm", set),
    v2("crm.item.productrow.fields", "crm", fields),
    v2("crm.deal.productrows.get", "crm", |call| {
        classic_get(call, 2)
    }),
    v2("crm.deal.productrows.set", "crm", |call| {
        classic_set(call, 2)
    }),
    v2("crm.lead.productrows.get", "crm", |call| {
        classic_get(call, 1)
    }),
    v2("crm.lead.productrows.set", "crm", |call| {
        classic_set(call, 1)
    }),
];

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let filter = optional_array(call, "filter")?;
    let wanted = |name: &str| {
        let value =
            filter.and_then(|filter| filter.get(name).or_else(|| filter.get(&format!("={name}"))));
        value.ok_or_else(|| {
            let text = format!("The filter must contain the field {name}");
            Refusal::new("INVALID_ARG_VALUE", text)
        })
    };
    let owner = owner(call, wanted("ownerType")?, wanted("ownerId")?)?;
    let rows = call.world.product_rows.of(owner);
    let rows = rows.into_iter().map(shown).collect();
    let rows = chosen(rows, filter, optional_array(call, "order")?);
    Ok(listed(Some("productRows"), rows))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(Php::map([(
        "productRow",
        shown(found(call)?),
    )])))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let fields = required(call.params, "fields")?;
    let owner = owner(
        call,
        required(fields, "ownerType")?,
        required(fields, "ownerId")?,
    )?;
    let count = call.world.product_rows.of(owner).len() as i64;
    let mut row = ProductRow::new(owner);
    row.sort = 10 * (count + 1);
    written(call, read(row, fields))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?.clone();
    let fields = required(call.params, "fields")?;
    written(call, read(row, fields))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (id, owner) = (found(call)?.id, found(call)?.owner);
    call.world.product_rows.remove(id);
    count(call, owner);
    Ok(Reply::value(Php::Null))
}

fn set(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let owner = owner(
        call,
        required(call.params, "ownerType")?,
        required(call.params, "ownerId")?,
    )?;
    let rows = required(call.params, "productRows")?;
    replace(call, owner, rows);
    let rows = call.world.product_rows.of(owner);
    let rows = Php::list(rows.into_iter().map(shown));
    Ok(Reply::value(Php::map([("productRows", rows)])))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn fields(_: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = shown(&ProductRow::new(Owner { type_id: 2, id: 0 }));
    let described = row.as_array().into_iter().flat_map(PhpArray::iter);
    let described = described.map(|(name, value)| {
        let name = name.text().into_owned();
        let kind = match (name.as_str(), value) {
            ("taxRate", _) | (_, Php::Float(_)) => "double",
            ("taxIncluded" | "customized", _) => "char",
            (_, Php::Int(_)) => "integer",
            _ => "string",
        };
        let is_read_only = matches!(
            name.as_str(),
            "id" | "priceExclusive"
                | "priceNetto"
                | "priceBrutto"
                | "priceAccount"
                | "customized"
                | "type"
        );
        let is_owner = name.starts_with("owner");
        let about = Php::map([
            ("type", kind.into()),
            ("isRequired", is_owner.into()),
            ("isReadOnly", is_read_only.into()),
            ("isImmutable", is_owner.into()),
            ("isMultiple", false.into()),
            ("isDynamic", false.into()),
            ("title", upper_snake(&name).into()),
            ("upperName", upper_snake(&name).into()),
        ]);
        (name, about)
    });
    Ok(Reply::value(Php::map([("fields", Php::map(described))])))
}

/// Classic: the names in capitals, some numbers as text.
fn classic_get(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let owner = classic_owner(call, type_id)?;
    let rows = call.world.product_rows.of(owner).into_iter().map(|row| {
        let row = shown(row);
        let fields = row.as_array().into_iter().flat_map(PhpArray::iter);
        let fields = fields.map(|(name, value)| {
            let name = upper_snake(&name.text());
            let value = match name.as_str() {
                "ID" | "OWNER_ID" | "PRICE_ACCOUNT" => value.to_text().into_owned().into(),
                _ => value.clone(),
            };
            (name, value)
        });
        Php::map(fields)
    });
    Ok(Reply::value(Php::list(rows)))
}

fn classic_set(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let owner = classic_owner(call, type_id)?;
    let Some(rows @ Php::Array(_)) = call.params.get_ci("rows") else {
        return Err(Refusal::new(
            "",
            "The parameter rows is invalid or not defined.",
        ));
    };
    replace(call, owner, rows);
    Ok(Reply::value(true))
}

fn classic_owner(call: &Call<'_>, type_id: i64) -> Result<Owner, Refusal> {
    let id = call.params.get_ci("id").map_or(0, Php::to_int);
    let exists = |id| {
        let entity = call.world.crm(type_id);
        entity.is_some_and(|entity| entity.table.find(id).is_some())
    };
    match id {
        ..=0 => Err(Refusal::new(
            "",
            "The parameter id is invalid or not defined.",
        )),
        id if !exists(id) => Err(Refusal::new("", "Not found")),
        id => Ok(Owner { type_id, id }),
    }
}

/// The rows of an owner become these: those with the id of one it has stay that one.
fn replace(call: &mut Call<'_>, owner: Owner, rows: &Php) {
    let known = call.world.product_rows.of(owner);
    let known: Vec<ProductRow> = known.into_iter().cloned().collect();
    let mut kept = Vec::new();
    let given = rows.as_array().into_iter().flat_map(PhpArray::values);
    for (fields, place) in given.zip(1..) {
        let id = field(fields, "id").map_or(0, Php::to_int);
        let row = known.iter().find(|row| row.id == id).cloned();
        let mut row = row.unwrap_or_else(|| ProductRow::new(owner));
        row.sort = 10 * place;
        kept.push(call.world.product_rows.put(read(row, fields)));
    }
    for row in known.iter().filter(|row| !kept.contains(&row.id)) {
        call.world.product_rows.remove(row.id);
    }
    count(call, owner);
}

fn written(call: &mut Call<'_>, row: ProductRow) -> Result<Reply, Refusal> {
    let owner = row.owner;
    let id = call.world.product_rows.put(row);
    count(call, owner);
    let row = call.world.product_rows.get(id).ok_or_else(not_found)?;
    Ok(Reply::value(Php::map([("productRow", shown(row))])))
}

/// Unless it was entered by hand, the total of the owner is that of its rows.
fn count(call: &mut Call<'_>, owner: Owner) {
    let rows = call.world.product_rows.of(owner);
    let total: i64 = rows.iter().map(|row| row.total()).sum();
    let tax: i64 = rows.iter().map(|row| row.tax()).sum();
    let Some(entity) = call.world.crm_mut(owner.type_id) else {
        return;
    };
    let Some(row) = entity.table.find(owner.id) else {
        return;
    };
    if entity.table.number(row, "IS_MANUAL_OPPORTUNITY") == 0 {
        entity.table.set_named(row, "OPPORTUNITY", total);
        entity.table.set_named(row, "TAX_VALUE", tax);
    }
}

/// A row with what was given for it, in either spelling.
fn read(mut row: ProductRow, fields: &Php) -> ProductRow {
    let number = |name: &str| field(fields, name).map(Php::to_float);
    let int = |name: &str| field(fields, name).map(Php::to_int);
    let text = |name: &str| field(fields, name).map(|value| value.to_text().into_owned());
    row.product_id = int("productId").unwrap_or(row.product_id);
    row.name = text("productName").unwrap_or(row.name);
    row.price = number("price").unwrap_or(row.price);
    row.quantity = number("quantity").unwrap_or(row.quantity);
    row.discount_type = int("discountTypeId").unwrap_or(row.discount_type);
    row.discount_rate = number("discountRate").unwrap_or(row.discount_rate);
    row.discount_sum = number("discountSum").unwrap_or(row.discount_sum);
    if let Some(rate) = field(fields, "taxRate") {
        row.tax_rate = Some(rate.to_text())
            .filter(|text| !text.is_empty())
            .map(|_| rate.to_float());
    }
    row.is_tax_included = text("taxIncluded").map_or(row.is_tax_included, |flag| flag == "Y");
    row.measure_code = int("measureCode").unwrap_or(row.measure_code);
    row.measure_name = text("measureName").unwrap_or(row.measure_name);
    row.sort = int("sort").unwrap_or(row.sort);
    row.xml_id = text("xmlId").unwrap_or(row.xml_id);
    row
}

/// `productId` or `PRODUCT_ID`.
fn field<'a>(fields: &'a Php, name: &str) -> Option<&'a Php> {
    let upper = || fields.get(&upper_snake(name));
    fields.get(name).or_else(upper)
}

fn shown(row: &ProductRow) -> Php {
    Php::map([
        ("id", row.id.into()),
        ("ownerId", row.owner.id.into()),
        ("ownerType", row.owner.code().into()),
        ("productId", row.product_id.into()),
        ("productName", row.name.as_str().into()),
        ("price", row.price.into()),
        ("priceAccount", row.price.into()),
        ("priceExclusive", row.exclusive().into()),
        ("priceNetto", row.netto().into()),
        ("priceBrutto", row.brutto().into()),
        ("quantity", row.quantity.into()),
        ("discountTypeId", row.discount_type.into()),
        ("discountRate", row.discount_rate.into()),
        ("discountSum", row.discount_sum.into()),
        ("taxRate", row.tax_rate.into()),
        (
            "taxIncluded",
            if row.is_tax_included { "Y" } else { "N" }.into(),
        ),
        ("customized", "Y".into()),
        ("measureCode", row.measure_code.into()),
        ("measureName", row.measure_name.as_str().into()),
        ("sort", row.sort.into()),
        ("xmlId", row.xml_id.as_str().into()),
        ("type", 4_i64.into()),
    ])
}

fn owner(call: &Call<'_>, code: &Php, id: &Php) -> Result<Owner, Refusal> {
    let code = code.to_text();
    let type_id = Owner::type_of(&code).filter(|type_id| call.world.crm(*type_id).is_some());
    let type_id = type_id.ok_or_else(|| {
        let text = format!("Entity type {code} is not supported");
        Refusal::new("ENTITY_TYPE_NOT_SUPPORTED", text)
    })?;
    let id = id.to_int();
    let entity = call.world.crm(type_id);
    if entity.is_some_and(|entity| entity.table.find(id).is_some()) {
        Ok(Owner { type_id, id })
    } else {
        Err(Refusal::new("OWNER_NOT_FOUND", "Owner was not found"))
    }
}

fn found<'a>(call: &'a Call<'_>) -> Result<&'a ProductRow, Refusal> {
    let id = required(call.params, "id")?.to_int();
    call.world.product_rows.get(id).ok_or_else(not_found)
}

fn not_found() -> Refusal {
    Refusal::new("NOT_FOUND", "Product row was not found")
}
