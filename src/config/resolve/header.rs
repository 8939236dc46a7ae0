//! Rules for request headers (RFC 9110 §5): valid names and values, and headers that feeds.toml must not set.

/// Headers of the connection, and headers that relais sets itself.
const RESERVED: [&str; 20] = [
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

/// Returns true for a valid header name (a token).
pub(super) fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(letter)
}

/// Returns true for a valid value: printable ASCII, with spaces and tabs inside.
pub(super) fn is_value(value: &str) -> bool {
    let letter = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    !value.trim().is_empty() && value.trim().len() == value.len() && value.len() <= 8192 && value.bytes().all(letter)
}

/// Describes the values that [`is_word`] accepts.
pub(super) const WORD: &str = "printable ASCII without spaces";

/// Returns true for a valid token or key: printable ASCII without spaces.
pub(super) fn is_word(value: &str) -> bool {
    is_value(value) && !value.contains([' ', '\t'])
}

/// Returns true if only relais or the connection may set the header.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Returns true if the value of the header must not be written in feeds.toml.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.contains(&name.to_ascii_lowercase().as_str())
}
