//! One item of a JSON Feed.

use serde_json::value::RawValue;

use super::lenient::{Field, address, elements, for_each_member, people, rich_text, text};
use crate::feed::dates::parse_date;
use crate::feed::draft::{AboutFile, Draft, Markup, MediaFile, PageLink};
use crate::feed::length::{parse_duration, parse_length};
use crate::model::Zone;

/// The fields of an item, as written.
#[derive(Default)]
struct ItemFields<'a> {
    id: Field<'a>,
    url: Field<'a>,
    external_url: Field<'a>,
    title: Field<'a>,
    content_html: Field<'a>,
    content_text: Field<'a>,
    summary: Field<'a>,
    image: Field<'a>,
    banner_image: Field<'a>,
    date_published: Field<'a>,
    date_modified: Field<'a>,
    language: Field<'a>,
    author: Field<'a>,
    authors: Field<'a>,
    tags: Field<'a>,
    attachments: Field<'a>,
}

/// Parses an item. Returns nothing if it is not an object, or one of its names cannot be read.
pub(super) fn parse_item(item: &RawValue, zone: Zone) -> Option<Draft<'_>> {
    let mut fields = ItemFields::default();
    for_each_member(item, |key, value| fields.set(key, value)).then(|| fields.into_draft(zone))
}

impl<'a> ItemFields<'a> {
    fn set(&mut self, key: &str, value: &'a RawValue) {
        let field = match key {
            "id" => &mut self.id,
            "url" => &mut self.url,
            "external_url" => &mut self.external_url,
            "title" => &mut self.title,
            "content_html" => &mut self.content_html,
            "content_text" => &mut self.content_text,
            "summary" => &mut self.summary,
            "image" => &mut self.image,
            "banner_image" => &mut self.banner_image,
            "date_published" => &mut self.date_published,
            "date_modified" => &mut self.date_modified,
            "language" => &mut self.language,
            "author" => &mut self.author,
            "authors" => &mut self.authors,
            "tags" => &mut self.tags,
            "attachments" => &mut self.attachments,
            _ => return,
        };
        *field = Some(value);
    }

    fn into_draft(self, zone: Zone) -> Draft<'a> {
        let date = |field| text(field).and_then(|date| parse_date(&date, zone));
        let mut draft = Draft { has_fields: true, ..Draft::default() };
        draft.id.offer(1, text(self.id));
        // The page of the item goes before the page that it is about (§ url, external_url).
        draft.pages.extend(address(self.url).map(|address| PageLink { address, rank: 2 }));
        draft.pages.extend(address(self.external_url).map(|address| PageLink { address, rank: 1 }));
        draft.title.offer(1, rich_text(self.title, Markup::Text));
        draft.content.offer(2, rich_text(self.content_html, Markup::Html));
        draft.content.offer(1, rich_text(self.content_text, Markup::Text));
        draft.summary.offer(1, rich_text(self.summary, Markup::Text));
        draft.image.offer(2, address(self.image));
        draft.image.offer(1, address(self.banner_image));
        draft.published.offer(1, date(self.date_published));
        draft.updated.offer(1, date(self.date_modified));
        draft.language.offer(1, text(self.language));
        draft.people = people(self.authors);
        draft.people.extend(people(self.author));
        draft.categories = elements(self.tags).into_iter().filter_map(|tag| text(Some(tag))).collect();
        draft.files = elements(self.attachments).into_iter().filter_map(parse_attachment).collect();
        draft
    }
}

fn parse_attachment(attachment: &RawValue) -> Option<MediaFile<'_>> {
    let (mut url, mut media_type, mut length, mut duration, mut title) = (None, None, None, None, None);
    for_each_member(attachment, |key, value| match key {
        "url" => url = Some(value),
        "mime_type" => media_type = Some(value),
        "size_in_bytes" => length = Some(value),
        "duration_in_seconds" => duration = Some(value),
        "title" => title = Some(value),
        _ => {}
    });
    let length = text(length).and_then(|length| parse_length(&length));
    Some(MediaFile {
        address: address(url)?,
        media_type: text(media_type),
        medium: None,
        is_still: false,
        length,
        about: AboutFile {
            title: rich_text(title, Markup::Text),
            duration: text(duration).and_then(|duration| parse_duration(&duration)),
            ..AboutFile::default()
        },
    })
}
