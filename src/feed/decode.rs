//! Bytes to UTF-8 text. Declared charsets are often wrong, so the bytes decide where they can.

use std::borrow::Cow;
use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

pub(super) use self::c1::restore_c1;
use self::declaration::declared_charset;
pub(super) use self::declaration::meta_charset;
use self::labels::{Charset, find_charset};
use super::FeedError;
use crate::model::Lang;

mod c1;
mod declaration;
mod double_encoding;
mod labels;
mod mixed;
mod surrogates;

/// The largest size of a decompressed body, in bytes.
const MAX_DECOMPRESSED: usize = 32 << 20;
/// The number of bytes in which a charset declaration is looked for.
const PROLOGUE: usize = 1024;

/// A body as text.
pub(super) struct Decoded<'a> {
    /// The text, without its byte order mark.
    pub(super) text: Cow<'a, str>,
    /// The repairs that it needed.
    pub(super) repaired: Vec<&'static str>,
}

/// Decodes a body by its byte order mark, else by the bytes themselves where they are unambiguous, else by the declared charset,
/// else by a guess, for which the language is a hint.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, lang: Option<&Lang>) -> Result<Decoded<'a>, FeedError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let decompressed = gunzip(bytes)?;
        let inner = decode(&decompressed, content_type, lang)?;
        let mut repaired = vec!["gzip"];
        repaired.extend(inner.repaired);
        return Ok(Decoded { text: Cow::Owned(inner.text.into_owned()), repaired });
    }
    let declared = DeclaredCharsets::find(bytes, content_type);
    let (text, is_as_declared) = match decode_by_first_bytes(bytes) {
        // A byte order mark overrides every declaration (RFC 7303 §3.3), so a wrong one needs no repair.
        Some(text) => (text, true),
        None => decode_unmarked(bytes, &declared, lang),
    };
    let (text, had_c1) = restore_c1(text);
    let (text, was_encoded_twice) = double_encoding::undo(text);
    let mut repaired = Vec::new();
    if !is_as_declared || had_c1 {
        repaired.push("charset");
    }
    if was_encoded_twice {
        repaired.push("double-encoding");
    }
    Ok(Decoded { text, repaired })
}

/// The charsets that are declared.
struct DeclaredCharsets {
    /// In the `Content-Type` header.
    by_server: Option<Charset>,
    /// In the document itself.
    by_document: Option<Charset>,
    /// True if ASCII is declared, which the bytes can contradict.
    is_ascii: bool,
}

impl DeclaredCharsets {
    fn find(bytes: &[u8], content_type: Option<&str>) -> Self {
        let server = content_type.and_then(charset_parameter);
        let document = declared_charset(&bytes[..bytes.len().min(PROLOGUE)]);
        let first = server.or(document.as_deref());
        Self {
            by_server: server.and_then(find_charset),
            by_document: document.as_deref().and_then(find_charset),
            is_ascii: first.is_some_and(|label| label.trim_matches(['"', '\'', ' ']).to_ascii_lowercase().ends_with("ascii")),
        }
    }
}

impl DeclaredCharsets {
    /// Returns the first declared charset that has one byte for each character.
    fn single_byte_charset(&self) -> Option<&'static Encoding> {
        [self.by_server, self.by_document].into_iter().flatten().find_map(|charset| match charset {
            Charset::Web(encoding) if encoding.is_single_byte() => Some(encoding),
            _ => None,
        })
    }
}

