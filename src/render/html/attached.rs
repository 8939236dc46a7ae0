//! The files that come with an item, as a page lists them.

use minijinja::context;
use minijinja::value::Value;
use percent_encoding::percent_decode_str;

use super::picture;
use crate::model::{EditionItem, Enclosure};
use crate::render::words::Words;
use crate::render::{chars, links, shown};

/// The longest file name that says something to people, in characters.
const LONGEST_NAME: usize = 60;
/// So many hexadecimal digits in a row are a key of a database, not a name.
const KEY_DIGITS: usize = 16;

/// The files of an item, without the pictures that are shown. A file that is not on the web has no place on a page.
pub(super) fn files(item: &EditionItem, body: Option<&str>, words: &Words) -> Vec<Value> {
    shown::enclosures(item)
        .filter(|enclosure| !is_shown(item, enclosure, body))
        .filter_map(|enclosure| file(enclosure, words))
        .collect()
}

/// Returns true if a file is a picture that stands above the text or in it, perhaps in another size.
fn is_shown(item: &EditionItem, enclosure: &Enclosure, body: Option<&str>) -> bool {
    let address = without_query(&enclosure.url);
    let is_lead = item.head.image.as_deref().is_some_and(|image| without_query(image) == address);
    is_lead || is_picture(enclosure) && picture::is_in(body, address)
}

fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn is_picture(enclosure: &Enclosure) -> bool {
    enclosure.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"))
}

fn file(enclosure: &Enclosure, words: &Words) -> Option<Value> {
    let url = links::web(&enclosure.url)?;
    let kind = enclosure.media_type.as_deref().map(chars::line);
    Some(context! { name => name(enclosure, words), url, kind, size => shown::length(enclosure).map(size) })
}

/// Returns the name of a file for people: its title, else the name in its address if that can be read, else what it is.
fn name(enclosure: &Enclosure, words: &Words) -> String {
    if let Some(title) = enclosure.title.as_ref().filter(|title| !title.is_blank()) {
        return chars::line(title.as_str()).into_owned();
    }
    let path = without_query(&enclosure.url);
    let path = path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let name = percent_decode_str(name).decode_utf8_lossy();
    let name = chars::line(&name);
    if is_readable(&name) { name.into_owned() } else { what(enclosure, words).to_owned() }
}

/// Returns true if a file name says something: it has a letter in its stem, is not too long, and is no key of a database.
fn is_readable(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let longest_key = stem.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap_or(0);
    name.chars().count() <= LONGEST_NAME
        && longest_key < KEY_DIGITS
        && stem.chars().any(char::is_alphabetic)
        && !name.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)
}

fn what<'w>(enclosure: &Enclosure, words: &'w Words) -> &'w str {
    match enclosure.media_type.as_deref().and_then(|kind| kind.split('/').next()) {
        Some("audio") => &words.file_audio,
        Some("video") => &words.file_video,
        Some("image") => &words.file_picture,
        Some("text") => &words.file_document,
        _ if enclosure.media_type.as_deref() == Some("application/pdf") => &words.file_document,
        _ => &words.file_other,
    }
}

fn size(bytes: u64) -> String {
    let tenths = |unit: u64| (bytes / (unit / 10)).max(1);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", tenths(1_000) / 10, tenths(1_000) % 10),
        _ => format!("{}.{} MB", tenths(1_000_000) / 10, tenths(1_000_000) % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    fn named(url: &str, media_type: Option<&str>) -> String {
        name(
            &Enclosure { url: url.to_owned(), media_type: media_type.map(str::to_owned), ..Enclosure::default() },
            Words::of(None),
        )
    }

    #[test]
    fn sizes_are_rounded_down_to_a_tenth() {
        assert_eq!([size(999), size(1_000), size(12_345_678)], ["999 B", "1.0 kB", "12.3 MB"]);
    }

    #[test]
    fn file_is_called_by_the_name_in_its_address() {
        for (url, expected) in [
            ("https://a.example/son/episode-12.mp3?x=1", "episode-12.mp3"),
            ("https://a.example/R%C3%A9sultats%20du%20jour.pdf", "Résultats du jour.pdf"),
            ("https://a.example/dossier/", "dossier"),
        ] {
            assert_eq!(named(url, None), expected, "{url}");
        }
    }

    #[test]
    fn file_without_a_readable_name_is_called_by_what_it_is() {
        let key = "https://a.example/0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
        for (url, kind, expected) in [
            (format!("{key}.mp3"), Some("audio/mpeg"), "Audio"),
            (key.to_owned(), None, "File"),
            ("https://a.example/20261122.jpg".to_owned(), Some("image/jpeg"), "Picture"),
            ("https://a.example/%FF%FEx.bin".to_owned(), None, "File"),
            (format!("https://a.example/{}.pdf", "mot-".repeat(30)), Some("application/pdf"), "Document"),
            ("https://a.example".to_owned(), Some("video/mp4"), "Video"),
        ] {
            assert_eq!(named(&url, kind), expected, "{url}");
        }
    }

    #[test]
    fn title_of_a_file_goes_before_its_name() {
        let enclosure =
            Enclosure { url: "https://a.example/e.mp3".into(), title: Some(Text::new("Épisode 12")), ..Enclosure::default() };
        assert_eq!(name(&enclosure, Words::of(None)), "Épisode 12");
    }
}
