//! Which format a file has: what `-f` says, else its name.

use std::path::Path;

use super::packing::Packing;
use crate::failure::Failure;

const KNOWN: &str = "jsonl, json, csv, xlsx, parquet, table, the text ones also with .gz or .zst";

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object a line.
    JsonLines,
    /// One JSON array.
    Json,
    Csv,
    /// Aligned columns for a terminal.
    Table,
    Xlsx,
    Parquet,
}

/// A format, and how the file is made small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileType {
    pub(crate) format: Format,
    pub(crate) packing: Option<Packing>,
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        match name {
            "jsonl" => Some(Self::JsonLines),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "table" => Some(Self::Table),
            "xlsx" => Some(Self::Xlsx),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Table => "table",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// Whether the columns must be known before the first row.
    pub(crate) const fn has_columns(self) -> bool {
        !matches!(self, Self::JsonLines | Self::Json)
    }

    /// Whether the file is made of the part when all rows are there, and is not text.
    pub(crate) const fn is_assembled(self) -> bool {
        matches!(self, Self::Xlsx | Self::Parquet)
    }
}

impl FileType {
    /// JSON lines, what is written if nobody says anything.
    const LINES: Self = Self {
        format: Format::JsonLines,
        packing: None,
    };

    /// The format that `-f` names, else the extension of the output, else JSON lines.
    /// A file that is called `.gz` or `.zst` is packed whoever named its format.
    pub(crate) fn choose(flag: Option<&str>, output: Option<&Path>) -> Result<Self, Failure> {
        let file = output
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        let packed = file
            .and_then(|name| name.rsplit_once('.'))
            .and_then(|(_, ending)| Packing::named(&ending.to_ascii_lowercase()));
        if let Some(name) = flag {
            let mut chosen = Self::named(name, &format!("format {name:?}"))?;
            if let (Some(packing), None) = (packed, chosen.packing) {
                chosen.packing = Some(packing);
                chosen.fits(&output.unwrap_or(Path::new(name)).display().to_string())?;
            }
            return Ok(chosen);
        }
        let (Some(path), Some(file)) = (output, file) else {
            return Ok(Self::LINES);
        };
        let mut endings: Vec<&str> = file
            .rsplit('.')
            .take(if packed.is_some() { 2 } else { 1 })
            .collect();
        endings.reverse();
        let dots = file.matches('.').count();
        if dots == 0 {
            return Ok(Self::LINES);
        }
        if dots < endings.len() {
            return Err(Failure::usage(format!(
                "{}: the name does not say which format is packed",
                path.display()
            ))
            .state("nothing was sent")
            .hint(format!(
                "-o {}.jsonl.{}, or -f csv",
                file.split('.').next().unwrap_or(file),
                endings[endings.len() - 1]
            )));
        }
        let name = endings.join(".");
        Self::named(&name, &format!("{}: the format {name:?}", path.display()))
    }

    /// `csv`, `csv.gz`.
    fn named(name: &str, shown: &str) -> Result<Self, Failure> {
        let lower = name.to_ascii_lowercase();
        let (format, packing) = match lower.rsplit_once('.') {
            Some((format, ending)) => (format, Some(ending)),
            None => (lower.as_str(), None),
        };
        let known = Format::named(format);
        let packing = packing.map(Packing::named);
        let (Some(format), Some(packing)) =
            (known, packing.map_or(Some(None), |known| known.map(Some)))
        else {
            return Err(Failure::usage(format!("{shown} is not known"))
                .state("nothing was sent")
                .hint(format!("one of {KNOWN}: -f csv")));
        };
        let chosen = Self { format, packing };
        chosen.fits(shown)?;
        Ok(chosen)
    }

    fn fits(self, shown: &str) -> Result<(), Failure> {
        if self.packing.is_none() || !self.format.is_assembled() {
            return Ok(());
        }
        let name = self.format.name();
        Err(
            Failure::usage(format!("{shown}: {name} is compressed already"))
                .state("nothing was sent")
                .hint(format!("-o FILE.{name}")),
        )
    }

    /// The extension of a file of this type.
    pub(crate) fn extension(self) -> String {
        match self.packing {
            Some(packing) => format!("{}.{}", self.format.name(), packing.ending()),
            None => self.format.name().to_owned(),
        }
    }
}
