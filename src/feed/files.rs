//! The files of an entry: their media types, which of them is a picture, and what is said of it.

use super::draft::{AboutFile, Address, Markup, MediaFile, Medium, PictureSize, RichText};
use super::media_type::{media_type_of_name, parse_media_type};
use crate::html::to_line;
use crate::model::{Enclosure, PictureDetails, Text};

/// The longest title, caption and credit, in bytes.
const MAX_TEXT: usize = 1_000;

/// The files of an entry.
pub(super) struct Files {
    /// The enclosures, without duplicates.
    pub(super) enclosures: Vec<Enclosure>,
    /// The address of the first picture.
    pub(super) picture: Option<String>,
    /// The details of each picture, by its address.
    described: Vec<(String, PictureDetails)>,
}

impl Files {
    /// Returns what is said of the picture at an address. Caption and credit of the only picture are those of its thumbnail too.
    pub(super) fn describe(&mut self, image: &str, size: PictureSize, credit: Option<&str>) -> PictureDetails {
        let only = self.described.len() == 1;
        let place = self.described.iter().position(|(url, _)| url == image);
        let mut details = match place {
            Some(place) => self.described.swap_remove(place).1,
            None if only => PictureDetails { width: None, height: None, ..self.described.swap_remove(0).1 },
            None => PictureDetails::default(),
        };
        if details.size().is_none() {
            (details.width, details.height) = size;
        }
        details.credit = details.credit.or_else(|| short_line(to_line(credit?)));
        details
    }
}

/// Normalises the files of an entry; `resolve` makes their addresses absolute.
/// `duration` is the playing time that the entry states for its file, in seconds.
pub(super) fn read_files(
    files: &[MediaFile<'_>],
    duration: Option<u32>,
    resolve: impl Fn(&Address<'_>) -> Option<String>,
) -> Files {
    let mut enclosures: Vec<Enclosure> = Vec::with_capacity(files.len());
    let (mut picture, mut described) = (None, Vec::new());
    for file in files {
        let Some(url) = resolve(&file.address).filter(|url| enclosures.iter().all(|other| other.url != *url)) else { continue };
        let stated = file.media_type.as_deref().and_then(parse_media_type);
        let named = || media_type_of_name(&url, file.medium).map(str::to_owned);
        let media_type = match stated {
            Some(stated) if stated.ends_with("/octet-stream") => named().or(Some(stated)),
            Some(stated) => Some(stated),
            None => named(),
        };
        let is_picture = match &media_type {
            Some(kind) => kind.starts_with("image/"),
            None => file.medium == Some(Medium::Image) || file.is_still,
        };
        if is_picture {
            described.push((url.clone(), details(&file.about)));
            picture.get_or_insert_with(|| url.clone());
        }
        // Of a picture without a type no format could say what it is: it is shown, and not listed as a file.
        if media_type.is_some() || !is_picture {
            enclosures.push(Enclosure {
                url,
                media_type,
                length: file.length,
                title: file.about.title.as_ref().and_then(line),
                duration: file.about.duration,
                details: details(&file.about),
            });
        }
    }
    if let Some(played) = enclosures.iter_mut().find(|enclosure| is_played(enclosure)) {
        played.duration = played.duration.or(duration);
    }
    Files { enclosures, picture, described }
}

fn is_played(enclosure: &Enclosure) -> bool {
    enclosure.media_type.as_deref().is_some_and(|kind| kind.starts_with("audio/") || kind.starts_with("video/"))
}

fn details(about: &AboutFile<'_>) -> PictureDetails {
    let (width, height) = about.size;
    let credit = about.credit.as_deref().and_then(|credit| short_line(to_line(credit)));
    PictureDetails { width, height, credit, caption: about.description.as_ref().and_then(line) }
}

/// Returns a text as one line, or nothing if it is blank.
fn line(rich: &RichText<'_>) -> Option<Text> {
    let text = &rich.text[..rich.text.floor_char_boundary(MAX_TEXT * 8)];
    short_line(if rich.markup == Markup::Text { Text::new(text) } else { to_line(text) })
}

/// Cuts a line. One without any letter or digit says nothing.
fn short_line(line: Text) -> Option<Text> {
    let text = line.as_str();
    if !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    if text.len() <= MAX_TEXT { Some(line) } else { Some(Text::new(&text[..text.floor_char_boundary(MAX_TEXT)])) }
}
