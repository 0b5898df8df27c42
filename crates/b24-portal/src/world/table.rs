//! Rows of one entity: ids that rise, and a column for each field.

use std::cell::{RefCell, RefMut};
use std::collections::HashMap;
use std::ops::Range;

use super::cell::{Cell, CellRef};
use super::column::{Codes, Column, Texts};
use super::results::Results;
use super::schema::{Field, Kind, Storage};

/// The place of a row; deleted rows keep theirs.
pub(crate) type Row = u32;

/// The place of a field; the id is the first.
pub(crate) type FieldNo = usize;

/// The field that every entity begins with.
pub(crate) const ID: FieldNo = 0;

/// Rows of one entity.
#[derive(Debug)]
pub(crate) struct Table {
    fields: Vec<Field>,
    /// By field; the id's is not used.
    columns: Vec<Column>,
    initial: Vec<Cell>,
    /// The field that stands in for an empty list.
    singles: Vec<Option<FieldNo>>,
    ids: Vec<i64>,
    /// One bit a row.
    deleted: Vec<u64>,
    live: usize,
    next_id: i64,
    results: RefCell<Results>,
}

impl Table {
    pub(crate) fn new(fields: &'static [Field]) -> Self {
        let place = |name: &str| {
            fields
                .iter()
                .position(|field| !name.is_empty() && field.name == name)
        };
        Self {
            fields: fields.to_vec(),
            columns: fields.iter().map(column).collect(),
            initial: fields.iter().map(|field| field.initial.cell()).collect(),
            singles: fields.iter().map(|field| place(field.single)).collect(),
            ids: Vec::new(),
            deleted: Vec::new(),
            live: 0,
            next_id: 1,
            results: RefCell::default(),
        }
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(crate) fn field(&self, field: FieldNo) -> &Field {
        &self.fields[field]
    }

    /// Adds a field; rows that there are hold nothing in it, new ones hold `initial`.
    pub(super) fn add_field(&mut self, field: Field, initial: Cell) -> FieldNo {
        debug_assert!(field.storage == Storage::Rare, "no row has a place for it");
        self.results.get_mut().clear();
        self.columns.push(column(&field));
        self.fields.push(field);
        self.initial.push(initial);
        self.singles.push(None);
        self.fields.len() - 1
    }

    /// Describes a field anew; its values stay.
    pub(super) fn redefine_field(&mut self, place: FieldNo, field: Field, initial: Cell) {
        self.results.get_mut().clear();
        self.fields[place] = field;
        self.initial[place] = initial;
    }

    /// Takes a field away with its values. Others keep their places.
    pub(super) fn remove_field(&mut self, place: FieldNo) {
        self.redefine_field(place, Field::gone(), Cell::Null);
        self.columns[place] = Column::Constant(Cell::Null);
    }

    /// The field of this classic name.
    pub(crate) fn field_no(&self, name: &str) -> Option<FieldNo> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// Adds a row with the next id.
    pub(crate) fn append(&mut self) -> Row {
        self.append_with_id(self.next_id)
    }

    /// Adds a row; `id` must be above all before it.
    pub(crate) fn append_with_id(&mut self, id: i64) -> Row {
        debug_assert!(id >= self.next_id, "ids rise");
        self.results.get_mut().clear();
        let row = self.ids.len() as Row;
        self.ids.push(id);
        if row.is_multiple_of(64) {
            self.deleted.push(0);
        }
        for (column, value) in self.columns.iter_mut().zip(&self.initial) {
            column.push(row, value);
        }
        self.live += 1;
        self.next_id = id + 1;
        row
    }

    /// Leaves ids out, as deleted rows would.
    pub(crate) const fn skip_ids(&mut self, count: i64) {
        self.next_id += count;
    }

    pub(crate) fn set<'v>(&mut self, row: Row, field: FieldNo, value: impl Into<CellRef<'v>>) {
        if field != ID {
            self.results.get_mut().clear();
            self.columns[field].set(row, value.into());
        }
    }

