//! Characters beyond the sixteenth bit that were written as two surrogates of three bytes each (CESU-8), as old databases and Java do.

use memchr::memchr_iter;

/// The bytes of a surrogate pair, and of the character that it means in UTF-8.
const PAIR: usize = 6;

/// Joins surrogate pairs. Returns nothing if there are none.
pub(super) fn join(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut copied = 0;
    for at in memchr_iter(0xed, bytes) {
        if at >= copied
            && let Some(character) = bytes.get(at..at + PAIR).and_then(character_of)
        {
            out.extend_from_slice(&bytes[copied..at]);
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            copied = at + PAIR;
        }
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[copied..]);
    Some(out)
}

fn character_of(pair: &[u8]) -> Option<char> {
    let [0xed, a @ 0xa0..=0xaf, b @ 0x80..=0xbf, 0xed, c @ 0xb0..=0xbf, d @ 0x80..=0xbf] = *pair else { return None };
    let unit = |high: u8, low: u8| 0xd000 | u16::from(high & 0x3f) << 6 | u16::from(low & 0x3f);
    char::decode_utf16([unit(a, b), unit(c, d)]).next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_joined_and_halves_stay() {
        assert_eq!(join(b"a\xed\xa0\xbd\xed\xb8\x89b\xed\xa0\xbd").as_deref(), Some(&b"a\xf0\x9f\x98\x89b\xed\xa0\xbd"[..]));
        for other in [&b"\xed\xb8\x89\xed\xa0\xbd"[..], "한국어".as_bytes(), b"\xed\xa0"] {
            assert_eq!(join(other), None, "{other:?}");
        }
    }
}
