//! Looking at sources without keeping anything: what they would give, and what they ask for.

use std::time::Duration;

use futures::stream::{StreamExt, iter};

use super::super::blocking::spawn_cpu;
use super::super::network::credentials;
use crate::config as plan;
use crate::feed::{self, FeedBody};
use crate::model::{Lang, PollHints, SourceId, Time, Validators};
use crate::net::{Client, Request, Response};

/// Looks at a time; each host is asked in its turn by the client.
const AT_ONCE: usize = 32;

/// What a source gave.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The source.
    pub source: SourceId,
    /// How long it took, waiting for its turn not counted.
    pub took: Duration,
    /// What it is, or why it is of no use.
    pub found: Result<Found, String>,
}

/// A feed that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its format, as `relais parse` names it.
    pub format: &'static str,
    /// Its language, as it says or as its text reads.
    pub lang: Option<Lang>,
    /// How many entries it has, and how many of them have a date.
    pub entries: usize,
    /// Of these, with a date.
    pub dated: usize,
    /// When the newest was published.
    pub newest: Option<Time>,
    /// What had to be repaired.
    pub repaired: Vec<&'static str>,
    /// Where it has moved for good.
    pub moved: Option<String>,
    /// What it asks of those who come again.
    pub poll_hints: PollHints,
    /// For how long its server says that the answer is good.
    pub fresh_for: Option<Duration>,
}

/// Looks at sources, in their order; `done` is told of each as it ends.
pub async fn probe(client: &Client, sources: &[&plan::Source], done: &dyn Fn(&Probe)) -> Vec<Probe> {
    let mut looks = Vec::with_capacity(sources.len());
    for &source in sources {
        looks.push(Box::pin(async move {
            let probe = look(client, source).await;
            done(&probe);
            probe
        }));
    }
    iter(looks).buffered(AT_ONCE).collect().await
}

async fn look(client: &Client, source: &plan::Source) -> Probe {
    let auth = source.auth.as_ref().map(credentials);
    let ask = Request { url: &source.url, validators: &Validators::default(), headers: &source.headers, auth: auth.as_ref() };
    let (answer, took) = client.get_timed(&ask).await;
    let found = match answer {
        Ok(Response::Body(body)) => read(source, body).await,
        Ok(Response::NotModified { .. }) => Err("it answered “not modified” to a first request".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    Probe { source: source.id.clone(), took, found }
}

async fn read(source: &plan::Source, body: crate::net::Body) -> Result<Found, String> {
    let (id, lang, zone) = (source.id.clone(), source.lang.clone(), source.zone);
    let work = move || {
        let (moved, fresh_for) = (body.moved.clone(), body.fresh_for);
        let given = FeedBody {
            bytes: &body.bytes,
            content_type: body.content_type.as_deref(),
            url: &body.url,
            lang: lang.as_ref(),
            zone,
        };
        let feed = feed::parse_feed(&given, &id).map_err(|error| error.to_string())?;
        let dates = || feed.entries.iter().filter_map(|entry| entry.head.published.or(entry.head.updated));
        Ok(Found {
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
    spawn_cpu("reading a feed", work).await.unwrap_or_else(|error| Err(error.to_string()))
}
