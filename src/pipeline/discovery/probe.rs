//! Probes sources: fetches and parses them without storing anything.

use std::time::Duration;

use futures::stream::{StreamExt, iter};

use super::super::blocking::spawn_cpu;
use super::super::network::credentials;
use super::error::DiscoveryError;
use crate::config as plan;
use crate::feed::{self, FeedBody, FeedError};
use crate::model::{Lang, PollHints, SourceId, Time, Validators};
use crate::net::{Body, Client, Request, Response};

/// The number of probes at a time; the client applies the rate limit of each host.
const CONCURRENT_PROBES: usize = 32;

/// The result of probing a source.
#[derive(Debug)]
pub struct Probe {
    /// The source.
    pub source: SourceId,
    /// The duration of the request, without the wait for its turn.
    pub took: Duration,
    /// The feed, or the error.
    pub found: Result<ProbedFeed, DiscoveryError>,
}

/// A feed that was probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedFeed {
    /// Its format, as `relais parse` names it.
    pub format: &'static str,
    /// Its language, declared or detected.
    pub lang: Option<Lang>,
    /// The number of its entries.
    pub entries: usize,
    /// The number of entries with a date.
    pub dated: usize,
    /// The date of its newest entry.
    pub newest: Option<Time>,
    /// The repairs that parsing needed.
    pub repaired: Vec<&'static str>,
    /// The target of a permanent redirect.
    pub moved: Option<String>,
    /// Its poll hints.
    pub poll_hints: PollHints,
    /// The lifetime of the response by its cache headers.
    pub fresh_for: Option<Duration>,
}

/// Probes sources and returns the results in the same order; calls `done` as each ends.
pub async fn probe(client: &Client, sources: &[&plan::Source], done: &dyn Fn(&Probe)) -> Vec<Probe> {
    let mut probes = Vec::with_capacity(sources.len());
    for &source in sources {
        probes.push(Box::pin(async move {
            let probe = probe_source(client, source).await;
            done(&probe);
            probe
        }));
    }
    iter(probes).buffered(CONCURRENT_PROBES).collect().await
}

async fn probe_source(client: &Client, source: &plan::Source) -> Probe {
    let (body, took) = fetch_body(client, source).await;
    let found = match body {
        Ok(body) => parse(source, body).await,
        Err(error) => Err(error),
    };
    Probe { source: source.id.clone(), took, found }
}

/// Fetches a source anew, whatever is known of it. Returns the duration of the request, too.
pub(in crate::pipeline) async fn fetch_body(client: &Client, source: &plan::Source) -> (Result<Body, DiscoveryError>, Duration) {
    let auth = source.auth.as_ref().map(credentials);
    let request = Request { url: &source.url, validators: &Validators::default(), headers: &source.headers, auth: auth.as_ref() };
    let (answer, took) = client.get_timed(&request).await;
    let body = match answer {
        Ok(Response::Body(body)) => Ok(body),
        Ok(Response::NotModified { .. }) => Err(DiscoveryError::NotModified { url: source.url.clone() }),
        Err(error) => Err(error.into()),
    };
    (body, took)
}

async fn parse(source: &plan::Source, body: Body) -> Result<ProbedFeed, DiscoveryError> {
    let (id, lang, zone) = (source.id.clone(), source.lang.clone(), source.zone);
    let work = move || {
        let (moved, fresh_for, is_damaged) = (body.moved.clone(), body.fresh_for, body.damage.is_some());
        let input = FeedBody {
            bytes: &body.bytes,
            content_type: body.content_type.as_deref(),
            url: &body.url,
            lang: lang.as_ref(),
            zone,
        };
        let mut feed = feed::parse_feed(&input, &id)?;
        if is_damaged {
            feed.repaired.push("transfer");
        }
        let dates = || feed.entries.iter().filter_map(|entry| entry.head.published.or(entry.head.updated));
        Ok(ProbedFeed {
            format: feed.format,
            entries: feed.entries.len(),
            dated: dates().count(),
            newest: dates().max(),
            lang: feed.language,
            repaired: feed.repaired,
            moved,
            poll_hints: feed.poll_hints,
            fresh_for,
        })
    };
    spawn_cpu("reading a feed", work).await.unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string()).into()))
}
