//! v3 tail: rows behind a value of a field, for logs that only grow.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cursor::{Cursor, Origin, Position};
use super::feed::Feed;
use super::keyset_v3::rows_of;
use super::reader::{Ask, Next, PageRows, Reader, Taken, cannot_go_on};
use super::settings::Settings;
use super::stream::{Items, Pages};
use crate::call::Version;
use crate::client::Client;
use crate::error::Error;
use crate::room::decode::Success;
use crate::room::found::Results;
use crate::rt::{BoxFuture, MaybeSend};
use crate::value::Tree;

/// Rows asked for in one page, the most that a tail gives.
const LIMIT: u64 = 1_000;

/// Where a tail by id begins: before every row. Some portals take 0 for a missing value.
const BEFORE_ALL: i64 = -1;

/// The rows of a v3 tail method in the order of a field: configured, then awaited or streamed.
///
/// By default it reads by `id`, ascending, from the first row. To see what is new, keep the
/// [`Cursor`] of the last page and [`resume`](Tail::resume) from it later.
///
/// Rows come strictly behind the last value: read by a field in which no two rows are equal, or
/// rows that share a value at the edge of a page are lost.
///
/// ```no_run
/// # use b24::Client;
/// # async fn run(b24: Client) -> Result<(), b24::Error> {
/// let mut events = b24.v3().tail("main.eventlog.tail").select(["id", "auditType"])
///     .items::<serde_json::Value>();
/// while let Some(event) = events.try_next().await? {
///     println!("{event}");
/// }
/// # Ok(()) }
/// ```
#[must_use = "a tail is read when it is awaited or streamed"]
pub struct Tail<T = Value> {
    settings: Settings,
    field: String,
    descending: bool,
    from: Option<Value>,
    row: PhantomData<fn() -> T>,
}

impl Tail<Value> {
    pub(crate) fn new(client: Client, method: String) -> Self {
        let settings = Settings::new(client, Version::V3, method);
        Self {
            settings,
            field: "id".to_owned(),
            descending: false,
            from: None,
            row: PhantomData,
        }
    }
}

impl<T> Tail<T> {
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

    /// Only rows that match; the field of the tail may not be in it.
    pub fn filter(self, filter: impl Serialize) -> Self {
        self.param("filter", filter)
    }

    /// Only these fields of each row, and the field of the tail.
    pub fn select<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        let fields = fields
            .into_iter()
            .map(|field| Tree::Text(field.into()))
            .collect();
        self.settings.set("select".to_owned(), Tree::List(fields));
        self
    }

    /// Reads in the order of this field instead of `id`. It needs [`from`](Tail::from).
    #[doc(alias = "cursorField")]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    /// Begins behind this value of the field.
    #[doc(alias = "initialValue")]
    pub fn from(mut self, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.from = Some(value),
            Err(error) => self
                .settings
                .mistake(format!("the first value cannot be sent: {error}")),
        }
        self
    }

    /// Reads backwards. It needs [`from`](Tail::from).
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// The key under which `result` holds the rows. Default: `items`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.settings.key = Some(key.into());
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.settings.limit = Some(rows);
        self
    }

    /// Goes on where another run of the same tail stopped.
    pub fn resume(mut self, cursor: Cursor) -> Self {
        self.settings.resume = Some(cursor);
        self
    }

    /// How long one attempt of one request may take. Default: the client's, 90 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout(timeout);
        self
    }

    /// How long the whole read may take, waits included.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.options.deadline = Some(deadline);
        self
    }

    /// The id that goes out as `bx24_request_id` with each request. Default: a new one for each.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.settings.options.request_id = Some(id.into());
        self
    }

    /// Reads the rows as `U` when awaited.
    pub fn typed<U>(self) -> Tail<U> {
        let Self {
            settings,
            field,
            descending,
            from,
            ..
        } = self;
        Tail {
            settings,
            field,
            descending,
            from,
            row: PhantomData,
        }
    }

    /// Streams the rows one by one.
    pub fn items<U: DeserializeOwned>(self) -> Items<U> {
        Items::new(self.pages())
    }

    /// Streams the rows page by page, each page with the [`Cursor`] behind it.
    pub fn pages<U: DeserializeOwned>(mut self) -> Pages<U> {
        Pages::new(match self.reader() {
            Ok((origin, reader)) => Feed::new(self.settings, origin, Box::new(reader)),
            Err(error) => Feed::failed(error.with_method(self.settings.method)),
        })
    }

    fn reader(&mut self) -> Result<(Origin, ByValue), Error> {
        let mut params = self.settings.take_params()?;
        if params.get("cursor").is_some() {
            return Err(Error::usage(
                "a tail makes its own cursor; use field(), from() and resume()",
            ));
        }
        let order = if self.descending { "DESC" } else { "ASC" };
        let origin = {
            let mut all = params.clone();
            all.set(
                "cursor",
                Tree::List(vec![self.field.as_str().into(), order.into()]),
            );
            Origin::new(&self.settings.method, 3, &all)
        };
        select(&mut params, &self.field);
        let value = match &self.settings.resume {
            Some(cursor) => {
                origin.check(cursor).map_err(Error::usage)?;
                match cursor.position() {
                    Position::Behind(value) => value.clone(),
                    _ => return Err(Error::usage("the cursor is not of a tail")),
                }
            }
            None => self.first_value()?,
        };
        let key = self
            .settings
            .key
            .take()
            .unwrap_or_else(|| "items".to_owned());
        let (method, field) = (self.settings.method.clone(), self.field.clone());
        Ok((
            origin,
            ByValue {
                method,
                params,
                key,
                field,
                order,
                value,
            },
        ))
    }

    fn first_value(&mut self) -> Result<Value, Error> {
        match self.from.take() {
            Some(value) => Ok(value),
            None if self.descending => Err(Error::usage(
                "a descending tail needs a value to begin at: from(…)",
            )),
            None if self.field == "id" => Ok(BEFORE_ALL.into()),
            None => Err(Error::usage(format!(
                "a tail by {} needs a value to begin at: from(…)",
                self.field
            ))),
        }
    }
}

