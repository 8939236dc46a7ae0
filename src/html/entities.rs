//! Character references, both ways.

use std::borrow::Cow;

use markup5ever::data::NAMED_ENTITIES;

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
        if let Some((reference, end)) = end.and_then(|end| Some((resolve(&after[..=end])?, end))) {
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
        assert_eq!(decode_entities("&#0;&#xD800;&#99999999;&"), "\u{0}&#xD800;&#99999999;&");
        // A reader of ours once knew many names by one byte of their code points only.
        assert_eq!(decode_entities("&delta;&scaron;&Chi;&OElig;&NotEqualTilde;"), "δšΧŒ≂\u{338}");
        assert_eq!(decode_entities("&é;"), "&é;", "a reference never splits a character");
    }

    #[test]
    fn escaping_and_decoding_give_the_same_text() {
        let text = "<b> & \"x\" 'y' é";
        assert_eq!(decode_entities(&escape(text)), text);
    }
}
