//! Hubs that tell of what is new (WebSub): one that does as a test says, and one that others wrote.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use relais::clock::SystemClock;
use relais::model::{Clock, SourceId, Subscription, Time};
use relais::store::{Access, SourceRow, Store};
use sha2::Sha256;
use tokio::time::{sleep, timeout};

use crate::daemon::{Running, published, until};
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon that hubs can reach, and the address of its server.
fn reachable(sources: &[(&str, String)]) -> (World, Running, String) {
    let world = World::new("");
    let address = free();
    world.configure(&format!("base_url = \"http://{address}/\""), &tables(sources));
    let daemon = Running::start_with(&world, &["--listen", &address]);
    (world, daemon, format!("http://{address}"))
}

/// An address that nobody listens on.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string()
}

/// A feed that names its hub in its headers, as hubs want it.
fn with_hub(body: String, hub: &str, itself: &str) -> Reply {
    Reply::ok(body)
        .header("content-type", "application/rss+xml")
        .header("link", format!("<{hub}>; rel=\"hub\""))
        .header("link", format!("<{itself}>; rel=\"self\""))
        .tagged()
}

async fn kept(world: &World) -> Option<(Subscription, SourceRow)> {
    let store = Store::open(&format!("sqlite:{}", world.path("relais.db").display()), Access::Look).await.ok()?;
    let id = [SourceId::new("a")];
    Some((store.load_subscriptions(&id).await.ok()?.pop()?, store.load_source_rows(&id).await.ok()?.pop()?))
}

