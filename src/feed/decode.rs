//! Bytes to text. feed-rs trusts the declared encoding, and panics when a declaration contradicts the bytes: so everything
//! is UTF-8 before it sees anything.

use std::borrow::Cow;
use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::memmem;

use self::labels::{Charset, charset};
use super::FeedError;
use crate::model::Lang;

mod labels;
mod twice;

/// A compressed body may not unpack to more than this.
const MOST_UNPACKED: usize = 32 << 20;
/// Where a declaration must stand to count.
const PROLOGUE: usize = 1024;

/// A body as text.
pub(super) struct Decoded<'a> {
    /// The text, without byte order mark.
    pub(super) text: Cow<'a, str>,
    /// What was wrong with it.
    pub(super) repaired: Vec<&'static str>,
}

/// Decodes a body: byte order mark, then the bytes themselves where they leave no doubt, then the declared charset, then a
/// guess, for which the language is a hint.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, lang: Option<&Lang>) -> Result<Decoded<'a>, FeedError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = gunzip(bytes)?;
        let inner = decode(&unpacked, content_type, lang)?;
        let mut repaired = vec!["gzip"];
        repaired.extend(inner.repaired);
        return Ok(Decoded { text: Cow::Owned(inner.text.into_owned()), repaired });
    }
    let said = Said::of(bytes, content_type);
    let (text, truthful) = match marked(bytes) {
        // A mark goes before anything that is said (RFC 7303 §3.3), and the rest is no less plain: there is nothing to repair.
        Some(text) => (text, true),
        None => unmarked(bytes, &said, lang),
    };
    let (text, twice) = twice::undo(text);
    let mut repaired = Vec::new();
    if !truthful {
        repaired.push("charset");
    }
    if twice {
        repaired.push("double-encoding");
    }
    Ok(Decoded { text, repaired })
}

/// What is said of the charset.
struct Said {
    /// By the server.
    by_server: Option<Charset>,
    /// By the document itself.
    by_document: Option<Charset>,
    /// One of them says ASCII, which the bytes can contradict.
    ascii: bool,
}

impl Said {
    fn of(bytes: &[u8], content_type: Option<&str>) -> Self {
        let server = content_type.and_then(parameter);
        let document = declaration(&bytes[..bytes.len().min(PROLOGUE)]);
        let first = server.or(document.as_deref());
        Self {
            by_server: server.and_then(charset),
            by_document: document.as_deref().and_then(charset),
            ascii: first.is_some_and(|label| label.trim_matches(['"', '\'', ' ']).to_ascii_lowercase().ends_with("ascii")),
        }
    }
}

/// Text with a byte order mark, or in a charset that shows from its first character, which is ASCII in every feed.
fn marked(bytes: &[u8]) -> Option<Cow<'_, str>> {
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

/// Text without a mark, and whether what is said of it is true.
fn unmarked<'a>(bytes: &'a [u8], said: &Said, lang: Option<&Lang>) -> (Cow<'a, str>, bool) {
    let (bytes, mark) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).map_or((bytes, false), |rest| (rest, true));
    let first = if mark { Some(Charset::Web(UTF_8)) } else { said.by_server.or(said.by_document) };
    // Nearly all feeds end here. Text in another charset is hardly ever valid UTF-8, whatever is declared: feeds that say
    // ISO-8859-1 and send UTF-8 are common (FINDINGS: œ and ’ get lost). ISO-2022-JP is told by its escapes.
    if !first.is_some_and(|first| !first.extends_ascii() && memchr::memchr(0x1b, bytes).is_some())
        && let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes)
    {
        let plain = bytes.is_ascii();
        // Nothing is lost of ASCII, whatever it is said to be.
        let truthful = plain || !said.ascii && [said.by_server, said.by_document].into_iter().flatten().all(Charset::is_utf8);
        return (text, truthful);
    }
    if first.is_some_and(Charset::is_utf8) && mostly_utf8(bytes) {
        return (UTF_8.decode_without_bom_handling(bytes).0, false);
    }
    // A server that says charset=utf-8 for everything is contradicted by bytes that are none.
    let possible = |said: &Charset| !said.is_utf8() && !matches!(said, Charset::Web(e) if *e == UTF_16LE || *e == UTF_16BE);
    let mut lossy = None;
    for candidate in [said.by_server, said.by_document].into_iter().flatten().filter(possible) {
        match candidate {
            Charset::Dos(_, table) => return (Cow::Owned(table.decode_string_lossy(bytes)), first == Some(candidate)),
            Charset::Web(encoding) => match encoding.decode_without_bom_handling(bytes) {
                (text, false) => return (text, first == Some(candidate) && !said.ascii),
                (text, true) => lossy = lossy.or(Some(text)),
            },
            Charset::Utf32 => {}
        }
    }
    let (text, malformed) = guess(bytes, lang).decode_without_bom_handling(bytes);
    (lossy.filter(|_| malformed).unwrap_or(text), false)
}

