//! Faults: what went wrong with a source, an engine, an edition or a notification, as data that is stored and shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BreakKind, SourceId, Time};

/// The thing that a fault is about, by its name in feeds.toml.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultSubject {
    /// A source.
    Source(String),
    /// An engine.
    Engine(String),
    /// An edition.
    Edition(String),
    /// A notification.
    Notify(String),
    /// Our own network; how many hosts were asked in vain stands in place of a name.
    Network(String),
}

/// The kind of a fault. The names, in kebab case, are promises: scripts compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The host name of a source does not resolve.
    Dns,
    /// The server of a source accepts no connection.
    Connect,
    /// The certificate or the TLS handshake is wrong.
    Tls,
    /// The server did not answer within `timeout`.
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
    /// The server asked to come back later (429, or 503 with Retry-After).
    Later,
    /// The server answered 410: the source is retired, or nothing is delivered to it any more.
    Gone,
    /// Nothing has been at the address for a week.
    Dead,
    /// The source has changed: it is no feed any more, or its entries have lost their dates.
    Changed,
    /// The source answers, and has published nothing for far longer than usual.
    Stale,
    /// Our own network is away: no host can be reached.
    Outage,
    /// A rule (`keep`, `drop`) could not be evaluated for an entry.
    Rule,
    /// An edition could not be rendered.
    Render,
    /// A hub cannot be told of the changes of an edition.
    Hub,
    /// Events of a notification are not delivered, and wait.
    Notify,
    /// Events of a notification were given up.
    Undelivered,
    /// The budget of an engine is used up.
    Budget,
    /// An engine cannot be used for now: its circuit breaker is open.
    Engine,
    /// An engine refuses the key.
    Unauthorized,
    /// An engine does not translate this pair of languages.
    UnsupportedPair,
    /// An engine refuses its settings: a model that does not exist, a wrong path.
    Misconfigured,
    /// The vendor's quota is used up.
    Quota,
    /// A kind that a newer relais has stored.
    #[serde(other)]
    Unknown,
}

impl FaultKind {
    /// Returns the name in kebab case, as it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Http => "http",
            Self::NotFound => "not-found",
            Self::TooBig => "too-big",
            Self::PrivateAddress => "private-address",
            Self::Redirect => "redirect",
            Self::NotAFeed => "not-a-feed",
            Self::Unreadable => "unreadable",
            Self::Internal => "internal",
            Self::Later => "later",
            Self::Gone => "gone",
            Self::Dead => "dead",
            Self::Changed => "changed",
            Self::Stale => "stale",
            Self::Outage => "outage",
            Self::Rule => "rule",
            Self::Render => "render",
            Self::Hub => "hub",
            Self::Notify => "notify",
            Self::Undelivered => "undelivered",
            Self::Budget => "budget",
            Self::Engine => "engine",
            Self::Unauthorized => "unauthorized",
            Self::UnsupportedPair => "unsupported-pair",
            Self::Misconfigured => "misconfigured",
            Self::Quota => "quota",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<BreakKind> for FaultKind {
    fn from(kind: BreakKind) -> Self {
        match kind {
            BreakKind::Dns => Self::Dns,
            BreakKind::Connect => Self::Connect,
            BreakKind::Tls => Self::Tls,
            BreakKind::Timeout => Self::Timeout,
            BreakKind::Http => Self::Http,
            BreakKind::NotFound => Self::NotFound,
            BreakKind::TooBig => Self::TooBig,
            BreakKind::PrivateAddress => Self::PrivateAddress,
            BreakKind::Redirect => Self::Redirect,
            BreakKind::NotAFeed => Self::NotAFeed,
            BreakKind::Unreadable => Self::Unreadable,
            BreakKind::Internal => Self::Internal,
        }
    }
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The source, engine, edition or notification that it is about.
    #[serde(flatten)]
    pub of: FaultSubject,
    /// Its kind.
    pub kind: FaultKind,
    /// One sentence for the operator: what failed, on what, why.
    pub message: String,
    /// The first time that it was seen, in this row of failures.
    pub since: Option<Time>,
}

impl Fault {
    /// Makes a fault of a source.
    pub fn of_source(source: &SourceId, kind: FaultKind, message: impl Into<String>, since: Option<Time>) -> Self {
        Self { of: FaultSubject::Source(source.as_str().to_owned()), kind, message: message.into(), since }
    }

    /// Makes the fault of a network through which none of so many hosts can be reached.
    pub fn of_network(hosts: usize, since: Time) -> Self {
        let message = format!("the network is away: none of {hosts} hosts can be reached; all sources stay due until it is back");
        Self { of: FaultSubject::Network(format!("{hosts} hosts")), kind: FaultKind::Outage, message, since: Some(since) }
    }

    /// Makes a fault of an engine.
    pub fn of_engine(engine: &str, kind: FaultKind, message: impl Into<String>) -> Self {
        Self { of: FaultSubject::Engine(engine.to_owned()), kind, message: message.into(), since: None }
    }

    /// Makes a fault of an edition.
    pub fn of_edition(edition: &str, kind: FaultKind, message: impl Into<String>) -> Self {
        Self { of: FaultSubject::Edition(edition.to_owned()), kind, message: message.into(), since: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_stored_under_the_name_that_is_shown() {
        for kind in [FaultKind::Dns, FaultKind::NotAFeed, FaultKind::UnsupportedPair, FaultKind::PrivateAddress, FaultKind::Gone]
        {
            assert_eq!(serde_json::to_string(&kind).expect("JSON"), format!("\"{kind}\""));
        }
    }

    #[test]
    fn kind_that_a_newer_relais_has_stored_is_read() {
        assert_eq!(serde_json::from_str::<FaultKind>("\"eclipse\"").expect("a kind"), FaultKind::Unknown);
    }
}
