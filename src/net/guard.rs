//! Which addresses may be fetched: public ones, and those that `allow_private` lists.
//!
//! Three places ask it, all about the same table: the URL before it is sent (hyper does not ask a resolver about an
//! address written out), each redirect, and each address that a name resolves to (`resolve.rs`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::error::FetchError;
use crate::model::Cidr;

/// A longer URL is no address of a feed; servers refuse them at about this length too.
pub(super) const MAX_URL: usize = 8192;

/// IPv4 ranges that are not public: IANA's special-purpose registry as far as it is not globally reachable, what is
/// reserved or multicast, and the one metadata service that lives on a public address.
const NOT_PUBLIC: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // carrier NAT; Alibaba's metadata
    ([127, 0, 0, 0], 8),      // loopback
    ([168, 63, 129, 16], 32), // Azure's metadata
    ([169, 254, 0, 0], 16),   // link-local; everybody else's metadata
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments; Oracle's metadata
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // 6to4 relays, no longer in use
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarking
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, broadcast
];

/// Ranges within `2000::/3` that are not public. What lies outside it (loopback, link-local, unique local, site-local,
/// multicast, IPv4-compatible and -translated) is not public either, but for NAT64.
const NOT_PUBLIC_V6: &[([u16; 2], u32)] = &[
    ([0x2001, 0x0000], 23), // protocol assignments, benchmarking, ORCHID (Teredo is looked into first)
    ([0x2001, 0x0db8], 32), // documentation
    ([0x3fff, 0x0000], 20), // documentation
];

/// Whether `address` may be connected to.
pub(super) fn allowed(address: IpAddr, allow: &[Cidr]) -> bool {
    allow.iter().any(|range| range.contains(address))
        || match address {
            IpAddr::V4(address) => public(address),
            IpAddr::V6(address) => match embedded(address) {
                Some(inner) => inner.into_iter().all(|inner| allowed(IpAddr::V4(inner), allow)),
                None => public_v6(address),
            },
        }
}

fn public(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC.iter().any(|&(range, prefix)| (address.to_bits() ^ u32::from_be_bytes(range)) >> (32 - prefix) == 0)
}

fn public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let start = u32::from(first) << 16 | u32::from(second);
    let within = |&([a, b], prefix): &([u16; 2], u32)| (start ^ (u32::from(a) << 16 | u32::from(b))) >> (32 - prefix) == 0;
    first >> 13 == 1 && !NOT_PUBLIC_V6.iter().any(within)
}

/// The IPv4 addresses that an IPv6 address leads to: where one is written in it, a tunnel or a translator goes there.
fn embedded(address: Ipv6Addr) -> Option<Vec<Ipv4Addr>> {
    let parts = address.segments();
    let v4 = |at: usize| Ipv4Addr::from_bits(u32::from(parts[at]) << 16 | u32::from(parts[at + 1]));
    match parts {
        // IPv4-mapped; NAT64 (RFC 6052), which is how IPv6-only networks see IPv4
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(vec![v4(6)]),
        [0x2002, ..] => Some(vec![v4(1)]), // 6to4
        // Teredo: its server, and its client with all bits turned round
        [0x2001, 0, ..] => Some(vec![v4(2), Ipv4Addr::from_bits(!v4(6).to_bits())]),
        _ => None,
    }
}

/// Reads a URL and checks what can be told from it alone: http or https, and no private address in any spelling.
/// What its name resolves to is checked when it is connected to. A `#fragment` is dropped: no server sees it.
pub fn check_url(url: &str, allow: &[Cidr]) -> Result<Url, FetchError> {
    // What cannot be read is not shown: it may hold a password.
    let unreadable = |why: String| FetchError::Private { url: "this address".to_owned(), why };
    if url.len() > MAX_URL {
        return Err(unreadable(format!("it is longer than {MAX_URL} bytes")));
    }
    let mut url = Url::parse(url.trim()).map_err(|error| unreadable(format!("it is no URL ({error})")))?;
    url.set_fragment(None);
    check(&url, allow)?;
    Ok(url)
}

