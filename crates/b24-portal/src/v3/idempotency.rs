//! `Idempotency-Key`: a success is stored and answered again to the same request.

use std::collections::HashMap;
use std::time::Duration;

use crate::access::Admitted;
use crate::clock::Moment;
use crate::play::Refusal;

const KEPT: Duration = Duration::from_secs(86_400);

/// A key belongs to one credential, user and method.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    entity: String,
    user_id: i64,
    method: &'static str,
    pub(crate) key: String,
}

impl Scope {
    /// A key has 1 to 255 printable ASCII characters.
    pub(crate) fn new(who: &Admitted, method: &'static str, key: &[u8]) -> Result<Self, Refusal> {
        let valid =
            (1..=255).contains(&key.len()) && key.iter().all(|byte| (0x20..0x7f).contains(byte));
        if !valid {
            let text = "Idempotency-Key must have 1 to 255 printable ASCII characters.";
            return Err(Refusal::v3("INVALIDIDEMPOTENCYKEYEXCEPTION", text));
        }
        let key = key.iter().map(|byte| char::from(*byte)).collect();
        Ok(Self {
            entity: who.entity.clone(),
            user_id: who.actor.user_id,
            method,
            key,
        })
    }
}

/// What to do with a request that carries a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Run,
    Replay(Vec<u8>),
}

/// The stored answers.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    stored: HashMap<Scope, Stored>,
}

#[derive(Debug)]
struct Stored {
    request: Vec<u8>,
    answer: Vec<u8>,
    at: Moment,
}

impl Replays {
    pub(crate) fn check(
        &self,
        scope: &Scope,
        request: &[u8],
        now: Moment,
    ) -> Result<Verdict, Refusal> {
        match self
            .stored
            .get(scope)
            .filter(|stored| now.saturating_sub(stored.at) < KEPT)
        {
            None => Ok(Verdict::Run),
            Some(stored) if stored.request == request => Ok(Verdict::Replay(stored.answer.clone())),
            Some(_) => {
                let text = "Idempotency-Key was already used with another request.";
                Err(Refusal::v3("IDEMPOTENCYKEYREUSEDEXCEPTION", text).status(422))
            }
        }
    }

    pub(crate) fn store(&mut self, scope: Scope, request: Vec<u8>, answer: Vec<u8>, now: Moment) {
        self.stored
            .retain(|_, stored| now.saturating_sub(stored.at) < KEPT);
        self.stored.insert(
            scope,
            Stored {
                request,
                answer,
                at: now,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Admitted, Duration, KEPT, Replays, Scope, Verdict};
    use crate::play::{Actor, ActorKind};

    #[test]
    fn an_answer_is_kept_for_a_day_and_for_one_body() {
        let actor = Actor {
            user_id: 1,
            kind: ActorKind::Webhook,
            scopes: Vec::new(),
            app: None,
        };
        let who = Admitted {
            actor,
            entity: "webhook 0".to_owned(),
            user: None,
        };
        let scope = Scope::new(&who, "tasks.task.add", b"k 1").unwrap();
        let mut replays = Replays::default();
        let start = Duration::from_secs(1000);
        assert_eq!(replays.check(&scope, b"{}", start).unwrap(), Verdict::Run);
        replays.store(scope.clone(), b"{}".to_vec(), b"ok".to_vec(), start);
        assert_eq!(
            replays.check(&scope, b"{}", start).unwrap(),
            Verdict::Replay(b"ok".to_vec())
        );
        assert_eq!(
            replays.check(&scope, b"[1]", start).unwrap_err().status,
            422
        );
        let other = Scope::new(&who, "tasks.task.update", b"k 1").unwrap();
        assert_eq!(replays.check(&other, b"[1]", start).unwrap(), Verdict::Run);
        assert_eq!(
            replays.check(&scope, b"[1]", start + KEPT).unwrap(),
            Verdict::Run
        );
        for bad in [&b""[..], &[b'a'; 256][..], "ключ".as_bytes()] {
            assert!(Scope::new(&who, "tasks.task.add", bad).is_err());
        }
    }
}
