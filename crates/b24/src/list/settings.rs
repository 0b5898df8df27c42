//! What a list and a tail are configured with alike.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::cursor::Cursor;
use super::progress::Listener;
use crate::batch::reference;
use crate::call::{Version, check_method};
use crate::client::Client;
use crate::error::Error;
use crate::room::corridor::Options;
use crate::value::Tree;

/// The settings of a list that has not begun.
pub(super) struct Settings {
    pub(super) client: Client,
    pub(super) version: Version,
    pub(super) method: String,
    /// The parameters, or the first mistake in an argument: it comes out when the list is polled.
    params: Result<Tree, Error>,
    pub(super) key: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) resume: Option<Cursor>,
    pub(super) options: Options,
    pub(super) listener: Option<Arc<dyn Listener>>,
}

impl Settings {
    pub(super) fn new(client: Client, version: Version, method: String) -> Self {
        Self {
            client,
            version,
            method,
            params: Ok(Tree::map()),
            key: None,
            limit: None,
            resume: None,
            options: Options::default(),
            listener: None,
        }
    }

    pub(super) fn param(&mut self, name: impl Into<String>, value: impl Serialize) {
        let name = name.into();
        match Tree::from_serialize(&value) {
            Ok(value) => self.set(name, value),
            Err(error) => self.mistake(format!("parameter {name} cannot be sent: {error}")),
        }
    }

    pub(super) fn params(&mut self, all: impl Serialize) {
        match Tree::from_serialize(&all) {
            Ok(Tree::Map(pairs)) => pairs
                .into_iter()
                .for_each(|(name, value)| self.set(name, value)),
            Ok(Tree::Null) => {}
            Ok(_) => self.mistake("the parameters of a list are a struct or a map".to_owned()),
            Err(error) => self.mistake(format!("the parameters cannot be sent: {error}")),
        }
    }

    pub(super) fn set(&mut self, name: String, value: Tree) {
        if let Ok(params) = &mut self.params {
            params.set(name, value);
        }
    }

    pub(super) fn mistake(&mut self, text: String) {
        if self.params.is_ok() {
            self.params = Err(Error::usage(text));
        }
    }

    pub(super) fn timeout(&mut self, timeout: Duration) {
        self.options.timeout = Some(timeout);
    }

    /// The parameters, or the first mistake in what was configured.
    pub(super) fn take_params(&mut self) -> Result<Tree, Error> {
        let params = std::mem::replace(&mut self.params, Ok(Tree::map()))?;
        check_method(&self.method)?;
        reference::refuse(&params)?;
        Ok(params)
    }

    /// The version as a number.
    pub(super) fn version(&self) -> u8 {
        match self.version {
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }
}
