//! The media types of output files, by their names: a bucket has no web server that knows them.

/// Returns the media type with which a file is served (RFC 4287 §8, RFC 9110 §8.3; JSON Feed 1.1; OPML 2.0 has none that is
/// registered). What is text is always UTF-8.
pub fn media_type(name: &str) -> &'static str {
    let file = name.rsplit('/').next().unwrap_or(name);
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    match (file, ending) {
        // The list of files; the other JSON files are feeds.
        ("manifest.json", _) => "application/json",
        (_, "json") if file.ends_with(".ninjs.json") => "application/json",
        (_, "atom") => "application/atom+xml; charset=utf-8",
        (_, "rss") => "application/rss+xml; charset=utf-8",
        // RFC 8259 §11: JSON has no charset parameter.
        (_, "json") => "application/feed+json",
        (_, "html") => "text/html; charset=utf-8",
        (_, "opml") => "text/x-opml; charset=utf-8",
        (_, "eml") => "message/rfc822",
        (_, "xml" | "xsl" | "xslt") => "application/xml; charset=utf-8",
        (_, "css") => "text/css; charset=utf-8",
        (_, "js") => "text/javascript; charset=utf-8",
        (_, "txt") => "text/plain; charset=utf-8",
        (_, "svg") => "image/svg+xml",
        (_, "png") => "image/png",
        (_, "jpg" | "jpeg") => "image/jpeg",
        (_, "webp") => "image/webp",
        (_, "ico") => "image/vnd.microsoft.icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_have_their_types_and_the_charset() {
        assert_eq!(media_type("jeux.fr.atom"), "application/atom+xml; charset=utf-8");
        assert_eq!(media_type("archive/jeux.fr-2026-11.atom"), "application/atom+xml; charset=utf-8");
        assert_eq!(media_type("jeux.fr.json"), "application/feed+json");
        assert_eq!(media_type("manifest.json"), "application/json");
        assert_eq!(media_type("digest/morning.eml"), "message/rfc822");
        assert_eq!(media_type("noending"), "application/octet-stream");
    }
}
