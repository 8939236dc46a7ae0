//! Full text: the pages of entries whose source asks for it, fetched before they are published, within what a pass may spend.
//!
//! A page that cannot be had delays nothing but its own text: the entry is published as the feed gives it, and a later run
//! asks again.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::stream::{FuturesUnordered, TryStreamExt};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use crate::config as plan;
use crate::feed;
use crate::model::{Entry, EntryId, EntryRow, FullText, Original, Revision, SourceId, Validators};
use crate::net::{self, Client, FetchError, Request, Response};
use crate::policy::Robots;

use super::blocking::spawn_cpu;
use super::context::Context;
use super::error::PipelineError;
use super::network::net_auth;
use super::robots_cache::Manners;
use super::view;

/// How often a page is asked for before it is left.
const TRIES: u32 = 3;
/// Pages, and little else: the client's own `Accept` prefers feeds.
const ACCEPT: &str = "text/html, application/xhtml+xml, */*;q=0.1";

/// What one pass may spend on pages.
#[derive(Clone, Copy, Debug)]
pub struct PageBudget {
    /// Pages of one source.
    pub per_source: usize,
    /// Time, for all pages together.
    pub time: Duration,
}

impl Default for PageBudget {
    fn default() -> Self {
        Self { per_source: 20, time: Duration::from_secs(60) }
    }
}

/// The pages of one pass.
pub(super) struct Pages<'a> {
    context: Context<'a>,
    /// The sources whose pages are read.
    sources: HashMap<&'a SourceId, &'a plan::Source>,
    budget: PageBudget,
    /// How many pages of a source were asked for.
    spent: HashMap<&'a SourceId, usize>,
    /// What was asked for in this pass, and is not asked for again if another edition wants it too.
    asked: HashSet<EntryId>,
    /// Hosts that failed: the next run may find them well.
    shut: HashSet<String>,
}

/// An entry whose page is wanted.
struct Wanted<'a> {
    id: EntryId,
    revision: Revision,
    entry: Entry,
    url: String,
    source: &'a plan::Source,
    /// How often it was asked for before.
    tries: u32,
}

/// Why there is no page.
struct Trouble {
    message: String,
    /// Whether there will never be one.
    is_final: bool,
    /// Whether the whole host had better be left alone for now.
    is_of_the_host: bool,
}

type Made = (EntryId, Revision, Original);

impl<'a> Pages<'a> {
    /// The pages of those `sources` that have `full_text`.
    pub(super) fn new(context: Context<'a>, sources: &'a [plan::Source], budget: PageBudget) -> Self {
        let sources = sources.iter().filter(|source| source.full_text).map(|source| (&source.id, source)).collect();
        Self { context, sources, budget, spent: HashMap::new(), asked: HashSet::new(), shut: HashSet::new() }
    }

    /// What became of the pages of these entries, newest first. With `fetch` those that are still to be had are asked for now,
    /// as far as the budget goes, and the original renditions that come of it are kept.
    pub(super) async fn look(&mut self, window: &[EntryRow], fetch: bool) -> Result<HashMap<EntryId, FullText>, PipelineError> {
        let of_pages: Vec<&EntryRow> = window.iter().filter(|known| self.sources.contains_key(&known.source)).collect();
        if of_pages.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<EntryId> = of_pages.iter().map(|known| known.id).collect();
        let revisions: HashMap<EntryId, Revision> = of_pages.iter().map(|known| (known.id, known.revision)).collect();
        let kept = self.context.store.load_full_texts(&ids).await?.into_iter();
        let mut known: HashMap<EntryId, FullText> = kept
            .filter(|(id, revision, _)| revisions.get(id) == Some(revision))
            .map(|(id, _, full_text)| (id, full_text))
            .collect();
        if fetch {
            let hosts = self.wanted(&of_pages, &known).await?;
            let until = Instant::now() + self.budget.time;
            known.extend(self.ask_hosts(hosts, until).await?);
            self.budget.time = until.saturating_duration_since(Instant::now());
        }
        Ok(known)
    }