/// The same for a URL that has been read.
pub(super) fn check(url: &Url, allow: &[Cidr]) -> Result<(), FetchError> {
    let refuse = |why: String| Err(FetchError::Private { url: super::redact::redacted(url), why });
    if !matches!(url.scheme(), "http" | "https") {
        // Not shown either: what somebody meant as `user:password@host` is read as a scheme and a path.
        let why = "it is neither http nor https".to_owned();
        return Err(FetchError::Private { url: "this address".to_owned(), why });
    }
    let literal = match url.host() {
        None => return refuse("it names no host".to_owned()),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            if name.is_empty() {
                return refuse("it names no host".to_owned());
            }
            let local = name == "localhost" || name.ends_with(".localhost"); // RFC 6761: never anything but this machine
            if local && !allowed(Ipv4Addr::LOCALHOST.into(), allow) && !allowed(Ipv6Addr::LOCALHOST.into(), allow) {
                return refuse(private(name));
            }
            match name.parse() {
                Ok(address) => address,
                Err(_) => return Ok(()),
            }
        }
    };
    if allowed(literal, allow) { Ok(()) } else { refuse(private(&literal.to_string())) }
}

/// Why an address is refused, and what to do if it is meant.
pub(super) fn private(address: &str) -> String {
    format!("{address} is no public address; list it in `allow_private` of [fetch] if it is meant")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ranges: &[&str]) -> Vec<Cidr> {
        ranges.iter().map(|range| range.parse().expect("a range")).collect()
    }

    #[test]
    fn both_edges_of_every_range_are_refused_and_their_neighbours_are_not() {
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
            ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
            ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
            ("168.63.129.16", "168.63.129.16", Some("168.63.129.15"), Some("168.63.129.17")),
            ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
            ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
            ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
            ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
            ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
            ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
            ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
            ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("2000::")),
            ("2001:2::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("2001:200::")),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:db7:ffff::"), Some("2001:db9::")),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3ffe:ffff::"), Some("3fff:1000::")),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3fff:ffff::"), None),
        ] {
            for (text, good) in [(Some(first), false), (Some(last), false), (before, true), (after, true)] {
                let Some(text) = text else { continue };
                assert_eq!(allowed(text.parse().expect("an address"), &[]), good, "{text}");
            }
        }
    }

    #[test]
    fn an_address_is_as_private_as_the_one_inside_it() {
        for (text, good) in [
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:8.8.8.8", true),
            ("::127.0.0.1", false),
            ("::8.8.8.8", false),
            ("::ffff:0:8.8.8.8", false),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b:1::8.8.8.8", false),
            ("2002:7f00:1::1", false),
            ("2002:808:808::1", true),
            ("2001:0:808:808::f5ff:fffe", false), // a Teredo client at 10.0.0.1
            ("2001:0:a00:1::f7f7:f7f7", false),   // a Teredo server at 10.0.0.1
            ("2001:0:808:808:0:0:f7f7:f7f7", true),
            ("::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("fd00:ec2::254", false),
            ("ff02::1", false),
            ("2606:4700::1111", true),
        ] {
            assert_eq!(allowed(text.parse().expect("an address"), &[]), good, "{text}");
        }
    }

    #[test]
    fn what_is_listed_is_allowed_in_every_spelling_and_nothing_else_is() {
        let allow = list(&["10.0.0.0/8", "fd00::/8"]);
        for (text, good) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("64:ff9b::10.1.2.3", true),
            ("fd12::1", true),
            ("192.168.0.1", false),
            ("64:ff9b::192.168.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(allowed(text.parse().expect("an address"), &allow), good, "{text}");
        }
        let loopback = list(&["::1"]);
        assert!(check_url("http://localhost:8080/", &loopback).is_ok());
        assert!(check_url("http://[::1]:8080/", &loopback).is_ok());
        assert!(check_url("http://127.0.0.1:8080/", &loopback).is_err());
    }
}
