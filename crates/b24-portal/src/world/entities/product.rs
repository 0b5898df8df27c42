use crate::world::schema::Field;
use crate::world::schema::Kind::{Code, Currency, DateTime, Flag, Integer, Money, Reference, Text};

/// Products: `crm.product.*`.
pub(in crate::world) const PRODUCT: &[Field] = &[
    Field::new("ID", "", Integer, "ID").read_only(),
    Field::new("CATALOG_ID", "", Integer, "Catalogue")
        .number(25)
        .once(),
    Field::new("PRICE", "", Money, "Price"),
    Field::new("CURRENCY_ID", "", Currency, "Currency"),
    Field::new("NAME", "", Text, "Name").required(),
    Field::new("CODE", "", Text, "Symbolic code").rare(),
    Field::new("DESCRIPTION", "", Text, "Description"),
    Field::new("DESCRIPTION_TYPE", "", Code, "Type of the description").code("text"),
    Field::new("ACTIVE", "", Flag, "Active").number(1),
    Field::new("SECTION_ID", "", Integer, "Section").rare(),
    Field::new("SORT", "", Integer, "Sorting").number(500),
    Field::new("VAT_ID", "", Integer, "Tax").rare(),
    Field::new("VAT_INCLUDED", "", Flag, "Tax is in the price").number(0),
    Field::new("MEASURE", "", Integer, "Unit").number(5),
    Field::new("XML_ID", "", Text, "External code"),
    Field::new("PREVIEW_PICTURE", "", Text, "Small picture")
        .rare()
        .read_only(),
    Field::new("DETAIL_PICTURE", "", Text, "Picture")
        .rare()
        .read_only(),
    Field::new("DATE_CREATE", "", DateTime, "Created on").read_only(),
    Field::new("TIMESTAMP_X", "", DateTime, "Modified on").read_only(),
    Field::new("MODIFIED_BY", "", Reference("user"), "Modified by").read_only(),
    Field::new("CREATED_BY", "", Reference("user"), "Created by").read_only(),
];
