//! One of the windows in which a list is read: its reader, its request under way, its pages.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::reader::{Ask, Next, PageRows, Reader, Taken};
use super::settings::Settings;
use crate::call::Version;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Kind, Reason};
use crate::room::corridor::{Inbound, Options, Outbound};
use crate::room::decode::{Decode, Success, Time};
use crate::room::operating::Room;
use crate::rt::{self, Instant, Task};

/// Pauses before asking again when an answer brought nothing that counts.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// A window of a list, or all of it.
pub(super) struct Lane {
    /// With the request while one is under way.
    pub(super) reader: Option<Box<dyn Reader>>,
    flight: Option<Flight>,
    pub(super) pages: VecDeque<PageRows>,
    /// Pages of the last answer.
    last_pages: usize,
    /// Answers in a row that brought nothing that counts.
    pauses: usize,
    /// Since when the operating limit refuses every request.
    postponed_since: Option<Instant>,
    pub(super) end: End,
}

/// What comes behind the pages of a lane.
pub(super) enum End {
    Open,
    Reached,
    Failed(Error),
}

struct Flight {
    task: Task<Landed>,
    pages: usize,
    seconds: f64,
    begun: Instant,
}

/// A request that has come back, or a wait that is over.
pub(super) struct Landed {
    reader: Box<dyn Reader>,
    answer: Option<Result<Fetched, Error>>,
}

struct Fetched {
    taken: Taken,
    request_id: String,
    time: Option<Time>,
}

/// What a request is likely to hold and to cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) pages: usize,
    pub(super) seconds: f64,
}

impl Lane {
    pub(super) fn new(reader: Box<dyn Reader>) -> Self {
        Self {
            reader: Some(reader),
            flight: None,
            pages: VecDeque::new(),
            last_pages: 0,
            pauses: 0,
            postponed_since: None,
            end: End::Open,
        }
    }

    /// A window off the front of this one, with the pages that are ready: they lie before both.
    pub(super) fn cut_off(&mut self, reader: Box<dyn Reader>) -> Self {
        Self {
            pages: std::mem::take(&mut self.pages),
            last_pages: std::mem::take(&mut self.last_pages),
            pauses: std::mem::take(&mut self.pauses),
            ..Self::new(reader)
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.flight.is_none() && matches!(self.end, End::Open)
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether no more pages are ready than those of the last answer: the next one may be asked for
    /// while they are taken.
    pub(super) fn is_near_its_answer(&self) -> bool {
        self.pages.len() <= self.last_pages
    }

    /// Pages that are ready, and their bytes.
    pub(super) fn ready(&self) -> (usize, usize) {
        let bytes = self.pages.iter().map(|page| page.rows.bytes());
        (self.pages.len(), bytes.sum())
    }

    /// Pages under way in all, and those of them that are likely still to come.
    pub(super) fn under_way(&self) -> (usize, f64) {
        let Some(flight) = &self.flight else {
            return (0, 0.0);
        };
        let elapsed = rt::now().saturating_duration_since(flight.begun);
        let done = if flight.seconds > 0.0 {
            (elapsed.as_secs_f64() / flight.seconds).min(1.0)
        } else {
            0.0
        };
        (flight.pages, flight.pages as f64 * (1.0 - done))
    }

    /// Sends the next request, as a task of its own: it goes on while the caller does other things,
    /// and a ready answer does not time out for being fetched late.
    pub(super) fn send(
        &mut self,
        sender: &Sender,
        size: Size,
        reservation: Reservation,
        wanted: Option<u64>,
    ) {
        let pause = self.pauses.checked_sub(1);
        let pause = pause.map(|at| PAUSES[at.min(PAUSES.len() - 1)]);
        let sender = sender.clone();
        self.fly(size, async move |mut reader| {
            if let Some(pause) = pause {
                rt::sleep(pause).await;
            }
            let answer = Some(sender.fetch(&mut *reader, wanted, reservation).await);
            Landed { reader, answer }
        });
    }

    /// Does nothing for so long.
    pub(super) fn wait(&mut self, wait: Duration) {
        let nothing = Size {
            pages: 0,
            seconds: 0.0,
        };
        self.fly(nothing, async move |reader| {
            rt::sleep(wait).await;
            Landed {
                reader,
                answer: None,
            }
        });
    }

    fn fly<F>(&mut self, size: Size, work: impl FnOnce(Box<dyn Reader>) -> F)
    where
        F: Future<Output = Landed> + rt::MaybeSend + 'static,
    {
        if let Some(reader) = self.reader.take() {
            self.flight = Some(Flight {
                task: rt::spawn(work(reader)),
                pages: size.pages,
                seconds: size.seconds,
                begun: rt::now(),
            });
        }
    }

    /// What has come back, if it has.
    pub(super) fn poll_landed(&mut self, cx: &mut Context<'_>) -> Option<Landed> {
        let flight = self.flight.as_mut()?;
        match Pin::new(&mut flight.task).poll(cx) {
            Poll::Ready(landed) => {
                self.flight = None;
                Some(landed)
            }
            Poll::Pending => None,
        }
    }

    /// Takes what has come back. The pages of an answer, and its times.
    pub(super) fn land(
        &mut self,
        landed: Landed,
        patience: Duration,
    ) -> Option<(Vec<PageRows>, Option<Time>)> {
        let reader = self.reader.insert(landed.reader);
        let fetched = match landed.answer? {
            Ok(fetched) => fetched,
            Err(error) if may_have_taken_too_long(&error) && reader.shrink() => {
                tracing::debug!(%error, "asking for less");
                return None;
            }
            Err(error) => {
                self.end = End::Failed(error);
                return None;
            }
        };
        let Taken { pages, next, .. } = fetched.taken;
        self.last_pages = pages.len();
        self.pauses = if matches!(next, Next::Again) {
            self.pauses + 1
        } else {
            0
        };
        if !matches!(next, Next::Postponed) {
            self.postponed_since = None;
        }
        match next {
            Next::More | Next::Again => {}
            Next::Done => self.end = End::Reached,
            Next::Failed(error) => {
                self.end = End::Failed(error.with_request_id(&fetched.request_id));
            }
            Next::Postponed => self.postpone(patience),
        }
        Some((pages, fetched.time))
    }

    /// The operating limit refuses; the limiter waits for it before the next request. A limit that
    /// does not give way for as long as one request may take is an error.
    fn postpone(&mut self, patience: Duration) {
        let now = rt::now();
        let since = *self.postponed_since.get_or_insert(now);
        if now.saturating_duration_since(since) > patience {
            self.end = End::Failed(too_late(Duration::from_secs(60)));
        }
    }
}

/// Operating time comes back only after the deadline.
pub(super) fn too_late(wait: Duration) -> Error {
    let reason = Reason::Limit {
        limit: "operating time",
        wait,
    };
    Error::new(Kind::Temporary, reason).with_retry_after(wait)
}

/// Whether the portal may have given up on the request for its size.
fn may_have_taken_too_long(error: &Error) -> bool {
    match error.reason() {
        Reason::Lost(_) | Reason::Timeout(_) => true,
        Reason::Page { status, .. } | Reason::Unreadable { status, .. } => *status >= 500,
        _ => false,
    }
}

/// Operating time that a request may cost. Dropped without an answer, it counts as spent.
pub(super) struct Reservation {
    client: Client,
    method: String,
    seconds: f64,
    /// The price of a page.
    unit: f64,
    lost: bool,
}

impl Reservation {
    /// The seconds, if they are those of several pages.
    fn of_several(&self) -> f64 {
        if self.seconds > self.unit * 1.5 {
            self.seconds
        } else {
            0.0
        }
    }

    fn answered(mut self) {
        self.lost = false;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let now = rt::now();
        self.client.inner().ledger(|ledger| {
            ledger.settle(&self.method, self.seconds, self.lost, now);
        });
    }
}

/// What every request of a list needs.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) version: Version,
    pub(super) method: String,
    pub(super) options: Options,
    /// For the whole read; begins with the first request.
    pub(super) deadline: Option<Duration>,
    pub(super) ends_at: Option<Instant>,
}

impl Sender {
    pub(super) fn new(settings: &mut Settings) -> Self {
        let mut options = std::mem::take(&mut settings.options);
        Self {
            client: settings.client.clone(),
            version: settings.version,
            method: settings.method.clone(),
            deadline: options.deadline.take(),
            options,
            ends_at: None,
        }
    }

