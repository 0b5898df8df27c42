//! Many calls in one request.

mod outcome;
mod plan;
pub(crate) mod reference;
mod run;
pub(crate) mod wire;

use std::collections::HashSet;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::call::{Call, Parts, Version};
use crate::client::Client;
use crate::error::Error;
use crate::observe::BeforeSend;
use crate::room::corridor::Options;
use crate::rt::BoxFuture;

pub use outcome::{Answer, Outcome, Outcomes};
pub use reference::Ref;

/// Any number of calls, sent 50 in a request (the portal's bound for a batch), fewer where they are large: a request
/// of several commands stays under 8 MB (the bound that PHP sets for a body), and a command larger than that goes alone.
///
/// Each call has its own outcome; names, order and positions never shift. A call may use the result of an
/// earlier one, see [`Slot::field`]; such a batch halts at the first error unless told otherwise, because the
/// portal would run the dependent call with something else in that place.
///
/// With halt, requests go one after the other; else at most four are under way.
///
/// ```no_run
/// # use b24::Client;
/// # use serde_json::{json, Value};
/// # async fn run(b24: Client) -> Result<(), b24::Error> {
/// let mut batch = b24.v2().batch();
/// let me = batch.add("me", b24.v2().call("user.current"));
/// let mine = batch.add("mine", b24.v2().call("crm.item.list").param("entityTypeId", 2)
///     .param("filter", json!({ "assignedById": me.field("ID") })).key("items").typed::<Vec<Value>>());
/// let mut out = batch.await?;
/// println!("{} has {} deals", out.take(me)?["NAME"], out.take(mine)?.len());
/// # Ok(()) }
/// ```
#[must_use = "a batch is sent when it is awaited"]
pub struct Batch {
    client: Client,
    version: Version,
    /// Tells its slots and references from those of other batches.
    id: u64,
    commands: Vec<Command>,
    names: HashSet<String>,
    halt: Option<bool>,
    options: Options,
    before_send: Option<Arc<dyn BeforeSend>>,
    mistake: Option<Error>,
}

/// One command as the batch keeps it.
struct Command {
    name: String,
    call: Parts,
}

/// The place of one call's result in its batch.
pub struct Slot<T> {
    batch: u64,
    version: Version,
    index: usize,
    /// Where in the raw result the value lies that the call reads.
    key: Option<String>,
    result: PhantomData<fn() -> T>,
}

impl Batch {
    pub(crate) fn new(client: Client, version: Version) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        Self {
            client,
            version,
            id: IDS.fetch_add(1, Relaxed),
            commands: Vec::new(),
            names: HashSet::new(),
            halt: None,
            options: Options::default(),
            before_send: None,
            mistake: None,
        }
    }

    /// Adds a call under a name of its own.
    ///
    /// Its time-out, deadline and request id count only where it has to go alone: the batch has its own.
    pub fn add<T>(&mut self, name: impl Into<String>, call: Call<T>) -> Slot<T> {
        self.put(name.into(), call)
    }

    /// Adds a call; its position is its name.
    pub fn push<T>(&mut self, call: Call<T>) -> Slot<T> {
        self.put(self.commands.len().to_string(), call)
    }

    fn put<T>(&mut self, name: String, call: Call<T>) -> Slot<T> {
        if !self.names.insert(name.clone()) {
            self.wrong(Error::usage(format!(
                "two commands of the batch are called {name:?}"
            )));
        }
        let slot = Slot {
            batch: self.id,
            version: self.version,
            index: self.commands.len(),
            key: None,
            result: PhantomData,
        };
        let call = match call.into_parts() {
            Ok(call) => call,
            Err(error) => {
                self.wrong(error);
                return slot;
            }
        };
        if call.version != self.version {
            self.wrong(
                Error::usage("a batch takes calls of its own API version only")
                    .with_method(call.method.clone()),
            );
        }
        if call.method.eq_ignore_ascii_case("batch") {
            self.wrong(Error::usage(
                "a batch cannot hold a batch (ERROR_BATCH_METHOD_NOT_ALLOWED)",
            ));
        }
        if call.options.idempotency_key.is_some() {
            self.wrong(
                Error::usage("an Idempotency-Key is for single calls: a batch cannot carry it")
                    .with_method(call.method.clone()),
            );
        }
        let slot = Slot {
            key: call.key.clone(),
            ..slot
        };
        self.commands.push(Command { name, call });
        slot
    }

    fn wrong(&mut self, error: Error) {
        self.mistake.get_or_insert(error);
    }

    /// Whether to stop at the first command that fails. Default: only if a command refers to another one.
    #[doc(alias = "isHaltOnError")]
    pub fn halt(mut self, halt: bool) -> Self {
        self.halt = Some(halt);
        self
    }

    /// How long one request may take. Default: the client's, 90 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How long one request may take with all waits and repetitions. Default: the client's, 10 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Asks `ask` right before each request of this batch leaves, repetitions included.
    ///
    /// ```no_run
    /// # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
    /// let mut batch = b24.v2().batch().before_send(|commands: &[usize]| {
    ///     // Into a journal, and to the disk: an error keeps the request here.
    ///     println!("commands {commands:?} leave now");
    ///     Ok(())
    /// });
    /// batch.push(b24.v2().call("crm.item.delete").param("entityTypeId", 2).param("id", 5));
    /// batch.await?;
    /// # Ok(()) }
    /// ```
    pub fn before_send(mut self, ask: impl BeforeSend + 'static) -> Self {
        self.before_send = Some(Arc::new(ask));
        self
    }

    /// How many commands it holds.
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

impl IntoFuture for Batch {
    /// An error only if nothing was sent at all; everything else is an outcome of its command.
    type Output = Result<Outcomes, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run::run(self))
    }
}

impl<T> Slot<T> {
    /// A reference to a field of this result, for a later command: `"ID"`, or a path such as `"0.ID"` into a list.
    ///
    /// The path starts where the call's [`key`](Call::key) leads. In v3 it starts inside the portal's `item` or
    /// `items`: only results of `get`, `list` and `tail` can be referred to there (server sources).
    pub fn field(&self, path: impl AsRef<str>) -> Ref {
        self.refer(path.as_ref(), false)
    }

    /// v3: all values of a field over the rows of this list, as one list.
    pub fn each(&self, field: impl AsRef<str>) -> Ref {
        self.refer(field.as_ref(), true)
    }

    /// A reference to the whole result.
    pub fn whole(&self) -> Ref {
        self.refer("", false)
    }

    fn refer(&self, path: &str, each: bool) -> Ref {
        let split = |path: &str| {
            path.split('.')
                .filter(|step| !step.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        // The context of v3 references begins inside `item` or `items` by itself.
        let key = self.key.as_deref().filter(|_| self.version == Version::V2);
        let mut steps = key.map(split).unwrap_or_default();
        steps.extend(split(path));
        Ref {
            batch: self.batch,
            index: self.index,
            path: steps,
            each,
        }
    }

    /// The position of the command in the batch.
    pub fn index(&self) -> usize {
        self.index
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self {
            batch: self.batch,
            version: self.version,
            index: self.index,
            key: self.key.clone(),
            result: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("version", &self.version)
            .field("commands", &self.commands.len())
            .field("halt", &self.halt)
            .finish_non_exhaustive()
    }
}
