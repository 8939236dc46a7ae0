//! The ways on which a feed may come: compressed, through proxies, over IPv6.

use std::io::Write;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;
use crate::support::tls;

#[tokio::test]
async fn every_accepted_compression_is_decoded() {
    let origin = Origin::start().await;
    let feed = |name: &str| rss(name, &stories(0..2));
    let zlib = |text: &str| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory can be written to")
    };
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory can be written to")
    };
    let brotli = |text: &str| {
        let mut packed = Vec::new();
        let mut encoder = brotli::CompressorWriter::new(&mut packed, 4096, 5, 22);
        encoder.write_all(text.as_bytes()).expect("memory can be written to");
        drop(encoder);
        packed
    };
    let bodies = [
        ("gzip", gzip(&feed("gzip"))),
        ("br", brotli(&feed("br"))),
        ("zstd", zstd::encode_all(feed("zstd").as_bytes(), 3).expect("it packs")),
        ("deflate", zlib(&feed("deflate"))),
    ];
    for (encoding, body) in &bodies {
        origin.on(&format!("/{encoding}"), Reply::ok(body.clone()).header("content-encoding", encoding));
    }
    let sources: Vec<(&str, String)> = bodies.iter().map(|(name, _)| (*name, origin.url(&format!("/{name}")))).collect();
    let world = World::new(&tables(&sources));
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!((&report["sources"]["fresh"], &report["entries"]["new"]), (&4.into(), &8.into()), "{report}");
    let accepted = origin.seen("/br")[0].header("accept-encoding").to_owned();
    assert!(bodies.iter().all(|(encoding, _)| accepted.contains(encoding)), "{accepted}");
    assert!(origin.seen("/br")[0].header("user-agent").contains("; +https://relais.example.org/)"), "where we can be reached");
}

#[tokio::test]
async fn body_that_is_not_compressed_as_stated_is_read() {
    let origin = Origin::start().await;
    let pack = |text: &str| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory can be written to")
    };
    let feed = |name: &str| rss(name, &stories(0..2));
    for (name, encoding, body) in [
        ("raw", "deflate", pack(&feed("raw"))),
        ("plain", "gzip", feed("plain").into_bytes()),
        ("packed", "br", zstd::encode_all(feed("packed").as_bytes(), 3).expect("it packs")),
        ("charset", "utf-8", feed("charset").into_bytes()),
    ] {
        origin.on(&format!("/{name}"), Reply::ok(body).header("content-encoding", encoding));
    }
    let sources = ["raw", "plain", "packed", "charset"].map(|name| (name, origin.url(&format!("/{name}"))));
    let world = World::new(&tables(&sources));
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!((&report["entries"]["new"], &report["faults"]), (&8.into(), &serde_json::json!([])), "{report}");
}

#[tokio::test]
async fn body_that_breaks_off_behind_the_feed_is_read_and_the_fault_told() {
    let origin = Origin::start().await;
    let feed = rss("a", &stories(0..2));
    origin.on("/a", Reply::ok(feed.clone()).cut_after(feed.len()));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let ended = world.relais(&["run", "--json"]).await;
    let report = ended.json();
    assert_eq!(
        (ended.code, &report["entries"]["new"], &report["faults"][0]["kind"]),
        (Some(3), &2.into(), &"connect".into()),
        "{report}"
    );
    let message = report["faults"][0]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("cannot be read to its end") && message.ends_with("the entries that arrived were read"),
        "{message}"
    );
    let again = world.relais(&["run", "--force"]).await;
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""), "nothing is new, and the fault is told already");
    let told = |status: serde_json::Value| status["sources"][0]["fault"]["kind"].clone();
    assert_eq!(told(world.relais(&["status", "--json"]).await.json()), "connect");
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    world.relais(&["run", "--force"]).await;
    assert!(told(world.relais(&["status", "--json"]).await.json()).is_null(), "a whole body ends it");
}

#[tokio::test]
async fn body_cut_within_the_feed_gives_its_whole_entries_and_withdraws_none() {
    let origin = Origin::start().await;
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    origin.on("/a", Reply::ok(rss("a", &stories([0, 1, 3, 4]))).tagged());
    assert_eq!(world.relais(&["run", "--json"]).await.json()["entries"]["new"], 4);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let next = rss("a", &stories(0..6));
    let cut = next.find("a-1</guid>").expect("an item") + 5;
    encoder.write_all(next.as_bytes()).expect("memory can be written to");
    let packed = encoder.finish().expect("memory can be written to");
    // What is not compressed follows a head of some twenty bytes.
    let reply = Reply::ok(packed[..cut + 20].to_vec()).header("content-encoding", "gzip");
    origin.on("/a", reply.header("etag", "\"cut\""));
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!((&report["entries"]["new"], &report["entries"]["withdrawn"]), (&2.into(), &0.into()), "{report}");
    assert_eq!(report["faults"][0]["kind"], "unreadable", "{report}");
    origin.on("/a", Reply::ok(next));
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    let last = origin.seen("/a").pop().expect("a request");
    assert_eq!(last.header("if-none-match"), "", "a part of a feed is never current");
    assert_eq!((&report["entries"]["new"], &report["faults"]), (&0.into(), &serde_json::json!([])), "{report}");
}

