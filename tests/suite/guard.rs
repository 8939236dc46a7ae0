//! No request reaches a private address, in whatever spelling, by whatever way.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use relais::model::{BreakKind, Cidr, Outcome, Time, Validators};
use relais::net::{Client, Options, Request, Resolve, check_url};
use tokio::net::TcpListener;

use crate::support::origin::{Origin, Reply};

/// Gives one list of addresses after another; the last one stays.
struct Scripted(Mutex<Vec<Vec<IpAddr>>>);

impl Scripted {
    fn new(lists: &[&[&str]]) -> Arc<Self> {
        let lists = lists.iter().map(|list| list.iter().map(|text| text.parse().expect("an address")).collect());
        Arc::new(Self(Mutex::new(lists.collect())))
    }
}

impl Resolve for Scripted {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut lists = self.0.lock().expect("no test panics with it");
        let list = if lists.len() > 1 { lists.remove(0) } else { lists[0].clone() };
        Box::pin(async move { Ok(list) })
    }
}

fn options(allow: &[&str]) -> Options {
    let allow_private = allow.iter().map(|range| range.parse::<Cidr>().expect("a range")).collect();
    Options { timeout: Duration::from_secs(10), host_interval: Duration::ZERO, allow_private, ..Options::default() }
}

async fn visit(client: &Client, url: &str) -> Result<(), (BreakKind, String)> {
    let ask = Request { url, validators: &Validators::default(), headers: &[], auth: None };
    match client.get(&ask).await.map_err(|error| error.outcome(Time::EPOCH)) {
        Ok(_) => Ok(()),
        Err(Outcome::Broken { kind, message }) => Err((kind, message)),
        Err(other) => panic!("{other:?}"),
    }
}

/// Every way to write this machine that somebody has got past a guard with.
const THIS_MACHINE: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.0.0.1..",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0x7F.0.0.0x1",
    "0177.0.0.1",
    "0177.0.0.01",
    "017700000001",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "0",
    "0.0.0.0",
    "127.255.255.254",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "feeds.localhost",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "user@127.0.0.1",
    "example.org@127.0.0.1",
    "example.org:80@127.1",
];

#[test]
fn loopback_is_refused_in_every_spelling() {
    for host in THIS_MACHINE {
        for url in [format!("http://{host}/"), format!("https://{host}:8443/feed"), format!("  HTTP:\\\\{host}\\ ")] {
            let error = check_url(&url, &[]).expect_err(&url);
            assert!(
                matches!(error.outcome(Time::EPOCH), Outcome::Broken { kind: BreakKind::PrivateAddress, .. }),
                "{url}: {error}"
            );
        }
    }
}

#[test]
fn every_private_address_is_refused() {
    for host in [
        "10.0.0.1",
        "10.1",
        "167772161",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2001:0:7f00:1::]",
        "[64:ff9b:1::a00:1]",
    ] {
        let url = format!("http://{host}/");
        assert!(check_url(&url, &[]).is_err(), "{url}");
    }
}

#[test]
fn invalid_urls_are_refused_without_being_shown() {
    for url in
        ["ftp://ada:hush@example.org/", "file:///etc/passwd", "gopher://example.org/", "ada:hush@example.org", "/feed?hush", ""]
    {
        let error = check_url(url, &[]).expect_err(url).to_string();
        assert!(!error.contains("hush"), "{error}");
    }
    assert!(check_url(&format!("http://example.org/{}", "x".repeat(9_000)), &[]).is_err());
}

#[test]
fn public_and_allowed_addresses_pass() {
    let allow: Vec<Cidr> = vec!["127.0.0.0/8".parse().expect("a range")];
    for url in [
        "http://example.org/",
        "https://example.org.:8443/a?b",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/",
        "http://notlocalhost/",
    ] {
        assert!(check_url(url, &[]).is_ok(), "{url}");
    }
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "127.0.0.1."] {
        assert!(check_url(&format!("http://{host}/"), &allow).is_ok(), "{host}");
    }
    assert!(check_url("http://10.0.0.1/", &allow).is_err());
}

#[tokio::test]
async fn no_request_reaches_this_machine() {
    let origin = Origin::start().await;
    let client = Client::new(options(&[])).expect("a client");
    for host in THIS_MACHINE {
        let url = format!("http://{host}:{}/feed", origin.port());
        let (kind, message) = visit(&client, &url).await.expect_err(&url);
        assert_eq!(kind, BreakKind::PrivateAddress, "{url}: {message}");
        assert!(message.contains("allow_private"), "{message}");
    }
    assert_eq!(origin.count(), 0);
    let client = Client::new(options(&["127.0.0.1"])).expect("a client");
    visit(&client, &format!("http://2130706433:{}/feed", origin.port())).await.expect_err("404");
    assert_eq!(origin.count(), 1, "it would have arrived");
}

