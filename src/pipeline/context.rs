//! What every pass works with.

use tokio_util::sync::CancellationToken;

use crate::model::Clock;
use crate::net::Client;
use crate::store::Store;

use super::robots_cache::RobotsCache;

/// What the passes of one run share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Where work is taken from, and where its result is left.
    pub(super) store: &'a Store,
    /// The network.
    pub(super) client: &'a Client,
    /// The present.
    pub(super) clock: &'a dyn Clock,
    /// A name that no other worker of this store has: leases are taken in it.
    pub(super) worker: &'a str,
    /// What hosts ask of programs.
    pub(super) robots: &'a RobotsCache<'a>,
    /// After this nothing is begun; what is in flight is finished.
    pub(super) stop: &'a CancellationToken,
}
