//! The fair queue before a portal, shared by all clients of the process that talk to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{Either, select};

use super::bucket::{Bucket, Pace, Wait};
use super::operating::Ledger;
use super::places::{Places, Turn, careful};
use crate::rt::{self, Instant};
use crate::store::{SharedBudget, Spent};

/// What the process knows about one portal's limits.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Its holder is the head of the queue and alone sleeps. Tokio's mutex is first come, first served, and a
    /// waiter that is dropped leaves no gap.
    head: tokio::sync::Mutex<()>,
    bucket: Mutex<Bucket>,
    answered: tokio::sync::Notify,
    /// By credential: the portal counts operating time per webhook or application.
    ledgers: Mutex<HashMap<u64, Ledger>>,
    /// What the portal lets through, whether all of it is used or a careful part.
    pace: Mutex<Option<Pace>>,
    /// The places that all processes share.
    common: Mutex<Option<Arc<Places>>>,
}

/// A place that was entered.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) place: Place,
    pub(crate) waited: Duration,
    /// What other processes have learned of operating time.
    pub(crate) spent: Vec<Spent>,
    /// Why the shared budget is away, told to the first that sees it.
    pub(crate) away: Option<String>,
}

/// The wait would end after the deadline.
#[derive(Debug)]
pub(crate) struct TooLate(pub(crate) Duration);

impl Gate {
    pub(crate) fn new(pace: Option<Pace>) -> Arc<Self> {
        Arc::new(Self {
            head: tokio::sync::Mutex::new(()),
            bucket: Mutex::new(Bucket::new(pace)),
            answered: tokio::sync::Notify::new(),
            ledgers: Mutex::default(),
            pace: Mutex::new(pace),
            common: Mutex::default(),
        })
    }

    /// The gate of a portal reached by HTTP: one per host and proxy in this process. A pace that the user has stated
    /// counts for all clients of the portal, any other for the first one.
    pub(crate) fn shared(
        host: &str,
        proxy: Option<&str>,
        pace: Option<Pace>,
        stated: bool,
    ) -> Arc<Self> {
        static GATES: OnceLock<Mutex<HashMap<String, Weak<Gate>>>> = OnceLock::new();
        let key = format!("{host} {}", proxy.unwrap_or_default());
        let mut gates = lock(GATES.get_or_init(Mutex::default));
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = gates.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let gate = Self::new(pace);
            gates.insert(key, Arc::downgrade(&gate));
            gate
        });
        if stated {
            gate.set_pace(pace);
        }
        gate
    }

    /// From now on the portal lets this through.
    pub(crate) fn set_pace(&self, pace: Option<Pace>) {
        *lock(&self.pace) = pace;
        self.use_pace(pace);
    }

    fn use_pace(&self, pace: Option<Pace>) {
        lock(&self.bucket).set_pace(pace);
        // Who waits at the head waits for the old pace.
        self.answered.notify_one();
    }

    /// From now on places are shared with other processes.
    pub(crate) fn share(&self, budget: Arc<dyn SharedBudget>, portal: &str) {
        *lock(&self.common) = Some(Arc::new(Places::new(budget, portal)));
    }

    fn common(&self) -> Option<(Arc<Places>, Pace)> {
        let common = lock(&self.common).clone()?;
        Some((common, (*lock(&self.pace))?))
    }

    /// Tells other processes how much operating time is used.
    pub(crate) fn tell_spent(&self, credential: u64, spent: impl FnOnce() -> Option<Spent>) {
        if let Some((common, _)) = self.common()
            && let Some(spent) = spent()
        {
            common.spent(credential, spent);
        }
    }

    /// Waits for a place among all requests to the portal: first among those of this process, then among those of all.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        credential: u64,
        deadline: Instant,
    ) -> Result<Entered, TooLate> {
        let begun = rt::now();
        let left = deadline.saturating_duration_since(begun);
        let _head = match self.head.try_lock() {
            Ok(head) => head,
            Err(_) => match rt::timeout(left, self.head.lock()).await {
                Some(head) => head,
                None => return Err(self.too_late()),
            },
        };
        let mut entered = Entered {
            place: self.take(deadline).await?,
            waited: Duration::ZERO,
            spent: Vec::new(),
            away: None,
        };
        if let Some((common, pace)) = self.common() {
            let left = deadline.saturating_duration_since(rt::now());
            match common.reserve(pace, credential, left).await {
                Turn::Now(spent) => {
                    entered.spent = spent;
                    self.use_pace(Some(pace));
                }
                Turn::TooLate(wait) => {
                    entered.place.released();
                    return Err(TooLate(wait));
                }
                Turn::Away(why) => {
                    entered.away = why;
                    self.use_pace(Some(careful(pace)));
                }
                Turn::StillAway => {}
            }
        }
        entered.waited = rt::now().saturating_duration_since(begun);
        Ok(entered)
    }

    /// A place in this process's own bucket, for the head of the queue.
    async fn take(self: &Arc<Self>, deadline: Instant) -> Result<Place, TooLate> {
        loop {
            let answered = self.answered.notified();
            let now = rt::now();
            let wait = match lock(&self.bucket).try_take(now) {
                Ok(()) => {
                    return Ok(Place {
                        gate: Arc::clone(self),
                        done: false,
                    });
                }
                Err(wait) => wait,
            };
            let left = deadline.saturating_duration_since(now);
            match wait {
                Wait::For(wait) if wait > left => return Err(TooLate(wait)),
                Wait::For(wait) => {
                    // A request that never left gives its place back at once.
                    let (sleep, answered) =
                        (std::pin::pin!(rt::sleep(wait)), std::pin::pin!(answered));
                    select(sleep, answered).await;
                }
                Wait::ForAnswer => {
                    let (sleep, answered) =
                        (std::pin::pin!(rt::sleep(left)), std::pin::pin!(answered));
                    if let Either::Left(_) = select(sleep, answered).await {
                        return Err(self.too_late());
                    }
                }
            }
        }
    }

    fn too_late(&self) -> TooLate {
        TooLate(lock(&self.bucket).soonest(rt::now()))
    }

    /// Requests a second that the portal takes for good; `None` = no limit.
    pub(crate) fn rate(&self) -> Option<f64> {
        lock(&self.bucket).rate()
    }

    /// How full the portal's bucket is, and of how many; `None` = no limit.
    pub(crate) fn fill(&self) -> Option<(f64, Pace)> {
        lock(&self.bucket).fill(rt::now())
    }

    /// The operating ledger of one credential.
    pub(crate) fn ledger<R>(&self, credential: u64, f: impl FnOnce(&mut Ledger) -> R) -> R {
        f(lock(&self.ledgers).entry(credential).or_default())
    }
}

