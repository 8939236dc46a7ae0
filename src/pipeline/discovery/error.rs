//! The error of discovery.

use crate::feed::FeedError;
use crate::net::{self, FetchError};

/// No feed was found at an address.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The request failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The server answered 304 to a request without validators.
    #[error("{} answered “not modified” to a first request", net::redact_url(url))]
    NotModified {
        /// The address.
        url: String,
    },
    /// The body is not a feed.
    #[error(transparent)]
    NotAFeed(#[from] FeedError),
    /// Neither the page nor its links and usual addresses are a feed.
    #[error("{}: {reason}, and no feed was found behind it", net::redact_url(url))]
    NoFeedBehind {
        /// The address of the page.
        url: String,
        /// The error of parsing the page as a feed.
        #[source]
        reason: FeedError,
    },
}
