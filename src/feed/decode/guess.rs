//! The guess of a charset from the bytes.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::model::Lang;

/// Guesses the encoding from the bytes.
pub(super) fn guess_encoding(bytes: &[u8], lang: Option<&Lang>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(64 << 10)], true);
    let guess = detector.guess(lang.and_then(country), Utf8Detection::Allow);
    if guess == UTF_8 { WINDOWS_1252 } else { guess }
}

/// Returns the country, as a top-level domain, with whose legacy charsets a language was written. Western Europe is the default.
fn country(lang: &Lang) -> Option<&'static [u8]> {
    Some(match (lang.primary(), lang.as_str()) {
        (_, "zh-TW" | "zh-Hant") => b"tw",
        (_, "zh-HK") => b"hk",
        ("zh", _) => b"cn",
        ("ja", _) => b"jp",
        ("ko", _) => b"kr",
        ("ru", _) => b"ru",
        ("uk", _) => b"ua",
        ("bg", _) => b"bg",
        ("sr", _) => b"rs",
        ("el", _) => b"gr",
        ("tr", _) => b"tr",
        ("he", _) => b"il",
        ("ar", _) => b"sa",
        ("fa", _) => b"ir",
        ("th", _) => b"th",
        ("vi", _) => b"vn",
        ("pl", _) => b"pl",
        ("cs", _) => b"cz",
        ("sk", _) => b"sk",
        ("sl", _) => b"si",
        ("hr", _) => b"hr",
        ("hu", _) => b"hu",
        ("ro", _) => b"ro",
        ("lt", _) => b"lt",
        ("lv", _) => b"lv",
        ("et", _) => b"ee",
        ("fr", _) => b"fr",
        ("de", _) => b"de",
        ("es", _) => b"es",
        ("it", _) => b"it",
        ("pt", _) => b"pt",
        ("nl", _) => b"nl",
        _ => return None,
    })
}

/// True if nearly all characters beyond ASCII are valid UTF-8: one broken character must not spoil the others.
pub(super) fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc2).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 10
}
