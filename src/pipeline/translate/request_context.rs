//! The context of requests to engines.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::Clock;
use crate::store::Store;

/// The store, the clock and the end of a pass, for requests to engines.
#[derive(Clone, Copy)]
pub(super) struct RequestContext<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a dyn Clock,
    /// No request begins after this.
    pub(super) until: Instant,
    /// No request begins after it is cancelled. Requests in flight are waited for, since they are paid for.
    pub(super) stop: Option<&'a CancellationToken>,
    /// True if the texts are held back for a while in any case.
    pub(super) is_patient: bool,
}

impl RequestContext<'_> {
    /// Returns the time until which a request may begin.
    pub(super) fn until(&self) -> Instant {
        if self.stop.is_some_and(CancellationToken::is_cancelled) { Instant::now().min(self.until) } else { self.until }
    }
}
