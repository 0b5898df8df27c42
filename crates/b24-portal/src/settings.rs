//! What can be set before a portal starts: its edition and the switches where real portals differ.

/// The kind of portal: its limits and what it says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Edition {
    /// A cloud portal on an ordinary plan: 50 requests, 2 a second; operating time is counted.
    #[default]
    Cloud,
    /// A cloud portal on the Enterprise plan: 250 requests, 5 a second.
    Enterprise,
    /// A portal on a server of one's own: no limits, and no `operating` in answers.
    Box,
}

/// Which REST 3.0 generation the portal plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum V3Profile {
    /// 25.x: plural namespace of error codes, English messages with `localMessage`, no idempotency keys.
    V25,
    /// 26.x: singular namespace, `Idempotency-Key`, an empty filter is accepted.
    #[default]
    V26,
}

/// What a classic list answers to a `start` past its last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PastTheEnd {
    /// The first page again, as the portal's own page navigator does.
    #[default]
    FirstPage,
    /// An empty list.
    Empty,
}
