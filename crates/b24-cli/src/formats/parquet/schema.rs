//! The schema of a file, and what it says about itself.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{Type, TypePtr};
use serde_json::json;

use super::super::column::{Column, Kind};
use super::GROUP;

/// Pages and dictionaries are small: every column of a wide row has one of each in memory.
const PAGE_BYTES: usize = 256 << 10;

/// The columns, each optional: the portal may leave out any value.
#[expect(
    clippy::expect_used,
    reason = "the types are fixed, and each fits its logical type"
)]
pub(super) fn of(columns: &[Column]) -> TypePtr {
    let fields = columns.iter().map(|column| {
        let (physical, logical) = types(column.kind);
        let field = Type::primitive_type_builder(&column.heading, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build();
        Arc::new(field.expect("a type that Parquet has"))
    });
    let schema = Type::group_type_builder("rows").with_fields(fields.collect());
    Arc::new(schema.build().expect("a group of columns"))
}

fn types(kind: Kind) -> (Physical, Option<LogicalType>) {
    match kind {
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Time => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
        ),
        Kind::Text | Kind::Any => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    }
}

/// How the file is written. `b24.columns` says what each column is on the portal.
pub(super) fn properties(columns: &[Column], title: &str) -> WriterProperties {
    let about: Vec<_> = columns
        .iter()
        .map(|column| {
            json!({
                "column": column.heading,
                "field": column.path,
                "title": column.title,
                "type": column.portal_type,
                "note": column.note(),
            })
        })
        .collect();
    let about = serde_json::to_string(&about).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(PAGE_BYTES)
        .set_created_by(concat!("b24 ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![
            KeyValue::new("b24.entity".to_owned(), title.to_owned()),
            KeyValue::new("b24.columns".to_owned(), about),
        ]))
        .build()
}
