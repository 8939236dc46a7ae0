//! The texts that a person may want to look at, as `relais review` lists them.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::time::timeout;

use crate::config::Plan;
use crate::model::{ReviewState, SeenSegment, SourceId, Time};
use crate::pipeline::{SegmentReview, open_glossary_and_engines};
use crate::store::Store;

/// The number of texts that are shown.
const SHOWN: usize = 20;
/// The time that listing may take. It reads every text that an edition shows.
const LIMIT: Duration = Duration::from_secs(10);

/// The list of a review, or why there is none.
#[derive(Default)]
pub(in crate::serve) struct ReviewSummary {
    /// The number of texts by state, the most urgent first.
    pub(super) counts: BTreeMap<ReviewState, usize>,
    /// The first of them.
    pub(super) first: Vec<SeenSegment>,
    /// The reason for which there is no list.
    pub(super) failure: Option<&'static str>,
}

/// Lists what is to be reviewed. A failure is logged, and told in a phrase.
pub(in crate::serve) async fn summarise_review(plan: &Plan, store: &Store, now: Time) -> ReviewSummary {
    let failed = |failure| ReviewSummary { counts: BTreeMap::new(), first: Vec::new(), failure: Some(failure) };
    match timeout(LIMIT, list(plan, store, now)).await {
        Ok(Ok(segments)) => summarise(segments),
        Ok(Err(error)) => {
            tracing::error!("cannot list what is to be reviewed: {error}");
            failed("the list cannot be made: see the log")
        }
        Err(_) => failed("listing takes too long here: `relais review` lists all"),
    }
}

async fn list(plan: &Plan, store: &Store, now: Time) -> Result<Vec<SeenSegment>, Box<dyn std::error::Error + Send + Sync>> {
    let (engines, glossary) = open_glossary_and_engines(plan)?;
    let paged: HashSet<SourceId> =
        plan.sources.iter().filter(|source| source.full_text).map(|source| source.id.clone()).collect();
    let editions = plan.editions.iter().collect();
    let (engines, glossary) = (&*engines, &glossary);
    let review = SegmentReview { editions, lang: None, since: None, engines, glossary, store, paged: &paged, now };
    Ok(review.list().await?)
}

fn summarise(mut segments: Vec<SeenSegment>) -> ReviewSummary {
    let state = |segment: &SeenSegment| segment.verdict.as_ref().map(|verdict| verdict.state);
    let mut counts = BTreeMap::new();
    for state in segments.iter().filter_map(state) {
        *counts.entry(state).or_default() += 1;
    }
    segments.retain(|segment| segment.verdict.is_some());
    // Stable: within a state the newest entries come first.
    segments.sort_by_key(state);
    segments.truncate(SHOWN);
    ReviewSummary { counts, first: segments, failure: None }
}
