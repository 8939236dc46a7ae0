//! Looks at addresses without keeping anything: what a source would give, and which feeds are behind a page.

mod autodiscover;
mod probe;

pub use autodiscover::{FoundFeed, seek};
pub use probe::{Found as Probed, Probe, probe};
