//! The context of a run, shared by all passes.

use tokio_util::sync::CancellationToken;

use crate::model::Clock;
use crate::net::Client;
use crate::store::Store;

use super::robots_cache::RobotsCache;
use super::topics::Topics;

/// The dependencies that the passes of one run share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The database: the passes take their work from it and store their results there.
    pub(super) store: &'a Store,
    /// The HTTP client.
    pub(super) client: &'a Client,
    /// The clock.
    pub(super) clock: &'a dyn Clock,
    /// The unique name of this worker, in which sources are leased.
    pub(super) worker: &'a str,
    /// The topic rules of sources.
    pub(super) topics: &'a Topics,
    /// The robots.txt of hosts.
    pub(super) robots: &'a RobotsCache<'a>,
    /// Cancels the passes: no work begins any more, and work in flight is finished.
    pub(super) stop: &'a CancellationToken,
}
