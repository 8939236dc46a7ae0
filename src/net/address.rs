//! Public and private addresses. Pure: what a name resolves to is checked in `resolve`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::Cidr;

/// IPv4 ranges that are not public: the entries of IANA's special-purpose registry that are not globally reachable, reserved
/// and multicast ranges, and the one metadata service with a public address.
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

/// Ranges within `2000::/3` that are not public. Nothing outside it is public (loopback, link-local, unique local, site-local,
/// multicast, IPv4-compatible and -translated), except NAT64.
const NOT_PUBLIC_V6: &[([u16; 2], u32)] = &[
    ([0x2001, 0x0000], 23), // protocol assignments, benchmarking, ORCHID (Teredo is decoded first)
    ([0x2001, 0x0db8], 32), // documentation
    ([0x3fff, 0x0000], 20), // documentation
];

/// True if `address` is public or in a range of `allow`.
pub(super) fn is_allowed(address: IpAddr, allow: &[Cidr]) -> bool {
    allow.iter().any(|range| range.contains(address))
        || match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => match embedded_v4(address) {
                Some(inner) => inner.into_iter().all(|inner| is_allowed(IpAddr::V4(inner), allow)),
                None => is_public_v6(address),
            },
        }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC.iter().any(|&(range, prefix)| (address.to_bits() ^ u32::from_be_bytes(range)) >> (32 - prefix) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let start = u32::from(first) << 16 | u32::from(second);
    let within = |&([a, b], prefix): &([u16; 2], u32)| (start ^ (u32::from(a) << 16 | u32::from(b))) >> (32 - prefix) == 0;
    first >> 13 == 1 && !NOT_PUBLIC_V6.iter().any(within)
}

/// Returns the IPv4 addresses embedded in an IPv6 address: a tunnel or a translator connects to those.
fn embedded_v4(address: Ipv6Addr) -> Option<Vec<Ipv4Addr>> {
    let parts = address.segments();
    let v4 = |at: usize| Ipv4Addr::from_bits(u32::from(parts[at]) << 16 | u32::from(parts[at + 1]));
    match parts {
        // IPv4-mapped; NAT64 (RFC 6052), which is how IPv6-only networks see IPv4
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(vec![v4(6)]),
        [0x2002, ..] => Some(vec![v4(1)]), // 6to4
        // Teredo: its server, and its client with all bits inverted
        [0x2001, 0, ..] => Some(vec![v4(2), Ipv4Addr::from_bits(!v4(6).to_bits())]),
        _ => None,
    }
}

/// Returns the reason why an address is refused, with the setting that allows it.
pub(super) fn private_reason(address: &str) -> String {
    format!("{address} is not a public address; list it in `allow_private` of [fetch] to allow it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_public(text: &str) -> bool {
        is_allowed(text.parse().expect("an address"), &[])
    }

    #[test]
    fn both_edges_of_every_private_range_are_refused_and_their_neighbours_are_not() {
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
                assert_eq!(is_public(text), good, "{text}");
            }
        }
    }

    #[test]
    fn ipv6_address_is_as_private_as_the_ipv4_address_inside_it() {
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
            assert_eq!(is_public(text), good, "{text}");
        }
    }

    #[test]
    fn allowed_range_covers_every_spelling_of_its_addresses() {
        let allow = ["10.0.0.0/8", "fd00::/8"].map(|range| range.parse::<Cidr>().expect("a range"));
        for (text, good) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("64:ff9b::10.1.2.3", true),
            ("fd12::1", true),
            ("192.168.0.1", false),
            ("64:ff9b::192.168.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(is_allowed(text.parse().expect("an address"), &allow), good, "{text}");
        }
    }
}