/// The encoding that the bytes look most like.
fn guess(bytes: &[u8], lang: Option<&Lang>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(64 << 10)], true);
    let guess = detector.guess(lang.and_then(country), Utf8Detection::Allow);
    if guess == UTF_8 { WINDOWS_1252 } else { guess }
}

/// The country, as a top-level domain, whose old charset a language was written in. Those of Western Europe are the default.
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

/// Whether nearly all that is not ASCII is UTF-8: one broken character must not spoil the thousand good ones.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc2).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 10
}

/// The `charset` of a `Content-Type`.
fn parameter(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })
}

/// The charset that the XML declaration names, or else a `<meta>` of HTML.
fn declaration(head: &[u8]) -> Option<String> {
    let of = |start: usize, end: &[u8], name: &str| {
        let length = memmem::find(&head[start..], end)?;
        let text = String::from_utf8_lossy(&head[start..start + length]);
        let at = memmem::find(text.to_ascii_lowercase().as_bytes(), name.as_bytes())?;
        let value = text[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']);
        Some(value[..value.find(['"', '\'', '/', ';', '>', ' ']).unwrap_or(value.len())].to_owned())
    };
    match memmem::find(head, b"<?xml") {
        Some(start) => of(start, b"?>", "encoding"),
        None => memmem::find_iter(head, b"<meta").find_map(|start| of(start, b">", "charset")),
    }
}

/// Unpacks a gzip body that came without the header that would have said so.
fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, FeedError> {
    let mut unpacked = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).take(MOST_UNPACKED as u64 + 1).read_to_end(&mut unpacked);
    if unpacked.len() > MOST_UNPACKED {
        return Err(FeedError::TooBig(MOST_UNPACKED));
    }
    match read {
        // A gzip body cut short still holds the items before the cut.
        Err(error) if unpacked.is_empty() => {
            Err(FeedError::Unreadable(format!("it is compressed with gzip and damaged ({error})")))
        }
        _ if unpacked.starts_with(&[0x1f, 0x8b]) => Err(FeedError::NotAFeed("a file that is compressed twice".to_owned())),
        _ => Ok(unpacked),
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
    fn every_way_to_say_the_charset_is_heard() {
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
    fn bytes_win_over_a_false_declaration() {
        let prolog = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{TEXT}");
        assert_eq!(text(prolog.as_bytes(), None), (prolog.clone(), vec!["charset"]));
        assert_eq!(text(&in_charset("windows-1252", TEXT), Some("text/xml; charset=utf-8")).0, TEXT);
        let mut broken = TEXT.repeat(20).into_bytes();
        broken.push(0xff);
        assert!(text(&broken, Some("text/xml; charset=utf-8")).0.starts_with(TEXT), "one bad byte spoils nothing else");
    }

    #[test]
    fn gzip_without_its_header_is_unpacked_within_bounds() {
        use std::io::Write;
        let pack = |data: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(data).expect("memory");
            packer.finish().expect("memory")
        };
        assert_eq!(text(&pack(TEXT.as_bytes()), None), (TEXT.to_owned(), vec!["gzip"]));
        assert_eq!(decode(&pack(&vec![b' '; MOST_UNPACKED + 1]), None, None).err(), Some(FeedError::TooBig(MOST_UNPACKED)));
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
    fn a_mark_leaves_no_doubt() {
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
    fn what_is_said_of_the_charset_is_repaired_where_it_is_false() {
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
    fn the_language_helps_to_guess() {
        let japanese = "<t>五輪</t>";
        let body = in_charset("shift_jis", japanese);
        let lang = Lang::new("ja");
        assert_eq!(decode(&body, None, lang.as_ref()).expect("it decodes").text, japanese);
        assert_eq!(decode(&body, None, lang.as_ref()).expect("it decodes").repaired, ["charset"]);
    }

    #[test]
    fn what_was_encoded_twice_is_told() {
        let once = "<t>été à l’œuvre : médaille, épée, forêt</t>";
        let twice = WINDOWS_1252.decode_without_bom_handling(once.as_bytes()).0.into_owned();
        assert_eq!(text(twice.as_bytes(), None), (once.to_owned(), vec!["double-encoding"]));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), said in "(text/xml; ?charset ?= ?['\"]?[a-z0-9_-]{0,12}['\"]?)?") {
            let _ = decode(&bytes, Some(&said), None);
            let _ = decode(&[b"<?xml encoding='", said.as_bytes(), b"'?>", &bytes].concat(), None, None);
        }

        #[test]
        fn declared_text_is_read_back(words in "[a-zéèàçœ’€ ]{0,60}|[а-я ]{1,40}|[α-ω ]{1,40}|[가-힣]{1,20}", place in 0..CHARSETS.len()) {
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
