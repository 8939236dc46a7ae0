//! The server behind a reverse proxy, on a Unix socket, and started by systemd.

use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

use super::*;

/// Keeps feeds.toml without a `base_url`.
const NO_BASE: &str = "# no base_url =\n";

/// Sends a request through a Unix socket, and returns the whole answer.
fn through(socket: &std::path::Path, request: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    stream.write_all(request).expect("sent");
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut part) {
        answer.extend(&part[..length]);
        if !request.starts_with(b"GET") {
            break;
        }
    }
    answer
}

fn ask(socket: &std::path::Path, path: &str, more: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: own.example\r\n{more}Connection: close\r\n\r\n");
    String::from_utf8_lossy(&through(socket, request.as_bytes())).into_owned()
}

#[tokio::test]
async fn link_header_without_base_url_has_the_address_that_the_client_has_asked_for() {
    let served = Served::start(NO_BASE, "").await;
    let response = served.get("/jeux.atom", &[("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")]).await;
    let own = format!("<http://{}/jeux.atom>; rel=\"self\"", served.address);
    assert!(field(&response, "link").starts_with(&own), "{}", field(&response, "link"));
}

#[tokio::test]
async fn link_header_without_base_url_has_the_address_that_a_trusted_proxy_tells() {
    let served = Served::start(NO_BASE, "[serve]\ntrusted_proxies = [\"127.0.0.1/32\"]\n").await;
    let fields = [("x-forwarded-host", "news.example"), ("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.7")];
    for path in ["/jeux.atom", "/jeux.html"] {
        let response = served.get(path, &fields).await;
        assert!(field(&response, "link").starts_with(&format!("<https://news.example{path}>; rel=\"self\"")), "{path}");
    }
    let fields = [("forwarded", "for=192.0.2.7;host=other.example;proto=https")];
    assert!(field(&served.get("/jeux.atom", &fields).await, "link").starts_with("<https://other.example/jeux.atom>"));
}

#[tokio::test]
async fn link_header_names_the_hubs_of_an_edition() {
    let hub = Origin::start().await;
    hub.on("/one", Reply::status(204));
    hub.on("/two", Reply::status(204));
    let (one, two) = (hub.url("/one"), hub.url("/two"));
    let hubs = format!("hub = [\"{one}\", \"{two}\"]\n");
    let served = Served::start("base_url = \"https://news.example/\"\n", &hubs).await;
    let response = served.get("/jeux.atom", &[]).await;
    let links = field(&response, "link");
    assert!(links.contains(&format!("<{one}>; rel=\"hub\", <{two}>; rel=\"hub\"")), "{links}");
    assert!(links.contains("rel=\"self\"") && links.contains("rel=\"alternate\""), "{links}");
}

#[tokio::test]
async fn request_through_a_proxy_needs_the_token_of_the_operator() {
    let served = Served::start("", "").await;
    assert_eq!(served.get("/status.json", &[]).await.status(), StatusCode::OK);
    for fields in [[("x-forwarded-for", "192.0.2.7")], [("forwarded", "for=192.0.2.7")], [("x-forwarded-host", "a.example")]] {
        assert_eq!(served.get("/status.json", &fields).await.status(), StatusCode::FORBIDDEN, "{fields:?}");
    }
}

