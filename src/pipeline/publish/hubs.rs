//! Tells the hubs of editions what has changed (W3C WebSub §6), after files and manifest are in place.
//!
//! What is pending is not noted when a file is written, but follows from what is there: a hub has to be told as long as it was told of
//! another file last than the one that is published. So a run that is killed anywhere loses nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::model::{Fault, FaultKind, Format};
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

/// What the hubs were told of an edition in one language, by hub and topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Told(BTreeMap<String, BTreeMap<String, HubNotice>>);

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
        let mut states: BTreeMap<String, Told> = BTreeMap::new();
        let mut faults = Vec::new();
        let mut pending: BTreeMap<String, Vec<Pending>> = BTreeMap::new();
        let now = self.clock.now();
        for target in self.targets().iter().filter(|target| !target.edition.hubs.is_empty()) {
            let name = format!("{NAME}{}", target.stem);
            let before: Told = records.get(&name).and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
            let told = states.entry(target.stem.clone()).or_insert(before);
            for hub in &target.edition.hubs {
                for (topic, hash) in self.topics(&target.stem, &target.edition.formats, files) {
                    let notice = told.0.entry(hub.clone()).or_default().entry(topic.clone()).or_default();
                    if notice.is_pending(&hash) && notice.is_due(now) {
                        pending.entry(hub.clone()).or_default().push(Pending { stem: target.stem.clone(), topic, hash });
                    }
                }
            }
        }
        let answers = iter(pending).map(|(hub, feeds)| tell_hub(self.client, hub, feeds)).buffer_unordered(CONCURRENT_HUBS);
        for (hub, stem, topic, answer) in answers.collect::<Vec<_>>().await.into_iter().flatten() {
            let notices = states.get_mut(&stem).and_then(|told| told.0.get_mut(&hub));
            let Some(notice) = notices.and_then(|notices| notices.get_mut(&topic)) else { continue };
            match answer {
                Ok(hash) => notice.succeed(&hash),
                Err(reason) => {
                    tracing::info!("the hub {} was not told of {topic}: {reason}", net::redact_url(&hub));
                    notice.fail(reason, now);
                }
            }
        }
        for (stem, told) in &states {
            let name = format!("{NAME}{stem}");
            let before: Told = records.get(&name).and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
            if *told != before {
                self.save_record(&name, told).await?;
            }
        }
        for target in self.targets() {
            if let Some(told) = states.get(&target.stem) {
                faults.extend(dead_hubs(&target.edition.id, told).filter(|fault| !faults.contains(fault)).collect::<Vec<_>>());
            }
        }
        Ok(faults)
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

/// The answer of a hub about one feed: the hash of the file that it was told of, or why it was not.
type Answer = (String, String, String, Result<String, String>);

/// Tells one hub of all feeds, one after another. After the first that it does not take, it is left alone until the next time.
async fn tell_hub(client: &net::Client, hub: String, feeds: Vec<Pending>) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut failed: Option<String> = None;
    let begun = tokio::time::Instant::now();
    for Pending { stem, topic, hash } in feeds {
        let answer = match &failed {
            Some(reason) => Err(reason.clone()),
            None => {
                let left = PATIENCE.saturating_sub(begun.elapsed());
                timeout(left, tell(client, &hub, &topic)).await.unwrap_or_else(|_| Err("it does not answer in time".to_owned()))
            }
        };
        failed = failed.or_else(|| answer.as_ref().err().cloned());
        answers.push((hub.clone(), stem, topic, answer.map(|()| hash)));
    }
    answers
}

/// Tells a hub of one feed. `hub.url` is what PubSubHubbub 0.4 and most hubs read, `hub.topic` what others do.
async fn tell(client: &net::Client, hub: &str, topic: &str) -> Result<(), String> {
    let form = [("hub.mode", "publish"), ("hub.url", topic), ("hub.topic", topic)];
    match client.post(hub, &form).await {
        Ok((200..=299, _)) => Ok(()),
        Ok((status, body)) => {
            let body: String = body.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
            Err(if body.trim().is_empty() { format!("it answers {status}") } else { format!("it answers {status}: {body}") })
        }
        Err(error) => Err(error.to_string()),
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
