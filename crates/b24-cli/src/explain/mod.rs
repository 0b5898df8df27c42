//! What an error code means: our own words for the codes any call can meet, and what the
//! documentation of the methods lists for the others.

mod codes;

use serde::{Deserialize, Serialize};

use crate::failure::closest;

const DOCUMENTED: &str = include_str!("../../data/errors.jsonl");
const V3_PREFIXES: [&str; 2] = ["BITRIX_REST_V3_EXCEPTIONS_", "BITRIX_REST_V3_EXCEPTION_"];

/// Whether a write that got this code may have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ran {
    /// Refused before anything ran.
    No,
    /// Nobody knows.
    Maybe,
}

/// A code in our own words.
#[derive(Debug)]
pub(crate) struct Code {
    /// The code; of REST 3.0 codes only what follows the common prefix.
    pub(crate) name: &'static str,
    /// Where it comes from: `any method`, `limits`, …
    pub(crate) group: &'static str,
    /// What it means.
    pub(crate) means: &'static str,
    /// Whether a write may have run.
    pub(crate) ran: Ran,
    /// What to do about it.
    pub(crate) advice: &'static str,
}

/// What the documentation of the methods says about a code.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Documented {
    /// The code, spelled as documented.
    pub(crate) code: String,
    /// The HTTP statuses documented with it.
    pub(crate) status: Vec<u16>,
    /// How many methods list it.
    pub(crate) methods: u32,
}

/// Everything known about one code.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// Our own words, if we have any.
    pub(crate) code: Option<&'static Code>,
    /// What is documented, if anything is.
    pub(crate) documented: Option<Documented>,
}

/// Looks a code up; `None` if nobody has heard of it.
pub(crate) fn explain(word: &str) -> Option<Explanation> {
    let word = word.trim();
    let short = V3_PREFIXES
        .iter()
        .find_map(|prefix| {
            word.get(..prefix.len())
                .filter(|start| start.eq_ignore_ascii_case(prefix))
        })
        .map_or(word, |prefix| &word[prefix.len()..]);
    // `INVALID_REQUEST` and `invalid_request` are two codes: the exact one comes first.
    let code = codes::ALL
        .iter()
        .find(|known| known.name == short)
        .or_else(|| {
            codes::ALL
                .iter()
                .find(|known| known.name.eq_ignore_ascii_case(short))
        });
    let documented = documented()
        .find(|known| known.code == word)
        .or_else(|| documented().find(|known| known.code.eq_ignore_ascii_case(word)));
    (code.is_some() || documented.is_some()).then_some(Explanation { code, documented })
}

/// The known code most like this word.
pub(crate) fn similar(word: &str) -> Option<String> {
    let documented: Vec<String> = documented().map(|known| known.code).collect();
    let known = codes::ALL.iter().map(|known| known.name);
    closest(word, known.chain(documented.iter().map(String::as_str))).map(str::to_owned)
}

fn documented() -> impl Iterator<Item = Documented> {
    DOCUMENTED
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_documented_codes_reads() {
        assert_eq!(documented().count(), DOCUMENTED.lines().count());
    }

    #[test]
    fn codes_are_unique_and_each_is_found() {
        for (index, known) in codes::ALL.iter().enumerate() {
            let found = explain(known.name)
                .and_then(|found| found.code)
                .expect(known.name);
            assert!(
                std::ptr::eq(found, known),
                "{} stands twice, again at {index}",
                known.name
            );
        }
    }

    #[test]
    fn both_spellings_of_a_v3_code_are_one() {
        for prefix in V3_PREFIXES {
            let found = explain(&format!("{prefix}ENTITYNOTFOUNDEXCEPTION")).expect(prefix);
            assert_eq!(found.code.map(|code| code.group), Some("REST 3.0"));
        }
    }

    #[test]
    fn an_unknown_code_is_unknown_and_a_near_one_is_offered() {
        assert!(explain("NO_SUCH_CODE_AT_ALL").is_none());
        assert_eq!(
            similar("QUERY_LIMIT_EXCEDED").as_deref(),
            Some("QUERY_LIMIT_EXCEEDED")
        );
    }

    #[test]
    fn the_empty_code_has_an_explanation() {
        assert!(explain("").and_then(|found| found.code).is_some());
    }
}