/// Adds the field of the tail to a selection that would leave it out.
fn select(params: &mut Tree, field: &str) {
    if let Some(Tree::List(fields)) = params.get_mut("select")
        && !fields.is_empty()
        && !fields.iter().any(|known| known.as_text() == Some(field))
    {
        fields.push(field.into());
    }
}

/// Reads a tail page by page.
#[derive(Debug)]
struct ByValue {
    method: String,
    params: Tree,
    key: String,
    field: String,
    order: &'static str,
    /// Behind which the next page begins, as it came.
    value: Value,
}

impl ByValue {
    fn value_of(&self, page: &super::rows::Rows, index: usize) -> Result<Value, Error> {
        match page.value(index, &self.field) {
            Some(value) if !value.is_null() => Ok(value),
            _ => Err(cannot_go_on(format!(
                "a row has no field \"{}\"",
                self.field
            ))),
        }
    }
}

impl Reader for ByValue {
    fn ask(&mut self, rows: Option<u64>) -> Ask {
        let limit = rows.map_or(LIMIT, |rows| rows.clamp(1, LIMIT));
        let mut params = self.params.clone();
        params.set(
            "cursor",
            Tree::Map(vec![
                ("field".to_owned(), self.field.as_str().into()),
                ("value".to_owned(), self.value.clone().into()),
                ("order".to_owned(), self.order.into()),
                ("limit".to_owned(), limit.into()),
            ]),
        );
        Ask::call(&self.method, &params)
    }

    fn take(&mut self, success: &Success<Results>) -> Taken {
        let (rows, count) = match rows_of(success, &self.key) {
            Ok((_, 0)) => return Taken::new(Vec::new(), Next::Done),
            Ok(found) => found,
            Err(error) => return Taken::failed(error),
        };
        match self.value_of(&rows, count - 1) {
            Ok(value) if value == self.value => Taken::failed(cannot_go_on(format!(
                "a page ends where it begins, at {} {value}",
                self.field
            ))),
            Ok(value) => {
                self.value = value.clone();
                let page = PageRows {
                    rows,
                    count,
                    behind: Position::Behind(value),
                    moved: None,
                };
                Taken::new(vec![page], Next::More)
            }
            Err(error) => Taken::failed(error),
        }
    }

    fn place_behind(&self, page: &PageRows, count: usize) -> Result<Position, Error> {
        self.value_of(&page.rows, count - 1).map(Position::Behind)
    }
}

impl<T: DeserializeOwned + MaybeSend + 'static> IntoFuture for Tail<T> {
    type Output = Result<Vec<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let begin = self.settings.resume.clone();
        Box::pin(self.pages::<T>().collect(begin))
    }
}

impl<T> fmt::Debug for Tail<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("method", &self.settings.method)
            .field("field", &self.field)
            .field("descending", &self.descending)
            .finish_non_exhaustive()
    }
}
