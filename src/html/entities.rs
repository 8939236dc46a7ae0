//! Character references, both ways.

use std::borrow::Cow;

use markup5ever::data::NAMED_ENTITIES;
use memchr::memmem;

/// The longest name of an HTML entity (`CounterClockwiseContourIntegral`).
const LONGEST_NAME: usize = 31;

/// Resolves named and numbered character references. What is none stays as it stands: a bare `&` is an ampersand.
pub fn decode_entities(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let end = after.bytes().take(LONGEST_NAME + 1).position(|b| b == b';');
        if let Some((character, length)) = surrogate_at(rest) {
            out.push(character);
            rest = &rest[length..];
        } else if let Some((reference, end)) = end.and_then(|end| Some((resolve(&after[..=end])?, end))) {
            out.push_str(&reference);
            rest = &after[end + 1..];
        } else {
            out.push('&');
            rest = after;
        }
        let next = rest.find('&').unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

/// Replaces references to the two halves of a character beyond the sixteenth bit (`&#55357;&#56841;`), which mean nothing in HTML, by
/// the character that they mean. The other references stay.
pub(super) fn join_surrogates(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for at in memmem::find_iter(html.as_bytes(), b"&#") {
        if at >= copied
            && let Some((character, length)) = surrogate_at(&html[at..])
        {
            out.push_str(&html[copied..at]);
            out.push(character);
            copied = at + length;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// Returns the character that references to surrogates at the start of `text` mean, and their length. One alone means nothing: it
/// becomes U+FFFD (HTML §13.2.5.80).
pub(crate) fn surrogate_at(text: &str) -> Option<(char, usize)> {
    let (first, length) = unit_at(text)?;
    if let Some((second @ 0xdc00..=0xdfff, more)) = unit_at(&text[length..])
        && let Some(Ok(character)) = char::decode_utf16([first, second]).next()
    {
        return Some((character, length + more));
    }
    Some((char::REPLACEMENT_CHARACTER, length))
}

/// Returns the surrogate to which a reference at the start of `text` refers, and the length of the reference.
fn unit_at(text: &str) -> Option<(u16, usize)> {
    let digits = text.strip_prefix("&#")?;
    let end = digits.bytes().take(LONGEST_NAME).position(|b| b == b';')?;
    let digits = &digits[..end];
    // The parser of numbers takes a sign.
    if digits.contains('+') {
        return None;
    }
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u16::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    matches!(code, 0xd800..=0xdfff).then_some((code, "&#".len() + end + 1))
}

/// Resolves a reference; `name` is the text behind `&`, with its `;`. Numbers 128–159 mean what they mean in windows-1252 (HTML §13.2.5.80).
fn resolve(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        let (first, second) = NAMED_ENTITIES.get(name)?;
        let chars = [*first, *second].into_iter().filter(|code| *code != 0).filter_map(char::from_u32);
        return Some(Cow::Owned(chars.collect()));
    };
    let number = number.trim_end_matches(';');
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    if let Ok(byte @ 0x80..=0x9f) = u8::try_from(code) {
        return Some(Cow::Owned(encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned()));
    }
    char::from_u32(code).map(|c| Cow::Owned(c.to_string()))
}

/// Text as HTML: the five characters that mean something are escaped.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_bare_ampersands_stay() {
        assert_eq!(
            decode_entities("caf&eacute; &#39;&#x2019;&nbsp;AT&T &amp; &bogus; & &#146;"),
            "café '’\u{a0}AT&T & &bogus; & ’"
        );
        assert_eq!(decode_entities("&#0;&#99999999;&"), "\u{0}&#99999999;&");
        // A reader of ours once knew many names by one byte of their code points only.
        assert_eq!(decode_entities("&delta;&scaron;&Chi;&OElig;&NotEqualTilde;"), "δšΧŒ≂\u{338}");
        assert_eq!(decode_entities("&é;"), "&é;", "a reference never splits a character");
    }

    #[test]
    fn two_surrogate_references_are_one_character() {
        for (text, decoded) in [
            ("Oui &#55357;&#56841; !", "Oui 😉 !"),
            ("&#xD83D;&#xde09;&#x1F609;", "😉😉"),
            ("&#55357; &#56841;&#55357;", "\u{fffd} \u{fffd}\u{fffd}"),
            ("&#55357;&#55357;&#56841;&amp;", "\u{fffd}😉&"),
            ("&#+55357;", "&#+55357;"),
        ] {
            assert_eq!(decode_entities(text), decoded, "{text}");
        }
        assert_eq!(join_surrogates("&#55357;&#56841;&amp;&#39;<b>"), "😉&amp;&#39;<b>");
        assert!(matches!(join_surrogates("&#39; &# &#x; &"), Cow::Borrowed(_)));
    }

    #[test]
    fn escaping_and_decoding_give_the_same_text() {
        let text = "<b> & \"x\" 'y' é";
        assert_eq!(decode_entities(&escape(text)), text);
    }
}
