//! C1 controls (U+0080 to U+009F), which nobody writes: they come from windows-1252 that was read as ISO-8859-1.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Replaces C1 controls by the characters that windows-1252 has in their place, as browsers do with references to them. Returns true
/// if there were any.
pub(in crate::feed) fn restore_c1(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    let bytes = text.as_bytes();
    let is_c1 = |at: usize| bytes.get(at + 1).is_some_and(|b| (0x80..=0x9f).contains(b));
    let Some(first) = memchr::memchr_iter(0xc2, bytes).find(|at| is_c1(*at)) else { return (text, false) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte @ 0x80..=0x9f) => out.push_str(&WINDOWS_1252.decode_without_bom_handling(&[byte]).0),
            _ => out.push(c),
        }
    }
    (Cow::Owned(out), true)
}
