//! Where answers of a portal are kept for a while.

use std::net::IpAddr;
use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};

/// The directory for answers of one kind. A portal on this machine is asked every time: it may be
/// another one each time.
pub(crate) fn cache(kind: &str, host: &str) -> Option<PathBuf> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
    if name == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return None;
    }
    let cache = choose_base_strategy().ok()?.cache_dir();
    Some(
        cache
            .join("b24")
            .join(kind)
            .join(host.replace(['/', '\\', ':'], "_")),
    )
}
