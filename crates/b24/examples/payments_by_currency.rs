//! Payments of a period summed by currency: `cargo run --example payments_by_currency -- 2025-01-01 2026-01-01`.
//! The second day is the first one that does not count.
//!
//! Reads the portal that `B24_WEBHOOK` names, or a local one with made-up data.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use b24::Client;
use b24::model::Payment;
use b24::value::Date;
use bigdecimal::BigDecimal;
use serde_json::json;

#[path = "demo/mod.rs"]
mod demo;

pub(crate) async fn run(
    b24: &Client,
    from: &str,
    to: &str,
    mut out: impl Write,
) -> Result<(), Box<dyn Error>> {
    let (from, to): (Date, Date) = (from.parse()?, to.parse()?);
    let mut payments = b24
        .payments()
        .list()
        .filter(json!({ "paid": "Y", ">=datePaid": from, "<datePaid": to }))
        .select(["sum", "currency"])
        .items::<Payment>();
    let mut sums: BTreeMap<String, (usize, BigDecimal)> = BTreeMap::new();
    while let Some(payment) = payments.try_next().await? {
        let (Some(sum), Some(currency)) = (payment.sum, payment.currency) else {
            continue;
        };
        let (count, total) = sums.entry(currency).or_default();
        *count += 1;
        // Digit for digit: no float on the way.
        *total += sum.as_str().parse::<BigDecimal>()?;
    }
    for (currency, (count, total)) in sums {
        writeln!(out, "{currency}  {total:>16.2}  in {count} payments")?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (b24, _portal) = demo::connect().await?;
    let mut args = std::env::args().skip(1);
    let from = args.next().unwrap_or("2025-01-01".to_owned());
    let to = args.next().unwrap_or("2026-01-01".to_owned());
    run(&b24, &from, &to, std::io::stdout()).await
}
