//! The SDK as a client: `items()` of rows that stay text, or of a type.

use std::process::ExitCode;

use anyhow::{Result, bail};
use b24::{Client, Limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::reader::{METHOD, Task, Told};

/// Three fields as a user would have them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Deal {
    #[serde(deserialize_with = "b24::value::number::deserialize")]
    id: i64,
    title: String,
    opportunity: String,
}

/// The part `sdk`: rows as `text`, or as `typed`.
pub async fn run(rows: &str) -> Result<ExitCode> {
    let task = Task::from_env()?;
    match rows {
        "text" => read::<Box<RawValue>>(&task, |_| None).await,
        "typed" => {
            read::<Deal>(&task, |deal| {
                std::hint::black_box((&deal.title, &deal.opportunity));
                Some(deal.id)
            })
            .await
        }
        other => bail!("rows are text or typed, not {other}"),
    }
}

async fn read<T: DeserializeOwned>(
    task: &Task,
    id: impl Fn(&T) -> Option<i64>,
) -> Result<ExitCode> {
    let mut builder = Client::builder().webhook(&task.webhook);
    if let Some(ca) = &task.ca {
        builder = builder.ca_certificates(ca.clone());
    }
    if !task.limited {
        builder = builder.limits(Limits::Off);
    }
    let client = builder.build()?;
    let mut items = client
        .v2()
        .list(METHOD)
        .filter(&task.filter)
        .select(&task.select)
        .items::<T>();
    let (mut rows, mut ids) = (0, Vec::new());
    let error = loop {
        match items.try_next().await {
            Ok(Some(row)) => {
                rows += 1;
                let id = id(&row);
                if task.keeps_ids() {
                    ids.extend(id.map(|id| id.to_string()));
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    let told = Told {
        rows: Some(rows),
        error,
        ..Told::default()
    };
    task.told(&told, &ids)?;
    Ok(ExitCode::SUCCESS)
}
