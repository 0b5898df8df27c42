//! Sends the requests of a list and queues their pages until they are asked for.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::cursor::{Cursor, Origin};
use super::reader::{Next, PageRows, Reader, Taken};
use super::settings::Settings;
use crate::call::Version;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Kind, Reason};
use crate::room::corridor::{Inbound, Options, Outbound};
use crate::rt::{self, Instant, Task};

/// Pauses before asking again when an answer brought nothing that counts.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Pages that the caller takes before requests go out ahead of him: whoever wants only the first
/// rows does not pay for more.
const PAGES_BEFORE_AHEAD: usize = 2;

/// The pages of a list, in order. Holds one request in flight at most.
pub(super) struct Feed(State);

enum State {
    /// Reading, or ready to.
    Reading(Box<Reading>),
    /// A mistake in the arguments: told at the first poll.
    Failed(Option<Error>),
}

struct Reading {
    sender: Sender,
    origin: Origin,
    /// With the request while one is in flight.
    reader: Option<Box<dyn Reader>>,
    flight: Option<Task<Landed>>,
    queue: VecDeque<PageRows>,
    /// Pages of the last answer.
    last_pages: usize,
    /// Pages that the caller took.
    taken_pages: usize,
    /// Rows that are still wanted and not in the queue.
    wanted: Option<u64>,
    /// Answers in a row that brought nothing that counts.
    pauses: usize,
    /// Since when the operating limit refuses every request.
    postponed_since: Option<Instant>,
    cursor: Option<Cursor>,
    end: End,
}

/// What comes behind the queue.
enum End {
    Open,
    Reached,
    Failed(Error),
}

/// A request that has come back.
struct Landed {
    reader: Box<dyn Reader>,
    answer: Result<(Taken, String), Error>,
}

/// What every request of a list needs.
#[derive(Clone)]
struct Sender {
    client: Client,
    version: Version,
    method: String,
    options: Options,
    /// For the whole read; begins with the first request.
    deadline: Option<Duration>,
    ends_at: Option<Instant>,
}

impl Feed {
    pub(super) fn new(settings: Settings, origin: Origin, reader: Box<dyn Reader>) -> Self {
        let Settings {
            client,
            version,
            method,
            limit,
            resume,
            mut options,
            ..
        } = settings;
        let deadline = options.deadline.take();
        let sender = Sender {
            client,
            version,
            method,
            options,
            deadline,
            ends_at: None,
        };
        let end = if limit == Some(0) {
            End::Reached
        } else {
            End::Open
        };
        Self(State::Reading(Box::new(Reading {
            sender,
            origin,
            reader: Some(reader),
            flight: None,
            queue: VecDeque::new(),
            last_pages: 0,
            taken_pages: 0,
            wanted: limit,
            pauses: 0,
            postponed_since: None,
            cursor: resume,
            end,
        })))
    }

    /// A list that cannot begin.
    pub(super) fn failed(error: Error) -> Self {
        Self(State::Failed(Some(error)))
    }

    /// The next page and the cursor behind it.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<(PageRows, Cursor)>, Error>> {
        match &mut self.0 {
            State::Reading(reading) => reading.poll_next(cx),
            State::Failed(error) => Poll::Ready(error.take().map_or(Ok(None), Err)),
        }
    }

    /// Ends the list: nothing comes any more, and nothing is sent.
    pub(super) fn stop(&mut self) {
        self.0 = State::Failed(None);
    }

    /// The place behind the last page that was handed out.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        match &self.0 {
            State::Reading(reading) => reading.cursor.as_ref(),
            State::Failed(_) => None,
        }
    }

    /// Tells the error where in which list it happened.
    pub(super) fn error_here(&self, error: Error, before: Option<Cursor>) -> Error {
        let State::Reading(reading) = &self.0 else {
            return error;
        };
        let error = error
            .with_method(reading.origin.method().to_owned())
            .with_portal(reading.sender.client.portal());
        error.with_cursor(before)
    }
}

impl Reading {
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<(PageRows, Cursor)>, Error>> {
        loop {
            if let Some(page) = self.queue.pop_front() {
                self.taken_pages += 1;
                if self.reads_ahead() {
                    self.send();
                }
                let cursor = self.origin.cursor(page.behind.clone());
                self.cursor = Some(cursor.clone());
                return Poll::Ready(Ok(Some((page, cursor))));
            }
            if let Some(flight) = &mut self.flight {
                let landed = ready!(Pin::new(flight).poll(cx));
                self.flight = None;
                self.land(landed);
                continue;
            }
            match std::mem::replace(&mut self.end, End::Reached) {
                End::Reached => return Poll::Ready(Ok(None)),
                End::Failed(error) => return Poll::Ready(Err(self.told(error))),
                End::Open => {
                    self.end = End::Open;
                    self.send();
                }
            }
        }
    }

    /// Whether the next request goes out while the caller still has pages to take.
    fn reads_ahead(&self) -> bool {
        self.flight.is_none()
            && matches!(self.end, End::Open)
            && self.taken_pages >= PAGES_BEFORE_AHEAD
            && self.queue.len() * 2 <= self.last_pages
    }