    /// Sets a field by its classic name; a name that the entity lacks is passed over.
    pub(crate) fn set_named<'v>(&mut self, row: Row, name: &str, value: impl Into<CellRef<'v>>) {
        if let Some(field) = self.field_no(name) {
            self.set(row, field, value);
        }
    }

    pub(crate) fn get(&self, row: Row, field: FieldNo) -> CellRef<'_> {
        if field == ID {
            CellRef::Number(self.id(row))
        } else {
            self.columns[field].get(row)
        }
    }

    /// A field by its classic name, NULL where the entity lacks it.
    pub(crate) fn named(&self, row: Row, name: &str) -> CellRef<'_> {
        self.field_no(name)
            .map_or(CellRef::Null, |field| self.get(row, field))
    }

    /// A number by its field's classic name, 0 for NULL.
    pub(crate) fn number(&self, row: Row, name: &str) -> i64 {
        match self.named(row, name) {
            CellRef::Number(number) => number,
            _ => 0,
        }
    }

    /// A text by its field's classic name, empty for NULL.
    pub(crate) fn text(&self, row: Row, name: &str) -> &str {
        match self.named(row, name) {
            CellRef::Text(text) => text,
            _ => "",
        }
    }

    /// The field that stands in for this list where it is empty.
    pub(crate) fn single(&self, field: FieldNo) -> Option<FieldNo> {
        self.singles[field]
    }

    /// The dictionary of a field kept by codes.
    pub(crate) fn codes(&self, field: FieldNo) -> Option<&Codes> {
        match self.columns.get(field) {
            Some(Column::Codes(codes)) if field != ID => Some(codes),
            _ => None,
        }
    }

    pub(crate) fn id(&self, row: Row) -> i64 {
        self.ids[row as usize]
    }

    /// The row of an id, if it was not deleted.
    pub(crate) fn find(&self, id: i64) -> Option<Row> {
        let row = self.ids.binary_search(&id).ok()? as Row;
        self.is_live(row).then_some(row)
    }

    /// Deletes a row; false if there is none.
    pub(crate) fn delete(&mut self, id: i64) -> bool {
        let Some(row) = self.find(id) else {
            return false;
        };
        self.results.get_mut().clear();
        self.deleted[row as usize / 64] |= 1 << (row % 64);
        self.live -= 1;
        for column in &mut self.columns {
            if let Column::Rare(_) = column {
                column.set(row, CellRef::Null);
            }
        }
        true
    }

    pub(crate) fn is_live(&self, row: Row) -> bool {
        self.deleted[row as usize / 64] & (1 << (row % 64)) == 0
    }

    /// The places of all rows, deleted ones too.
    pub(crate) fn places(&self) -> Range<Row> {
        0..self.ids.len() as Row
    }

    /// The first place with an id of at least this.
    pub(crate) fn lower_bound(&self, id: i64) -> Row {
        self.ids.partition_point(|&found| found < id) as Row
    }

    /// How many rows of a run of places are not deleted.
    pub(crate) fn live_in(&self, places: Range<Row>) -> usize {
        let Range { start, end } = places;
        if start == 0 && end as usize == self.ids.len() {
            return self.live;
        }
        let (first, last) = (start as usize / 64, end as usize / 64);
        let gone: u32 = (first..=last)
            .filter_map(|word| self.deleted.get(word).map(|bits| (word, *bits)))
            .map(|(word, mut bits)| {
                if word == first {
                    bits &= u64::MAX << (start % 64);
                }
                if word == last {
                    bits &= (1 << (end % 64)) - 1;
                }
                bits.count_ones()
            })
            .sum();
        (end.saturating_sub(start) as usize).saturating_sub(gone as usize)
    }

    /// What counted scans have found since the last write.
    pub(super) fn results(&self) -> RefMut<'_, Results> {
        self.results.borrow_mut()
    }

    /// The ids of all rows, rising.
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.places()
            .filter(|&row| self.is_live(row))
            .map(|row| self.id(row))
            .collect()
    }
}

fn column(field: &Field) -> Column {
    match (field.storage, field.kind) {
        (Storage::Constant, _) => Column::Constant(field.initial.cell()),
        (Storage::Rare, _) => Column::Rare(HashMap::new()),
        (Storage::Dense, Kind::Flag) => Column::Flags(Vec::new()),
        (Storage::Dense, Kind::Code | Kind::Status(_) | Kind::Currency) => {
            Column::Codes(Codes::default())
        }
        (Storage::Dense, kind) if kind.is_number() => Column::Numbers(Vec::new()),
        (Storage::Dense, _) => Column::Texts(Texts::default()),
    }
}
