//! Content codings: which one a client gets (RFC 9110 §12.5.3), and how it is made.

use std::io::{self, Write};

use axum::body::Bytes;
use axum::http::HeaderValue;

/// The number of codings besides identity.
pub(super) const CODINGS: usize = 3;
/// Smaller files are sent as they are: a header costs as much as is saved.
const SMALLEST: usize = 512;

/// The levels, for texts that are encoded once and sent many times. At higher ones a feed takes seconds.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 22;
const ZSTD_LEVEL: i32 = 9;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// All codings, identity first, the others in the order of their places.
    pub(super) const ALL: [Self; CODINGS + 1] = [Self::Identity, Self::Gzip, Self::Brotli, Self::Zstd];

    /// Returns its token in headers.
    pub(super) fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// Returns what distinguishes its validator.
    pub(super) fn tag_suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
            Self::Zstd => "-zst",
        }
    }

    /// Returns its place among the codings of a version.
    pub(super) fn place(self) -> Option<usize> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(0),
            Self::Brotli => Some(1),
            Self::Zstd => Some(2),
        }
    }
}

/// Chooses the coding of a text: of those that the client likes best, the smallest. What is no text is sent as it is.
pub(super) fn choose<'a>(accepted: impl IntoIterator<Item = &'a HeaderValue>, is_text: bool) -> Coding {
    let mut best = (0, Coding::Identity);
    if !is_text {
        return best.1;
    }
    let items = accepted.into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let wishes: Vec<(&str, u32)> = items.map(wish).collect();
    let weight = |token: &str| {
        let of = |name: &str| wishes.iter().find(|(wanted, _)| wanted.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight);
        of(token).or_else(|| of("*")).unwrap_or(0)
    };
    // In the order of preference where weights are equal.
    for coding in [Coding::Brotli, Coding::Zstd, Coding::Gzip] {
        let weight = coding.token().map_or(0, weight);
        if weight > best.0 {
            best = (weight, coding);
        }
    }
    best.1
}

/// Reads `gzip;q=0.8` as a token and thousandths. A weight that is none counts as a refusal.
fn wish(item: &str) -> (&str, u32) {
    let mut parts = item.split(';').map(str::trim);
    let token = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let Some(weight) = weight else { return (token, 1000) };
    let (whole, digits) = weight.split_once('.').unwrap_or((weight, ""));
    let thousandths = if digits.len() <= 3 { format!("{whole}{digits:0<3}").parse().unwrap_or(0) } else { 0 };
    (token, thousandths.min(1000))
}

/// Encodes bytes. Returns nothing if that saves nothing.
pub(super) fn encode(coding: Coding, bytes: &[u8]) -> Option<Bytes> {
    if bytes.len() < SMALLEST {
        return None;
    }
    let encoded = match coding {
        Coding::Identity => None,
        Coding::Gzip => gzip(bytes).ok(),
        Coding::Brotli => brotli(bytes).ok(),
        Coding::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL).ok(),
    };
    encoded.filter(|encoded| encoded.len() < bytes.len()).map(Bytes::from)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(bytes)?;
    Ok(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accepted: &str) -> Coding {
        choose(&[HeaderValue::from_str(accepted).expect("a header")], true)
    }

    #[test]
    fn client_gets_the_coding_that_it_likes_best() {
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip, deflate", Coding::Gzip),
            ("gzip;q=1.0, br;q=0.5", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*;q=0.1, br;q=0", Coding::Zstd),
            ("zstd;q=0.001", Coding::Zstd),
        ] {
            assert_eq!(chosen(accepted), coding, "{accepted}");
        }
    }

    #[test]
    fn client_that_accepts_nothing_gets_the_file_as_it_is() {
        for accepted in ["", "identity", "gzip;q=0", "gzip;q=0.000", "compress", "gzip;q=x", "gzip;q=-1", ";;,=,"] {
            assert_eq!(chosen(accepted), Coding::Identity, "{accepted}");
        }
        assert_eq!(choose(&[HeaderValue::from_static("gzip")], false), Coding::Identity, "a picture");
    }

    #[test]
    fn encoding_that_saves_nothing_is_not_made() {
        let noise: Vec<u8> = (0..4096_u32).flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..4].to_vec()).collect();
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
            assert!(encode(coding, &noise).is_none() && encode(coding, b"short").is_none());
            assert!(encode(coding, &b"again and again ".repeat(99)).is_some_and(|bytes| bytes.len() < 400), "{coding:?}");
        }
    }
}
