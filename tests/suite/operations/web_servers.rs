//! The configurations of web servers in docs/OPERATIONS.md, by the servers themselves.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use reqwest::StatusCode;

use super::{blocks, free_address, has_program, put, read, world};
use crate::daemon::{Running, until};
use crate::support::program::World;

/// A web server that ends with its test.
struct WebServer(Child);

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The configuration of a kind, with the addresses of the test.
fn configuration(kind: &str, upstream: &str, site: (&str, &str)) -> String {
    let page = read("docs/OPERATIONS.md");
    let found: Vec<String> = blocks(&page).iter().filter(|block| block.kind == kind).map(|block| block.text.to_owned()).collect();
    assert_eq!(found.len(), 1, "{kind}");
    let text = found[0].replace("127.0.0.1:8585", upstream);
    assert!(text.contains(site.0), "{text}");
    text.replace(site.0, site.1)
}

/// Starts a server with `command`, and asks it for what the page says of it.
async fn judge(world: &World, mut command: Command, address: &str, upstream: &str) {
    command.current_dir(world.path(".")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = WebServer(command.spawn().expect("it starts"));
    until("the web server listens", || {
        assert!(server.0.try_wait().expect("it can be asked").is_none(), "the server has ended: {}", said(&mut server.0));
        TcpStream::connect(address).is_ok()
    })
    .await;
    let client = reqwest::Client::new();
    let get = async |base: &str, path: &str| {
        let request = client.get(format!("http://{base}{path}")).header("host", "feeds.example.org");
        request.send().await.expect("an answer")
    };
    for path in ["/", "/jeux.fr.atom", "/jeux.en.json"] {
        let (through, direct) = (get(address, path).await, get(upstream, path).await);
        assert_eq!(through.status(), StatusCode::OK, "{path}");
        for field in ["content-type", "etag", "last-modified", "link"] {
            assert_eq!(through.headers().get(field), direct.headers().get(field), "{path}: {field}");
        }
        assert_eq!(through.text().await.expect("text"), direct.text().await.expect("text"));
    }
    for path in ["/status", "/status.json", "/metrics"] {
        assert_eq!(get(address, path).await.status(), StatusCode::NOT_FOUND, "{path} is for the operator");
    }
}

fn said(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = std::io::Read::read_to_string(&mut stderr, &mut text);
    }
    text
}

/// A world that is served, and the address.
async fn served() -> (World, Running, String) {
    let (_origin, _engine, world) = world("base_url = \"https://feeds.example.org/\"").await;
    let upstream = free_address();
    let server = Running::serve(&world, &["--listen", &upstream]);
    until("relais listens", || TcpStream::connect(&upstream).is_ok()).await;
    (world, server, upstream)
}

#[tokio::test]
async fn nginx_passes_the_output_on_and_keeps_the_status_back() {
    if !has_program("nginx") {
        return;
    }
    let (world, _server, upstream) = served().await;
    let address = free_address();
    let site = configuration("nginx", &upstream, ("listen 80;", &format!("listen {address};")));
    let folder = world.path(".").display().to_string();
    let temp: String =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {folder}/{kind};\n")).concat();
    let text =
        format!("daemon off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temp}{site}}}\n");
    put(&world, "nginx.conf", &text);
    let mut command = Command::new("nginx");
    command.args(["-e", "stderr", "-g", "master_process off;", "-c"]).arg(world.path("nginx.conf"));
    judge(&world, command, &address, &upstream).await;
}

#[tokio::test]
async fn caddy_passes_the_output_on_and_keeps_the_status_back() {
    if !has_program("caddy") {
        return;
    }
    let (world, _server, upstream) = served().await;
    let address = free_address();
    let site = configuration(
        "caddy",
        &upstream,
        ("feeds.example.org {", &format!("http://feeds.example.org:{} {{\nbind 127.0.0.1", port(&address))),
    );
    put(&world, "Caddyfile", &format!("{{\nadmin off\nauto_https off\n}}\n{site}"));
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
    command.env("XDG_DATA_HOME", world.path("caddy")).env("XDG_CONFIG_HOME", world.path("caddy")).env("HOME", world.path("."));
    judge(&world, command, &address, &upstream).await;
}

#[tokio::test]
async fn apache_passes_the_output_on_and_keeps_the_status_back() {
    if !has_program("apache2") {
        return;
    }
    let (world, _server, upstream) = served().await;
    let address = free_address();
    let site = configuration("apache", &upstream, ("<VirtualHost *:80>", &format!("<VirtualHost {address}>")));
    let modules = ["mpm_event", "authz_core", "proxy", "proxy_http"];
    let modules: String =
        modules.map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")).concat();
    let folder = world.path(".").display().to_string();
    let text = format!(
        "ServerRoot {folder}\nServerName feeds.example.org\nListen {address}\nPidFile {folder}/apache.pid\nErrorLog /dev/stderr\nUser nobody\nGroup nogroup\n\
         DefaultRuntimeDir {folder}\n{modules}{site}"
    );
    put(&world, "apache.conf", &text);
    let mut command = Command::new("apache2");
    command.args(["-X", "-f"]).arg(world.path("apache.conf"));
    judge(&world, command, &address, &upstream).await;
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().expect("a port")
}
