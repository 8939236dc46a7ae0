//! An explanation, for people.

use std::fmt::Write as _;

use anstyle::Style;

use crate::cli::count::count;
use crate::model::{DateBasis, ExplainedEdition, ExplainedSegment, ExplainedTopic, ExplainedTranslation, Explanation};

/// The longest part of a segment that is shown.
const LONGEST: usize = 60;

/// Formats an explanation.
pub(super) fn render(explained: &Explanation) -> String {
    let bold = Style::new().bold();
    let mut out = format!("{bold}{}{bold:#}\n", explained.title);
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label:<10} {text}");
    };
    line("entry", &explained.id);
    line("source", explained.source.as_str());
    for (label, text) in [("link", &explained.url), ("guid", &explained.guid)] {
        if let Some(text) = text.as_deref().filter(|text| label == "link" || Some(*text) != explained.url.as_deref()) {
            line(label, text);
        }
    }
    line("language", &explained.lang.as_ref().map_or_else(|| "not known".to_owned(), ToString::to_string));
    if !explained.categories.is_empty() {
        line("categories", &explained.categories.join(", "));
    }
    line("date", &date(explained));
    line("first seen", &explained.dates.first_seen.to_string());
    if explained.is_withdrawn {
        line("state", "its source has removed it");
    }
    if let Some(rule) = &explained.dropped_by {
        line("rules", &format!("`{rule}` of its source leaves it out now: the next visit takes it back"));
    }
    if let Some(topic) = &explained.topic {
        line("topic", &topic_line(topic));
    }
    if explained.editions.is_empty() {
        line("editions", "none takes its source");
    }
    explained.editions.iter().for_each(|edition| write_edition(&mut out, edition));
    out
}

fn date(explained: &Explanation) -> String {
    let dates = &explained.dates;
    let because = match dates.because {
        DateBasis::Published => "as its source declares".to_owned(),
        DateBasis::Updated => "the declared date of its last change; no date of publication is declared".to_owned(),
        DateBasis::FirstSeen => "declared is none that is possible".to_owned(),
        DateBasis::Kept => {
            let declared = dates.published.or(dates.updated);
            format!("as first stored; now {} is declared", declared.map_or_else(String::new, |date| date.to_string()))
        }
    };
    format!("{} ({because})", dates.believed)
}

fn topic_line(topic: &ExplainedTopic) -> String {
    let verdict = if topic.is_about { "yes" } else { "no" };
    let signals = if topic.signals.is_empty() { "no signal".to_owned() } else { topic.signals.join(", ") };
    let hidden = if topic.hidden.is_empty() { String::new() } else { format!("; hidden: {}", topic.hidden.join(", ")) };
    format!("{}: {verdict}, score {} ({signals}{hidden})", topic.topic, topic.score)
}

fn write_edition(out: &mut String, edition: &ExplainedEdition) {
    let bold = Style::new().bold();
    let name = edition.lang.as_ref().map_or_else(|| edition.edition.clone(), |lang| format!("{}.{lang}", edition.edition));
    let _ = writeln!(out, "{bold}{name}{bold:#}");
    let place = edition.place.map_or_else(String::new, |place| format!(", place {place} of {}", edition.items));
    let _ = writeln!(out, "  {}{place}", edition.reason);
    for other in &edition.story {
        let _ = writeln!(out, "  leads a story with {} of {} (likeness {:.2})", other.id, other.source, other.likeness);
    }
    if !edition.files.is_empty() {
        let _ = writeln!(out, "  in {}", edition.files.join(", "));
    }
    if let Some(translation) = &edition.translation {
        write_translation(out, translation);
    }
}

fn write_translation(out: &mut String, translation: &ExplainedTranslation) {
    let ExplainedTranslation { made, is_outdated, segments } = translation;
    let outdated = if *is_outdated { ", of an older text" } else { "" };
    let made = made.map_or_else(|| "not translated yet".to_owned(), |made| format!("translated {made}{outdated}"));
    let known = segments.iter().filter(|segment| segment.target.is_some()).count();
    let cost: f64 = segments.iter().filter(|segment| segment.target.is_none()).filter_map(|segment| segment.cost).sum();
    let cost = if cost > 0.0 { format!("; the others cost {cost:.4} at most") } else { String::new() };
    let _ = writeln!(out, "  {made}: {known} of {} in the memory{cost}", count(segments.len() as u64, "segment"));
    for segment in segments {
        write_segment(out, segment);
    }
}

fn write_segment(out: &mut String, segment: &ExplainedSegment) {
    let _ = writeln!(out, "    {:<8} {}", segment.part, shorten(&segment.source));
    let result = match (&segment.target, &segment.by, &segment.left) {
        (Some(target), Some(by), _) => {
            let doubt = segment.doubt.as_ref().map(|doubt| format!("; {doubt}")).unwrap_or_default();
            format!("{} ({by}{doubt})", shorten(target))
        }
        (_, _, Some(left)) => format!("– {left}"),
        _ => "–".to_owned(),
    };
    let _ = writeln!(out, "             {result}");
}

fn shorten(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("{}…", short.trim_end()) } else { short }
}
