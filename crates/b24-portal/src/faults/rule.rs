use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Fault;

/// A fault and when it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Only this method (as in the URL, any case), or `oauth/token`, `oauth/authorize`; without one, every method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// So many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// Of the matching requests after those, only each n-th is hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<NonZeroU32>,
    /// So many requests are hit; without a number one is, and with [`Self::every`] there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl FaultRule {
    /// Strikes the next request of any method, once.
    pub const fn new(fault: Fault) -> Self {
        Self {
            method: None,
            fault,
            skip: 0,
            every: None,
            times: None,
        }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub const fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Strikes each n-th matching request (0 is taken for 1), without an end unless [`Self::times`] sets one.
    #[must_use]
    pub const fn every(mut self, requests: u32) -> Self {
        self.every = match NonZeroU32::new(requests) {
            None => Some(NonZeroU32::MIN),
            some => some,
        };
        self
    }

    /// Strikes so many requests.
    #[must_use]
    pub const fn times(mut self, requests: u32) -> Self {
        self.times = Some(requests);
        self
    }

    pub(super) fn matches(&self, method: &str) -> bool {
        self.method
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}