    /// Asks hosts for their pages side by side, and keeps each host's original renditions as it ends. Returns what became of the pages.
    async fn ask_hosts(
        &mut self,
        hosts: HashMap<String, Vec<Wanted<'a>>>,
        until: Instant,
    ) -> Result<Vec<(EntryId, FullText)>, PipelineError> {
        let (context, shut) = (self.context, &mut self.shut);
        // Each host hands its answer over. A loop that took the answers and then waited for the store would leave the other hosts
        // unpolled meanwhile, and one of those may stand in the queue for the same store: neither would ever move again.
        let (send, mut receive) = mpsc::unbounded_channel();
        let asking = async {
            let asks: FuturesUnordered<_> = hosts
                .into_iter()
                .map(|(host, queue)| {
                    let send = send.clone();
                    async move {
                        let robots = robots(context.robots, &queue, until).await?;
                        // Nobody receives any more when the store has failed; its error is the one that is told.
                        let _ = send.send(ask_host(context.client, &robots, host, queue, until).await?);
                        Ok::<(), PipelineError>(())
                    }
                })
                .collect();
            drop(send);
            asks.try_collect::<()>().await
        };
        let keeping = async {
            let mut found = Vec::new();
            while let Some((host, made, is_well)) = receive.recv().await {
                if !is_well {
                    shut.insert(host);
                }
                context.store.save_originals(&made).await?;
                found.extend(made.into_iter().filter_map(|(id, _, original)| Some((id, original.full_text?))));
            }
            Ok(found)
        };
        let ((), found) = futures::try_join!(asking, keeping)?;
        Ok(found)
    }

    /// The entries whose page is to be asked for now, by host, the newest first.
    async fn wanted(
        &mut self,
        window: &[&EntryRow],
        known: &HashMap<EntryId, FullText>,
    ) -> Result<HashMap<String, Vec<Wanted<'a>>>, PipelineError> {
        let mut tries: HashMap<EntryId, u32> = HashMap::new();
        let mut ids = Vec::new();
        for entry in window {
            let before = match known.get(&entry.id) {
                None => 0,
                Some(FullText::Failed { tries, .. }) if *tries < TRIES => *tries,
                Some(_) => continue,
            };
            let Some((id, _)) = self.sources.get_key_value(&entry.source) else { continue };
            let spent = self.spent.entry(*id).or_default();
            if !self.budget.time.is_zero() && *spent < self.budget.per_source && self.asked.insert(entry.id) {
                *spent += 1;
                tries.insert(entry.id, before);
                ids.push(entry.id);
            }
        }
        let mut entries: HashMap<EntryId, (Revision, Entry)> = self
            .context
            .store
            .load_entries(&ids)
            .await?
            .into_iter()
            .map(|(id, revision, entry)| (id, (revision, entry)))
            .collect();
        let mut hosts: HashMap<String, Vec<Wanted<'a>>> = HashMap::new();
        for id in ids {
            let Some((revision, entry)) = entries.remove(&id) else { continue };
            let Some(source) = self.sources.get(&entry.key.source) else { continue };
            // Without an address nothing is asked for, which is noted like any other failure.
            let url = entry.head.url.clone().unwrap_or_default();
            let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            if !self.shut.contains(&host) {
                let wanted = Wanted { id, revision, entry, url, source, tries: tries[&id] };
                hosts.entry(host).or_default().push(wanted);
            }
        }
        Ok(hosts)
    }
}

/// What the host of these pages asks of programs. Where that cannot be had in time the time for the pages is over, too.
async fn robots(manners: &Manners<'_>, queue: &[Wanted<'_>], until: Instant) -> Result<Robots, PipelineError> {
    let Some(first) = queue.first() else { return Ok(Robots::default()) };
    Ok(timeout_at(until, manners.of(&first.url)).await.unwrap_or_else(|_| Ok(Robots::default()))?)
}

