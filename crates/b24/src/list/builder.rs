//! The builder of a list.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::chained::Chained;
use super::cursor::{Cursor, Origin, Position};
use super::feed::Feed;
use super::keyset_v3::{Begin, PagesV3, QueryV3};
use super::lane::Sender;
use super::lossy::Lossy;
use super::offset::ByOffset;
use super::progress::Progress;
use super::query::Query;
use super::reader::Reader;
use super::settings::Settings;
use super::shape::{Order, Paging, Shape};
use super::stream::{Items, Pages};
use crate::call::Version;
use crate::client::Client;
use crate::error::Error;
use crate::rt::{BoxFuture, MaybeSend, MaybeSync};
use crate::value::Tree;

/// A list of rows: configured, then awaited (all rows) or streamed ([`items`](List::items),
/// [`pages`](List::pages)). Nothing is sent before that, and mistakes in the arguments come out then.
///
/// Rows come in the order of their ids, each once, whatever is deleted or inserted meanwhile.
/// The filter and selection stay the caller's; the id is added to the selection.
///
/// ```no_run
/// # use b24::Client;
/// # use serde_json::json;
/// # async fn run(b24: Client) -> Result<(), b24::Error> {
/// // All rows at once:
/// let deals = b24.v2().list("crm.deal.list").filter(json!({ "STAGE_ID": "NEW" })).await?;
/// println!("{} new deals", deals.len());
///
/// // All rows at once, in a type of our own:
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "UPPERCASE")]
/// struct Deal { id: String, title: String }
/// let deals = b24.v2().list("crm.deal.list").select(["ID", "TITLE"]).typed::<Deal>().await?;
/// println!("{} {}", deals[0].id, deals[0].title);
/// # Ok(()) }
/// ```
#[must_use = "a list is read when it is awaited or streamed"]
pub struct List<T = Value> {
    settings: Settings,
    /// Name of the id in rows and filters, where the caller says it.
    id: Option<String>,
    by_offset: bool,
    row: PhantomData<fn() -> T>,
}

impl List<Value> {
    pub(crate) fn v2(client: Client, method: String) -> Self {
        Self::new(client, Version::V2, method)
    }

    pub(crate) fn v3(client: Client, method: String) -> Self {
        Self::new(client, Version::V3, method)
    }

    fn new(client: Client, version: Version, method: String) -> Self {
        let settings = Settings::new(client, version, method);
        Self {
            settings,
            id: None,
            by_offset: false,
            row: PhantomData,
        }
    }
}

