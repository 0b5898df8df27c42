//! What a list method looks like: where its rows are, how they are numbered, and how it pages.
//!
//! The table comes from the catalogue of methods (`shapes_generated.rs`, made by
//! `cargo xtask codegen`); what the catalogue gets wrong or leaves out is written by hand in
//! [`EXCEPTIONS`]. A method in neither is taken for a classic one, and its real shape is read off
//! its first answer.

use std::borrow::Cow;

#[path = "shapes_generated.rs"]
mod generated;

/// One row of the table: `(method in lower case, shape)`, sorted by method, then by version.
pub(super) type Entry = (&'static str, Row);

/// The shape of a method as the tables write it down.
#[expect(
    clippy::struct_field_names,
    reason = "it is the id of a row of the answer"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Version of the REST interface: 2 or 3.
    pub(super) version: u8,
    /// How the method hands out its pages.
    pub(super) paging: Paging,
    /// Key of the list inside `result`; empty when `result` is the list.
    pub(super) key: &'static str,
    /// Name of the id in a row of the answer.
    pub(super) row_id: &'static str,
    /// Name of the id in `filter`, `order` and `select`.
    pub(super) filter_id: &'static str,
    /// Name of the parameter that filters (`filter`, `FILTER`), empty when there is none.
    pub(super) filter: &'static str,
    /// Name of the parameter that chooses fields (`select`, `SELECT`), empty when there is none.
    pub(super) select: &'static str,
    /// How the order is asked for.
    pub(super) order: Order,
}

/// How a method hands out its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// v2: filters by `>id` and sorts by id, so pages are chained by the last id, `start = -1`.
    Keyset,
    /// v2: `start` and `next`. Also methods that answer everything at once: they never say `next`.
    Offset,
    /// v3: filter triples, `order` and `pagination.limit`.
    KeysetV3,
    /// v3: cannot filter or sort by id; `pagination.offset` and `pagination.limit`.
    OffsetV3,
    /// The method pages by parameters of its own (`LIMIT`/`OFFSET`, `afterCursor`, `NAV_PARAMS`).
    Own,
}

/// How a method takes its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// It takes none.
    None,
    /// A map under this name: `order: { ID: "ASC" }`.
    Map(&'static str),
    /// Two scalars under these names: `sort: "ID"`, `order: "ASC"`.
    Scalars(&'static str, &'static str),
}

/// The shape of one list: a row of the tables with the caller's corrections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) paging: Paging,
    /// Key of the list inside `result`; empty when `result` is the list.
    pub(super) key: Cow<'static, str>,
    pub(super) row_id: Cow<'static, str>,
    pub(super) filter_id: Cow<'static, str>,
    pub(super) filter: &'static str,
    pub(super) select: &'static str,
    pub(super) order: Order,
    /// Whether the method is known to sort by its id.
    pub(super) sorts_by_id: bool,
    /// Nobody has written this shape down: the first answer may correct it.
    pub(super) guessed: bool,
}

impl Shape {
    /// The shape of `method` (any case) in this version of the interface.
    pub(super) fn of(method: &str, version: u8) -> Self {
        let method = method.to_ascii_lowercase();
        let known = find(EXCEPTIONS, &method, version)
            .or_else(|| find(generated::SHAPES, &method, version));
        match (known, version) {
            (Some(row), _) => Self::from_row(row, false),
            (None, 3) => Self::from_row(&V3, false),
            (None, _) => Self::from_row(&CLASSIC, true),
        }
    }

    fn from_row(row: &Row, guessed: bool) -> Self {
        Self {
            paging: row.paging,
            key: Cow::Borrowed(row.key),
            row_id: Cow::Borrowed(row.row_id),
            filter_id: Cow::Borrowed(row.filter_id),
            filter: row.filter,
            select: row.select,
            order: row.order,
            sorts_by_id: !guessed && matches!(row.paging, Paging::Keyset | Paging::KeysetV3),
            guessed,
        }
    }
}

fn find(table: &'static [Entry], method: &str, version: u8) -> Option<&'static Row> {
    table
        .iter()
        .find(|(name, row)| *name == method && row.version == version)
        .map(|(_, row)| row)
}

/// `crm.deal.list` and its kin: upper-case names, the list is the result itself.
const CLASSIC: Row = Row {
    version: 2,
    paging: Paging::Keyset,
    key: "",
    row_id: "ID",
    filter_id: "ID",
    filter: "filter",
    select: "select",
    order: Order::Map("order"),
};

/// Methods of a controller: camel case, the list under a key.
const CONTROLLER: Row = Row {
    key: "items",
    row_id: "id",
    filter_id: "id",
    ..CLASSIC
};

/// Any v3 list.
const V3: Row = Row {
    version: 3,
    paging: Paging::KeysetV3,
    ..CONTROLLER
};

/// Methods that answer everything at once or cannot filter by id.
const WHOLE: Row = Row {
    paging: Paging::Offset,
    order: Order::None,
    ..CLASSIC
};

/// Corrections by hand; they go before the generated table.
static EXCEPTIONS: &[Entry] = &[
    // No id column: the key is made of three fields.
    (
        "crm.address.list",
        Row {
            paging: Paging::Offset,
            ..CLASSIC
        },
    ),
    (
        "crm.category.list",
        Row {
            key: "categories",
            ..WHOLE
        },
    ),
    ("crm.currency.list", WHOLE),
    ("crm.item.list", CONTROLLER),
    (
        "crm.item.productrow.list",
        Row {
            key: "productRows",
            ..CONTROLLER
        },
    ),
    ("crm.lead.list", CLASSIC),
    // Keyed like a controller's answer, but its rows and filters are upper case.
    (
        "crm.stagehistory.list",
        Row {
            key: "items",
            ..CLASSIC
        },
    ),
    // A short list that ignores `start`.
    ("crm.status.list", WHOLE),
    (
        "crm.type.list",
        Row {
            key: "types",
            select: "",
            ..CONTROLLER
        },
    ),
    (
        "department.get",
        Row {
            row_id: "ID",
            ..WHOLE
        },
    ),
    (
        "lists.element.get",
        Row {
            filter: "FILTER",
            select: "SELECT",
            order: Order::Map("ELEMENT_ORDER"),
            ..CLASSIC
        },
    ),
    // `>id` is ignored here, only `>ID` is a bound; rows say `id`.
    (
        "tasks.task.list",
        Row {
            key: "tasks",
            row_id: "id",
            ..CLASSIC
        },
    ),
    ("tasks.task.list", V3),
    (
        "user.get",
        Row {
            filter: "FILTER",
            order: Order::Scalars("sort", "order"),
            ..CLASSIC
        },
    ),
    (
        "user.search",
        Row {
            filter: "FILTER",
            order: Order::Scalars("sort", "order"),
            paging: Paging::Offset,
            ..CLASSIC
        },
    ),
    (
        "voximplant.statistic.get",
        Row {
            filter: "FILTER",
            select: "",
            order: Order::Scalars("SORT", "ORDER"),
            ..CLASSIC
        },
    ),
];

#[cfg(test)]
#[path = "shape/tests.rs"]
mod tests;
