//! Reads the windows of a list and hands out their pages in the order of the ids.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use super::cursor::{Cursor, Origin};
use super::lane::{End, Lane, Sender, Size, too_late};
use super::planner::{self, MOST_BYTES};
use super::progress::{Meter, Progress, Wall};
use super::reader::{PageRows, Reader};
use super::settings::Settings;
use crate::error::Error;
use crate::observe::Event;
use crate::room::operating::Room;

/// Pages that the caller has taken when requests go out ahead of him: whoever wants only the first
/// rows does not pay for more.
const PAGES_BEFORE_AHEAD: usize = 1;

/// Pages that may be ready before the caller takes them, when windows are read side by side.
const READY_PAGES: usize = 200;

/// Another request of this process holds the operating time that is left: look again soon.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The pages of a list, in order.
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
    /// The windows in the order of their ids. The last one has no end of its own.
    lanes: VecDeque<Lane>,
    /// Pages that the caller took.
    taken_pages: usize,
    /// Rows that are still wanted and not ready.
    wanted: Option<u64>,
    cursor: Option<Cursor>,
    meter: Meter,
}

impl Feed {
    pub(super) fn new(mut settings: Settings, origin: Origin, reader: Box<dyn Reader>) -> Self {
        let sender = Sender::new(&mut settings);
        let Settings {
            limit,
            resume,
            listener,
            ..
        } = settings;
        let mut lane = Lane::new(reader);
        if limit == Some(0) {
            lane.end = End::Reached;
        }
        Self(State::Reading(Box::new(Reading {
            sender,
            origin,
            lanes: VecDeque::from([lane]),
            taken_pages: 0,
            wanted: limit,
            cursor: resume,
            meter: Meter::new(listener),
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

    /// How far the list is.
    pub(super) fn progress(&self) -> Progress {
        match &self.0 {
            State::Reading(reading) => reading.meter.now,
            State::Failed(_) => Progress::default(),
        }
    }

    /// Tells the error where in which list it happened.
    pub(super) fn error_here(&self, error: Error, before: Option<Cursor>) -> Error {
        match &self.0 {
            State::Reading(reading) => reading.told(error).with_cursor(before),
            State::Failed(_) => error,
        }
    }
}

impl Reading {
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<(PageRows, Cursor)>, Error>> {
        loop {
            self.land(cx);
            if self.has_pages() && self.fill() {
                // On a runtime of one thread the request leaves now, before the rows are worked on.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(head) = self.lanes.front_mut() else {
                return Poll::Ready(Ok(None));
            };
            if let Some(page) = head.pages.pop_front() {
                self.taken_pages += 1;
                self.meter.delivered(page.count);
                let cursor = self.origin.cursor(page.behind.clone());
                self.cursor = Some(cursor.clone());
                return Poll::Ready(Ok(Some((page, cursor))));
            }
            match std::mem::replace(&mut head.end, End::Reached) {
                End::Reached => {
                    self.lanes.pop_front();
                    continue;
                }
                End::Failed(error) => {
                    self.lanes.clear();
                    return Poll::Ready(Err(self.told(error).with_cursor(self.cursor.clone())));
                }
                End::Open => head.end = End::Open,
            }
            if !self.fill() && self.lanes.iter().any(Lane::is_under_way) {
                return Poll::Pending;
            }
        }
    }

    /// Whether the caller can have rows at once.
    fn has_pages(&self) -> bool {
        self.lanes
            .front()
            .is_some_and(|head| !head.pages.is_empty())
    }

    /// Takes every answer that has come.
    fn land(&mut self, cx: &mut Context<'_>) {
        for at in 0..self.lanes.len() {
            let Some(landed) = self.lanes[at].poll_landed(cx) else {
                continue;
            };
            let patience = self.sender.client.inner().deadline;
            let Some((pages, time)) = self.lanes[at].land(landed, patience) else {
                continue;
            };
            self.warn(&pages);
            self.queue_pages(at, pages);
            self.teach(at);
            let (rows_to_come, wall) = (self.rows_to_come(), self.wall());
            self.meter.answered(rows_to_come, wall, time.as_ref());
        }
    }

    /// Says where rows have moved.
    fn warn(&self, pages: &[PageRows]) {
        for moved in pages.iter().filter_map(|page| page.moved) {
            let method = self.sender.method.as_str();
            tracing::warn!(method, "{moved}");
            let client = self.sender.client.inner();
            client.tell(&Event::Moved { method, moved });
        }
    }

    /// Tells the other windows what the answer of this one has taught.
    fn teach(&mut self, from: usize) {
        let lesson = self.lanes[from]
            .reader
            .as_mut()
            .and_then(|reader| reader.chain().map(|chain| chain.lesson()));
        let Some(lesson) = lesson else { return };
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            let chain = lane.reader.as_mut().and_then(|reader| reader.chain());
            if let Some(chain) = chain.filter(|_| at != from) {
                chain.learn(&lesson);
            }
        }
    }

    /// Sends what may be sent now. Whether anything was.
    fn fill(&mut self) -> bool {
        let mut sent = false;
        while let Some(at) = self.next_idle() {
            if !self.send(at) {
                break;
            }
            sent = true;
        }
        sent
    }

    /// The first window that may ask: the head when it has nothing more to hand out, the others
    /// ahead of the caller.
    fn next_idle(&mut self) -> Option<usize> {
        let head = self.lanes.front()?;
        if head.is_idle() && head.pages.is_empty() {
            return Some(0);
        }
        let idle = self.lanes.iter().position(Lane::is_idle)?;
        let near = head.is_near_its_answer();
        let under_way = self.lanes.iter().filter(|lane| lane.is_under_way()).count();
        let width = self.width();
        if self.taken_pages < PAGES_BEFORE_AHEAD || under_way >= width {
            return None;
        }
        let ahead = if self.lanes.len() == 1 && width == 1 {
            near
        } else {
            let (ready, _) = self.ready();
            ready <= READY_PAGES && self.pages_in_bytes() > 0
        };
        ahead.then_some(idle)
    }

    /// Requests side by side.
    fn width(&mut self) -> usize {
        if self.wanted.is_some() {
            return 1;
        }
        let rate = self.sender.client.inner().gate.rate();
        let Some(chain) = self.rest().and_then(|reader| reader.chain()) else {
            return planner::MOST_LANES.min(self.lanes.len());
        };
        let seconds_per_page = chain.size().seconds_per_page().unwrap_or(0.0);
        planner::lanes(rate, chain.most_pages() as f64 * seconds_per_page)
    }

    /// The reader of the last window, unless its request is under way.
    fn rest(&mut self) -> Option<&mut Box<dyn Reader>> {
        self.lanes.back_mut()?.reader.as_mut()
    }

    /// Sends the request of a window; of the last one, a piece is cut off first. Whether it went.
    fn send(&mut self, at: usize) -> bool {
        self.sender.begin();
        if at + 1 == self.lanes.len() {
            self.split();
        }
        let most_in_bytes = self.pages_in_bytes();
        let wanted = self.wanted;
        let Some(reader) = self.lanes[at].reader.as_mut() else {
            return false;
        };
        let (pages, seconds_per_page) = match reader.chain() {
            Some(chain) => {
                let likely = chain.pages_left().map_or(5, |pages| pages + 1);
                let pages = (likely as usize).min(chain.most_pages()).min(most_in_bytes);
                (pages.max(1), chain.size().seconds_per_page().unwrap_or(0.0))
            }
            None => (1, 0.0),
        };
        let reserved = self
            .sender
            .reserve(pages as f64 * seconds_per_page, seconds_per_page);
        let (seconds, reservation) = match reserved {
            Ok(reserved) => reserved,
            Err(room) => return self.hold(at, room),
        };
        let pages = if seconds_per_page > 0.0 {
            ((seconds / seconds_per_page).round() as usize).clamp(1, pages)
        } else {
            pages
        };
        if let Some(chain) = reader.chain() {
            chain.limit(pages);
        }
        let size = Size { pages, seconds };
        self.lanes[at].send(&self.sender, size, reservation, wanted);
        true
    }

    /// There is no operating time left. Whoever has nothing under way waits for it.
    fn hold(&mut self, at: usize, room: Room) -> bool {
        if self.lanes.iter().any(Lane::is_under_way) {
            return false;
        }
        let wait = match room {
            Room::After(wait) => wait,
            Room::AfterAnswer | Room::Granted(_) => LOOK_AGAIN,
        };
        if wait > self.sender.patience() {
            self.lanes[at].end = End::Failed(too_late(wait));
            return true;
        }
        self.meter.waits(wait);
        let client = self.sender.client.inner();
        client.counters.waited_operating(wait);
        client.tell(&Event::Waiting {
            method: &self.sender.method,
            limit: "operating time",
            wait,
        });
        self.lanes[at].wait(wait);
        true
    }

    /// Cuts a window off the front of the last lane, where several are read side by side.
    fn split(&mut self) {
        let width = self.width();
        let under_way: f64 = self.lanes.iter().map(|lane| lane.under_way().1).sum();
        let most_in_bytes = self.pages_in_bytes();
        if width < 2 {
            return;
        }
        let window = self.rest().and_then(|reader| {
            let chain = reader.chain()?;
            let most = chain.most_pages().min(most_in_bytes);
            let pages = planner::window(chain.pages_left()?, under_way, width, most);
            reader.split(pages)
        });
        if let (Some(window), Some(rest)) = (window, self.lanes.back_mut()) {
            let window = rest.cut_off(window);
            self.lanes.insert(self.lanes.len() - 1, window);
        }
    }

    /// Pages that are ready, and their bytes.
    fn ready(&self) -> (usize, usize) {
        let ready = self.lanes.iter().map(Lane::ready);
        ready.fold((0, 0), |(pages, bytes), lane| {
            (pages + lane.0, bytes + lane.1)
        })
    }

    /// Pages that still fit into memory.
    fn pages_in_bytes(&mut self) -> usize {
        let (_, ready) = self.ready();
        let under_way: usize = self.lanes.iter().map(|lane| lane.under_way().0).sum();
        let chain = self.lanes.iter_mut().filter_map(|lane| {
            let chain = lane.reader.as_mut()?.chain()?;
            Some(chain.size().bytes_per_page())
        });
        match chain.last() {
            Some(bytes) if bytes > 0.0 => {
                ((MOST_BYTES - ready as f64) / bytes - under_way as f64).max(0.0) as usize
            }
            _ => usize::MAX,
        }
    }

    /// Rows that are ready, and those that are likely left.
    fn rows_to_come(&mut self) -> Option<u64> {
        let ready = self.lanes.iter().flat_map(|lane| &lane.pages);
        let ready: u64 = ready.map(|page| page.count as u64).sum();
        if let Some(wanted) = self.wanted {
            return Some(ready + wanted);
        }
        let mut left = ready;
        for lane in self
            .lanes
            .iter()
            .filter(|lane| matches!(lane.end, End::Open))
        {
            left += match &lane.reader {
                Some(reader) => reader.rows_left()?,
                None => (lane.under_way().0 * super::chain::PAGE) as u64,
            };
        }
        Some(left)
    }

    /// What binds, as far as the last answers tell.
    fn wall(&mut self) -> Wall {
        let rate = self.sender.client.inner().gate.rate();
        let chain = self.rest().and_then(|reader| reader.chain());
        let seconds = chain.map_or(0.0, |chain| {
            chain.most_pages() as f64 * chain.size().seconds_per_page().unwrap_or(0.0)
        });
        match rate {
            Some(rate) if rate * seconds <= 1.0 => Wall::Rate,
            _ => Wall::Seconds,
        }
    }

    /// Queues the pages of a window, cut to the rows that are still wanted.
    fn queue_pages(&mut self, at: usize, pages: Vec<PageRows>) {
        let lane = &mut self.lanes[at];
        for mut page in pages {
            let Some(wanted) = &mut self.wanted else {
                lane.pages.push_back(page);
                continue;
            };
            if (page.count as u64) > *wanted {
                let keep = *wanted as usize;
                let Some(reader) = &lane.reader else { return };
                match reader.place_behind(&page, keep) {
                    Ok(behind) => {
                        page = PageRows {
                            rows: page.rows.first(keep),
                            count: keep,
                            behind,
                            ..page
                        }
                    }
                    Err(error) => {
                        lane.end = End::Failed(error);
                        return;
                    }
                }
            }
            *wanted -= page.count as u64;
            lane.pages.push_back(page);
            if *wanted == 0 {
                lane.end = End::Reached;
                return;
            }
        }
    }

    fn told(&self, error: Error) -> Error {
        let error = match error.method() {
            Some(method) if method != "batch" => error,
            _ => error.with_method(self.origin.method().to_owned()),
        };
        error.with_portal(self.sender.client.portal())
    }
}
