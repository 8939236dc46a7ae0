//! Lone surrogates: `\ud800` without its other half is no character (RFC 8259 §8.2), and parsers refuse the text that holds it.

use std::borrow::Cow;

/// Replaces each escaped surrogate that has no other half by U+FFFD. The length of the text stays.
pub(in crate::feed) fn replace_lone_surrogates(json: &str) -> Cow<'_, str> {
    let mut lone = Vec::new();
    let mut rest = 0;
    while let Some(backslash) = memchr::memchr(b'\\', &json.as_bytes()[rest..]) {
        let at = rest + backslash;
        rest = match (code_unit(json, at), code_unit(json, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at + 12,
            (Some(0xd800..=0xdfff), _) => {
                lone.push(at);
                at + 6
            }
            (Some(_), _) => at + 6,
            // `\\` is a backslash, and the next character is not escaped.
            (None, _) => at + 2,
        }
        .min(json.len());
    }
    if lone.is_empty() {
        return Cow::Borrowed(json);
    }
    let mut out = json.to_owned();
    for at in lone {
        out.replace_range(at..at + 6, "\\ufffd");
    }
    Cow::Owned(out)
}

/// Returns the UTF-16 code unit that is escaped as `\uXXXX` at a position.
fn code_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_replaced() {
        for (json, wanted) in [
            (r#""a\ud800b""#, r#""a\ufffdb""#),
            (r#""\uDC00\ud83d\ude00\uD800\uD800""#, r#""\ufffd\ud83d\ude00\ufffd\ufffd""#),
            (r#""\ud800\u0041\ud8"#, r#""\ufffd\u0041\ud8"#),
        ] {
            assert_eq!(replace_lone_surrogates(json), wanted);
        }
    }

    #[test]
    fn pairs_and_escaped_backslashes_stay() {
        for json in [r#""\ud83d\ude00""#, r#""\\ud800 é \n""#, r#""\"#, r#""\é""#, "\"\\u00"] {
            assert!(matches!(replace_lone_surrogates(json), Cow::Borrowed(same) if same == json), "{json}");
        }
    }
}
