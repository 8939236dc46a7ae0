//! Bodies in two encodings: a program joined texts of two sources, and converted only one of them. Each text is in one encoding, so
//! that the body is decoded from one `<`, `>` or `"` to the next.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// The number of characters in UTF-8 that a body in another charset must have at least: one or two are chance.
const MIN_CHARACTERS: usize = 3;
/// The characters in UTF-8 for each this many bytes that are not: fewer are chance, too.
const MOST_PER_CHARACTER: usize = 20;

/// Decodes a body that is mostly UTF-8. Texts without any UTF-8 are decoded by the charset that `guess` finds in them; a byte that
/// is wrong within UTF-8 becomes U+FFFD.
pub(super) fn decode_utf8_with_legacy<'a>(bytes: &'a [u8], guess: impl FnOnce(&[u8]) -> &'static Encoding) -> Cow<'a, str> {
    let legacy = legacy_parts(bytes);
    if legacy.is_empty() {
        return UTF_8.decode_without_bom_handling(bytes).0;
    }
    let encoding = guess(&legacy);
    let decode = |part: &'a [u8]| if is_legacy(part) { encoding } else { UTF_8 }.decode_without_bom_handling(part).0;
    Cow::Owned(parts(bytes).map(decode).collect())
}

/// Returns the texts of a body that are no UTF-8, joined.
pub(super) fn legacy_parts(bytes: &[u8]) -> Vec<u8> {
    parts(bytes).filter(|part| is_legacy(part)).flatten().copied().collect()
}

/// Decodes a body in a charset of one byte for each character, some texts of which are UTF-8. Returns nothing if none is: valid
/// UTF-8 counts if the charset has its characters too, as they are of one language.
pub(super) fn decode_legacy_with_utf8(bytes: &[u8], legacy: &'static Encoding) -> Option<String> {
    if !legacy.is_single_byte() {
        return None;
    }
    let (mut good, mut bad) = (0, 0);
    for part in parts(bytes).filter(|part| !part.is_ascii()) {
        match plausible_utf8(part, legacy) {
            Some(text) => good += text.chars().filter(|c| !c.is_ascii()).count(),
            None => bad += part.iter().filter(|b| !b.is_ascii()).count(),
        }
    }
    if good < MIN_CHARACTERS || good * MOST_PER_CHARACTER < bad {
        return None;
    }
    let decode = |part| plausible_utf8(part, legacy).map_or_else(|| legacy.decode_without_bom_handling(part).0, Cow::Borrowed);
    Some(parts(bytes).map(decode).collect())
}

/// The texts of a body, each with the delimiter behind it.
fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|b| matches!(b, b'<' | b'>' | b'"'))
}

/// Returns true if a text is in no UTF-8: there are more bytes that cannot be than characters that can.
fn is_legacy(part: &[u8]) -> bool {
    if part.is_ascii() {
        return false;
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in part.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad > good && !(bad == 1 && is_cut(part))
}

/// Returns true if the last character before the delimiter is cut: a program limited the bytes of a text. Accented letters of
/// Western Europe and punctuation begin with these bytes.
fn is_cut(part: &[u8]) -> bool {
    let text = part.strip_suffix(b"<").or_else(|| part.strip_suffix(b"\"")).unwrap_or(part);
    let text = text.strip_suffix(b"...").unwrap_or(text);
    matches!(text, [.., 0xc2..=0xc5 | 0xe2] | [.., 0xe2, 0x80..=0x84])
}

/// Returns a text as UTF-8 if it is that, and the charset has its characters, too.
fn plausible_utf8<'a>(part: &'a [u8], legacy: &'static Encoding) -> Option<&'a str> {
    let text = std::str::from_utf8(part).ok()?;
    // Punctuation and pictographs are written in every language.
    let is_common = |c: char| matches!(c, '\u{a0}'..='\u{bf}' | '\u{2010}'..='\u{203a}' | '€' | '™' | '\u{1f000}'..);
    let letters: String = text.chars().filter(|c| !c.is_ascii() && !is_common(*c)).collect();
    let (_, _, lost) = legacy.encode(&letters);
    (!lost).then_some(text)
}
