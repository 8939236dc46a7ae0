//! Media RSS, and the files of all vocabularies: <https://www.rssboard.org/media-rss>.

use std::borrow::Cow;

use super::fields::push_category;
use super::lexer::XmlTag;
use super::names::Vocabulary;
use super::reader::{Child, XmlReader};
use super::value::{Expected, trimmed};
use crate::feed::draft::{AboutFile, Draft, Markup, MediaFile, Medium, PictureSize};
use crate::feed::length::{parse_duration, parse_length};

/// The number of files of an entry that are read.
const MAX_FILES: usize = 50;
/// The longest caption as written, in bytes.
const MAX_CAPTION: usize = 8_000;
/// The longest side of a picture, in pixels: more is no size.
const MAX_SIDE: f64 = 100_000.0;

impl<'a> XmlReader<'a> {
    /// Reads an element of Media RSS.
    pub(super) fn read_media(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "group" => {
                draft.open_file = None;
                self.enter(child);
            }
            "content" => self.read_media_content(draft, child),
            "peerlink" => {
                self.push_file(draft, child, "href", "length");
                self.skip(child);
            }
            "thumbnail" => self.read_thumbnail(draft, child),
            "title" => {
                let title = self.read_rich_text(child, Markup::Html, Expected::Line);
                if let Some(file) = self.open_file(draft) {
                    file.title.clone_from(&title);
                }
                draft.title.offer(0, title);
            }
            "description" => self.read_media_description(draft, child),
            "category" => self.read_media_category(draft, child),
            "keywords" => {
                let words = self.read_line(child).into_owned();
                for word in words.split(',') {
                    push_category(draft, Cow::Owned(word.trim().to_owned()));
                }
            }
            "credit" => {
                let is_author = child.tag.attribute("role").is_some_and(|role| role.trim().eq_ignore_ascii_case("author"));
                if is_author { self.read_person(draft, child, 1) } else { self.read_credit(draft, child) }
            }
            _ => self.skip(child),
        }
    }

    /// Reads a file. What stands in its element is about it, and about the entry if nothing else is.
    fn read_media_content(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let before = draft.files.len();
        self.push_file(draft, child, "url", "fileSize");
        let is_pushed = draft.files.len() > before;
        let level = self.enter(child);
        draft.open_file = level.filter(|_| is_pushed).map(|level| (before, level));
    }

    fn read_thumbnail(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let url = child.tag.attribute("url").or_else(|| child.tag.attribute("href"));
        if let Some(url) = url.filter(|url| !url.trim().is_empty()) {
            let address = self.address(url, child);
            if draft.image.takes(3) {
                draft.image_size = size_of(&child.tag);
            }
            draft.image.offer(3, Some(address));
            self.skip(child);
        } else {
            self.read_image(draft, child, 3);
        }
    }

    fn read_media_description(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let kind = child.tag.attribute("type");
        let kind = kind.map_or(Markup::Html, |kind| if kind.contains("html") { Markup::Html } else { Markup::Text });
        let summary = self.read_rich_text(child, kind, Expected::Text);
        if let Some(file) = self.open_file(draft)
            && summary.as_ref().is_some_and(|text| text.text.len() <= MAX_CAPTION)
        {
            file.description.clone_from(&summary);
        }
        draft.summary.offer(1, summary);
    }

    /// Reads whom a file is owed to, the first name alone: of the file that is open, else of all files.
    fn read_credit(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let credit = Some(self.read_line(child)).filter(|credit| !credit.is_empty());
        let place = match self.open_file(draft) {
            Some(file) => &mut file.credit,
            None => &mut draft.credit,
        };
        if place.is_none() {
            *place = credit;
        }
    }

    /// Returns the file whose element is open.
    fn open_file<'d>(&self, draft: &'d mut Draft<'a>) -> Option<&'d mut AboutFile<'a>> {
        let (index, _) = draft.open_file.filter(|(_, level)| self.depth() >= *level)?;
        draft.files.get_mut(index).map(|file| &mut file.about)
    }

    /// Reads a category of Media RSS: its label, else its text. With a scheme, or of several parts, that is a place in a taxonomy.
    fn read_media_category(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let has = |name| child.tag.attribute(name).is_some_and(|value| !value.trim().is_empty());
        if has("label") {
            self.read_category(draft, child);
        } else if has("scheme") {
            self.skip(child);
        } else {
            let text = self.read_line(child);
            if !text.contains('/') {
                push_category(draft, text);
            }
        }
    }

    /// Adds the file that the attributes of a tag name.
    pub(super) fn push_file(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, url: &str, length: &str) {
        let tag = &child.tag;
        let Some(href) = tag.attribute(url).filter(|url| !url.trim().is_empty()) else { return };
        if draft.files.len() >= MAX_FILES {
            return;
        }
        let media_type = tag.attribute("type").map(|kind| trimmed(self.entities.resolve(kind))).filter(|kind| !kind.is_empty());
        let is_media = child.vocabulary == Vocabulary::Media;
        let (medium, is_still) = if is_media { (stated_medium(tag), is_still(tag)) } else { (None, false) };
        let length = tag.attribute(length).and_then(parse_length);
        let address = self.address(href, child);
        let duration = tag.attribute("duration").filter(|_| is_media).and_then(parse_duration);
        let about = AboutFile { size: size_of(tag), duration, ..AboutFile::default() };
        draft.files.push(MediaFile { address, media_type, medium, is_still, length, about });
    }
}

/// Returns the size in the attributes of a tag.
fn size_of(tag: &XmlTag<'_>) -> PictureSize {
    let size = |name| {
        let size: f64 = tag.attribute(name)?.trim().trim_end_matches("px").parse().ok()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
        (1.0..=MAX_SIDE).contains(&size).then_some(size as u32)
    };
    (size("width"), size("height"))
}

/// Returns the medium of a file, if it is stated.
fn stated_medium(tag: &XmlTag<'_>) -> Option<Medium> {
    let stated = tag.attribute("medium").or_else(|| tag.attribute("type"))?;
    match stated.trim().split('/').next()?.to_ascii_lowercase().as_str() {
        "image" => Some(Medium::Image),
        "video" => Some(Medium::Video),
        "audio" => Some(Medium::Audio),
        _ => None,
    }
}

/// Returns true if a file of an unknown medium has a size, and nothing that moves has.
fn is_still(tag: &XmlTag<'_>) -> bool {
    const MOVING: [&str; 6] = ["duration", "bitrate", "framerate", "samplingrate", "channels", "expression"];
    let is_unknown = ["medium", "type"].iter().chain(&MOVING).all(|name| tag.attribute(name).is_none());
    is_unknown && matches!(size_of(tag), (Some(_), Some(_)))
}
