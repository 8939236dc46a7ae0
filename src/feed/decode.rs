//! Bytes to text. feed-rs trusts the declared encoding, and panics when a declaration contradicts the bytes: so everything
//! is UTF-8 before it sees anything.

use std::borrow::Cow;
use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::FeedError;

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

/// Decodes a body: byte order mark, then the bytes themselves where they leave no doubt, then the declared charset, then a guess.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Result<Decoded<'a>, FeedError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = gunzip(bytes)?;
        let inner = decode(&unpacked, content_type)?;
        let mut repaired = vec!["gzip"];
        repaired.extend(inner.repaired);
        return Ok(Decoded { text: Cow::Owned(inner.text.into_owned()), repaired });
    }
    let declared = declared(bytes);
    // Nearly all feeds end here: UTF-8, looked through once.
    let said = content_type.and_then(charset_of).or(declared);
    if !bytes.starts_with(&[0xef, 0xbb, 0xbf])
        && !bytes.starts_with(&[b'<', 0])
        && said.is_none_or(|said| said == UTF_8)
        && let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return Ok(Decoded { text, repaired: Vec::new() });
    }
    let (encoding, skip, why) = choose(bytes, content_type, declared);
    let (text, malformed) = encoding.decode_without_bom_handling(&bytes[skip..]);
    let mut repaired = Vec::new();
    if malformed || why == Why::Guess || (why == Why::Bytes && declared.is_some_and(|declared| declared != encoding)) {
        repaired.push("charset");
    }
    Ok(Decoded { text, repaired })
}

/// What told the encoding.
#[derive(PartialEq, Eq)]
enum Why {
    /// The bytes leave no doubt.
    Bytes,
    /// Somebody says so.
    Declared,
    /// Nobody says, or what they say cannot be.
    Guess,
}

/// The encoding, and how many bytes of byte order mark to skip.
fn choose(bytes: &[u8], content_type: Option<&str>, declared: Option<&'static Encoding>) -> (&'static Encoding, usize, Why) {
    if let Some((encoding, skip)) = Encoding::for_bom(bytes) {
        return (encoding, skip, Why::Bytes);
    }
    match bytes {
        [b'<' | b'{', 0, ..] => return (UTF_16LE, 0, Why::Bytes),
        [0, b'<' | b'{', ..] => return (UTF_16BE, 0, Why::Bytes),
        _ => {}
    }
    // Text in another charset is hardly ever valid UTF-8, whatever is declared: feeds that say ISO-8859-1 and send UTF-8
    // are common (FINDINGS: œ and ’ get lost). Charsets that use ASCII bytes only are left to the declaration.
    let http = content_type.and_then(charset_of);
    let said = http.or(declared);
    if std::str::from_utf8(bytes).is_ok() && said.is_none_or(Encoding::is_ascii_compatible) {
        return (UTF_8, 0, Why::Bytes);
    }
    // A server that says charset=utf-8 for everything is contradicted by bytes that are none.
    for encoding in [http, declared].into_iter().flatten() {
        let possible = encoding != UTF_8 && encoding != UTF_16LE && encoding != UTF_16BE;
        if possible {
            return (encoding, 0, Why::Declared);
        }
    }
    if said == Some(UTF_8) && mostly_utf8(bytes) {
        return (UTF_8, 0, Why::Declared);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(64 << 10)], true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    (if guess == UTF_8 { WINDOWS_1252 } else { guess }, 0, Why::Guess)
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
fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    content_type
        .split(';')
        .skip(1)
        .find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
        })
        .and_then(|label| Encoding::for_label(label.as_bytes()))
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(PROLOGUE)];
    let start = head.windows(5).position(|window| window == b"<?xml")?;
    let end = start + head[start..].windows(2).position(|window| window == b"?>")?;
    let declaration = String::from_utf8_lossy(&head[start..end]).into_owned();
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Encoding::for_label(value[1..].split(quote).next()?.as_bytes())
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
        let decoded = decode(bytes, content_type).expect("it decodes");
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
        assert_eq!(decode(&pack(&vec![b' '; MOST_UNPACKED + 1]), None).err(), Some(FeedError::TooBig(MOST_UNPACKED)));
        assert!(matches!(decode(&pack(&pack(b"x")), None), Err(FeedError::NotAFeed(_))), "no nesting");
    }
}
