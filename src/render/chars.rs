//! The characters that an output may hold. The XML writers put them down as they come, and one that XML forbids makes a
//! whole feed unreadable; so all text passes here, whatever was done to it before.

use std::borrow::Cow;

/// True if XML 1.0 §2.2 allows the character.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// HTML without forbidden characters. Line ends become what an XML reader makes of them anyway (XML 1.0 §2.11), so that
/// every format says the same.
pub(super) fn markup(html: &str) -> Cow<'_, str> {
    if html.chars().all(|c| is_allowed(c) && c != '\r') {
        return Cow::Borrowed(html);
    }
    let unix = html.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(unix.chars().filter(|&c| is_allowed(c)).collect())
}

/// One line without forbidden characters: a tab or line end inside an attribute is read as a space (XML 1.0 §3.3.3).
pub(super) fn line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| matches!(c, '\t' | '\n' | '\r');
    if text.chars().all(|c| is_allowed(c) && !breaks(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|&c| is_allowed(c)).map(|c| if breaks(c) { ' ' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_what_xml_forbids_and_nothing_else() {
        assert_eq!(markup("a\u{0}\u{b}\u{1b}b\u{fffe}\u{ffff}\u{fffd}\u{1f3bf}\tc\r\nd\re"), "ab\u{fffd}\u{1f3bf}\tc\nd\ne");
        assert_eq!(line("a\tb\r\nc\u{c}\u{85}\u{a0}"), "a b  c\u{85}\u{a0}");
        assert!(matches!(markup("<p>Quoi\u{a0}?</p>\n"), Cow::Borrowed(_)));
    }
}