    /// Sends the next request, as a task of its own: it goes on while the caller does other things,
    /// and a ready answer does not time out for being fetched late.
    fn send(&mut self) {
        let Some(mut reader) = self.reader.take() else {
            return;
        };
        self.sender.begin();
        let sender = self.sender.clone();
        let pause = self
            .pauses
            .checked_sub(1)
            .map(|at| PAUSES[at.min(PAUSES.len() - 1)]);
        let wanted = self.wanted;
        self.flight = Some(rt::spawn(async move {
            if let Some(pause) = pause {
                rt::sleep(pause).await;
            }
            let answer = sender.fetch(&mut *reader, wanted).await;
            Landed { reader, answer }
        }));
    }

    fn land(&mut self, mut landed: Landed) {
        let (taken, request_id) = match landed.answer {
            Ok(answered) => answered,
            Err(error) if may_have_taken_too_long(&error) && landed.reader.shrink() => {
                tracing::debug!(%error, "asking for less");
                self.reader = Some(landed.reader);
                return;
            }
            Err(error) => {
                self.end = End::Failed(error);
                return;
            }
        };
        self.last_pages = taken.pages.len();
        self.queue_pages(taken.pages, &*landed.reader);
        self.reader = Some(landed.reader);
        self.pauses = if matches!(taken.next, Next::Again) {
            self.pauses + 1
        } else {
            0
        };
        if !matches!(taken.next, Next::Postponed) {
            self.postponed_since = None;
        }
        match taken.next {
            _ if !matches!(self.end, End::Open) => {}
            Next::More | Next::Again => {}
            Next::Done => self.end = End::Reached,
            Next::Failed(error) => self.end = End::Failed(error.with_request_id(&request_id)),
            Next::Postponed => self.postpone(),
        }
    }

    /// Queues pages, cut to the rows that are still wanted.
    fn queue_pages(&mut self, pages: Vec<PageRows>, reader: &dyn Reader) {
        for mut page in pages {
            let Some(wanted) = &mut self.wanted else {
                self.queue.push_back(page);
                continue;
            };
            if (page.count as u64) > *wanted {
                let keep = *wanted as usize;
                match reader.place_behind(&page, keep) {
                    Ok(behind) => {
                        page = PageRows {
                            rows: page.rows.first(keep),
                            count: keep,
                            behind,
                        }
                    }
                    Err(error) => {
                        self.end = End::Failed(error);
                        return;
                    }
                }
            }
            *wanted -= page.count as u64;
            let enough = *wanted == 0;
            self.queue.push_back(page);
            if enough {
                self.end = End::Reached;
                return;
            }
        }
    }

    /// The operating limit refuses; the limiter waits for it before the next request. A limit that
    /// does not give way for as long as one request may take is an error.
    fn postpone(&mut self) {
        let now = rt::now();
        let since = *self.postponed_since.get_or_insert(now);
        let patience = self.sender.client.inner().deadline;
        if now.saturating_duration_since(since) > patience {
            let reason = Reason::Limit {
                limit: "operating time",
                wait: Duration::from_secs(60),
            };
            self.end = End::Failed(Error::new(Kind::Temporary, reason));
        }
    }

    fn told(&self, error: Error) -> Error {
        let error = match error.method() {
            Some(method) if method != "batch" => error,
            _ => error.with_method(self.origin.method().to_owned()),
        };
        let error = error.with_portal(self.sender.client.portal());
        error.with_cursor(self.cursor.clone())
    }
}

/// Whether the portal may have given up on the request for its size.
fn may_have_taken_too_long(error: &Error) -> bool {
    match error.reason() {
        Reason::Lost(_) | Reason::Timeout(_) => true,
        Reason::Page { status, .. } | Reason::Unreadable { status, .. } => *status >= 500,
        _ => false,
    }
}

impl Sender {
    /// The clock of the whole read starts with its first request.
    fn begin(&mut self) {
        if let (None, Some(deadline)) = (self.ends_at, self.deadline) {
            self.ends_at = Some(rt::after(deadline));
        }
    }

    async fn fetch(
        &self,
        reader: &mut dyn Reader,
        wanted: Option<u64>,
    ) -> Result<(Taken, String), Error> {
        if self.ends_at.is_some_and(|end| end <= rt::now()) {
            let text = "its deadline has come".to_owned();
            return Err(Error::new(Kind::Temporary, Reason::List(text)));
        }
        let ask = reader.ask(wanted);
        let mut options = self.options.clone();
        options.deadline = self
            .ends_at
            .map(|end| end.saturating_duration_since(rt::now()));
        let outbound = Outbound {
            version: self.version,
            method: ask.method,
            body: ask.body,
            effect: Effect::Read,
            charges: vec![self.method.clone()],
            options,
        };
        let Inbound {
            success,
            request_id,
        } = self.client.walk(&outbound).await?;
        let taken = reader.take(&success);
        if let Some(charge) = taken.charge {
            self.client.inner().learn(&self.method, charge);
        }
        if taken.refused {
            self.client.inner().refused_for_operating(&self.method);
        }
        tracing::debug!(method = %self.method, pages = taken.pages.len(), next = ?taken.next, "pages");
        Ok((taken, request_id))
    }
}
