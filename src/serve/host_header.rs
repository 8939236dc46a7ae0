//! The check of the `Host` header: a request without a valid one is answered with 400 (RFC 9112 §3.2). HTTP/2 has `:authority` in its
//! place (RFC 9113 §8.3.1).

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, Version};

/// Checks that there is one valid `Host`. HTTP/1.0 has none, and HTTP/2 may leave it out.
pub(super) fn check_host(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => Ok(()),
        (None, _) if version == Version::HTTP_2 && uri.authority().is_some_and(|host| is_host(host.as_str())) => Ok(()),
        (None, _) => Err("the request has no Host header"),
        (Some(_), Some(_)) => Err("the request has several Host headers"),
        (Some(host), None) if host.to_str().is_ok_and(is_host) => Ok(()),
        (Some(_), None) => Err("the Host header is not valid"),
    }
}

/// Returns true for `host` or `host:port` (RFC 9110 §7.2): no user name, and a port that is a number.
pub(super) fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let host = authority.host();
    let rest = &text[host.len().min(text.len())..];
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok());
    !host.is_empty() && !text.contains('@') && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(version: Version, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        check_host(version, &Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn one_valid_host_is_accepted() {
        for host in ["localhost", "127.0.0.1:8080", "[::1]:8080", "relais.example.org", "a.example:"] {
            assert!(check(Version::HTTP_11, &[host]), "{host}");
        }
        assert!(check(Version::HTTP_10, &[]));
    }

    #[test]
    fn missing_repeated_and_invalid_hosts_are_refused() {
        assert!(!check(Version::HTTP_11, &[]) && !check(Version::HTTP_11, &["a.example", "a.example"]));
        for host in ["", "a b", "a/b", "me@a.example", "a.example:x", "a.example:99999", "http://a.example", "a,b c"] {
            assert!(!check(Version::HTTP_11, &[host]), "{host}");
        }
    }
}