#[tokio::test]
async fn name_that_resolves_to_a_private_address_is_refused() {
    let origin = Origin::start().await;
    for list in [&["127.0.0.1"][..], &["10.0.0.7", "127.0.0.1", "::1"], &["::ffff:127.0.0.1"], &["169.254.169.254"]] {
        let client = Client::with_resolver(options(&[]), Scripted::new(&[list])).expect("a client");
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://intranet.example:{}/feed", origin.port());
            let (kind, message) = visit(&client, &url).await.expect_err(&url);
            assert_eq!(kind, BreakKind::PrivateAddress, "{message}");
            assert!(message.contains(&format!("intranet.example resolves to {}", list[0])), "{message}");
        }
    }
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn dns_rebinding_gains_nothing() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok("<rss/>").header("connection", "close"));
    // The listed address stands for a public one; the second look-up leads elsewhere, as DNS rebinding does.
    let resolver = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = Client::with_resolver(options(&["127.0.0.1/32"]), resolver).expect("a client");
    let url = format!("http://rebinding.example:{}/feed", origin.port());
    visit(&client, &url).await.expect("the first address is allowed");
    let (kind, _) = visit(&client, &url).await.expect_err("the second is not");
    assert_eq!(kind, BreakKind::PrivateAddress);
    assert_eq!(origin.count(), 1);
}

#[tokio::test]
async fn only_allowed_addresses_of_a_mixed_list_are_connected_to() {
    let outside = Origin::start().await;
    outside.on("/feed", Reply::ok("<rss/>"));
    // Not every system lets us listen there; without it the test sees less, and never sees what is not so.
    let inside = TcpListener::bind(("127.0.0.2", outside.port())).await.ok();
    let inside = inside.and_then(|tcp| Some((tcp.local_addr().ok()?, tcp))).map(|(at, tcp)| Origin::serve(tcp, at, "http"));
    let resolver = Scripted::new(&[&["127.0.0.2", "10.0.0.7", "127.0.0.1", "::1"]]);
    let client = Client::with_resolver(options(&["127.0.0.1/32"]), resolver).expect("a client");
    visit(&client, &format!("http://mixed.example:{}/feed", outside.port())).await.expect("one address is allowed");
    assert_eq!((outside.count(), inside.map_or(0, |inside| inside.count())), (1, 0));
}

#[tokio::test]
async fn proxy_may_be_private_but_no_source_may_name_it() {
    let proxy = Origin::start().await;
    proxy.on("/feed", Reply::ok("<rss/>"));
    let address = format!("http://proxy.example.:{}", proxy.port());
    let options = Options { proxy: Some(address.clone().into()), ..options(&[]) };
    let client = Client::with_resolver(options, Scripted::new(&[&["127.0.0.1"]])).expect("a client");
    visit(&client, "http://public.example/feed").await.expect("it goes through the proxy");
    for url in [address.as_str(), "http://proxy.example/feed", "https://PROXY.example:1/"] {
        let (kind, message) = visit(&client, url).await.expect_err(url);
        assert_eq!((kind, message.contains("is the proxy")), (BreakKind::PrivateAddress, true), "{message}");
    }
    assert_eq!(proxy.count(), 1);
}

#[tokio::test]
async fn redirect_to_a_private_address_is_refused() {
    let (outside, inside) = (Origin::start().await, Origin::start().await);
    // 127.0.0.1 stands for a public address here, and all others of this machine for private ones.
    let resolver = Scripted::new(&[&["127.0.0.1"]]);
    let client = Client::with_resolver(options(&["127.0.0.1/32"]), resolver).expect("a client");
    let start = format!("http://public.example:{}/start", outside.port());
    for host in ["10.0.0.1", "127.0.0.2", "[::1]", "0x7f.2", "169.254.169.254", "[::ffff:a9fe:a9fe]"] {
        outside.on("/start", Reply::redirect(302, &format!("http://{host}:{}/secret", inside.port())));
        let (kind, message) = visit(&client, &start).await.expect_err(host);
        assert_eq!(kind, BreakKind::PrivateAddress, "{message}");
        assert!(message.contains("public.example") && message.contains("redirects there"), "{message}");
    }
    for target in ["file:///etc/passwd", "ftp://public.example/"] {
        outside.on("/start", Reply::redirect(302, target));
        assert_eq!(visit(&client, &start).await.expect_err(target).0, BreakKind::PrivateAddress);
    }
    assert_eq!(inside.count(), 0);
}
