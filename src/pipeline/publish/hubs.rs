//! Tells the hubs of editions what has changed (W3C WebSub §6), after files and manifest are in place.
//!
//! What is pending is not noted when a file is written, but follows from what is there: a hub has to be told as long as it was told of
//! another file last than the one that is published. So a run that is killed anywhere loses nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use crate::model::{Fault, FaultKind, Format, Time};
use crate::net;
use crate::pipeline::error::PipelineError;
use crate::policy::HubNotice;

use super::Publish;
use super::manifest::ListedFile;

/// The time for which a pass waits for all hubs: a dead one must not hold up the next pass.
const PATIENCE: Duration = Duration::from_secs(15);
/// The number of hubs that are told at a time.
const CONCURRENT_HUBS: usize = 8;
/// The beginning of the names under which the store remembers what hubs were told; no edition may be called so.
const NAME: &str = "hub ";
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 200;

/// The states that hubs were told of an edition in one language, by hub and topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Told(BTreeMap<String, BTreeMap<String, HubNotice>>);

impl Told {
    /// Forgets hubs and feeds that are no longer the edition's.
    fn forget_others(&mut self, hubs: &[String], feeds: &[(String, String)]) {
        self.0.retain(|hub, _| hubs.contains(hub));
        for topics in self.0.values_mut() {
            topics.retain(|topic, _| feeds.iter().any(|(known, _)| known == topic));
        }
    }
}

/// A feed of which a hub has to be told.
struct Pending {
    stem: String,
    topic: String,
    hash: String,
}

impl Publish<'_> {
    /// Tells the hubs of the feeds that they have not been told of, as far as they are due. Returns the hubs that are dead, as faults.
    pub(super) async fn tell_hubs(
        &self,
        files: &BTreeMap<String, ListedFile>,
        records: &HashMap<String, String>,
    ) -> Result<Vec<Fault>, PipelineError> {
        let now = self.clock.now();
        let (mut states, pending) = self.find_pending(files, records, now);
        let begun = Instant::now();
        let answers =
            iter(pending).map(|(hub, feeds)| tell_hub(self.client, hub, feeds, begun)).buffer_unordered(CONCURRENT_HUBS);
        for Answer { hub, feed, result } in answers.collect::<Vec<_>>().await.into_iter().flatten() {
            let notices = states.get_mut(&feed.stem).and_then(|told| told.0.get_mut(&hub));
            let Some(notice) = notices.and_then(|notices| notices.get_mut(&feed.topic)) else { continue };
            if let Err(error) = result {
                tracing::info!("the hub {} was not told of {}: {error}", net::redact_url(&hub), feed.topic);
                notice.fail(error.to_string(), now);
            } else {
                notice.succeed(&feed.hash);
            }
        }
        for (stem, told) in &states {
            if *told != recorded(records, stem) {
                self.save_record(&format!("{NAME}{stem}"), told).await?;
            }
        }
        let mut faults: Vec<Fault> = Vec::new();
        for target in self.targets() {
            let dead = states.get(&target.stem).map(|told| dead_hubs(&target.edition.id, told)).into_iter().flatten();
            // One of another language may have told it.
            let new: Vec<Fault> = dead.filter(|fault| faults.iter().all(|told| told.message != fault.message)).collect();
            faults.extend(new);
        }
        Ok(faults)
    }

    /// Returns what the hubs of each edition were told, and by hub the feeds that they are to be told of now.
    fn find_pending(
        &self,
        files: &BTreeMap<String, ListedFile>,
        records: &HashMap<String, String>,
        now: Time,
    ) -> (BTreeMap<String, Told>, BTreeMap<String, Vec<Pending>>) {
        let (mut states, mut pending) = (BTreeMap::new(), BTreeMap::<String, Vec<Pending>>::new());
        for target in self.targets().into_iter().filter(|target| !target.edition.hubs.is_empty()) {
            let feeds = self.topics(&target.stem, &target.edition.formats, files);
            let mut told = recorded(records, &target.stem);
            told.forget_others(&target.edition.hubs, &feeds);
            for hub in &target.edition.hubs {
                let notices = told.0.entry(hub.clone()).or_default();
                for (topic, hash) in feeds.clone() {
                    let notice = notices.entry(topic.clone()).or_default();
                    if !notice.is_pending(&hash) {
                        notice.succeed(&hash);
                    } else if notice.is_due(now) {
                        pending.entry(hub.clone()).or_default().push(Pending { stem: target.stem.clone(), topic, hash });
                    }
                }
            }
            states.insert(target.stem, told);
        }
        (states, pending)
    }

    /// Returns the addresses of the feeds of an edition that are published, each with the hash of its file.
    fn topics(&self, stem: &str, formats: &[Format], files: &BTreeMap<String, ListedFile>) -> Vec<(String, String)> {
        let Some(base_url) = self.base_url else { return Vec::new() };
        let feeds = formats.iter().filter(|format| format.names_hubs());
        let file = |format: &Format| {
            let name = format!("{stem}.{}", format.extension());
            let listed = files.get(&name).filter(|listed| listed.ended.is_none())?;
            Some((format!("{base_url}{name}"), listed.file.sha256.clone()))
        };
        feeds.filter_map(file).collect()
    }
}