/// Asks a host for its pages, one after the other, until it fails or the time is over. Gives its name back, the original
/// renditions of the entries whose page was asked for, and whether the host is well.
async fn ask_host(
    client: &Client,
    robots: &Robots,
    host: String,
    queue: Vec<Wanted<'_>>,
    until: Instant,
) -> Result<(String, Vec<Made>, bool), PipelineError> {
    if robots.is_unknown {
        return Ok((host, Vec::new(), false));
    }
    let mut made = Vec::with_capacity(queue.len());
    for wanted in queue {
        if Instant::now() >= until {
            return Ok((host, made, false));
        }
        let answer = if robots.allows(&path(&wanted.url)) {
            timeout_at(until, ask(client, &wanted)).await.unwrap_or_else(|_| Err(Trouble::late(&wanted.url)))
        } else {
            Err(Trouble::of_page(format!("the robots.txt of its host keeps programs from {}", net::redact_url(&wanted.url))))
        };
        let is_well = answer.as_ref().err().is_none_or(|trouble| !trouble.is_of_the_host);
        let Wanted { id, revision, entry, tries, source, .. } = wanted;
        let original = spawn_cpu("reading an article page", move || make(entry, answer, tries + 1)).await?;
        if let Some(FullText::Left { message } | FullText::Failed { message, .. }) = &original.full_text {
            tracing::info!(source.id = %source.id, entry.id = %id, "{}: no full text: {message}", source.id);
        }
        made.push((id, revision, original));
        if !is_well {
            return Ok((host, made, false));
        }
    }
    Ok((host, made, true))
}

/// The path of an address, with its query: what a robots.txt speaks of.
fn path(address: &str) -> String {
    Url::parse(address).map(|url| url[Position::BeforePath..Position::AfterQuery].to_owned()).unwrap_or_default()
}

/// Asks for one page. What the feed's server may see (headers, authentication) goes to no other.
async fn ask(client: &Client, wanted: &Wanted<'_>) -> Result<net::Body, Trouble> {
    let origin = |address: &str| Url::parse(address).ok().map(|url| url.origin());
    let is_at_home = origin(&wanted.url).is_some_and(|page| Some(page) == origin(&wanted.source.url));
    let own = wanted.source.headers.iter().filter(|_| is_at_home).cloned();
    let headers: Vec<(String, SecretString)> = own.chain([("Accept".to_owned(), ACCEPT.into())]).collect();
    let auth = wanted.source.auth.as_ref().filter(|_| is_at_home).map(net_auth);
    let ask = Request { url: &wanted.url, validators: &Validators::default(), headers: &headers, auth: auth.as_ref() };
    match client.get(&ask).await {
        Ok(Response::Body(body)) if is_page(body.content_type.as_deref()) => Ok(body),
        Ok(_) => Err(Trouble::of_page(format!("{} is no page", net::redact_url(&wanted.url)))),
        Err(error) => Err(Trouble::of(&error)),
    }
}

/// Whether a `Content-Type` may be that of a page; many servers name none.
fn is_page(content_type: Option<&str>) -> bool {
    let kind = content_type.unwrap_or("text/html").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "" | "text/html" | "application/xhtml+xml" | "text/plain")
}

/// The original rendition, of the page if there is one.
fn make(entry: Entry, answer: Result<net::Body, Trouble>, tries: u32) -> Original {
    let answer = answer.and_then(|body| {
        let text = feed::decode_page(&body.bytes, body.content_type.as_deref());
        let text = text.map_err(|error| Trouble::of_page(format!("{} is no page: {error}", net::redact_url(&body.url))))?;
        let url = Url::parse(&body.url).map_err(|error| Trouble::of_page(error.to_string()))?;
        Ok((text, url))
    });
    match answer {
        Ok((page, url)) => view::of_page(entry, &page, &url),
        Err(Trouble { message, is_final, .. }) => Original {
            full_text: Some(if is_final { FullText::Left { message } } else { FullText::Failed { tries, message } }),
            ..view::original(entry)
        },
    }
}

