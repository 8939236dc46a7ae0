//! Media types: those that feeds state, `type/subtype` (RFC 6838 §4.2), and those that the name of a file tells.

use url::Url;

use super::draft::Medium;

/// The longest name of a type or a subtype.
const MAX_NAME: usize = 127;

/// Media types by the end of a file's name.
const BY_NAME: [(&str, &str); 31] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("jpe", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("heic", "image/heic"),
    ("svg", "image/svg+xml"),
    ("bmp", "image/bmp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("m4b", "audio/mp4"),
    ("aac", "audio/aac"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("wav", "audio/wav"),
    ("flac", "audio/flac"),
    ("mp4", "video/mp4"),
    ("m4v", "video/mp4"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("ogv", "video/ogg"),
    ("mkv", "video/x-matroska"),
    ("avi", "video/x-msvideo"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("pdf", "application/pdf"),
    ("epub", "application/epub+zip"),
];

/// Returns a media type in lower case and without parameters, or nothing if it is not valid.
pub(super) fn parse_media_type(text: &str) -> Option<String> {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let (main, sub) = essence.split_once('/')?;
    (is_name(main) && is_name(sub)).then(|| essence.to_ascii_lowercase())
}

/// Returns the media type that the name of a file tells: that in the path, else one in the query (`?format=webp`). It must not
/// contradict the medium.
pub(super) fn media_type_of_name(url: &str, medium: Option<Medium>) -> Option<&'static str> {
    let url = Url::parse(url).ok()?;
    let file = url.path_segments()?.next_back().unwrap_or_default();
    let in_path = file.rsplit_once('.').and_then(|(_, end)| type_of_end(end));
    let in_query = || {
        url.query_pairs().find_map(|(name, value)| match &*name {
            "format" | "fm" | "ext" | "fmt" => type_of_end(&value),
            _ => value.rsplit_once('.').and_then(|(_, end)| type_of_end(end)),
        })
    };
    let main = match medium {
        Some(Medium::Image) => "image/",
        Some(Medium::Audio) => "audio/",
        Some(Medium::Video) => "video/",
        None => "",
    };
    in_path.or_else(in_query).filter(|kind| kind.starts_with(main))
}

fn type_of_end(end: &str) -> Option<&'static str> {
    BY_NAME.iter().find(|(known, _)| end.eq_ignore_ascii_case(known)).map(|(_, kind)| *kind)
}

fn is_name(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
    name.len() <= MAX_NAME && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && name.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_is_type_and_subtype_in_lower_case() {
        for (text, wanted) in [
            (" Audio/MPEG ", "audio/mpeg"),
            ("video/mp4; codecs=\"avc1\"", "video/mp4"),
            ("application/vnd.apple.mpegurl+x", "application/vnd.apple.mpegurl+x"),
        ] {
            assert_eq!(parse_media_type(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn name_of_a_file_tells_its_type() {
        for (url, medium, wanted) in [
            ("https://a.fr/p.JPG?w=800", None, Some("image/jpeg")),
            ("https://a.fr/p.webp/", None, None),
            ("https://a.fr/image?id=3&format=png", None, Some("image/png")),
            ("https://a.fr/image?file=photo.avif", Some(Medium::Image), Some("image/avif")),
            ("https://a.fr/film.mp4", Some(Medium::Image), None),
            ("https://a.fr/son.mp3#t=3", Some(Medium::Audio), Some("audio/mpeg")),
            ("https://a.fr/photo.php", Some(Medium::Image), None),
            ("https://jpg/", None, None),
        ] {
            assert_eq!(media_type_of_name(url, medium), wanted, "{url}");
        }
    }

    #[test]
    fn what_is_no_media_type_is_absent() {
        for text in [
            "",
            "mp3",
            "audio/",
            "/mpeg",
            "a/b/c",
            "*/*",
            "image/*",
            "audio /mpeg",
            "text/html\"><script>alert(1)</script>",
            "é/x",
            "audio/mp\0",
        ] {
            assert_eq!(parse_media_type(text), None, "{text}");
        }
    }
}