/// Returns what the store remembers of the hubs of an edition.
fn recorded(records: &HashMap<String, String>, stem: &str) -> Told {
    let doc = records.get(&format!("{NAME}{stem}"));
    doc.and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default()
}

/// The reason for which a hub was not told.
#[derive(Debug, thiserror::Error)]
enum HubError {
    #[error("it answers {status}{explanation}")]
    Refused { status: u16, explanation: String },
    #[error(transparent)]
    Fetch(#[from] net::FetchError),
    #[error("it does not answer in time")]
    Late,
    /// It was not asked, since it has just not taken another feed.
    #[error("{0}")]
    LeftAlone(String),
}

/// The answer of a hub about one feed.
struct Answer {
    hub: String,
    feed: Pending,
    result: Result<(), HubError>,
}

/// Tells one hub of all feeds, one after another, until `begun` is long ago. After the first that it does not take, it is left alone until the next time.
async fn tell_hub(client: &net::Client, hub: String, feeds: Vec<Pending>, begun: Instant) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut failed: Option<String> = None;
    for feed in feeds {
        let result = if let Some(reason) = &failed {
            Err(HubError::LeftAlone(reason.clone()))
        } else {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            timeout(left, tell(client, &hub, &feed.topic)).await.unwrap_or(Err(HubError::Late))
        };
        failed = failed.or_else(|| result.as_ref().err().map(HubError::to_string));
        answers.push(Answer { hub: hub.clone(), feed, result });
    }
    answers
}

/// Tells a hub of one feed. `hub.url` is what PubSubHubbub 0.4 and most hubs read, `hub.topic` what others do.
async fn tell(client: &net::Client, hub: &str, topic: &str) -> Result<(), HubError> {
    let form = [("hub.mode", "publish"), ("hub.url", topic), ("hub.topic", topic)];
    match client.post(hub, &form).await? {
        (200..=299, _) => Ok(()),
        (status, body) => {
            let body: String = body.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
            let explanation = if body.trim().is_empty() { String::new() } else { format!(": {body}") };
            Err(HubError::Refused { status, explanation })
        }
    }
}

/// Returns a fault for each hub of an edition that has failed for long.
fn dead_hubs<'t>(edition: &'t str, told: &'t Told) -> impl Iterator<Item = Fault> + 't {
    told.0.iter().filter_map(move |(hub, topics)| {
        let worst = topics.values().filter(|notice| notice.is_reported()).max_by_key(|notice| notice.failures)?;
        let reason = worst.reason.as_deref().unwrap_or("it cannot be told");
        let hub = net::redact_url(hub);
        let message = format!("the edition {edition}: the hub {hub} is not told of changes: {reason}; readers poll meanwhile");
        Some(Fault { since: worst.since, ..Fault::of_edition(edition, FaultKind::Hub, message) })
    })
}