/// A place in the portal's bucket. It wants to hear how the request ended; dropped without that, it counts as used.
#[derive(Debug)]
#[must_use = "a place is given back by `answered`, `refused` or `released`"]
pub(crate) struct Place {
    gate: Arc<Gate>,
    done: bool,
}

impl Place {
    pub(crate) fn answered(self) {
        drop(self);
    }

    pub(crate) fn refused(mut self) {
        if let Some((common, pace)) = self.gate.common() {
            common.refused(pace);
        }
        self.end(|bucket| bucket.refused(rt::now()));
    }

    pub(crate) fn released(mut self) {
        self.end(Bucket::released);
    }

    fn end(&mut self, f: impl FnOnce(&mut Bucket)) {
        self.done = true;
        f(&mut lock(&self.gate.bucket));
        self.gate.answered.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.done {
            self.end(|bucket| bucket.answered(rt::now()));
        }
    }
}

/// A poisoned lock means a panic elsewhere; the counters behind it stay usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;

    fn far() -> Instant {
        rt::now() + Duration::from_secs(3600)
    }

    #[tokio::test(start_paused = true)]
    async fn seventy_calls_at_fifty_and_two_a_second_take_ten_seconds() {
        let gate = Gate::new(Some(Pace {
            burst: 50.0,
            rate: 2.0,
        }));
        let begun = rt::now();
        let mut tasks = Vec::new();
        for _ in 0..70 {
            let gate = Arc::clone(&gate);
            tasks.push(tokio::spawn(async move {
                gate.enter(0, far()).await.unwrap().place.answered();
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let took = begun.elapsed().as_secs_f64();
        assert!((9.99..10.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiters_are_served_in_order_and_a_dropped_one_leaves_no_gap() {
        let gate = Gate::new(Some(Pace {
            burst: 1.0,
            rate: 1.0,
        }));
        gate.enter(0, far()).await.unwrap().place.answered();
        let (served, mut order) = tokio::sync::mpsc::unbounded_channel();
        let mut tasks = Vec::new();
        for n in 0..4 {
            let (gate, served) = (Arc::clone(&gate), served.clone());
            tasks.push(tokio::spawn(async move {
                gate.enter(0, far()).await.unwrap().place.answered();
                served.send(n).unwrap();
            }));
            tokio::task::yield_now().await;
        }
        let begun = rt::now();
        tasks[1].abort();
        for expected in [0, 2, 3] {
            assert_eq!(order.recv().await, Some(expected));
        }
        assert!((2.9..3.1).contains(&begun.elapsed().as_secs_f64()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_past_the_deadline_is_an_error_at_once() {
        let gate = Gate::new(Some(Pace {
            burst: 1.0,
            rate: 0.01,
        }));
        gate.enter(0, far()).await.unwrap().place.answered();
        let begun = rt::now();
        let late = gate
            .enter(0, rt::now() + Duration::from_secs(10))
            .await
            .unwrap_err();
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(late.0 > Duration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_in_the_queue_hears_how_long_it_takes() {
        let gate = Gate::new(Some(Pace {
            burst: 1.0,
            rate: 0.5,
        }));
        let place = gate.enter(0, far()).await.unwrap().place;
        let head = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(0, far()).await.unwrap().place.answered() }
        });
        tokio::task::yield_now().await;
        let late = gate.enter(0, rt::now() + Duration::from_secs(1)).await;
        assert_eq!(late.unwrap_err().0, Duration::from_secs(2));
        place.answered();
        head.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_wider_pace_wakes_the_head_of_the_queue() {
        let slow = Pace {
            burst: 1.0,
            rate: 0.001,
        };
        let gate = Gate::shared("wider.test", None, Some(slow), false);
        gate.enter(0, far()).await.unwrap().place.answered();
        let begun = rt::now();
        let head = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(0, far()).await.unwrap().place.answered() }
        });
        tokio::task::yield_now().await;
        Gate::shared("wider.test", None, None, true);
        head.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[test]
    fn clients_of_one_portal_share_a_gate() {
        let pace = Some(Pace {
            burst: 50.0,
            rate: 2.0,
        });
        let one = Gate::shared("gate.test", None, pace, false);
        let two = Gate::shared("gate.test", None, pace, false);
        let proxied = Gate::shared("gate.test", Some("http://proxy"), pace, false);
        assert!(Arc::ptr_eq(&one, &two));
        assert!(!Arc::ptr_eq(&one, &proxied));
    }
}
