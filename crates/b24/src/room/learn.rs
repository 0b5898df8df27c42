//! What answers tell about limits: operating time, and the portal's plan.

use std::collections::HashMap;

use super::decode::{BatchResult, Time};
use super::operating::Charge;
use super::retry;
use crate::client::Inner;
use crate::limits::Limits;
use crate::rt;
use crate::store::Spent;
use crate::value::Tree;

/// The part of an operating limit from which on other processes are told.
const TELLING: f64 = 0.25;

/// The methods whose operating time a request spends, each once.
pub(crate) fn charges<'a>(methods: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut charges: Vec<String> = methods.into_iter().map(str::to_owned).collect();
    charges.sort_unstable();
    charges.dedup();
    charges
}

/// Keys and methods of a v2 batch that the caller has written himself, from its parameters; none if they cannot be
/// read.
pub(crate) fn commands(params: &Tree) -> Vec<(String, String)> {
    let pairs = params.pairs().unwrap_or_default();
    // The portal takes the key in any case of its letters; of two nobody knows which one counts.
    let mut given = pairs
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case("cmd"));
    let (Some((_, cmd)), None) = (given.next(), given.next()) else {
        return Vec::new();
    };
    let command = |key: String, command: &Tree| {
        let method = command.as_text()?.split('?').next()?.trim();
        Some((key, method.to_ascii_lowercase()))
    };
    let read: Option<_> = match cmd {
        Tree::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| command(key.clone(), value))
            .collect(),
        Tree::List(items) => items
            .iter()
            .enumerate()
            .map(|(place, value)| command(place.to_string(), value))
            .collect(),
        _ => None,
    };
    read.unwrap_or_default()
}

impl Inner {
    /// What a method has spent.
    pub(crate) fn learn(&self, method: &str, charge: Charge) {
        let limit = self.ledger(|ledger| {
            ledger.learn(method, charge, rt::now());
            ledger.limit()
        });
        // Other processes need to know only of methods that come near their limit.
        if charge.used >= limit * TELLING {
            self.gate.tell_spent(self.credential, || {
                Some(Spent {
                    method: method.to_owned(),
                    seconds: charge.used,
                    frees_in: charge.frees_in?.clamp(0.0, 600.0),
                    told_at: charge.finish?,
                })
            });
        }
    }

    /// What other processes have learned of operating time. Older news than one's own count for nothing.
    pub(crate) fn learn_from_others(&self, spent: Vec<Spent>) {
        self.ledger(|ledger| {
            for Spent {
                method,
                seconds,
                frees_in,
                told_at,
            } in spent
            {
                let charge = Charge {
                    used: seconds,
                    frees_in: Some(frees_in),
                    finish: Some(told_at),
                };
                ledger.learn(&method, charge, rt::now());
            }
        });
    }

    /// The portal has refused a method for its operating time.
    pub(crate) fn refused_for_operating(&self, method: &str) {
        self.counters.refused_operating();
        self.gate
            .ledger(self.credential, |ledger| ledger.refused(method, rt::now()));
    }

    /// What the result of a method tells, whether it was called alone or in a batch.
    pub(crate) fn learn_result(&self, method: &str, result: &[u8]) {
        #[derive(serde::Deserialize)]
        struct About {
            #[serde(rename = "LICENSE")]
            licence: String,
        }
        if method.eq_ignore_ascii_case("app.info")
            && let Ok(about) = serde_json::from_slice::<About>(result)
        {
            self.apply_licence(&about.licence);
        }
    }

    /// What the answers to the commands of a v2 batch, keys and methods, tell. Whether the operating limit has refused
    /// some of them.
    pub(crate) fn learn_batch<'a>(
        &self,
        commands: impl IntoIterator<Item = (&'a str, &'a str)>,
        answers: &BatchResult<'_>,
    ) -> bool {
        let mut newest: HashMap<&str, Charge> = HashMap::new();
        let mut refused = false;
        for (key, method) in commands {
            let charge = answers.time(key).as_ref().and_then(Time::charge);
            // The commands may come in any order, and a sum only grows within a batch.
            if let Some(charge) = charge
                && newest
                    .get(method)
                    .is_none_or(|known| known.used <= charge.used)
            {
                newest.insert(method, charge);
            }
            if answers
                .error(key)
                .is_some_and(|error| retry::is_operating_limit(&error))
            {
                self.refused_for_operating(method);
                refused = true;
            }
            if let Some(result) = answers.result.get(key) {
                self.learn_result(method, result.get().as_bytes());
            }
        }
        for (method, charge) in newest {
            self.learn(method, charge);
        }
        refused
    }

    /// The portal has told its plan: if the user has not said what the limits are, the plan does.
    pub(crate) fn apply_licence(&self, licence: &str) -> Limits {
        if self.limits != Limits::Auto {
            return self.limits;
        }
        let limits = Limits::of_licence(licence);
        self.gate.set_pace(limits.pace(self.share));
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_only_where_it_is_clear_which_run() {
        let read = |json: &str| commands(&serde_json::from_str(json).unwrap());
        let told = |key: &str, method: &str| (key.to_owned(), method.to_owned());
        assert_eq!(
            read(r#"{"halt":0,"CMD":{"a":"CRM.deal.list?start=0","b":"app.info"}}"#),
            [told("a", "crm.deal.list"), told("b", "app.info")]
        );
        assert_eq!(read(r#"{"cmd":["app.info"]}"#), [told("0", "app.info")]);
        for unclear in [
            r#"{"cmd":["app.info"],"CMD":["profile"]}"#,
            r#"{"cmd":5}"#,
            "{}",
        ] {
            assert_eq!(read(unclear), [], "{unclear}");
        }
    }
}
