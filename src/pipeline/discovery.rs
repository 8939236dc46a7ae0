//! Discovery: finds the feeds of a page (`relais add`), and probes sources (`relais check --probe`). Nothing is stored.

mod autodiscover;
mod error;
mod probe;

pub use autodiscover::{FoundFeed, find_feeds};
pub use error::DiscoveryError;
pub(super) use probe::fetch_body;
pub use probe::{Probe, ProbedFeed, probe};
