//! Media types as feeds state them: `type/subtype` (RFC 6838 §4.2), or none.

/// The longest name of a type or a subtype.
const MAX_NAME: usize = 127;

/// Returns a media type in lower case and without parameters, or nothing if it is not valid.
///
/// `*` is accepted as subtype: Media RSS states the medium only.
pub(super) fn parse_media_type(text: &str) -> Option<String> {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let (main, sub) = essence.split_once('/')?;
    (is_name(main) && (is_name(sub) || sub == "*")).then(|| essence.to_ascii_lowercase())
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
            ("video/*", "video/*"),
        ] {
            assert_eq!(parse_media_type(text).as_deref(), Some(wanted), "{text}");
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
            "audio /mpeg",
            "text/html\"><script>alert(1)</script>",
            "é/x",
            "audio/mp\0",
        ] {
            assert_eq!(parse_media_type(text), None, "{text}");
        }
    }
}
