//! URLs that may be fetched: http or https, and no private address unless `allow_private` lists it.
//!
//! The check runs in three places with the same table (`address`): on a URL before it is sent (hyper asks no resolver about an
//! address literal), on each redirect, and on each address that a name resolves to (`resolve`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::address::{is_allowed, private_reason};
use super::error::FetchError;
use super::redact::redacted;
use crate::model::Cidr;

/// The longest URL, in bytes. Servers refuse longer ones at about this length too.
pub(super) const MAX_URL: usize = 8192;

/// The text that stands for a URL that may hold a password where none belongs.
const NOT_SHOWN: &str = "this address";

/// Parses a URL and checks everything that can be told from it alone. The addresses that its name resolves to are checked when
/// the connection is made. The `#fragment` is dropped: no server sees it.
pub fn check_url(url: &str, allow: &[Cidr]) -> Result<Url, FetchError> {
    let unreadable = |why: String| FetchError::Private { url: NOT_SHOWN.to_owned(), why };
    if url.len() > MAX_URL {
        return Err(unreadable(format!("it is longer than {MAX_URL} bytes")));
    }
    let mut url = Url::parse(url.trim()).map_err(|error| unreadable(format!("it is not a URL ({error})")))?;
    url.set_fragment(None);
    check_parsed_url(&url, allow)?;
    Ok(url)
}

/// Checks a URL that has been parsed.
pub(super) fn check_parsed_url(url: &Url, allow: &[Cidr]) -> Result<(), FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        // It is not shown either: "user:password@host" parses as a scheme and a path.
        let why = "it is neither http nor https".to_owned();
        return Err(FetchError::Private { url: NOT_SHOWN.to_owned(), why });
    }
    refusal(url, allow).map_or(Ok(()), |why| {
        tracing::debug!(url.host = url.host_str().unwrap_or_default(), "private address refused: {why}");
        Err(FetchError::Private { url: redacted(url), why })
    })
}

/// Returns the reason why the host of a URL is refused, if it is.
fn refusal(url: &Url, allow: &[Cidr]) -> Option<String> {
    const NO_HOST: &str = "it names no host";
    let literal = match url.host() {
        None => return Some(NO_HOST.to_owned()),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            if name.is_empty() {
                return Some(NO_HOST.to_owned());
            }
            let is_local = name == "localhost" || name.ends_with(".localhost"); // RFC 6761: always this machine
            if is_local && !is_allowed(Ipv4Addr::LOCALHOST.into(), allow) && !is_allowed(Ipv6Addr::LOCALHOST.into(), allow) {
                return Some(private_reason(name));
            }
            name.parse().ok()?
        }
    };
    (!is_allowed(literal, allow)).then(|| private_reason(&literal.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_allowed_with_the_loopback_address_of_either_family() {
        let loopback = ["::1".parse::<Cidr>().expect("a range")];
        assert!(check_url("http://localhost:8080/", &loopback).is_ok());
        assert!(check_url("http://[::1]:8080/", &loopback).is_ok());
        assert!(check_url("http://127.0.0.1:8080/", &loopback).is_err());
        assert!(check_url("http://localhost:8080/", &[]).is_err());
    }
}
