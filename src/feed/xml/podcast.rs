//! Podcasts: Apple's elements (<https://help.apple.com/itc/podcasts_connect/#/itcb54353390>), Google's, which are the same, and those of the
//! podcast namespace (<https://podcasting2.org/docs/podcast-namespace>).

use std::borrow::Cow;

use super::fields::push_category;
use super::reader::{Child, XmlReader};
use super::value::{Expected, trimmed};
use crate::feed::draft::{Draft, Markup, SideFile};
use crate::feed::length::parse_duration;
use crate::model::EpisodeKind;

/// The number of transcripts of an entry that are read.
const MAX_TRANSCRIPTS: usize = 10;

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
            "category" => self.read_category(draft, child),
            "keywords" => {
                let words = self.read_line(child).into_owned();
                for word in words.split(',') {
                    push_category(draft, Cow::Owned(word.trim().to_owned()));
                }
            }
            "duration" | "season" | "episode" | "episodetype" | "explicit" if is_entry => {
                self.read_episode(draft, child, name);
            }
            _ => self.skip(child),
        }
    }

    /// Reads a fact about an episode. Of several elements the first one counts.
    fn read_episode(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        let line = self.read_line(child);
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

    /// Reads an element of the podcast namespace.
    pub(super) fn read_podcast_index(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "season" | "episode" => self.read_episode(draft, child, name),
            "transcript" => {
                let file = self.side_file(child).filter(|_| draft.episode.transcripts.len() < MAX_TRANSCRIPTS);
                draft.episode.transcripts.extend(file);
                self.skip(child);
            }
            "chapters" => {
                draft.episode.chapters = draft.episode.chapters.take().or_else(|| self.side_file(child));
                self.skip(child);
            }
            _ => self.skip(child),
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

/// Returns the value of `explicit`: once `yes`, `no` or `clean`, now `true` or `false`.
fn parse_explicit(line: &str) -> Option<bool> {
    match line.to_ascii_lowercase().as_str() {
        "yes" | "true" | "explicit" => Some(true),
        "no" | "false" | "clean" => Some(false),
        _ => None,
    }
}