    /// The clock of the whole read starts with its first request.
    pub(super) fn begin(&mut self) {
        if let (None, Some(deadline)) = (self.ends_at, self.deadline) {
            self.ends_at = Some(rt::after(deadline));
        }
    }

    /// Reserves so many seconds of operating time, or as many as there are, in pages of `unit`.
    pub(super) fn reserve(&self, wanted: f64, unit: f64) -> Result<(f64, Reservation), Room> {
        let now = rt::now();
        let room = self
            .client
            .inner()
            .ledger(|ledger| ledger.reserve(&self.method, wanted, unit, now));
        match room {
            Room::Granted(seconds) => Ok((
                seconds,
                Reservation {
                    client: self.client.clone(),
                    method: self.method.clone(),
                    seconds,
                    unit,
                    lost: true,
                },
            )),
            room => Err(room),
        }
    }

    /// How long the list may wait.
    pub(super) fn patience(&self) -> Duration {
        let patience = self.client.inner().deadline;
        match self.ends_at {
            Some(end) => end.saturating_duration_since(rt::now()),
            None => patience,
        }
    }

    /// Sends one request of a list that is only estimated.
    pub(super) async fn probe<R>(&self, ask: Ask, decode: Decode<R>) -> Result<Success<R>, Error> {
        let outbound = self.outbound(ask);
        Ok(self.client.walk_reading(&outbound, decode).await?.success)
    }

    fn outbound(&self, ask: Ask) -> Outbound {
        let mut options = self.options.clone();
        options.deadline = self
            .ends_at
            .map(|end| end.saturating_duration_since(rt::now()));
        Outbound {
            version: self.version,
            method: ask.method,
            body: ask.body,
            effect: Effect::Read,
            charges: vec![self.method.clone()],
            options,
        }
    }

    async fn fetch(
        &self,
        reader: &mut dyn Reader,
        wanted: Option<u64>,
        reservation: Reservation,
    ) -> Result<Fetched, Error> {
        if self.ends_at.is_some_and(|end| end <= rt::now()) {
            let text = "its deadline has come".to_owned();
            return Err(Error::new(Kind::Temporary, Reason::List(text)));
        }
        let ask = reader.ask(wanted);
        let decode = ask.decode();
        let mut outbound = self.outbound(ask);
        outbound.options.reserved = reservation.of_several();
        let Inbound {
            success,
            request_id,
            ..
        } = self.client.walk_reading(&outbound, decode).await?;
        let taken = reader.take(&success);
        if let Some(charge) = taken.charge {
            self.client.inner().learn(&self.method, charge);
        }
        if taken.refused {
            self.client.inner().refused_for_operating(&self.method);
        }
        reservation.answered();
        tracing::debug!(method = %self.method, pages = taken.pages.len(), next = ?taken.next, "pages");
        Ok(Fetched {
            taken,
            request_id,
            time: success.time,
        })
    }
}
