//! Decodes a file to UTF-8: TMX files are often in UTF-16.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The bytes in which an XML declaration is looked for.
const HEAD: u64 = 256;
const PIECE: usize = 32 << 10;

/// A text in any encoding, read as UTF-8. Bytes that are invalid in its encoding become U+FFFD.
pub(super) struct DecodedInput<R> {
    input: R,
    decoder: Decoder,
    /// Bytes that the decoder has not consumed.
    raw: Vec<u8>,
    /// Decoded bytes, and how many of them were consumed.
    decoded: Vec<u8>,
    taken: usize,
    is_over: bool,
    /// The number of bytes that may be consumed before the limit of one token is exceeded.
    allowed: usize,
    /// The number of bytes that were consumed in all.
    at: u64,
}

impl<R: Read> DecodedInput<R> {
    /// Detects the encoding: by a byte order mark, else by the XML declaration, else UTF-8.
    pub(super) fn open(mut input: R) -> io::Result<Self> {
        let mut raw = Vec::new();
        input.by_ref().take(HEAD).read_to_end(&mut raw)?;
        let decoder = detect_encoding(&raw).new_decoder_with_bom_removal();
        Ok(Self { input, decoder, raw, decoded: Vec::new(), taken: 0, is_over: false, allowed: usize::MAX, at: 0 })
    }

    /// Allows this many more bytes to be consumed.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowed = bytes;
    }

    /// Returns true if the allowed bytes are consumed.
    pub(super) fn is_exhausted(&self) -> bool {
        self.allowed == 0
    }

    /// Returns the number of consumed bytes, in UTF-8.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Decodes until there are bytes to consume, or the input ends.
    fn decode_more(&mut self) -> io::Result<()> {
        while self.taken == self.decoded.len() && !self.is_over {
            let mut more = self.raw.len();
            self.raw.resize(more + PIECE, 0);
            let read = loop {
                match self.input.read(&mut self.raw[more..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            more += read;
            self.raw.truncate(more);
            self.is_over = read == 0;
            let most = self.decoder.max_utf8_buffer_length(more).unwrap_or(usize::MAX);
            self.decoded.resize(most, 0);
            let (_, used, written, _) = self.decoder.decode_to_utf8(&self.raw, &mut self.decoded, self.is_over);
            self.raw.drain(..used);
            self.decoded.truncate(written);
            self.taken = 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for DecodedInput<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for DecodedInput<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.decode_more()?;
        let left = &self.decoded[self.taken..];
        if self.allowed == 0 && !left.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "more than one thing may hold"));
        }
        Ok(&left[..left.len().min(self.allowed)])
    }

    fn consume(&mut self, bytes: usize) {
        self.taken += bytes;
        self.allowed = self.allowed.saturating_sub(bytes);
        self.at += bytes as u64;
    }
}

fn detect_encoding(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    match head {
        [b'<', 0, ..] => return UTF_16LE,
        [0, b'<', ..] => return UTF_16BE,
        _ => {}
    }
    let head = String::from_utf8_lossy(head);
    let declared = head.strip_prefix("<?xml").and_then(|rest| rest.split("?>").next()?.split_once("encoding"));
    let label = declared.and_then(|(_, rest)| rest.trim_start().strip_prefix('=')).map(str::trim_start);
    let label = label.and_then(|rest| rest.get(1..)?.split(['"', '\'']).next());
    // A declaration that can be read as bytes is not UTF-16, whatever it declares.
    let found = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    found.filter(|found| ![UTF_16LE, UTF_16BE].contains(found)).unwrap_or(UTF_8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut text = String::new();
        DecodedInput::open(bytes).expect("bytes can be read").read_to_string(&mut text).expect("UTF-8 comes out");
        text
    }

    #[test]
    fn text_of_any_encoding_is_decoded_to_utf_8() {
        let text = format!("<?xml version='1.0' encoding = 'utf-16'?><tmx>« été » {}</tmx>", "œ".repeat(40_000));
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&wide), text);
        assert_eq!(read(&big), text);
        assert_eq!(read(&[&[0xff, 0xfe][..], &wide].concat()), text);
        assert_eq!(read(text.as_bytes()), text, "declared as something that it cannot be");
        assert_eq!(read(&[&[0xef, 0xbb, 0xbf][..], text.as_bytes()].concat()), text);
        assert!(read(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>").ends_with("<a>é</a>"));
        assert_eq!(read(b"<a>\xe9</a>"), "<a>\u{fffd}</a>");
        assert_eq!(read(b""), "");
    }

    #[test]
    fn no_more_bytes_are_consumed_than_allowed() {
        let mut text = DecodedInput::open(&b"0123456789"[..]).expect("bytes can be read");
        text.allow(4);
        let mut line = Vec::new();
        assert!(text.read_until(b'\n', &mut line).is_err());
        assert_eq!((line.as_slice(), text.is_exhausted(), text.at()), (&b"0123"[..], true, 4));
        text.allow(6);
        assert_eq!(text.read_until(b'\n', &mut line).expect("no more is there"), 6);
    }
}
