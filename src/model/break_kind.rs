//! The kinds of failed visits.

use serde::{Deserialize, Serialize};

/// The kind of failure of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakKind {
    /// The host name does not resolve.
    Dns,
    /// The server accepts no connection.
    Connect,
    /// The certificate or the TLS handshake is wrong.
    Tls,
    /// The request timed out, at whatever stage.
    Timeout,
    /// The server answered with a status that is no success.
    Http,
    /// The server answered 404.
    NotFound,
    /// The body is larger than `max_bytes`.
    TooBig,
    /// The address is private and not in `allow_private`.
    PrivateAddress,
    /// The redirects form a circle, are too many or lead nowhere.
    Redirect,
    /// The answer is a page, a challenge or empty, and no feed.
    NotAFeed,
    /// The feed cannot be parsed.
    Unreadable,
    /// relais itself failed: a parser panicked.
    Internal,
}
