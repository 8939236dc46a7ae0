//! Full text: fetches the article pages of entries whose source has `full_text`, before they are published, within a budget.
//!
//! If a page cannot be fetched, the entry is published with the text of its feed, and a later run retries.

mod host_pages;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::stream::{FuturesUnordered, TryStreamExt};
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

use crate::config as plan;
use crate::model::{Entry, EntryId, EntryRow, FullText, Revision, SourceId};

use super::context::Context;
use super::error::PipelineError;
use host_pages::{HostPages, WantedPage, fetch_pages, load_robots};

/// The number of requests for a page before it is given up.
const TRIES: u32 = 3;

/// Returns true if the page of an article is to be fetched, from what is known of it.
pub(super) fn is_page_wanted(known: Option<&FullText>) -> bool {
    match known {
        None => true,
        Some(FullText::Failed { tries, .. }) => *tries < TRIES,
        Some(_) => false,
    }
}

/// Returns true if the page of an article of these entries is still to be fetched. `paged` are the sources whose pages are.
pub(super) fn is_page_missing(rows: &[EntryRow], full_texts: &HashMap<EntryId, FullText>, paged: &HashSet<SourceId>) -> bool {
    rows.iter().any(|row| paged.contains(&row.source) && is_page_wanted(full_texts.get(&row.id)))
}

/// The budget of one pass for article pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageBudget {
    /// The most pages of one source.
    per_source: usize,
    /// The time limit for all pages together.
    time: Duration,
}

impl Default for PageBudget {
    fn default() -> Self {
        Self { per_source: 20, time: Duration::from_secs(60) }
    }
}

/// The article pages of one pass.
pub(super) struct Pages<'a> {
    context: Context<'a>,
    /// The sources whose pages are fetched.
    sources: HashMap<&'a SourceId, &'a plan::Source>,
    budget: PageBudget,
    /// The number of pages requested so far, by source.
    spent: HashMap<&'a SourceId, usize>,
    /// The entries whose page was requested in this pass: another edition does not request it again.
    requested: HashSet<EntryId>,
    /// The hosts that failed: they get no more requests in this pass.
    failed_hosts: HashSet<String>,
}

impl<'a> Pages<'a> {
    /// Makes the article pages of the sources with `full_text`. Nothing is fetched yet.
    pub(super) fn new(context: Context<'a>, sources: &'a [plan::Source], budget: PageBudget) -> Self {
        let sources = sources.iter().filter(|source| source.full_text).map(|source| (&source.id, source)).collect();
        Self { context, sources, budget, spent: HashMap::new(), requested: HashSet::new(), failed_hosts: HashSet::new() }
    }

    /// Returns the stored full texts of these entries. With `fetch`, missing pages are fetched within the budget, newest first, and the
    /// original renditions made from them are stored.
    pub(super) async fn load_or_fetch(
        &mut self,
        window: &[EntryRow],
        fetch: bool,
    ) -> Result<HashMap<EntryId, FullText>, PipelineError> {
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
            let hosts = self.list_wanted(&of_pages, &known).await?;
            let until = Instant::now() + self.budget.time;
            known.extend(self.fetch_hosts(hosts, until).await?);
            self.budget.time = until.saturating_duration_since(Instant::now());
        }
        Ok(known)
    }

    /// Fetches the pages of hosts side by side, and saves each host's original renditions as it ends.
    async fn fetch_hosts(
        &mut self,
        hosts: HashMap<String, Vec<WantedPage<'a>>>,
        until: Instant,
    ) -> Result<Vec<(EntryId, FullText)>, PipelineError> {
        let (context, failed_hosts) = (self.context, &mut self.failed_hosts);
        // The results go through a channel. If the loop over the hosts waited for the store itself, the other hosts would not be
        // polled meanwhile; one of them may wait for the same store, and both would wait for ever (a futurelock).
        let (send, mut receive) = mpsc::unbounded_channel();
        let fetching = async {
            let requests: FuturesUnordered<_> = hosts
                .into_iter()
                .map(|(host, queue)| {
                    let send = send.clone();
                    async move {
                        let robots = load_robots(context.robots, &queue, until).await?;
                        // If the store has failed, the receiver is gone, and the error of the store is returned.
                        let _ = send.send(fetch_pages(context.client, &robots, host, queue, until).await?);
                        Ok::<(), PipelineError>(())
                    }
                })
                .collect();
            drop(send);
            requests.try_collect::<()>().await
        };
        let saving = async {
            let mut found = Vec::new();
            while let Some(HostPages { host, made, is_available }) = receive.recv().await {
                if !is_available {
                    failed_hosts.insert(host);
                }
                context.store.save_originals(&made).await?;
                found.extend(made.into_iter().filter_map(|(id, _, original)| Some((id, original.full_text?))));
            }
            Ok(found)
        };
        let ((), found) = futures::try_join!(fetching, saving)?;
        Ok(found)
    }

    /// Returns the entries whose page is to be fetched now, by host, newest first.
    async fn list_wanted(
        &mut self,
        window: &[&EntryRow],
        known: &HashMap<EntryId, FullText>,
    ) -> Result<HashMap<String, Vec<WantedPage<'a>>>, PipelineError> {
        let mut tries: HashMap<EntryId, u32> = HashMap::new();
        let mut ids = Vec::new();
        for entry in window {
            let kept = known.get(&entry.id);
            if !is_page_wanted(kept) {
                continue;
            }
            let before = if let Some(FullText::Failed { tries, .. }) = kept { *tries } else { 0 };
            let Some((id, _)) = self.sources.get_key_value(&entry.source) else { continue };
            let spent = self.spent.entry(*id).or_default();
            if !self.budget.time.is_zero() && *spent < self.budget.per_source && self.requested.insert(entry.id) {
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
        let mut hosts: HashMap<String, Vec<WantedPage<'a>>> = HashMap::new();
        for id in ids {
            let Some((revision, entry)) = entries.remove(&id) else { continue };
            let Some(source) = self.sources.get(&entry.key.source) else { continue };
            // A missing address fails like any other request, and is recorded as such.
            let url = entry.head.url.clone().unwrap_or_default();
            let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            if !self.failed_hosts.contains(&host) {
                let wanted = WantedPage { id, revision, entry, url, source, tries: tries[&id] };
                hosts.entry(host).or_default().push(wanted);
            }
        }
        Ok(hosts)
    }
}