#[tokio::test]
async fn source_may_have_an_ipv6_address() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else {
        eprintln!("skipped: this machine has no IPv6");
        return;
    };
    let address = listener.local_addr().expect("its address");
    let origin = Origin::serve(listener, address, "http");
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let refused = world.relais(&["run", "--json"]).await.json();
    assert_eq!(refused["faults"][0]["kind"], "private-address", "127.0.0.1/32 does not allow it: {refused}");
    allow(&world, "\"::1/128\"");
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(report["entries"]["new"], 2, "{report}");
}

/// Has feeds.toml allow this as well.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn allow(world: &World, more: &str) {
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there");
    std::fs::write(world.path("feeds.toml"), text.replace("[\"127.0.0.1/32\"]", &format!("[\"127.0.0.1/32\", {more}]")))
        .expect("it can be written");
}

/// Has feeds.toml name a proxy.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn through(world: &World, proxy: &str) {
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there");
    std::fs::write(world.path("feeds.toml"), text.replace("[fetch]\n", &format!("[fetch]\nproxy = \"{proxy}\"\n")))
        .expect("it can be written");
}

/// A SOCKS5 proxy (RFC 1928) that wants a name and a password (RFC 1929), and leads every name to this machine.
async fn socks(seen: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let talk = async {
                    let mut head = [0; 2];
                    client.read_exact(&mut head).await?;
                    let mut methods = vec![0; head[1].into()];
                    client.read_exact(&mut methods).await?;
                    assert!(methods.contains(&2), "it offers a name and a password: {methods:?}");
                    client.write_all(&[5, 2]).await?;
                    client.read_exact(&mut head).await?;
                    let mut name = vec![0; head[1].into()];
                    client.read_exact(&mut name).await?;
                    let mut password = vec![0; client.read_u8().await?.into()];
                    client.read_exact(&mut password).await?;
                    assert_eq!((name.as_slice(), password.as_slice()), (&b"reader"[..], &b"hush"[..]));
                    client.write_all(&[1, 0]).await?;
                    let mut request = [0; 4];
                    client.read_exact(&mut request).await?;
                    match request[3] {
                        1 => {
                            client.read_u32().await?;
                        }
                        3 => {
                            let mut host = vec![0; client.read_u8().await?.into()];
                            client.read_exact(&mut host).await?;
                            assert_eq!(host, b"feeds.example.org", "socks5h: the proxy looks the name up");
                        }
                        other => panic!("an address of kind {other}"),
                    }
                    let port = client.read_u16().await?;
                    seen.fetch_add(1, Ordering::Relaxed);
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await?;
                    copy_bidirectional(&mut client, &mut server).await
                };
                let _: std::io::Result<(u64, u64)> = talk.await;
            });
        }
    });
    address
}

#[tokio::test]
async fn socks_proxy_carries_every_visit() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let seen = Arc::new(AtomicUsize::new(0));
    let proxy = socks(Arc::clone(&seen)).await;
    let world = World::new(&tables(&[("a", format!("http://feeds.example.org:{}/a", origin.port()))]));
    through(&world, &format!("socks5h://reader:hush@{proxy}"));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((&ended.json()["entries"]["new"], seen.load(Ordering::Relaxed)), (&2.into(), 1), "{ended:?}");
    assert!(!ended.stdout.contains("hush"), "{ended:?}");
}

#[tokio::test]
async fn http_proxy_tunnels_https() {
    let origin = tls::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = listener.local_addr().expect("its address");
    let to = SocketAddr::from(([127, 0, 0, 1], origin.port()));
    let asked = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("it is asked");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.expect("a request"));
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it listens");
        let mut server = TcpStream::connect(to).await.expect("the origin");
        let _ = copy_bidirectional(&mut client, &mut server).await;
        String::from_utf8(head).expect("a request is text")
    });
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    through(&world, &format!("http://localhost:{}\"\nca = \"{}", proxy.port(), tls::CA));
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["entries"]["new"], 2, "{report}");
    assert!(asked.await.expect("no panic").starts_with(&format!("CONNECT 127.0.0.1:{} ", origin.port())));
}

#[tokio::test]
async fn sources_of_one_host_share_a_connection() {
    let taken = Arc::new(AtomicUsize::new(0));
    let origin = tls::start_counting(Arc::clone(&taken)).await;
    let names: Vec<String> = (0..6).map(|number| format!("s{number}")).collect();
    for name in &names {
        origin.on(&format!("/{name}"), Reply::ok(rss(name, &stories(0..1))));
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let world = World::new(&tables(&sources));
    trust(&world, tls::CA);
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!((&report["entries"]["new"], taken.load(Ordering::Relaxed)), (&6.into(), 1), "{report}");
}

/// Has feeds.toml trust a certificate, and ask each host for one thing at a time.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn trust(world: &World, ca: &str) {
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there");
    std::fs::write(world.path("feeds.toml"), text.replace("per_host = 8", &format!("per_host = 1\nca = \"{ca}\"")))
        .expect("it can be written");
}
