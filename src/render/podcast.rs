//! Podcasts: Apple's elements, which all players read, and those of the podcast namespace for transcripts and chapters.

use super::element::Element;
use super::{links, shown};
use crate::model::{DetailKind, Edition, EditionItem, Enclosure, EpisodeDetail, EpisodeKind, Genre};

/// The prefix of Apple's elements.
const ITUNES: &str = "itunes";
/// The prefix of the podcast namespace.
const PODCAST: &str = "podcast";
/// The most categories of a feed: players look at the first ones.
const MAX_GENRES: usize = 3;

/// Returns the elements of a feed most of whose items are to be listened to or watched; none for other feeds.
pub(super) fn of_feed(edition: &Edition) -> Vec<Element> {
    let episodes = edition.items.iter().filter(|item| played(item).is_some()).count();
    if episodes == 0 || episodes * 2 < edition.items.len() {
        return Vec::new();
    }
    // An item that says nothing may be anything, and what is not marked is meant to be for all.
    let is_explicit = edition.items.iter().any(|item| item.head.episode.explicit == Some(true));
    let icon = edition.details.icon.as_deref().and_then(links::web);
    let image = icon.map(|icon| Element::new(ITUNES, "image").with("href", &icon));
    let owner = Element::new(ITUNES, "author").text(edition.title.as_str());
    let rating = Element::new(ITUNES, "explicit").text(if is_explicit { "true" } else { "false" });
    let kind = Element::new(ITUNES, "type").text("episodic");
    let author = (!edition.title.is_blank()).then_some(owner);
    author.into_iter().chain(image).chain([rating, kind]).chain(genres(edition)).collect()
}

/// Returns Apple's categories of the sources of a feed: those of the most episodes first.
fn genres(edition: &Edition) -> impl Iterator<Item = Element> {
    let mut counts: Vec<(&Genre, usize)> = Vec::new();
    for item in edition.items.iter().filter(|item| played(item).is_some()) {
        for genre in &item.source.genres {
            match counts.iter_mut().find(|(known, _)| known.name == genre.name) {
                Some((_, count)) => *count += 1,
                None => counts.push((genre, 1)),
            }
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let category = |name: &str| Element::new(ITUNES, "category").with("text", name);
    let element =
        move |(genre, _): (&Genre, usize)| category(&genre.name).holding(genre.below.iter().map(|below| category(below)));
    counts.into_iter().take(MAX_GENRES).map(element)
}

/// Returns the elements of an item that is an episode; none for other items.
pub(super) fn of_item(item: &EditionItem) -> Vec<Element> {
    let episode = &item.head.episode;
    let file = played(item);
    if file.is_none() && episode.is_empty() {
        return Vec::new();
    }
    let text = |name, text: Option<String>| text.map(|text| Element::new(ITUNES, name).text(&text));
    let duration = file.and_then(|file| file.duration).map(clock);
    let kind = episode.kind.or_else(|| episode.episode.map(|_| EpisodeKind::Full));
    let image = item.head.image.as_deref().and_then(links::web);
    let mut elements: Vec<Element> = [
        text("duration", duration),
        text("season", episode.season.map(|number| number.to_string())),
        text("episode", episode.episode.map(|number| number.to_string())),
        text("episodeType", kind.map(|kind| kind.name().to_owned())),
        text("explicit", episode.explicit.map(|explicit| explicit.to_string())),
        image.map(|image| Element::new(ITUNES, "image").with("href", &image)),
    ]
    .into_iter()
    .flatten()
    .collect();
    elements.extend(side_files(item));
    elements.extend(episode.details.iter().filter_map(detail));
    elements
}

/// Returns an element that the podcast of an item states, as it is.
fn detail(detail: &EpisodeDetail) -> Option<Element> {
    let kind = DetailKind::find(&detail.name)?;
    let mut element = Element::new(PODCAST, kind.name).holding(detail.children.iter().filter_map(self::detail));
    for name in kind.attributes {
        element = element.with_some(name, detail.attributes.get(*name));
    }
    for name in kind.addresses {
        let address = detail.attributes.get(*name).and_then(|address| links::web(address));
        element = element.with_some(name, address);
    }
    Some(if detail.text.is_blank() { element } else { element.text(detail.text.as_str()) })
}

/// Returns the transcripts and chapters of an item.
fn side_files(item: &EditionItem) -> impl Iterator<Item = Element> {
    let transcripts = item.head.episode.transcripts.iter().filter_map(|file| {
        let element = Element::new(PODCAST, "transcript").with("url", &links::web(&file.url)?).with("type", &file.media_type);
        // What is spoken is in the language of the source, whatever the item is translated to.
        let lang = file.lang.as_ref().or(item.head.lang.as_ref());
        Some(element.with_some("language", lang).with_some("rel", file.is_captions.then_some("captions")))
    });
    let chapters = item.head.episode.chapters.iter().filter_map(|file| {
        Some(Element::new(PODCAST, "chapters").with("url", &links::web(&file.url)?).with("type", &file.media_type))
    });
    transcripts.chain(chapters)
}

/// Returns the file of an item that is played.
pub(super) fn played(item: &EditionItem) -> Option<&Enclosure> {
    let is_played = |file: &&Enclosure| {
        file.media_type.as_deref().is_some_and(|kind| kind.starts_with("audio/") || kind.starts_with("video/"))
    };
    shown::enclosures(item).find(is_played)
}

/// Writes a playing time as `1:02:03`.
fn clock(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playing_time_is_in_hours_minutes_and_seconds() {
        assert_eq!([clock(7), clock(3_723), clock(90_000)], ["0:00:07", "1:02:03", "25:00:00"]);
    }
}
