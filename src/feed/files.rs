//! The files of an entry: their media types, and which of them is a picture.

use super::draft::{Address, MediaFile, Medium};
use super::media_type::{media_type_of_name, parse_media_type};
use crate::model::Enclosure;

/// The files of an entry.
pub(super) struct Files {
    /// The enclosures, without duplicates.
    pub(super) enclosures: Vec<Enclosure>,
    /// The address of the first picture.
    pub(super) picture: Option<String>,
}

/// Normalises the files of an entry; `resolve` makes their addresses absolute.
pub(super) fn read_files(files: &[MediaFile<'_>], resolve: impl Fn(&Address<'_>) -> Option<String>) -> Files {
    let mut enclosures: Vec<Enclosure> = Vec::with_capacity(files.len());
    let mut picture = None;
    for file in files {
        let Some(url) = resolve(&file.address).filter(|url| enclosures.iter().all(|other| other.url != *url)) else { continue };
        let stated = file.media_type.as_deref().and_then(parse_media_type);
        let media_type = stated.or_else(|| media_type_of_name(&url, file.medium).map(str::to_owned));
        let is_picture = match &media_type {
            Some(kind) => kind.starts_with("image/"),
            None => file.medium == Some(Medium::Image),
        };
        if is_picture && picture.is_none() {
            picture = Some(url.clone());
        }
        // Of a picture without a type no format could say what it is: it is shown, and not listed as a file.
        if media_type.is_some() || !is_picture {
            enclosures.push(Enclosure { url, media_type, length: file.length, title: None });
        }
    }
    Files { enclosures, picture }
}