/// Decodes text with a byte order mark, or in UTF-16, which shows in its first character: that is ASCII in every feed.
fn decode_by_first_bytes(bytes: &[u8]) -> Option<Cow<'_, str>> {
    const FIRST: [u8; 6] = *b"<{ \t\r\n";
    let (encoding, mark) = match *bytes {
        [0, 0, 0xfe, 0xff, ..] => return Some(wide(&bytes[4..], u32::from_be_bytes)),
        [0xff, 0xfe, 0, 0, ..] => return Some(wide(&bytes[4..], u32::from_le_bytes)),
        [0, 0, 0, first, ..] if FIRST.contains(&first) => return Some(wide(bytes, u32::from_be_bytes)),
        [first, 0, 0, 0, ..] if FIRST.contains(&first) => return Some(wide(bytes, u32::from_le_bytes)),
        [0xef, 0xbb, 0xbf, ..] if std::str::from_utf8(bytes).is_ok() => (UTF_8, 3),
        [0xff, 0xfe, ..] => (UTF_16LE, 2),
        [0xfe, 0xff, ..] => (UTF_16BE, 2),
        [first, 0, ..] if FIRST.contains(&first) => (UTF_16LE, 0),
        [0, first, ..] if FIRST.contains(&first) => (UTF_16BE, 0),
        _ => return None,
    };
    Some(encoding.decode_without_bom_handling(&bytes[mark..]).0)
}

/// UTF-32, which no library of the web reads.
fn wide(bytes: &[u8], number: fn([u8; 4]) -> u32) -> Cow<'static, str> {
    let read = |chunk: &[u8; 4]| char::from_u32(number(*chunk)).unwrap_or(char::REPLACEMENT_CHARACTER);
    Cow::Owned(bytes.as_chunks::<4>().0.iter().map(read).collect())
}

/// Decodes text without a byte order mark. Returns it with true if it is in the declared charset.
fn decode_unmarked<'a>(bytes: &'a [u8], declared: &DeclaredCharsets, lang: Option<&Lang>) -> (Cow<'a, str>, bool) {
    let (bytes, mark) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).map_or((bytes, false), |rest| (rest, true));
    let first = if mark { Some(Charset::Web(UTF_8)) } else { declared.by_server.or(declared.by_document) };
    // Nearly all feeds end here. Text in another charset is hardly ever valid UTF-8, and feeds that declare ISO-8859-1 and send
    // UTF-8 are common (œ and ’ would be lost). ISO-2022-JP shows by its escapes.
    if !first.is_some_and(|first| !first.extends_ascii() && memchr::memchr(0x1b, bytes).is_some())
        && let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes)
    {
        // ASCII text is the same in every charset.
        let is_as_declared = bytes.is_ascii()
            || !declared.is_ascii && [declared.by_server, declared.by_document].into_iter().flatten().all(Charset::is_utf8);
        return (text, is_as_declared);
    }
    if let Some(joined) = surrogates::join(bytes) {
        return (Cow::Owned(decode_unmarked(&joined, declared, lang).0.into_owned()), false);
    }
    let legacy = declared.single_byte_charset();
    if first.is_some_and(Charset::is_utf8) && is_mostly_utf8(bytes) {
        let guess = |parts: &[u8]| legacy.unwrap_or_else(|| guess_encoding(parts, lang));
        return (mixed::decode_utf8_with_legacy(bytes, guess), false);
    }
    let legacy = legacy.or_else(|| first.is_none_or(Charset::is_utf8).then(|| guess_encoding(&mixed::legacy_parts(bytes), lang)));
    if let Some(text) = legacy.and_then(|legacy| mixed::decode_legacy_with_utf8(bytes, legacy)) {
        return (Cow::Owned(text), false);
    }
    // Some servers declare charset=utf-8 for everything: bytes that are not UTF-8 contradict them.
    let possible = |said: &Charset| !said.is_utf8() && !matches!(said, Charset::Web(e) if *e == UTF_16LE || *e == UTF_16BE);
    let mut lossy = None;
    for candidate in [declared.by_server, declared.by_document].into_iter().flatten().filter(possible) {
        match candidate {
            Charset::Dos(_, table) => return (Cow::Owned(table.decode_string_lossy(bytes)), first == Some(candidate)),
            Charset::Web(encoding) => match encoding.decode_without_bom_handling(bytes) {
                (text, false) => return (text, first == Some(candidate) && !declared.is_ascii),
                (text, true) => lossy = lossy.or(Some(text)),
            },
            Charset::Utf32 => {}
        }
    }
    let (text, malformed) = guess_encoding(bytes, lang).decode_without_bom_handling(bytes);
    (lossy.filter(|_| malformed).unwrap_or(text), false)
}

