//! What may be sent as a header (RFC 9110 §5), and which headers are not for feeds.toml to set.

/// Headers that belong to the connection, or that relais sets from what it knows.
const OURS: [&str; 20] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers whose values are secrets.
const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// Whether it is a header's name: a token.
pub(super) fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(letter)
}

/// Whether it can be sent: visible ASCII, with spaces and tabs within.
pub(super) fn is_value(value: &str) -> bool {
    let letter = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    !value.trim().is_empty() && value.trim().len() == value.len() && value.len() <= 8192 && value.bytes().all(letter)
}

/// What [`is_word`] wants.
pub(super) const WORD: &str = "ASCII letters, digits and signs, without spaces";

/// Whether it can be sent as a token or a key: visible ASCII throughout.
pub(super) fn is_word(value: &str) -> bool {
    is_value(value) && !value.contains([' ', '\t'])
}

/// Whether relais sets it, and nobody else.
pub(super) fn is_ours(name: &str) -> bool {
    OURS.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether its value must not stand in feeds.toml.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.contains(&name.to_ascii_lowercase().as_str())
}
