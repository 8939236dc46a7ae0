//! Podcasts: Apple's elements (<https://help.apple.com/itc/podcasts_connect/#/itcb54353390>), Google's, which are the same, and those of the
//! podcast namespace (<https://podcasting2.org/docs/podcast-namespace>).

use std::borrow::Cow;

use super::fields::push_category;
use super::reader::{Child, XmlReader};
use super::value::{Expected, trimmed};
use crate::feed::draft::{Address, DetailDraft, Draft, Markup, SideFile};
use crate::feed::length::parse_duration;
use crate::model::{DetailKind, EpisodeKind, Genre};

/// The number of transcripts of an entry that are read.
const MAX_TRANSCRIPTS: usize = 10;
/// The number of other elements of the podcast namespace that are read of an entry, and of those in one of them.
const MAX_DETAILS: usize = 40;
/// The number of Apple's categories that are read of a feed, and of those below each.
const MAX_GENRES: usize = 10;

impl<'a> XmlReader<'a> {
    /// Reads an element of Apple's or Google's.
    pub(super) fn read_podcast(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str, is_entry: bool) {
        match name {
            "author" => self.read_person(draft, child, 1),
            "owner" => self.read_person(draft, child, 0),
            "title" => {
                let title = self.read_rich_text(child, Markup::Html, Expected::Line);
                draft.title.offer(1, title);
            }
            "summary" | "description" | "subtitle" => {
                let summary = self.read_rich_text(child, Markup::Html, Expected::Text);
                draft.summary.offer(u8::from(name != "subtitle"), summary);
            }
            "image" => self.read_image(draft, child, 2),
            "category" => {
                if !is_entry {
                    self.note_genre(draft, child);
                }
                self.read_category(draft, child);
            }
            "keywords" => {
                let words = self.read_line(child).into_owned();
                for word in words.split(',') {
                    push_category(draft, Cow::Owned(word.trim().to_owned()));
                }
            }
            "duration" | "season" | "episode" | "episodetype" | "explicit" if is_entry => {
                let line = self.read_line(child);
                note_episode(draft, name, &line);
            }
            _ => self.skip(child),
        }
    }

    /// Reads an element of the podcast namespace.
    pub(super) fn read_podcast_index(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "transcript" => {
                let file = self.side_file(child).filter(|_| draft.episode.transcripts.len() < MAX_TRANSCRIPTS);
                draft.episode.transcripts.extend(file);
                self.skip(child);
            }
            "chapters" => {
                draft.episode.chapters = draft.episode.chapters.take().or_else(|| self.side_file(child));
                self.skip(child);
            }
            _ => self.read_detail(draft, child, name),
        }
    }

    /// Notes a category of Apple's: one within another is below it.
    fn note_genre(&self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let Some(name) = child.tag.attribute("text") else { return };
        let name = trimmed(self.entities.resolve(name)).into_owned();
        if name.is_empty() {
            return;
        }
        let is_below = self.is_open(child.tag.name);
        if let Some(above) = draft.genres.last_mut().filter(|_| is_below) {
            if above.below.len() < MAX_GENRES {
                above.below.push(name);
            }
        } else if draft.genres.len() < MAX_GENRES {
            draft.genres.push(Genre { name, below: Vec::new() });
        }
    }

    /// Reads an element that is handed on as it is, if it is of a known kind.
    fn read_detail(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        let Some(kind) = DetailKind::find(name) else { return self.skip(child) };
        let mut detail = self.detail(kind, child);
        let prefix = child.tag.name.split_once(':').map_or("", |(prefix, _)| prefix);
        let is_inside = !kind.parent.is_empty() && self.is_open(&format!("{prefix}:{}", kind.parent));
        let holds_others = DetailKind::ALL.iter().any(|other| other.parent == kind.name);
        if holds_others {
            // What stands inside is read next.
            self.enter(child);
        } else {
            detail.text = self.read_line(child);
        }
        if matches!(name, "season" | "episode") {
            note_episode(draft, name, &detail.text);
        }
        let details = &mut draft.episode.details;
        let place = match details.last_mut() {
            Some(last) if is_inside && last.kind.name == kind.parent => &mut last.children,
            _ if kind.parent.is_empty() => details,
            _ => return,
        };
        if place.len() < MAX_DETAILS {
            place.push(detail);
        }
    }

    /// Returns the attributes of an element that is handed on.
    fn detail(&self, kind: &'static DetailKind, child: &Child<'a>) -> DetailDraft<'a> {
        let value = |name: &'static str| {
            let value = trimmed(self.entities.resolve(child.tag.attribute(name)?));
            (!value.is_empty()).then_some((name, value))
        };
        let address = |name: &'static str| {
            let (name, href) = value(name)?;
            Some((name, Address { href, base: child.scope.base }))
        };
        DetailDraft {
            kind,
            text: Cow::Borrowed(""),
            attributes: kind.attributes.iter().filter_map(|name| value(name)).collect(),
            addresses: kind.addresses.iter().filter_map(|name| address(name)).collect(),
            children: Vec::new(),
        }
    }

    /// Returns the file that the attributes of a tag name: `url`, `type`, `language`, `rel`.
    fn side_file(&self, child: &Child<'a>) -> Option<SideFile<'a>> {
        let attribute = |name| {
            let value = trimmed(self.entities.resolve(child.tag.attribute(name)?));
            (!value.is_empty()).then_some(value)
        };
        let address = self.address(child.tag.attribute("url").filter(|url| !url.trim().is_empty())?, child);
        let is_captions = attribute("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("captions"));
        Some(SideFile { address, media_type: attribute("type")?, language: attribute("language"), is_captions })
    }
}

/// Notes a fact about an episode. Of several elements the first one counts.
fn note_episode(draft: &mut Draft<'_>, name: &str, line: &str) {
    let (line, episode) = (line.trim(), &mut draft.episode);
    match name {
        "duration" => episode.duration = episode.duration.or_else(|| parse_duration(line)),
        "season" => episode.season = episode.season.or_else(|| line.parse().ok()),
        "episode" => episode.episode = episode.episode.or_else(|| line.parse().ok()),
        "episodetype" => {
            let kind = EpisodeKind::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(line));
            episode.kind = episode.kind.or_else(|| kind.map(|(_, kind)| *kind));
        }
        _ => episode.explicit = episode.explicit.or_else(|| parse_explicit(line)),
    }
}

/// Returns the value of `explicit`: once `yes`, `no` or `clean`, now `true` or `false`.
fn parse_explicit(line: &str) -> Option<bool> {
    match line.to_ascii_lowercase().as_str() {
        "yes" | "true" | "explicit" => Some(true),
        "no" | "false" | "clean" => Some(false),
        _ => None,
    }
}
