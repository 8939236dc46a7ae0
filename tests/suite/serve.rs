//! `relais serve`, and the files that `relais daemon --listen` serves: what feed readers, browsers, caches and attackers get.

mod behind_proxies;
mod bucket;
mod guarded;
mod monitoring;
mod status_page;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::daemon::{Running, busy, published, until, write};
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// A server of the output of one run, its address, and what was published.
struct Served {
    world: World,
    origin: Origin,
    _server: Running,
    address: String,
}

impl Served {
    async fn start(top: &str, more: &str) -> Self {
        Self::start_in(World::new(""), top, more).await
    }

    /// The same in a world that has files of its own.
    async fn start_in(world: World, top: &str, more: &str) -> Self {
        let origin = Origin::start().await;
        origin.on("/a", Reply::ok(rss("a", &stories(0..9))).tagged());
        world.configure(top, &(tables(&[("a", origin.url("/a"))]) + more));
        assert_eq!(world.relais(&["run"]).await.code, Some(0));
        let address = free_address();
        let server = Running::serve(&world, &["--listen", &address]);
        until("it listens", || TcpStream::connect(&address).is_ok()).await;
        Self { world, origin, _server: server, address }
    }

    async fn ask(&self, method: Method, path: &str, fields: &[(&'static str, &str)]) -> Response {
        let fields: HeaderMap =
            fields.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))).collect();
        let client = reqwest::Client::builder().no_gzip().no_brotli().no_zstd().no_deflate();
        let client = client.redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let request = client.request(method, format!("http://{}{path}", self.address)).headers(fields);
        request.send().await.expect("it answers")
    }

    async fn get(&self, path: &str, fields: &[(&'static str, &str)]) -> Response {
        self.ask(Method::GET, path, fields).await
    }

    /// Sends bytes as they are, and returns the status line of the answer.
    fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        while !answer.contains(&b'\n') {
            match stream.read(&mut part) {
                Ok(length) if length > 0 => answer.extend(&part[..length]),
                _ => break,
            }
        }
        String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
    }
}

/// An address that nobody listens on.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string()
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
}

