//! Decompression of bodies, also of those that are not compressed as their `Content-Encoding` says, or are cut. What is decompressed
//! before an error stays.

use std::io::{self, Cursor, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::buffer::grow;

/// The `Accept-Encoding` header.
pub(super) const ACCEPTED_ENCODINGS: &str = "gzip, br, zstd, deflate";

/// The most codings of a body: two is rare already.
const MOST_CODINGS: usize = 3;
/// The largest window of Zstandard, as a power of two: what RFC 8878 §3.1.1.1.2 asks of everyone. A frame may ask for gigabytes.
const ZSTD_WINDOW: u32 = 23;
/// The number of bytes that are decompressed at a time.
const STEP: usize = 32 << 10;

/// The compression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// `deflate` as HTTP defines it (RFC 9110 §8.4.1.2).
    Zlib,
    /// `deflate` without the frame of zlib, as some servers send it.
    Deflate,
    Brotli,
    Zstd,
}

/// Returns the names of the codings of a response, the outermost first.
pub(super) fn coding_names(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let mut names: Vec<String> = names.filter(|name| is_coding(name)).take(MOST_CODINGS).collect();
    names.reverse();
    names
}

fn is_coding(name: &str) -> bool {
    matches!(name, "gzip" | "x-gzip" | "deflate" | "x-deflate" | "br" | "zstd")
}

/// Returns the compression of bytes for which `name` is stated, or nothing if they are not: their beginning tells more than the name.
pub(super) fn detect_coding(name: &str, bytes: &[u8]) -> Option<Coding> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        _ if bytes.is_empty() || is_text(bytes) => None,
        _ if name == "br" => Some(Coding::Brotli),
        [method, flags, ..] if method & 0xf == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0 => Some(Coding::Zlib),
        _ if name.ends_with("deflate") => Some(Coding::Deflate),
        _ => None,
    }
}

/// Returns true if a body begins as XML, HTML or JSON does.
fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match bytes {
        [b'<', second, third, ..] => {
            matches!(second, b'?' | b'!') || second.is_ascii_alphabetic() && (third.is_ascii_graphic() || *third == b' ')
        }
        [b'{' | b'[', second, ..] => second.is_ascii_whitespace() || matches!(second, b'"' | b'{' | b'}' | b']'),
        _ => false,
    }
}

/// The state of a decompression.
#[derive(Debug)]
pub(super) enum Progress {
    /// All is decompressed.
    Done,
    /// There is more than the limit.
    Full,
    /// The rest cannot be decompressed.
    Damaged(io::Error),
}

/// Decompresses one body.
pub(super) struct Decompressor {
    reader: Box<dyn Read + Send>,
    pub(super) out: Vec<u8>,
}

impl Decompressor {
    pub(super) fn new(bytes: Vec<u8>, coding: Coding) -> io::Result<Self> {
        let bytes = Cursor::new(bytes);
        let reader: Box<dyn Read + Send> = match coding {
            Coding::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Coding::Zlib => Box::new(ZlibDecoder::new(bytes)),
            Coding::Deflate => Box::new(DeflateDecoder::new(bytes)),
            Coding::Brotli => Box::new(brotli::Decompressor::new(bytes, STEP)),
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
        };
        Ok(Self { reader, out: Vec::new() })
    }

    /// Decompresses up to `limit` bytes in all.
    pub(super) fn run(&mut self, limit: usize) -> Progress {
        loop {
            let from = self.out.len();
            // One byte more than the limit tells that there is more.
            let to = (from + STEP).min(limit + 1);
            if to <= from {
                return Progress::Full;
            }
            grow(&mut self.out, to, limit as u64 + 1);
            self.out.resize(to, 0);
            let read = self.reader.read(&mut self.out[from..to]);
            self.out.truncate(from + read.as_ref().map_or(0, |length| *length));
            match read {
                Ok(0) => return Progress::Done,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Progress::Damaged(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"<rss><channel><item>Un titre</item></channel></rss>";

    fn packed(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        macro_rules! pack {
            ($encoder:expr) => {{
                let mut encoder = $encoder;
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory can be written to")
            }};
        }
        match coding {
            Coding::Gzip => pack!(GzEncoder::new(Vec::new(), Compression::best())),
            Coding::Zlib => pack!(ZlibEncoder::new(Vec::new(), Compression::best())),
            Coding::Deflate => pack!(DeflateEncoder::new(Vec::new(), Compression::best())),
            Coding::Zstd => zstd::encode_all(bytes, 3).expect("it packs"),
            Coding::Brotli => {
                let mut out = Vec::new();
                brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).expect("memory can be written to");
                out
            }
        }
    }

    const ALL: [(Coding, &str); 5] = [
        (Coding::Gzip, "gzip"),
        (Coding::Zlib, "deflate"),
        (Coding::Deflate, "deflate"),
        (Coding::Brotli, "br"),
        (Coding::Zstd, "zstd"),
    ];

    #[test]
    fn body_is_decompressed_by_what_it_is() {
        for (coding, name) in ALL {
            let bytes = packed(coding, TEXT);
            assert_eq!(detect_coding(name, &bytes), Some(coding), "{name}");
            let mut work = Decompressor::new(bytes, coding).expect("a decoder");
            assert!(matches!(work.run(1_000), Progress::Done), "{name}");
            assert_eq!(work.out, TEXT, "{name}");
        }
        assert_eq!(detect_coding("gzip", &packed(Coding::Zlib, TEXT)), Some(Coding::Zlib));
        assert_eq!(detect_coding("br", &packed(Coding::Gzip, TEXT)), Some(Coding::Gzip));
    }

    #[test]
    fn text_is_not_decompressed_whatever_is_stated() {
        for text in [&b"<?xml version"[..], b"\xef\xbb\xbf\n<rss>", b"{\"version\"", b"[{", b"<!DOCTYPE", b""] {
            for (_, name) in ALL {
                assert_eq!(detect_coding(name, text), None, "{name} {text:?}");
            }
        }
    }

    #[test]
    fn cut_body_is_decompressed_to_the_cut() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_string().into_bytes()).collect();
        for (coding, name) in ALL {
            let mut bytes = packed(coding, &text);
            bytes.truncate(bytes.len() / 2);
            let mut work = Decompressor::new(bytes, coding).expect("a decoder");
            let progress = work.run(text.len());
            assert!(matches!(progress, Progress::Damaged(_)), "{name}: {progress:?}");
            assert!(text.starts_with(&work.out) && work.out.len() > text.len() / 10, "{name}: {} bytes", work.out.len());
        }
    }

    #[test]
    fn limit_holds_exactly_and_can_be_raised() {
        for (coding, name) in ALL {
            let mut work = Decompressor::new(packed(coding, &vec![b'x'; 100_000]), coding).expect("a decoder");
            assert!(matches!(work.run(99_999), Progress::Full), "{name}");
            assert!(work.out.capacity() <= 100_000, "{name}");
            assert!(matches!(work.run(100_000), Progress::Done), "{name}");
            assert_eq!(work.out.len(), 100_000, "{name}");
        }
    }

    #[test]
    fn codings_are_listed_from_the_outermost() {
        let headers = |value: &'static str| HeaderMap::from_iter([(CONTENT_ENCODING, value.parse().expect("a header"))]);
        assert_eq!(coding_names(&headers("deflate, X-GZIP")), ["x-gzip", "deflate"]);
        assert!(coding_names(&headers("utf-8, identity, none")).is_empty());
    }
}