/// Waits until what is kept of the subscription is so.
async fn agreed(world: &World, is_so: impl Fn(&Subscription) -> bool) -> (Subscription, SourceRow) {
    let wait = async {
        loop {
            if let Some(kept) = kept(world).await.filter(|(subscription, _)| is_so(subscription)) {
                return kept;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it is agreed in time")
}

/// How often relais itself asked for the feed.
fn polls(origin: &Origin) -> usize {
    origin.seen("/a").iter().filter(|seen| seen.header("user-agent").starts_with("relais")).count()
}

fn form(body: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn signed(body: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(body.as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

#[tokio::test]
async fn signed_push_is_accepted_and_an_unsigned_one_ignored() {
    let origin = Origin::start().await;
    origin.on("/a", with_hub(rss("a", &stories(0..2)), &origin.url("/hub"), &origin.url("/a")));
    origin.on("/hub", Reply::redirect(307, "/hub/there"));
    origin.on("/hub/there", Reply::status(202));
    let (world, daemon, server) = reachable(&[("a", origin.url("/a"))]);
    published(&world, "Titre 1").await;
    until("the hub is asked where it has gone", || !origin.seen("/hub/there").is_empty()).await;
    let asked = form(&origin.seen("/hub/there")[0].body);
    assert_eq!((asked["hub.mode"].as_str(), &asked["hub.topic"]), ("subscribe", &origin.url("/a")));
    let callback = asked["hub.callback"].clone();
    assert!(callback.starts_with(&format!("{server}/websub/")), "{callback}");

    let client = reqwest::Client::new();
    let verify = |mode: &str, topic: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", mode)
            .append_pair("hub.topic", topic)
            .append_pair("hub.challenge", "abc<b>")
            .append_pair("hub.lease_seconds", "864000")
            .finish();
        client.get(format!("{callback}?{query}")).send()
    };
    // A push before anything was agreed, and questions about what was never asked, come to nothing.
    let push = |body: String, signature: String| {
        client
            .post(&callback)
            .header("content-type", "application/rss+xml")
            .header("x-hub-signature", signature)
            .body(body)
            .send()
    };
    let secret = asked["hub.secret"].clone();
    let forged = rss("a", &stories(60..61));
    assert_eq!(push(forged.clone(), signed(&forged, &secret)).await.expect("an answer").status(), 202);
    assert_eq!(verify("subscribe", "https://elsewhere.example/").await.expect("an answer").status(), 404);
    assert_eq!(verify("unsubscribe", &origin.url("/a")).await.expect("an answer").status(), 404);
    let agreed_to = verify("subscribe", &origin.url("/a")).await.expect("an answer");
    assert_eq!(agreed_to.status(), 200);
    assert!(agreed_to.headers()["content-type"].to_str().expect("text").starts_with("text/plain"));
    assert_eq!(agreed_to.text().await.expect("a body"), "abc<b>");
    let (subscription, _) = agreed(&world, |subscription| subscription.until.is_some()).await;
    assert!(subscription.is_active(SystemClock.now()));
    assert_eq!(verify("subscribe", &origin.url("/a")).await.expect("an answer").status(), 404, "it was asked once");

    // Unsigned, signed with something else, and with a body that is no feed.
    for (body, signature) in [
        (forged.clone(), String::new()),
        (forged.clone(), signed(&forged, "guess")),
        (forged.clone(), signed("something else", &secret)),
    ] {
        assert_eq!(push(body, signature).await.expect("an answer").status(), 202, "nobody learns anything from the answer");
    }
    // A part: of the two stories that were there one is not in it.
    let part = rss("a", &stories(1..3));
    assert_eq!(push(part.clone(), signed(&part, &secret)).await.expect("an answer").status(), 202);
    published(&world, "Titre 2").await;
    let output = world.output("jeux.atom");
    assert!(output.contains("Titre 0"), "what a part does not name is as it was");
    assert!(!output.contains("Titre 60"), "what is not signed is ignored");
    assert_eq!(polls(&origin), 1, "nothing was fetched for it");
    let (_, row) = agreed(&world, |_| true).await;
    assert_eq!(row.state.listed.len(), 3);
    assert!(row.due.since(SystemClock.now()) < Duration::from_secs(15 * 60), "what was said of the next visit holds");

    // What is signed and no feed has the source visited.
    let page = "<html><title>Bonjour</title></html>".to_owned();
    assert_eq!(push(page.clone(), signed(&page, &secret)).await.expect("an answer").status(), 202);
    until("the source is visited", || polls(&origin) == 2).await;
    let visited = SystemClock.now();
    let is_settled = async || agreed(&world, |_| true).await.1;
    let wait = async {
        while is_settled().await.due < visited.plus(Duration::from_secs(50 * 60)) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("from then on it is visited less often");

    let get = |path: &'static str| client.get(format!("{server}{path}")).send();
    assert_eq!(get("/websub/0123").await.expect("an answer").status(), 404);
    assert_eq!(get("/websub/0123456789abcdef0123456789abcdef").await.expect("an answer").status(), 404);
    for token in ["0123", "0123456789abcdef0123456789abcdef"] {
        let unknown = client.post(format!("{server}/websub/{token}")).body("x").send().await.expect("an answer");
        assert_eq!(unknown.status(), 410, "a hub that goes on after that ends the subscription");
    }
    // That connection is closed on the rest of it.
    let large = reqwest::Client::new().post(&callback).body("x".repeat(9 << 20)).send().await;
    assert!(large.is_err() || large.is_ok_and(|answer| answer.status() == 413));
    assert_eq!(get("/healthz").await.expect("an answer").status(), 200);
    until("it is ready", || world.path("output/jeux.atom").exists()).await;
    assert_eq!(get("/readyz").await.expect("an answer").status(), 200);
    assert_eq!(client.post(format!("{server}/readyz")).send().await.expect("an answer").status(), 405);
    assert_eq!(get("/etc/passwd").await.expect("an answer").status(), 404);
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains(&secret) && !ended.stderr.contains(&subscription.token), "{}", ended.stderr);
}

/// A daemon that has agreed with the hub of its one source.
struct Subscribed {
    origin: Origin,
    world: World,
    daemon: Running,
    /// The address that the hub calls.
    callback: String,
    secret: String,
}

impl Subscribed {
    async fn start(first: &str) -> Self {
        let origin = Origin::start().await;
        origin.on("/a", with_hub(first.to_owned(), &origin.url("/hub"), &origin.url("/a")));
        origin.on("/hub", Reply::status(202));
        let (world, daemon, _) = reachable(&[("a", origin.url("/a"))]);
        until("the hub is asked", || !origin.seen("/hub").is_empty()).await;
        let asked = form(&origin.seen("/hub")[0].body);
        let (callback, secret) = (asked["hub.callback"].clone(), asked["hub.secret"].clone());
        let topic: String = url::form_urlencoded::byte_serialize(origin.url("/a").as_bytes()).collect();
        let query = format!("hub.mode=subscribe&hub.topic={topic}&hub.challenge=c&hub.lease_seconds=864000");
        let agreed = reqwest::get(format!("{callback}?{query}")).await.expect("an answer");
        assert_eq!(agreed.status(), 200);
        Self { origin, world, daemon, callback, secret }
    }

    /// Has the publisher's server give this feed.
    fn serve(&self, body: &str) {
        self.origin.on("/a", with_hub(body.to_owned(), &self.origin.url("/hub"), &self.origin.url("/a")));
    }

    /// Sends content as the hub does. Returns the status of the answer.
    async fn push(&self, body: &str) -> u16 {
        let request = reqwest::Client::new().post(&self.callback).header("content-type", "application/rss+xml");
        let request = request.header("x-hub-signature", signed(body, &self.secret)).body(body.to_owned());
        request.send().await.expect("an answer").status().as_u16()
    }
}

fn telling(text: &str) -> String {
    rss("a", &[stories(1..2).remove(0).text(&format!("<p>{text}</p>"))])
}

#[tokio::test]
async fn correction_that_a_hub_sends_is_read_from_the_publisher() {
    let hub = Subscribed::start(&telling("Le texte.")).await;
    published(&hub.world, "Le texte.").await;
    hub.serve(&telling("Corrigé."));
    assert_eq!(hub.push(&telling("Corrigé.")).await, 202);
    published(&hub.world, "Corrigé.").await;
    assert_eq!(polls(&hub.origin), 2);
    hub.daemon.stop().await;
}

#[tokio::test]
async fn replayed_push_rolls_no_correction_back() {
    let hub = Subscribed::start(&rss("a", &stories(0..1))).await;
    let first = telling("Le premier texte.");
    assert_eq!(hub.push(&first).await, 202);
    published(&hub.world, "Le premier texte.").await;
    hub.serve(&telling("Corrigé."));
    assert_eq!(hub.push(&telling("Corrigé.")).await, 202);
    published(&hub.world, "Corrigé.").await;
    let visits = polls(&hub.origin);
    assert_eq!(hub.push(&first).await, 202);
    until("the publisher is asked", || polls(&hub.origin) > visits).await;
    // What is pushed after it is published after it.
    assert_eq!(hub.push(&rss("a", &stories(7..8))).await, 202);
    published(&hub.world, "Titre 7").await;
    let output = hub.world.output("jeux.atom");
    assert!(output.contains("Corrigé.") && !output.contains("Le premier texte."), "{output}");
    hub.daemon.stop().await;
}

/// Sends the beginning of a push that is not signed, and nothing more.
fn begin_push(callback: &str) -> std::net::TcpStream {
    let url = url::Url::parse(callback).expect("an address");
    let address = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    let mut stream = std::net::TcpStream::connect(&address).expect("a connection");
    let head = format!("POST {} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000\r\n\r\n<rss", url.path());
    stream.write_all(head.as_bytes()).expect("it is sent");
    stream
}

#[tokio::test]
async fn slow_pushes_without_a_signature_hold_no_signed_one_up() {
    let hub = Subscribed::start(&rss("a", &stories(0..1))).await;
    let slow: Vec<_> = (0..40).map(|_| begin_push(&hub.callback)).collect();
    assert_eq!(hub.push(&rss("a", &stories(7..8))).await, 202);
    published(&hub.world, "Titre 7").await;
    drop(slow);
    hub.daemon.stop().await;
}

#[tokio::test]
async fn refusing_hub_is_not_asked_again_for_a_while() {
    let origin = Origin::start().await;
    // Named in the feed itself.
    let feed = rss("a", &stories(0..1)).replace(
        "<channel>",
        &format!(
            "<channel><link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"hub\" href=\"{}\"/>\
             <link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"self\" href=\"{}?src=hub\"/>",
            origin.url("/hub"),
            origin.url("/a")
        ),
    );
    origin.on("/a", Reply::ok(feed));
    origin.on("/hub", Reply::status(403));
    let (world, daemon, _) = reachable(&[("a", origin.url("/a"))]);
    let (subscription, _) = agreed(&world, |subscription| subscription.reason.is_some()).await;
    assert!(subscription.reason.as_ref().is_some_and(|reason| reason.contains("403")), "{subscription:?}");
    assert_eq!(subscription.hub.topic, format!("{}?src=hub", origin.url("/a")), "letter by letter");
    assert!(subscription.next_request_at().since(SystemClock.now()) > Duration::from_secs(500));
    assert_eq!(origin.seen("/hub").len(), 1);
    let status = world.relais(&["status", "--json"]).await.json();
    assert_eq!(status["sources"][0]["hub"]["active"], false, "{status}");
    assert_eq!(daemon.stop().await.code, Some(0));
}

#[tokio::test]
async fn hub_in_the_private_network_is_not_called() {
    let origin = Origin::start().await;
    origin.on("/a", with_hub(rss("a", &stories(0..1)), "http://169.254.169.254/latest/meta-data/", &origin.url("/a")));
    let (world, daemon, _) = reachable(&[("a", origin.url("/a"))]);
    let (subscription, _) = agreed(&world, |subscription| subscription.reason.is_some()).await;
    assert!(subscription.reason.expect("a reason").contains("is not fetched"));
    assert_eq!(daemon.stop().await.code, Some(0));
}

#[tokio::test]
async fn error_names_a_listen_address_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let world = World::new(&tables(&[("a", "https://a.example/rss".to_owned())]));
    let ended = world.relais(&["daemon", "--listen", &taken.local_addr().expect("its address").to_string()]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("cannot listen on 127.0.0.1:"), "{}", ended.stderr);
}

/// The hub of Flask-WebSub, which ends with its test.
pub(crate) struct Hub(Child, pub(crate) String);

impl Hub {
    /// `RELAIS_TEST_HUB` is a Python that has it.
    pub(crate) async fn start(longest_lease: u32) -> Option<Self> {
        let Ok(python) = std::env::var("RELAIS_TEST_HUB") else {
            assert_ne!(
                std::env::var("RELAIS_REQUIRE_SERVERS").as_deref(),
                Ok("1"),
                "RELAIS_TEST_HUB must name a Python with flask-websub"
            );
            eprintln!("skipped: RELAIS_TEST_HUB names no Python with flask-websub");
            return None;
        };
        let address = free();
        let port = address.rsplit(':').next().expect("a port").to_owned();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/websub/hub.py");
        let child = Command::new(python)
            .args([script, &port, &longest_lease.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the hub starts");
        let hub = Self(child, format!("http://{address}/hub"));
        until("the hub listens", || std::net::TcpStream::connect(&address).is_ok()).await;
        Some(hub)
    }

    /// Tells it that there is something new.
    async fn publish(&self, topic: &str) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "publish")
            .append_pair("hub.topic", topic)
            .finish();
        let request = reqwest::Client::new().post(&self.1).header("content-type", "application/x-www-form-urlencoded").body(form);
        assert_eq!(request.send().await.expect("it answers").status(), 202);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn subscription_with_an_independent_hub_is_verified_used_and_renewed() {
    let Some(hub) = Hub::start(45).await else { return };
    let origin = Origin::start().await;
    origin.on("/a", with_hub(rss("a", &stories(0..2)), &hub.1, &origin.url("/a")));
    let (world, daemon, _) = reachable(&[("a", origin.url("/a"))]);
    let (first, _) = agreed(&world, |subscription| subscription.until.is_some()).await;
    assert_eq!(first.lease, Some(Duration::from_secs(45)), "it was asked for ten days, and agrees to less");

    origin.on("/a", with_hub(rss("a", &stories(0..3)), &hub.1, &origin.url("/a")));
    let begun = SystemClock.now();
    hub.publish(&origin.url("/a")).await;
    published(&world, "Titre 2").await;
    println!("published {} ms after the publisher told its hub", SystemClock.now().since(begun).as_millis());
    assert_eq!(polls(&origin), 1, "relais asked for nothing");

    // It would end after three quarters of a minute.
    let renewed = |subscription: &Subscription| subscription.until > first.until.map(|until| until.plus(Duration::from_secs(20)));
    let (again, _) = agreed(&world, renewed).await;
    assert_eq!(again.token, first.token);
    origin.on("/a", with_hub(rss("a", &stories(0..4)), &hub.1, &origin.url("/a")));
    hub.publish(&origin.url("/a")).await;
    published(&world, "Titre 3").await;
    assert_eq!(polls(&origin), 1);
    let (_, row) = agreed(&world, |_| true).await;
    assert!(row.state.pushed_at.is_some_and(|at| at > Time::EPOCH));
    assert_eq!(daemon.stop().await.code, Some(0));
}

/// Sends a request as written, and returns the status line of the answer.
fn status_line(address: &str, request: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn thousand_silent_connections_do_not_delay_the_health_check() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let address = free();
    let daemon = Running::start_with(&world, &["--listen", &address]);
    until("it listens", || std::net::TcpStream::connect(&address).is_ok()).await;
    let answered = tokio::task::spawn_blocking(move || {
        let connect = |beginning: &str| {
            let mut stream = std::net::TcpStream::connect(&address).expect("a connection");
            stream.write_all(beginning.as_bytes()).expect("it is sent");
            stream
        };
        let silent: Vec<_> = (0..700).map(|_| connect("")).collect();
        let dripping: Vec<_> = (0..300).map(|_| connect("GET /healthz HT")).collect();
        let line = status_line(&address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        // They are closed by their time-out, one by one: as soon as one is, the answer might have waited for it.
        let is_open = |stream: &std::net::TcpStream| {
            stream.set_nonblocking(true).expect("it can be set");
            matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
        };
        (line, dripping[100..].iter().all(is_open), silent.len())
    });
    let (line, are_open, _) = answered.await.expect("no panic");
    assert!(line.contains(" 200"), "{line}");
    assert!(are_open, "the newest connections are still open: nobody waited for their time-out");
    daemon.stop().await;
}

#[tokio::test]
async fn request_without_one_valid_host_is_refused() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let address = free();
    let daemon = Running::start_with(&world, &["--listen", &address]);
    until("it listens", || std::net::TcpStream::connect(&address).is_ok()).await;
    let answers = tokio::task::spawn_blocking(move || {
        let hosts = ["Host: localhost\r\n", "", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host:\r\n"];
        hosts.map(|host| status_line(&address, &format!("GET /healthz HTTP/1.1\r\n{host}Connection: close\r\n\r\n")))
    });
    let [good, wrong @ ..] = answers.await.expect("no panic");
    assert!(good.contains(" 200"), "{good}");
    assert!(wrong.iter().all(|line| line.contains(" 400")), "{wrong:?}");
    daemon.stop().await;
}
