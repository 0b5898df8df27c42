//! Product rows: what is sold by a deal, a lead, an invoice, an item of a smart process.

use std::collections::BTreeMap;

/// One product row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProductRow {
    pub(crate) id: i64,
    pub(crate) owner: Owner,
    pub(crate) product_id: i64,
    pub(crate) name: String,
    /// With discount, and with tax if it is on top.
    pub(crate) price: f64,
    pub(crate) quantity: f64,
    /// 1: a sum, 2: a percentage.
    pub(crate) discount_type: i64,
    pub(crate) discount_rate: f64,
    pub(crate) discount_sum: f64,
    pub(crate) tax_rate: Option<f64>,
    pub(crate) is_tax_included: bool,
    pub(crate) measure_code: i64,
    pub(crate) measure_name: String,
    pub(crate) sort: i64,
    pub(crate) xml_id: String,
}

/// Whose rows they are: type and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    pub(crate) type_id: i64,
    pub(crate) id: i64,
}

/// All product rows.
#[derive(Debug, Default)]
pub(crate) struct ProductRows {
    rows: BTreeMap<i64, ProductRow>,
    by_owner: BTreeMap<Owner, Vec<i64>>,
    last_id: i64,
}

impl Owner {
    /// `D` of deals, `L` of leads, `SI` of invoices, `T80` of the process 128.
    pub(crate) fn code(self) -> String {
        match self.type_id {
            1 => "L".to_owned(),
            2 => "D".to_owned(),
            31 => "SI".to_owned(),
            process => format!("T{process:x}"),
        }
    }

    /// The type that a code stands for.
    pub(crate) fn type_of(code: &str) -> Option<i64> {
        match code.to_ascii_uppercase().as_str() {
            "L" => Some(1),
            "D" => Some(2),
            "SI" => Some(31),
            process => i64::from_str_radix(process.strip_prefix('T')?, 16).ok(),
        }
    }
}

impl ProductRow {
    /// An empty row of an owner.
    pub(crate) fn new(owner: Owner) -> Self {
        Self {
            id: 0,
            owner,
            product_id: 0,
            name: String::new(),
            price: 0.0,
            quantity: 1.0,
            discount_type: 2,
            discount_rate: 0.0,
            discount_sum: 0.0,
            tax_rate: None,
            is_tax_included: false,
            measure_code: 796,
            measure_name: "шт".to_owned(),
            sort: 10,
            xml_id: String::new(),
        }
    }

    /// The price without tax.
    pub(crate) fn exclusive(&self) -> f64 {
        cents(self.price / (1.0 + self.tax_rate.unwrap_or(0.0) / 100.0))
    }

    /// The price without tax and discount.
    pub(crate) fn netto(&self) -> f64 {
        cents(self.exclusive() + self.discount_sum)
    }

    /// The price with tax and without discount.
    pub(crate) fn brutto(&self) -> f64 {
        cents(self.netto() * (1.0 + self.tax_rate.unwrap_or(0.0) / 100.0))
    }

    /// Hundredths that the row comes to.
    pub(crate) fn total(&self) -> i64 {
        (self.price * self.quantity * 100.0).round() as i64
    }

    /// Hundredths of tax in it.
    pub(crate) fn tax(&self) -> i64 {
        ((self.price - self.exclusive()) * self.quantity * 100.0).round() as i64
    }
}

/// Rounded to hundredths.
fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

impl ProductRows {
    /// The rows of an owner, in their order.
    pub(crate) fn of(&self, owner: Owner) -> Vec<&ProductRow> {
        let ids = self.by_owner.get(&owner).into_iter().flatten();
        let mut rows: Vec<_> = ids.filter_map(|id| self.rows.get(id)).collect();
        rows.sort_by_key(|row| row.sort);
        rows
    }

    pub(crate) fn get(&self, id: i64) -> Option<&ProductRow> {
        self.rows.get(&id)
    }

    /// Puts a row in its place; one without an id gets the next.
    pub(crate) fn put(&mut self, mut row: ProductRow) -> i64 {
        if row.id == 0 {
            self.last_id += 1;
            row.id = self.last_id;
            self.by_owner.entry(row.owner).or_default().push(row.id);
        }
        let id = row.id;
        self.rows.insert(id, row);
        id
    }

    pub(crate) fn remove(&mut self, id: i64) -> Option<ProductRow> {
        let row = self.rows.remove(&id)?;
        if let Some(ids) = self.by_owner.get_mut(&row.owner) {
            ids.retain(|known| *known != id);
        }
        Some(row)
    }

    /// Takes away all rows of an owner.
    pub(crate) fn clear(&mut self, owner: Owner) {
        for id in self.by_owner.remove(&owner).into_iter().flatten() {
            self.rows.remove(&id);
        }
    }
}