impl<T> List<T> {
    /// Sets one parameter: anything that serialises.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.settings.param(name, value);
        self
    }

    /// Merges a struct or map of parameters.
    pub fn params(mut self, all: impl Serialize) -> Self {
        self.settings.params(all);
        self
    }

    /// Only rows that match: a map of conditions in v2 (`{ ">=OPPORTUNITY": 1000 }`), a list of
    /// conditions in v3.
    ///
    /// Bounds on the id are kept. A v2 filter with `logic: OR` is wrapped, so that the bound of a
    /// page holds for all of it; classic CRM methods do not document that and refuse it here.
    pub fn filter(self, filter: impl Serialize) -> Self {
        self.param("filter", filter)
    }

    /// Only these fields of each row, and the id.
    pub fn select<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        let fields = fields
            .into_iter()
            .map(|field| Tree::Text(field.into()))
            .collect();
        self.settings.set("select".to_owned(), Tree::List(fields));
        self
    }

    /// Sorts by these fields: `[("OPPORTUNITY", "DESC"), ("ID", "ASC")]`. It needs
    /// [`by_offset`](List::by_offset).
    pub fn order<F: Into<String>, D: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (F, D)>,
    ) -> Self {
        let fields = fields
            .into_iter()
            .map(|(field, direction)| (field.into(), Tree::Text(direction.into())));
        self.settings
            .set("order".to_owned(), Tree::from_pairs(fields.collect()));
        self
    }

    /// The key under which `result` holds the rows, such as `"items"`. Known for the methods of the
    /// documentation; for others it is read off the first answer.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.settings.key = Some(key.into());
        self
    }

    /// The name of the id, in the rows and in the filter. Known for the methods of the
    /// documentation; for others it is read off the first answer.
    pub fn id(mut self, name: impl Into<String>) -> Self {
        self.id = Some(name.into());
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.settings.limit = Some(rows);
        self
    }

    /// Reads by offset, in the order of the portal or of [`order`](List::order): one page a request,
    /// and rows that are deleted or inserted meanwhile make it lose or repeat others. Only for
    /// methods that cannot filter by id, and for an order of one's own.
    pub fn by_offset(mut self) -> Self {
        self.by_offset = true;
        self
    }

    /// Goes on where another run of the same list stopped.
    pub fn resume(mut self, cursor: Cursor) -> Self {
        self.settings.resume = Some(cursor);
        self
    }

    /// How long one attempt of one request may take. Default: the client's, 90 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout(timeout);
        self
    }

    /// How long the whole read may take, waits included; it ends with an error that carries the
    /// cursor. Default: no end, but 10 minutes for each request.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.options.deadline = Some(deadline);
        self
    }

    /// Is told how far the list is: after each answer, and before each wait. It is called in the
    /// middle of the read: be quick.
    pub fn on_progress(
        mut self,
        listener: impl Fn(&Progress) + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.settings.listener = Some(Arc::new(listener));
        self
    }

    /// The id that goes out as `bx24_request_id` with each request. Default: a new one for each.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.settings.options.request_id = Some(id.into());
        self
    }

    /// Reads the rows as `U` when awaited.
    pub fn typed<U>(self) -> List<U> {
        let Self {
            settings,
            id,
            by_offset,
            ..
        } = self;
        List {
            settings,
            id,
            by_offset,
            row: PhantomData,
        }
    }

    /// Streams the rows one by one. Memory stays flat.
    ///
    /// ```no_run
    /// # use b24::Client;
    /// # async fn run(b24: Client) -> Result<(), b24::Error> {
    /// let mut users = b24.v2().list("user.get").items::<serde_json::Value>();
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{}", user["EMAIL"]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn items<U: DeserializeOwned>(self) -> Items<U> {
        Items::new(self.pages())
    }

    /// Streams the rows page by page, each page with the [`Cursor`] behind it.
    ///
    /// Rows need not be parsed: `Box<serde_json::value::RawValue>` keeps their text.
    ///
    /// ```no_run
    /// # use b24::Client;
    /// # async fn run(b24: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use serde_json::value::RawValue;
    ///
    /// let mut pages = b24.v2().list("crm.lead.list").pages::<Box<RawValue>>();
    /// while let Some(page) = pages.try_next().await? {
    ///     for row in &page.items {
    ///         println!("{row}");
    ///     }
    ///     std::fs::write("cursor.json", serde_json::to_vec(&page.cursor)?)?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn pages<U: DeserializeOwned>(self) -> Pages<U> {
        Pages::new(self.feed())
    }

    /// Streams the rows one by one; a row that does not decode comes as a [`BadRow`](super::BadRow)
    /// with its id and its text, and the list goes on.
    ///
    /// ```no_run
    /// # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Deal { id: i64, title: String }
    ///
    /// let mut deals = b24.v2().list("crm.item.list").param("entityTypeId", 2).items_lossy::<Deal>();
    /// while let Some(deal) = deals.try_next().await? {
    ///     match deal {
    ///         Ok(deal) => println!("{} {}", deal.id, deal.title),
    ///         Err(bad) => eprintln!("{bad}: {}", bad.row),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn items_lossy<U: DeserializeOwned>(self) -> Lossy<U> {
        let row_id = self.shape().row_id.into_owned();
        Lossy::new(self.feed(), row_id)
    }

    /// At most so many rows are wanted.
    pub(super) fn row_limit(&self) -> Option<u64> {
        self.settings.limit
    }

    /// The prepared parameters of a v2 list that is read by id.
    pub(super) fn chained_query(&mut self) -> Result<Option<Query>, Error> {
        let shape = self.shape();
        if shape.paging != Paging::Keyset {
            return Ok(None);
        }
        let params = self.settings.take_params()?;
        let query = Query::new(&self.settings.method, shape, &params).map_err(Error::usage)?;
        self.settings.params(params);
        Ok(Some(query))
    }

    /// The way to read, and what sends its requests.
    pub(super) fn reader_and_sender(mut self) -> Result<(Box<dyn Reader>, Sender), Error> {
        let (_, reader) = self.reader()?;
        Ok((reader, Sender::new(&mut self.settings)))
    }

    fn feed(mut self) -> Feed {
        match self.reader() {
            Ok((origin, reader)) => Feed::new(self.settings, origin, reader),
            Err(error) => Feed::failed(error.with_method(self.settings.method)),
        }
    }

    /// Chooses the way to read.
    fn reader(&mut self) -> Result<(Origin, Box<dyn Reader>), Error> {
        let params = self.settings.take_params()?;
        let (method, version) = (self.settings.method.as_str(), self.settings.version());
        let origin = Origin::new(method, version, &params);
        if let Some(cursor) = &self.settings.resume {
            origin.check(cursor).map_err(Error::usage)?;
        }
        let shape = self.shape();
        let place = self.settings.resume.as_ref().map(Cursor::position);
        let (id, offset) = match place {
            None => (None, 0),
            Some(Position::After(id)) => (Some(*id), 0),
            Some(Position::Offset(offset)) => (None, *offset),
            Some(Position::Behind(_)) => return Err(Error::usage("the cursor is of a tail")),
        };
        let by_id = matches!(shape.paging, Paging::Keyset | Paging::KeysetV3);
        if place.is_some_and(|place| matches!(place, Position::After(_)) != by_id) {
            return Err(Error::usage(
                "the cursor is of the same list read in another way, by id or by offset",
            ));
        }
        let reader: Box<dyn Reader> = match shape.paging {
            Paging::Keyset => {
                let query = Query::new(method, shape, &params).map_err(Error::usage)?;
                Box::new(Chained::new(method, query, id))
            }
            Paging::Offset => Box::new(
                ByOffset::new(method, version, shape, &params, offset).map_err(Error::usage)?,
            ),
            Paging::KeysetV3 => {
                let query = QueryV3::new(shape, &params).map_err(Error::usage)?;
                Box::new(PagesV3::new(
                    method,
                    query,
                    id.map_or(Begin::Start, Begin::After),
                ))
            }
            Paging::OffsetV3 => {
                let query = QueryV3::new(shape, &params).map_err(Error::usage)?;
                Box::new(PagesV3::new(method, query, Begin::Offset(offset)))
            }
            Paging::Own => {
                return Err(Error::usage(
                    "the method pages by parameters of its own; ask for its pages with call()",
                ));
            }
        };
        Ok((origin, reader))
    }

    /// The shape of the method with the caller's corrections.
    fn shape(&self) -> Shape {
        let mut shape = Shape::of(&self.settings.method, self.settings.version());
        if let Some(key) = &self.settings.key {
            shape.key = key.clone().into();
        }
        if let Some(id) = &self.id {
            shape.row_id = id.clone().into();
            shape.filter_id = id.clone().into();
            shape.guessed = false;
        }
        if self.by_offset {
            shape.paging = match shape.paging {
                Paging::KeysetV3 | Paging::OffsetV3 => Paging::OffsetV3,
                _ => Paging::Offset,
            };
        } else if self.id.is_some() && shape.order == Order::None && shape.paging == Paging::Offset
        {
            // Who names the id knows that the method filters by it.
            shape.paging = Paging::Keyset;
            shape.order = Order::Map("order");
        }
        shape
    }
}

impl<T: DeserializeOwned + MaybeSend + 'static> IntoFuture for List<T> {
    type Output = Result<Vec<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let begin = self.settings.resume.clone();
        Box::pin(self.pages::<T>().collect(begin))
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("version", &self.settings.version)
            .field("method", &self.settings.method)
            .field("by_offset", &self.by_offset)
            .finish_non_exhaustive()
    }
}