#[tokio::test]
async fn every_file_of_the_manifest_is_served_as_it_is_with_its_hash_as_tag() {
    let served = Served::start("", "").await;
    let manifest: serde_json::Value = serde_json::from_str(&served.world.output("manifest.json")).expect("JSON");
    let files = manifest["files"].as_array().expect("files");
    assert!(files.len() >= 6, "{manifest}");
    for file in files {
        let name = file["name"].as_str().expect("a name");
        let response = served.get(&format!("/{name}"), &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert_eq!(field(&response, "etag"), format!("\"{}\"", &file["sha256"].as_str().expect("a hash")[..32]), "{name}");
        assert_eq!(response.bytes().await.expect("a body"), served.world.output(name).as_bytes(), "{name}");
    }
    let root = served.get("/", &[]).await;
    assert_eq!(root.text().await.expect("text"), served.world.output("index.html"));
}

#[tokio::test]
async fn kinds_of_files_have_their_media_types() {
    let served = Served::start("", "").await;
    for (name, kind) in [
        ("jeux.atom", "application/atom+xml; charset=utf-8"),
        ("jeux.rss", "application/rss+xml; charset=utf-8"),
        ("jeux.json", "application/feed+json"),
        ("jeux.html", "text/html; charset=utf-8"),
        ("sources.opml", "text/x-opml; charset=utf-8"),
        ("manifest.json", "application/json"),
    ] {
        let response = served.get(&format!("/{name}"), &[]).await;
        assert_eq!(field(&response, "content-type"), kind, "{name}");
        assert_eq!(field(&response, "x-content-type-options"), "nosniff");
        assert_eq!(field(&response, "access-control-allow-origin"), "*");
        assert!(field(&response, "content-security-policy").contains("frame-ancestors 'none'"));
    }
}

#[tokio::test]
async fn browser_that_opens_a_feed_gets_it_as_xml_and_its_style_sheet() {
    let served = Served::start("", "").await;
    let opened = served.get("/jeux.atom", &[("sec-fetch-dest", "document")]).await;
    assert_eq!(field(&opened, "content-type"), "text/xml; charset=utf-8");
    assert!(field(&opened, "vary").contains("sec-fetch-dest"));
    assert!(opened.text().await.expect("text").contains("href=\"feed.css\""));
    assert_eq!(field(&served.get("/feed.css", &[]).await, "content-type"), "text/css; charset=utf-8");
    let page = served.get("/jeux.html", &[("sec-fetch-dest", "document")]).await;
    assert_eq!(field(&page, "content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn second_poll_is_answered_with_304_until_the_file_changes() {
    let served = Served::start("", "").await;
    let first = served.get("/jeux.atom", &[]).await;
    let (tag, date) = (field(&first, "etag").to_owned(), field(&first, "last-modified").to_owned());
    for fields in [[("if-none-match", &*tag)], [("if-modified-since", &*date)]] {
        let again = served.get("/jeux.atom", &fields).await;
        assert_eq!((again.status(), field(&again, "etag")), (StatusCode::NOT_MODIFIED, &*tag), "{fields:?}");
        assert!(again.bytes().await.expect("none").is_empty());
    }
    served.origin.on("/a", Reply::ok(rss("a", &stories(0..11))).tagged());
    assert_eq!(served.world.relais(&["run", "--force"]).await.code, Some(0));
    let changed = async {
        while served.get("/jeux.atom", &[("if-none-match", &*tag)]).await.status() == StatusCode::NOT_MODIFIED {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), changed).await.expect("the new version is served");
    assert!(served.get("/jeux.atom", &[]).await.text().await.expect("text").contains("Titre 10"));
}

#[tokio::test]
async fn each_coding_has_a_tag_of_its_own_and_gives_the_same_bytes() {
    let served = Served::start("", "").await;
    let plain = served.world.output("jeux.atom").into_bytes();
    let mut tags = vec![field(&served.get("/jeux.atom", &[]).await, "etag").to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let response = served.get("/jeux.atom", &[("accept-encoding", coding)]).await;
        assert_eq!((field(&response, "content-encoding"), field(&response, "vary")), (coding, "accept-encoding, sec-fetch-dest"));
        let tag = field(&response, "etag").to_owned();
        let again = served.get("/jeux.atom", &[("accept-encoding", coding), ("if-none-match", &*tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let bytes = response.bytes().await.expect("a body");
        assert!(bytes.len() < plain.len() / 2, "{coding}: {} of {}", bytes.len(), plain.len());
        let mut decoded = Vec::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut decoded).expect("gzip"),
            "br" => brotli::Decompressor::new(&*bytes, 4096).read_to_end(&mut decoded).expect("brotli"),
            _ => zstd::stream::Decoder::new(&*bytes).expect("zstd").read_to_end(&mut decoded).expect("zstd"),
        };
        assert_eq!(Sha256::digest(&decoded), Sha256::digest(&plain), "{coding}");
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{tags:?}");
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let served = Served::start("", "").await;
    let get = served.get("/jeux.html", &[]).await;
    let head = served.ask(Method::HEAD, "/jeux.html", &[]).await;
    for name in ["content-length", "content-type", "etag", "last-modified", "cache-control"] {
        assert!(!field(&get, name).is_empty() && field(&get, name) == field(&head, name), "{name}");
    }
    assert!(head.bytes().await.expect("none").is_empty());
}

#[tokio::test]
async fn range_gets_a_part_of_the_file() {
    let served = Served::start("", "").await;
    let whole = served.world.output("jeux.json").into_bytes();
    let part = served.get("/jeux.json", &[("range", "bytes=10-29")]).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(field(&part, "content-range"), format!("bytes 10-29/{}", whole.len()));
    assert_eq!(part.bytes().await.expect("a body"), whole[10..30]);
    let beyond = served.get("/jeux.json", &[("range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_allowed() {
    let served = Served::start("", "").await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let response = served.ask(method.clone(), "/jeux.atom", &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(field(&response, "allow"), "GET,HEAD", "{method}");
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_output() {
    let served = Served::start("", "").await;
    write(&served.world.path("output/secret.txt"), "kept from readers");
    std::os::unix::fs::symlink("/etc/passwd", served.world.path("output/link.atom")).expect("a link");
    for path in [
        "/../feeds.toml",
        "/..%2ffeeds.toml",
        "/%2e%2e/feeds.toml",
        "/./../feeds.toml",
        "/..%5cfeeds.toml",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/jeux.atom/..",
        "/jeux.atom/../../feeds.toml",
        "/jeux.atom%00.html",
        "/jeux.atom/",
        "/secret.txt",
        "/link.atom",
        "/.relais-x",
        "/output",
        "/JEUX.ATOM",
        "/jeux.atom ",
        "/jeux%252eatom",
        "/%ff%fe",
        "/?x=/../feeds.toml&y",
        "/con",
        "/relais.db",
        "/....//feeds.toml",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
        let status = served.raw(request.as_bytes());
        let is_index = path.starts_with("/?") && status.starts_with("HTTP/1.1 200");
        assert!(is_index || status.starts_with("HTTP/1.1 4"), "{path}: {status}");
    }
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let served = Served::start("", "").await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: a.example\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a.example\r\n{}\r\n", "X: y\r\n".repeat(500));
    for request in [
        "GET /jeux.atom HTTP/1.1\r\n\r\n",
        "GET /jeux.atom HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /jeux.atom HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        &long,
        &many,
    ] {
        let status = served.raw(request.as_bytes());
        assert!(status.starts_with("HTTP/1.1 4"), "{}: {status}", &request[..request.len().min(60)]);
    }
    assert!(served.raw(b"GET /jeux.atom HTTP/1.1\r\nHost: a.example\r\n\r\n").starts_with("HTTP/1.1 200"), "it serves on");
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_served() {
    let served = Served::start("", "").await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    let response = client.get(format!("http://{}/jeux.atom", served.address)).send().await.expect("it answers");
    assert_eq!((response.version(), response.status()), (reqwest::Version::HTTP_2, StatusCode::OK));
}

#[tokio::test]
async fn clients_that_send_nothing_do_not_keep_others_out() {
    let served = Served::start("", "").await;
    let idle: Vec<_> = (0..600).filter_map(|_| TcpStream::connect(&served.address).ok()).collect();
    let mut dripping: Vec<_> = (0..100).filter_map(|_| TcpStream::connect(&served.address).ok()).collect();
    for stream in &mut dripping {
        let _ = stream.write_all(b"GET /jeux.at");
    }
    assert!(idle.len() + dripping.len() > 600);
    assert_eq!(served.get("/jeux.atom", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn base_path_comes_before_every_path() {
    let served = Served::start("", "[serve]\nbase_path = \"/news/\"\n").await;
    for (path, status) in [
        ("/news/jeux.atom", 200),
        ("/news", 308),
        ("/news/", 200),
        ("/news/healthz", 200),
        ("/jeux.atom", 404),
        ("/newsjeux.atom", 404),
    ] {
        assert_eq!(served.get(path, &[]).await.status().as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn link_header_names_the_feed_itself_and_its_other_formats() {
    let served = Served::start("base_url = \"https://news.example/\"\n", "").await;
    let response = served.get("/jeux.atom", &[]).await;
    let links = field(&response, "link");
    assert!(links.starts_with("<https://news.example/jeux.atom>; rel=\"self\", "), "{links}");
    assert!(links.contains("<https://news.example/jeux.rss>; rel=\"alternate\"; type=\"application/rss+xml\""), "{links}");
}

#[tokio::test]
async fn reader_is_ready_once_something_is_published() {
    let world = World::new("");
    world.configure("", "[source.a]\nurl = \"http://127.0.0.1:9/\"\n[edition.jeux]\nfrom = [\"*\"]\n");
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let status = async |path: &str| reqwest::get(format!("http://{address}{path}")).await.expect("it answers").status().as_u16();
    assert_eq!((status("/healthz").await, status("/readyz").await, status("/jeux.atom").await), (200, 503, 503));
}

#[tokio::test]
async fn status_is_served_as_the_command_prints_it() {
    let served = Served::start("", "").await;
    let text = served.get("/status.json", &[]).await.text().await.expect("text");
    let status: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut printed = served.world.relais(&["status", "--json"]).await.json();
    printed["now"] = status["now"].clone();
    assert_eq!(status, printed);
}

#[tokio::test]
async fn metrics_count_sources_entries_and_responses() {
    let served = Served::start("", "[source.off]\nurl = \"http://127.0.0.1:9/\"\nenabled = false\n").await;
    assert_eq!(served.get("/nothing", &[]).await.status(), StatusCode::NOT_FOUND);
    let response = served.get("/metrics", &[]).await;
    assert!(field(&response, "content-type").starts_with("text/plain; version=0.0.4"));
    let text = response.text().await.expect("text");
    for line in [
        "relais_sources{state=\"good\"} 1",
        "relais_sources{state=\"disabled\"} 1",
        "relais_sources{state=\"broken\"} 0",
        "relais_entries{state=\"kept\"} 9",
        "relais_source_consecutive_failures{source=\"a\"} 0",
        "relais_http_responses_total{status=\"404\"} 1",
        "# TYPE relais_http_responses_total counter",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[tokio::test]
async fn token_of_the_operator_is_needed_where_one_is_set() {
    let origin = Origin::start().await;
    let world = World::new("");
    write(&world.path("admin.token"), "a-secret-of-the-operator\n");
    let tables = tables(&[("a", origin.url("/a"))]) + "[serve]\nadmin = { file = \"admin.token\" }\n";
    world.configure("", &tables);
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let client = reqwest::Client::new();
    for path in ["/status", "/status.json", "/metrics"] {
        let ask = || client.get(format!("http://{address}{path}"));
        let status = async |request: reqwest::RequestBuilder| request.send().await.expect("it answers").status().as_u16();
        assert_eq!(status(ask()).await, 401, "{path}");
        assert_eq!(status(ask().bearer_auth("a-secret-of-the-operator")).await, 200, "{path}");
        assert_eq!(status(ask().basic_auth("anybody", Some("a-secret-of-the-operator"))).await, 200, "{path}");
        assert_eq!(status(ask().bearer_auth("a-secret-of-the-operato")).await, 401, "{path}");
        assert_eq!(status(ask().basic_auth("a-secret-of-the-operator", Some(""))).await, 401, "{path}");
    }
}

#[tokio::test]
async fn status_is_not_shown_to_other_machines_without_a_token() {
    let world = World::new("[source.a]\nurl = \"http://127.0.0.1:9/\"\n[edition.jeux]\nfrom = [\"*\"]\n");
    let port = TcpListener::bind("0.0.0.0:0").expect("a port").local_addr().expect("its address").port();
    let _server = Running::serve(&world, &["--listen", &format!("0.0.0.0:{port}")]);
    until("it listens", || TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    for path in ["status", "status.json", "metrics"] {
        let response = reqwest::get(format!("http://127.0.0.1:{port}/{path}")).await.expect("it answers");
        assert_eq!(response.status().as_u16(), 403);
        assert!(response.text().await.expect("text").contains("set `[serve] admin`"));
    }
}

#[tokio::test]
async fn daemon_serves_what_it_publishes() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))).tagged());
    let world = World::new(&busy(&[("a", origin.url("/a"))]));
    let address = free_address();
    let _daemon = Running::start_with(&world, &["--listen", &address]);
    published(&world, "Titre 2").await;
    until("the manifest is written", || world.path("output/manifest.json").exists()).await;
    let response = reqwest::get(format!("http://{address}/jeux.atom")).await.expect("it answers");
    assert_eq!(response.text().await.expect("text"), world.output("jeux.atom"));
}

#[tokio::test]
async fn base_path_that_is_none_is_refused() {
    let world = World::new("[serve]\nbase_path = \"news/../x\"\n");
    let checked = world.relais(&["check"]).await;
    assert_eq!(checked.code, Some(2));
    assert!(checked.stderr.contains("`base_path` must be a path that begins with a `/`"), "{}", checked.stderr);
}