#[tokio::test]
async fn unix_socket_is_served_with_its_mode_and_removed_in_the_end() {
    let served = Served::start("", "[serve]\nsocket_mode = \"0666\"\n").await;
    let socket = served.world.path("relais.sock");
    let process = Running::serve(&served.world, &["--listen", &format!("unix:{}", socket.display())]);
    until("it listens", || UnixStream::connect(&socket).is_ok()).await;
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    let answer = ask(&socket, "/jeux.atom", "");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(&served.world.output("jeux.atom")), "{answer}");
    assert!(ask(&socket, "/status", "").starts_with("HTTP/1.1 403"), "behind it may be anybody");
    assert_eq!(process.stop().await.code, Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn unix_socket_speaks_http2_too() {
    let served = Served::start("", "").await;
    let socket = served.world.path("relais.sock");
    let _server = Running::serve(&served.world, &["--listen", &format!("unix:{}", socket.display())]);
    until("it listens", || UnixStream::connect(&socket).is_ok()).await;
    let answer = through(&socket, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert_eq!(answer.get(3), Some(&4), "its first frame is SETTINGS (RFC 9113 §3.4): {answer:?}");
}

#[tokio::test]
async fn unix_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let served = Served::start("", "").await;
    let socket = served.world.path("relais.sock");
    let listen = format!("unix:{}", socket.display());
    let in_use = UnixListener::bind(&socket).expect("a socket");
    let refused = served.world.relais(&["serve", "--listen", &listen]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("cannot listen on unix:") && refused.stderr.contains("\nhint: "), "{}", refused.stderr);
    drop(in_use);
    assert!(socket.exists(), "left behind");
    let _server = Running::serve(&served.world, &["--listen", &listen]);
    until("it listens", || UnixStream::connect(&socket).is_ok()).await;
    assert!(ask(&socket, "/jeux.atom", "").starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn address_of_feeds_toml_is_listened_on() {
    let address = free_address();
    let served = Served::start("", &format!("[serve]\nlisten = \"{address}\"\n")).await;
    let _server = Running::serve(&served.world, &[]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    assert_eq!(reqwest::get(format!("http://{address}/jeux.atom")).await.expect("it answers").status(), StatusCode::OK);
}

#[tokio::test]
async fn socket_that_systemd_passes_is_served() {
    let served = Served::start("", "").await;
    let passed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = passed.local_addr().expect("its address");
    // systemd passes sockets from descriptor 3 on, and says how many and to whom (`sd_listen_fds(3)`).
    let script = format!("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec '{}' serve", env!("CARGO_BIN_EXE_relais"));
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(served.world.path("")).stdin(Stdio::from(OwnedFd::from(passed)));
    let process = Running::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"));
    let response = reqwest::get(format!("http://{address}/jeux.atom")).await.expect("it answers");
    assert_eq!(response.text().await.expect("text"), served.world.output("jeux.atom"));
    assert!(process.stop().await.stderr.contains(&format!("on http://{address}/")));
}

#[tokio::test]
async fn daemon_takes_over_another_base_path() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))).tagged());
    let world = World::new(&(busy(&[("a", origin.url("/a"))]) + "[serve]\nbase_path = \"/old\"\n"));
    let address = free_address();
    let _daemon = Running::start_with(&world, &["--listen", &address]);
    published(&world, "Titre 2").await;
    let status = async |path: &str| reqwest::get(format!("http://{address}{path}")).await.expect("it answers").status().as_u16();
    assert_eq!((status("/old/healthz").await, status("/new/healthz").await), (200, 404));
    world.configure("", &(busy(&[("a", origin.url("/a"))]) + "[serve]\nbase_path = \"/new\"\n"));
    let changed = async {
        while status("/new/jeux.atom").await != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), changed).await.expect("the new path is served");
    assert_eq!(status("/old/jeux.atom").await, 404);
}

#[tokio::test]
async fn address_proxy_or_mode_that_is_none_is_refused() {
    for (key, message) in [
        ("listen = \"8585\"", "`listen` is no address to listen on"),
        ("trusted_proxies = [\"localhost\"]", "is not a range of addresses"),
        ("socket_mode = \"rw\"", "`socket_mode` is no mode of a socket"),
        ("socket_mode = \"0060\"", "`socket_mode` is no mode of a socket"),
    ] {
        let world = World::new(&format!("[serve]\n{key}\n"));
        let checked = world.relais(&["check"]).await;
        assert_eq!(checked.code, Some(2), "{key}");
        assert!(checked.stderr.contains(message), "{key}: {}", checked.stderr);
    }
}