impl Trouble {
    fn of(error: &FetchError) -> Self {
        let (is_final, is_of_the_host) = match error {
            FetchError::Http { status: 404 | 410, .. } => (true, false),
            FetchError::Http { status: 429 | 500.., .. }
            | FetchError::Unreachable { .. }
            | FetchError::Timeout { .. }
            | FetchError::BrokenBody { .. } => (false, true),
            _ => (false, false),
        };
        Self { message: error.to_string(), is_final, is_of_the_host }
    }

    fn of_page(message: String) -> Self {
        Self { message, is_final: true, is_of_the_host: false }
    }

    fn late(url: &str) -> Self {
        let message = format!("{} was not read within the time that one run has for pages", net::redact_url(url));
        Self { message, is_final: false, is_of_the_host: true }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::{EntryHead, EntryKey, Text};
    use crate::net::Options;

    fn source(url: &str) -> plan::Source {
        plan::Source {
            id: SourceId::new("a"),
            url: url.to_owned(),
            title: None,
            site: None,
            lang: None,
            zone: crate::model::Zone::UTC,
            tags: Vec::new(),
            every: Duration::from_secs(900),
            full_text: true,
            enabled: true,
            headers: Vec::new(),
            auth: None,
        }
    }

    fn wanted<'a>(source: &'a plan::Source, uid: &str) -> Wanted<'a> {
        let entry = Entry {
            key: EntryKey { source: source.id.clone(), uid: uid.to_owned() },
            head: EntryHead { url: Some(source.url.clone()), ..EntryHead::default() },
            title: Text::new(uid),
            summary: None,
            content: None,
        };
        Wanted { id: entry.key.id(), revision: entry.revision(), entry, url: source.url.clone(), source, tries: 1 }
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_time_is_over_what_is_under_way_is_left_and_nothing_more_is_begun() {
        // It takes connections, and never says anything.
        let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let source = source(&format!("http://{}/", silent.local_addr().expect("its address")));
        let allow_private = vec!["127.0.0.1".parse().expect("a range")];
        let client =
            Client::new(Options { allow_private, host_interval: Duration::ZERO, ..Options::default() }).expect("a client");
        let robots = Robots::default();
        let ask = |until| ask_host(&client, &robots, "h".to_owned(), vec![wanted(&source, "1"), wanted(&source, "2")], until);

        let (_, made, is_well) = ask(Instant::now() + Duration::from_secs(5)).await.expect("no panic");
        let [(_, _, original)] = made.as_slice() else { panic!("one of two was asked for: {made:?}") };
        assert!(
            matches!(&original.full_text, Some(FullText::Failed { tries: 2, message }) if message.contains("within the time")),
            "{original:?}"
        );
        assert!(!is_well);
        let (_, made, _) = ask(Instant::now()).await.expect("no panic");
        assert!(made.is_empty(), "{made:?}");
    }

    #[test]
    fn a_failure_says_whether_to_ask_again_and_whether_to_leave_the_host_alone() {
        let http = |status| Trouble::of(&FetchError::Http { url: "u".to_owned(), status, retry_after: None });
        for (status, is_final, is_of_the_host) in [
            (404, true, false),
            (410, true, false),
            (403, false, false),
            (429, false, true),
            (500, false, true),
            (503, false, true),
        ] {
            let trouble = http(status);
            assert_eq!((trouble.is_final, trouble.is_of_the_host), (is_final, is_of_the_host), "{status}");
        }
    }

    #[test]
    fn pages_are_told_from_files() {
        for kind in [None, Some("text/html; charset=utf-8"), Some("TEXT/HTML"), Some("application/xhtml+xml"), Some("")] {
            assert!(is_page(kind), "{kind:?}");
        }
        for kind in ["application/pdf", "video/mp4", "application/rss+xml", "text/htmlx"] {
            assert!(!is_page(Some(kind)), "{kind}");
        }
    }
}
