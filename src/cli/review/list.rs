//! The list of a review: the table, and the rows of files.

use serde_json::{Value, json};

use super::reasons::sentence;
use crate::cli::count::count;
use crate::cli::table::{Cell, Table};
use crate::model::{Marked, ReviewState, SeenSegment};
use crate::translate::{ReviewId, ReviewRow};

/// The states in the order in which they are listed.
const STATES: [ReviewState; 4] = [ReviewState::Left, ReviewState::Doubted, ReviewState::AskedAgain, ReviewState::Waiting];

/// Formats the table: as wide as the terminal, and 80 columns where there is none.
pub(super) fn table(segments: &[SeenSegment]) -> String {
    if segments.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["state", "into", "reason", "text"]);
    for segment in segments {
        let Some(verdict) = &segment.verdict else { continue };
        table.row(vec![
            Cell::text(verdict.state.as_str()),
            Cell::text(segment.to.as_str()),
            Cell::text(verdict.reasons.join(", ")),
            Cell::text(segment.source.plain()),
        ]);
    }
    table.render_for_page()
}

/// Says how many segments there are, and what can be done.
pub(super) fn summary(segments: &[SeenSegment]) -> String {
    if segments.is_empty() {
        return "nothing to review: every text that editions show is translated, and none is in doubt".to_owned();
    }
    let number = |state| segments.iter().filter(|s| s.verdict.as_ref().is_some_and(|verdict| verdict.state == state)).count();
    let counts = STATES.iter().map(|state| (number(*state), state.as_str())).filter(|(number, _)| *number > 0);
    let counts: Vec<String> = counts.map(|(number, name)| format!("{number} {name}")).collect();
    format!(
        "{}: {}\nhint: relais correct --to LANG \"TEXT\" \"TRANSLATION\" corrects one; --format tsv or xliff writes all, for relais review import",
        count(segments.len() as u64, "segment"),
        counts.join(", ")
    )
}

/// Makes the JSON of a segment. The names are promises.
pub(super) fn json(segment: &SeenSegment) -> Value {
    let verdict = segment.verdict.as_ref();
    json!({
        "segment": segment.key.to_string(),
        "from": segment.from,
        "to": segment.to,
        "state": verdict.map(|verdict| verdict.state),
        "reasons": verdict.map(|verdict| &verdict.reasons),
        "finding": verdict.and_then(|verdict| verdict.finding.as_ref()),
        "asked_again_after": verdict.and_then(|verdict| verdict.asked_again_after),
        "source": segment.source.to_tagged(),
        "target": segment.target.as_ref().map(Marked::to_tagged),
        "by": segment.by,
        "part": segment.part,
        "entry": segment.entry.to_string(),
        "entry_source": segment.feed,
        "headline": segment.headline,
        "link": segment.link,
        "editions": segment.editions,
        "entries": segment.entries,
    })
}

/// Makes the row of a segment.
pub(super) fn row(segment: &SeenSegment) -> Option<ReviewRow<'_>> {
    let verdict = segment.verdict.as_ref()?;
    let mut note: Vec<String> = verdict.reasons.iter().map(|reason| sentence(reason).to_owned()).collect();
    match &verdict.finding {
        // The finding says the same, and more.
        Some(finding) if note.len() == 1 => note = vec![finding.clone()],
        finding => note.extend(finding.clone()),
    }
    note.extend(segment.by.as_ref().map(|by| format!("by {by}")));
    Some(ReviewRow {
        id: ReviewId::new(segment.key, segment.target.as_ref()),
        from: &segment.from,
        to: &segment.to,
        source: &segment.source,
        target: segment.target.as_ref(),
        state: verdict.state.as_str(),
        reasons: verdict.reasons.join(", "),
        note: note.join("; "),
        part: segment.part,
        entry: segment.entry.to_string(),
        headline: segment.headline.as_str(),
        link: segment.link.as_deref(),
        editions: segment.editions.join(" "),
    })
}