/// Guesses the encoding from the bytes.
fn guess_encoding(bytes: &[u8], lang: Option<&Lang>) -> &'static Encoding {
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

/// Returns true if nearly all characters beyond ASCII are valid UTF-8: one broken character must not spoil the others.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc2).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 10
}

/// Returns the `charset` parameter of a `Content-Type`.
fn charset_parameter(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })
}

/// Decompresses a gzip body that came without a `Content-Encoding` header.
fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, FeedError> {
    let mut decompressed = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).take(MAX_DECOMPRESSED as u64 + 1).read_to_end(&mut decompressed);
    if decompressed.len() > MAX_DECOMPRESSED {
        return Err(FeedError::TooBig(MAX_DECOMPRESSED));
    }
    match read {
        // A truncated gzip body still holds the items before the cut.
        Err(error) if decompressed.is_empty() => Err(FeedError::Unreadable(format!("its gzip compression is damaged ({error})"))),
        _ if decompressed.starts_with(&[0x1f, 0x8b]) => Err(FeedError::NotAFeed("a file that is compressed twice".to_owned())),
        _ => Ok(decompressed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<rss><title>L’Équipe à 5 € — œuvre</title></rss>";

    fn text(bytes: &[u8], content_type: Option<&str>) -> (String, Vec<&'static str>) {
        let decoded = decode(bytes, content_type, None).expect("it decodes");
        (decoded.text.into_owned(), decoded.repaired)
    }

    fn in_charset(label: &str, text: &str) -> Vec<u8> {
        Encoding::for_label(label.as_bytes()).expect("a charset").encode(text).0.into_owned()
    }

    #[test]
    fn charset_is_taken_from_the_header_the_prologue_or_the_bytes() {
        let body = in_charset("windows-1252", TEXT);
        assert_eq!(text(&body, Some("text/xml; charset=\"windows-1252\"")).0, TEXT);
        let prolog = format!("<?xml version='1.0' encoding='ISO-8859-15'?>{TEXT}").replace('’', "'").replace('—', "-");
        assert_eq!(text(&in_charset("iso-8859-15", &prolog), None).0, prolog);
        assert_eq!(text(&body, None), (TEXT.to_owned(), vec!["charset"]), "nobody says: guessed, and told");
        let utf16: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf16, None).0, TEXT, "UTF-16 without a mark");
        assert_eq!(text(&[&[0xff, 0xfe], &utf16[..]].concat(), None).0, TEXT);
        assert_eq!(text(format!("\u{feff}{TEXT}").as_bytes(), None).0, TEXT);
    }

    #[test]
    fn bytes_override_a_wrong_declaration() {
        let prolog = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{TEXT}");
        assert_eq!(text(prolog.as_bytes(), None), (prolog.clone(), vec!["charset"]));
        assert_eq!(text(&in_charset("windows-1252", TEXT), Some("text/xml; charset=utf-8")).0, TEXT);
        let mut broken = TEXT.repeat(20).into_bytes();
        broken.push(0xff);
        assert!(text(&broken, Some("text/xml; charset=utf-8")).0.starts_with(TEXT), "one bad byte spoils nothing else");
    }

    #[test]
    fn gzip_without_its_header_is_decompressed_up_to_a_limit() {
        use std::io::Write;
        let pack = |data: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(data).expect("memory");
            packer.finish().expect("memory")
        };
        assert_eq!(text(&pack(TEXT.as_bytes()), None), (TEXT.to_owned(), vec!["gzip"]));
        assert_eq!(decode(&pack(&vec![b' '; MAX_DECOMPRESSED + 1]), None, None).err(), Some(FeedError::TooBig(MAX_DECOMPRESSED)));
        assert!(matches!(decode(&pack(&pack(b"x")), None, None), Err(FeedError::NotAFeed(_))), "no nesting");
    }

    #[test]
    fn the_bytes_show_what_has_wide_characters() {
        let said = TEXT.replace("<rss>", "<?xml version='1.0' encoding='iso-8859-1'?><rss>");
        let utf16 = |wide: fn(u16) -> [u8; 2]| said.encode_utf16().flat_map(wide).collect::<Vec<u8>>();
        let utf32 = |wide: fn(u32) -> [u8; 4]| said.chars().flat_map(|c| wide(c.into())).collect::<Vec<u8>>();
        for (name, body) in [
            ("16 LE", utf16(u16::to_le_bytes)),
            ("16 BE", utf16(u16::to_be_bytes)),
            ("32 LE", utf32(u32::to_le_bytes)),
            ("32 BE", utf32(u32::to_be_bytes)),
            ("32 LE, marked", [&[0xff, 0xfe, 0, 0], &utf32(u32::to_le_bytes)[..]].concat()),
            ("32 BE, marked", [&[0, 0, 0xfe, 0xff], &utf32(u32::to_be_bytes)[..]].concat()),
            ("16 BE, marked", [&[0xfe, 0xff], &utf16(u16::to_be_bytes)[..]].concat()),
        ] {
            assert_eq!(text(&body, None).0, said, "{name}");
            assert_eq!(text(&body, Some("text/xml; charset=utf-8")).0, said, "{name}");
        }
        let plain = "<?xml version='1.0' encoding='utf-16'?><rss/>";
        assert_eq!(text(plain.as_bytes(), None), (plain.to_owned(), vec![]), "ASCII is ASCII");
        let utf8 = said.replace("iso-8859-1", "utf-16");
        assert_eq!(text(utf8.as_bytes(), None), (utf8.clone(), vec!["charset"]), "said to be wide, and is not");
    }

    #[test]
    fn byte_order_mark_overrides_the_declaration() {
        let said = TEXT.replace("<rss>", "<?xml version='1.0' encoding='iso-8859-1'?><rss>");
        let utf16: Vec<u8> = said.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (body, repaired) in [
            ([&[0xff, 0xfe], &utf16[..]].concat(), vec![]),
            ([&[0xef, 0xbb, 0xbf], said.as_bytes()].concat(), vec![]),
            (utf16, vec![]),
            (said.clone().into_bytes(), vec!["charset"]),
        ] {
            assert_eq!(text(&body, None), (said.clone(), repaired));
        }
    }

    #[test]
    fn wrong_charset_declaration_is_a_repair() {
        let latin = in_charset("windows-1252", TEXT);
        for said in
            ["text/xml;charset = us-ascii", "text/xml; charset= 'us-ascii'", "text/xml; charset=utf-8", "text/xml; charset=zz"]
        {
            assert_eq!(text(&latin, Some(said)), (TEXT.to_owned(), vec!["charset"]), "{said}");
        }
        assert_eq!(text(&latin, Some("text/xml; charset=ISO-8859-1")), (TEXT.to_owned(), vec![]), "as browsers take it");
        assert_eq!(text(TEXT.as_bytes(), Some("text/xml; charset=us-ascii")), (TEXT.to_owned(), vec!["charset"]));
        assert_eq!(text(b"<rss/>", Some("text/xml; charset=us-ascii")), ("<rss/>".to_owned(), vec![]));
        let dos = b"<?xml version='1.0' encoding='cp850'?><t>\x82t\x82</t>";
        assert_eq!(text(dos, None), ("<?xml version='1.0' encoding='cp850'?><t>\u{e9}t\u{e9}</t>".to_owned(), vec![]));
        let html = "<html><head><meta charset='windows-1251'></head><p>Привет";
        assert_eq!(text(&in_charset("windows-1251", html), None), (html.to_owned(), vec![]));
    }

    #[test]
    fn parts_in_another_encoding_are_decoded_apart() {
        let (latin, utf8) = ("<t>L'équipe à Saint-Lô : été</t>", "<d>Le départ a été donné près de la côte – à 5 €</d>");
        let two = |first: &str| [first.as_bytes(), &in_charset("windows-1252", latin), utf8.as_bytes()].concat();
        for declaration in
            ["<?xml version='1.0' encoding='ISO-8859-1'?>", "<?xml version='1.0' encoding='UTF-8'?>", "<?xml version='1.0'?>"]
        {
            let (read, repaired) = text(&two(declaration), None);
            assert_eq!((read, repaired), (format!("{declaration}{latin}{utf8}"), vec!["charset"]), "{declaration}");
        }
        let mostly = [utf8.repeat(20).as_bytes(), &in_charset("windows-1252", latin)].concat();
        assert_eq!(text(&mostly, Some("text/xml; charset=utf-8")).0, format!("{}{latin}", utf8.repeat(20)));
    }

    #[test]
    fn capitals_before_signs_are_not_taken_for_utf_8() {
        for word in ["BEAUTÉ…", "«CITÉ»", "CÔTÉ\u{a0}: ÉTÉ’S", "MÄKELÄ”"] {
            let body = format!("<?xml version='1.0' encoding='ISO-8859-1'?><t>{word}</t><d>Été</d>").repeat(20);
            assert_eq!(text(&in_charset("windows-1252", &body), None).0, body, "{word}");
        }
    }

    #[test]
    fn c1_controls_are_what_windows_1252_has_in_their_place() {
        let body = "<t>don\u{92}t \u{96} \u{85}</t>";
        assert_eq!(text(body.as_bytes(), Some("text/xml; charset=utf-8")), ("<t>don’t – …</t>".to_owned(), vec!["charset"]));
        let other = in_charset("iso-8859-15", "<t>été</t>").into_iter().chain(*b"\x92").collect::<Vec<u8>>();
        assert_eq!(text(&other, Some("text/xml; charset=iso-8859-15")).0, "<t>été</t>’");
    }

    #[test]
    fn surrogates_in_utf_8_are_one_character() {
        let body = b"<t>Oui \xed\xa0\xbd\xed\xb8\x89 !</t>";
        assert_eq!(text(body, Some("text/xml; charset=utf-8")), ("<t>Oui 😉 !</t>".to_owned(), vec!["charset"]));
    }

    #[test]
    fn language_is_a_hint_for_the_charset() {
        let japanese = "<t>五輪</t>";
        let body = in_charset("shift_jis", japanese);
        let lang = Lang::new("ja");
        assert_eq!(decode(&body, None, lang.as_ref()).expect("it decodes").text, japanese);
        assert_eq!(decode(&body, None, lang.as_ref()).expect("it decodes").repaired, ["charset"]);
    }

    #[test]
    fn double_encoding_is_a_repair() {
        let once = "<t>été à l’œuvre : médaille, épée, forêt</t>";
        let twice = WINDOWS_1252.decode_without_bom_handling(once.as_bytes()).0.into_owned();
        assert_eq!(text(twice.as_bytes(), None), (once.to_owned(), vec!["double-encoding"]));
    }

    proptest::proptest! {
        #[test]
        fn decoding_never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), said in "(text/xml; ?charset ?= ?['\"]?[a-z0-9_-]{0,12}['\"]?)?") {
            let _ = decode(&bytes, Some(&said), None);
            let _ = decode(&[b"<?xml encoding='", said.as_bytes(), b"'?>", &bytes].concat(), None, None);
        }

        #[test]
        fn declared_charset_round_trips(words in "[a-zéèàçœ’€ ]{0,60}|[а-я ]{1,40}|[α-ω ]{1,40}|[가-힣]{1,20}", place in 0..CHARSETS.len()) {
            let whole = format!("<?xml version=\"1.0\" encoding=\"{}\"?><t>{words}</t>", CHARSETS[place]);
            let (bytes, encoding, lost) = Encoding::for_label(CHARSETS[place].as_bytes()).expect("a charset").encode(&whole);
            // Bytes that are valid UTF-8 by chance are taken for it: that rule is worth more than such a text.
            if !lost && (encoding == UTF_8 || std::str::from_utf8(&bytes).is_err() || bytes.is_ascii()) {
                proptest::prop_assert_eq!(decode(&bytes, None, None).expect("it decodes").text, whole.as_str());
            }
        }
    }

    const CHARSETS: [&str; 12] = [
        "utf-8",
        "windows-1252",
        "iso-8859-1",
        "iso-8859-15",
        "windows-1251",
        "koi8-r",
        "windows-1253",
        "iso-8859-7",
        "euc-kr",
        "gbk",
        "shift_jis",
        "iso-2022-jp",
    ];
}
