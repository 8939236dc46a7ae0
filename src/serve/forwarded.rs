//! The client behind proxies: what `Forwarded` (RFC 7239) or `X-Forwarded-For`, `-Proto` and `-Host` say of it, as far as they come from
//! proxies that are trusted. Anybody may send these headers.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HOST};

use crate::model::Cidr;

/// The origin of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// An address.
    Ip(IpAddr),
    /// This machine, through a Unix socket: whoever may open it is trusted as a proxy.
    Unix,
}

/// The client of a request, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Client {
    /// Its address; nothing behind a Unix socket whose proxy says nothing.
    pub(super) address: Option<IpAddr>,
    /// True if it speaks HTTPS to the first proxy.
    pub(super) is_https: bool,
    /// The host, with a port perhaps, that it asked for.
    pub(super) host: Option<String>,
}

/// Holds the words of one proxy about its client.
#[derive(Default)]
struct Hop {
    client: Option<IpAddr>,
    is_https: Option<bool>,
    host: Option<String>,
}

/// Finds the client of a request.
pub(super) fn find_client(peer: Peer, request: &HeaderMap, trusted: &[Cidr]) -> Client {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let own_host = request.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let mut client = match peer {
        Peer::Ip(address) => Client { address: Some(address.to_canonical()), is_https: false, host: own_host },
        Peer::Unix => Client { address: None, is_https: false, host: own_host },
    };
    if !client.address.is_none_or(is_trusted) {
        return client;
    }
    // The last proxy has written the last entry: an entry counts if the one who wrote it is trusted.
    for hop in hops(request).into_iter().rev() {
        client.is_https = hop.is_https.unwrap_or(client.is_https);
        client.host = hop.host.or(client.host);
        let Some(address) = hop.client else { break };
        client.address = Some(address);
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// Returns true if a request says that it comes through a proxy.
pub(super) fn is_forwarded(request: &HeaderMap) -> bool {
    request.contains_key(FORWARDED) || request.keys().any(|name| name.as_str().starts_with("x-forwarded-"))
}

/// The entries of the proxies, the first one first.
fn hops(request: &HeaderMap) -> Vec<Hop> {
    if request.contains_key(FORWARDED) {
        return list(request, FORWARDED.as_str()).map(forwarded_hop).collect();
    }
    let mut hops: Vec<Hop> =
        list(request, "x-forwarded-for").map(|text| Hop { client: address(text), ..Hop::default() }).collect();
    if hops.is_empty() {
        hops.push(Hop::default());
    }
    // These two are no lists by custom; of several values, the last is the one that the last proxy has set.
    if let Some(last) = hops.last_mut() {
        last.is_https = list(request, "x-forwarded-proto").last().map(|proto| proto.eq_ignore_ascii_case("https"));
        last.host = list(request, "x-forwarded-host").last().filter(|host| is_host(host)).map(str::to_owned);
    }
    hops
}

/// The items of a header that is a list, in however many lines.
fn list<'a>(request: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
}

fn forwarded_hop(item: &str) -> Hop {
    let mut hop = Hop::default();
    for (name, value) in item.split(';').filter_map(|pair| pair.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = address(value),
            "proto" => hop.is_https = Some(value.eq_ignore_ascii_case("https")),
            "host" => hop.host = is_host(value).then(|| value.to_owned()),
            _ => {}
        }
    }
    hop
}

/// Reads `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711` and the like. `unknown` and hidden names are no addresses.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let found = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    found.map(|address: IpAddr| address.to_canonical())
}

fn is_host(text: &str) -> bool {
    text.len() <= 255 && super::host_header::is_host(text)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn client(peer: &str, fields: &[(&'static str, &'static str)]) -> Client {
        let mut request = HeaderMap::new();
        request.append(HOST, HeaderValue::from_static("own.example"));
        for (name, value) in fields {
            request.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let trusted: Vec<Cidr> = ["127.0.0.1/32", "10.0.0.0/8", "::1"].map(|range| range.parse().expect("a range")).into();
        let peer = if peer == "unix" { Peer::Unix } else { Peer::Ip(peer.parse().expect("an address")) };
        find_client(peer, &request, &trusted)
    }

    fn found(client: &Client) -> (String, bool, &str) {
        let address = client.address.map(|address| address.to_string()).unwrap_or_default();
        (address, client.is_https, client.host.as_deref().unwrap_or_default())
    }

    #[test]
    fn headers_of_a_stranger_say_nothing() {
        let fields = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")];
        assert_eq!(found(&client("203.0.113.5", &fields)), ("203.0.113.5".into(), false, "own.example"));
        let fields = [("forwarded", "for=192.0.2.7;proto=https;host=evil.example")];
        assert_eq!(found(&client("203.0.113.5", &fields)), ("203.0.113.5".into(), false, "own.example"));
    }

    #[test]
    fn trusted_proxy_tells_the_client() {
        let fields = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "news.example")];
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "unix"] {
            assert_eq!(found(&client(peer, &fields)), ("192.0.2.7".into(), true, "news.example"), "{peer}");
        }
        let fields = [("forwarded", "For=\"[2001:db8::7]:4711\"; Proto=https; host=news.example")];
        assert_eq!(found(&client("127.0.0.1", &fields)), ("2001:db8::7".into(), true, "news.example"));
    }

    #[test]
    fn what_a_client_wrote_before_its_proxy_is_not_believed() {
        let fields = [("x-forwarded-for", "1.2.3.4, 192.0.2.7, 10.1.1.1")];
        assert_eq!(found(&client("127.0.0.1", &fields)).0, "192.0.2.7");
        let fields = [("forwarded", "for=1.2.3.4;proto=https;host=evil.example, for=192.0.2.7;proto=http")];
        assert_eq!(found(&client("127.0.0.1", &fields)), ("192.0.2.7".into(), false, "own.example"));
    }

    #[test]
    fn nonsense_is_passed_over() {
        for value in ["unknown", "_hidden", "", ",,,", "999.1.1.1", "a b"] {
            assert_eq!(found(&client("127.0.0.1", &[("x-forwarded-for", value)])).0, "127.0.0.1", "{value}");
        }
        let client = client("127.0.0.1", &[("x-forwarded-host", "a/b"), ("x-forwarded-for", "192.0.2.7")]);
        assert_eq!(found(&client).2, "own.example");
    }
}
