//! Stages, of which each pipeline has its own.

use std::collections::HashMap;

use super::books::{Status, numbered};
use super::words::plain;

/// A stage of one pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) code: String,
    /// The id of its pipeline.
    pub(crate) pipeline: String,
}

/// The stages of all pipelines of an entity.
#[derive(Debug)]
pub(super) struct Stages {
    /// The pipeline of a code.
    by_code: HashMap<String, String>,
    by_text: HashMap<String, Vec<Stage>>,
    /// The pipeline of new rows that name none.
    pub(super) default: String,
}

impl Stages {
    /// Those whose type is `kind` (`DEAL_STAGE`), and of the other pipelines (`DEAL_STAGE_2`).
    pub(super) fn of(all: &[Status], kind: &str, default: Option<&str>) -> Self {
        let (base, own) = numbered(kind);
        let mut stages = Self {
            by_code: HashMap::new(),
            by_text: HashMap::new(),
            // The type that the field names is that of the default pipeline.
            default: default.unwrap_or(own).to_owned(),
        };
        for status in all {
            let (of, pipeline) = numbered(&status.kind);
            if of != base {
                continue;
            }
            let stage = Stage {
                code: status.code.clone(),
                pipeline: pipeline.to_owned(),
            };
            stages
                .by_code
                .insert(stage.code.clone(), stage.pipeline.clone());
            stages
                .by_text
                .entry(plain(&status.text))
                .or_default()
                .push(stage);
        }
        stages
    }

    /// A stage by its code, or by its text: within a pipeline, or of any if none is named.
    pub(super) fn find(&self, text: &str, pipeline: Option<&str>) -> Result<Stage, String> {
        if let Some(own) = self.by_code.get(text) {
            return match pipeline.filter(|pipeline| pipeline != own) {
                Some(pipeline) => Err(format!(
                    "stage {text:?} is one of pipeline {own}, not {pipeline}"
                )),
                None => Ok(Stage {
                    code: text.to_owned(),
                    pipeline: own.clone(),
                }),
            };
        }
        let named = self.by_text.get(&plain(text)).into_iter().flatten();
        let here: Vec<&Stage> = named
            .filter(|stage| pipeline.is_none_or(|pipeline| stage.pipeline == pipeline))
            .collect();
        match (here.as_slice(), pipeline) {
            ([one], _) => Ok((*one).clone()),
            ([], Some(pipeline)) => Err(format!("no stage {text:?} in pipeline {pipeline}")),
            ([], None) => Err(format!("no stage {text:?}")),
            (many, _) => {
                let codes: Vec<&str> = many.iter().map(|stage| stage.code.as_str()).collect();
                Err(format!(
                    "{text:?} is the name of the stages {}: write one of these",
                    codes.join(" and ")
                ))
            }
        }
    }
}
