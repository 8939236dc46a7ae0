//! What must hold for any request to the callback of a hub: it is answered, and nothing is taken from it but what is signed.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use relais::clock::SystemClock;
use relais::config::{self, Plan};
use relais::model::{Clock, Hub, ListenAddress, SourceId, Subscription};
use relais::pipeline::Push;
use relais::serve::{Console, Files, Health, Listener, PushReceiver, Role, ServerState, SharedFiles, Site};
use relais::store::{Access, Store};
use sha2::Sha256;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "00112233445566778899aabbccddeeff";
const SECRET: &str = "a secret of the hub";
const TOPIC: &str = "https://a.example.org/feed";

/// A server with one subscription.
struct World {
    address: SocketAddr,
    pushed: Mutex<mpsc::Receiver<Push>>,
    _runtime: Runtime,
    _folder: TempDir,
}

/// True once the hub has refused: only a refusal is taken from it.
static IS_ENDED: AtomicBool = AtomicBool::new(false);

static WORLD: LazyLock<World> = LazyLock::new(World::start);

/// A plan with nothing but what it must have.
#[expect(clippy::disallowed_methods, reason = "a file of its own")]
fn plan(folder: &Path) -> Plan {
    let file = folder.join("feeds.toml");
    std::fs::write(&file, "[source.a]\nurl = \"https://a.example.org/feed\"\n[edition.a]\nfrom = [\"*\"]\n").expect("a file");
    config::load(&file).expect("it is valid")
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let (send, pushed) = mpsc::channel(4);
        let address = runtime.block_on(async {
            let url = format!("sqlite:{}", folder.path().join("relais.db").display());
            let store = Store::open(&url, Access::Work).await.expect("a store");
            assert!(store.record_hub_request(&subscription(), None).await.expect("recorded"));
            let until = SystemClock.now().plus(Duration::from_secs(864_000));
            store.record_hub_agreement(TOKEN, until, Duration::from_secs(864_000)).await.expect("recorded");
            let state = Arc::new(ServerState::new(Arc::new(store), &SystemClock, Arc::new(Health::default())));
            let sources = Arc::new([SourceId::new("a")].into());
            state.set_receiver(Some(PushReceiver { pushes: send, sources, max_bytes: 1 << 20 }));
            let own = ListenAddress::Tcp(([127, 0, 0, 1], 0).into());
            let listener = Listener::bind(&own, 0o600).await.expect("a port");
            let ListenAddress::Tcp(address) = *listener.address() else { panic!("it is no socket") };
            let plan = plan(folder.path());
            let files = Arc::new(SharedFiles::new(Files::of(&plan).expect("a folder")));
            let console = Arc::new(Console::new(plan, None, &SystemClock, true).expect("metrics"));
            let site = Site { files, console, role: Role::Daemon(state) };
            tokio::spawn(listener.serve(site, CancellationToken::new()));
            address
        });
        Self { address, pushed: Mutex::new(pushed), _runtime: runtime, _folder: folder }
    }

    /// Sends a request, and returns what was answered and what was pushed. One that is not `whole` may be waited for: its end is
    /// told, and then the server need not answer.
    fn send(&self, request: &[u8], whole: bool) -> (String, Option<Push>) {
        let mut connection = TcpStream::connect(self.address).expect("a connection");
        // The server may have answered and closed before all is sent.
        let sent = connection.write_all(request);
        if !whole {
            let _ = sent.and_then(|()| connection.shutdown(Shutdown::Write));
        }
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer);
        let pushed = self.pushed.lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok();
        (String::from_utf8_lossy(&answer).into_owned(), pushed)
    }
}

fn subscription() -> Subscription {
    Subscription {
        source: SourceId::new("a"),
        token: TOKEN.to_owned(),
        callback: "https://b.example.org/websub/".to_owned(),
        hub: Hub { url: "https://hub.example.org/".to_owned(), topic: TOPIC.to_owned() },
        secret: SECRET.to_owned(),
        asked: SystemClock.now(),
        failures: 1,
        until: None,
        lease: None,
        reason: None,
    }
}

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first byte chooses: a body signed as agreed, a body with any signature, a verification, or any request.
pub fn pushes(data: &[u8]) {
    let [kind, rest @ ..] = data else { return };
    match kind % 4 {
        0 => signed(rest),
        1 => forged(rest),
        2 => verification(rest),
        _ => anything(rest),
    }
}

fn post(signature: &[u8], body: &[u8]) -> Vec<u8> {
    let head = format!("POST /websub/{TOKEN} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    [head.as_bytes(), b"X-Hub-Signature: ", signature, b"\r\n\r\n", body].concat()
}

fn signed(body: &[u8]) {
    let (answer, pushed) = WORLD.send(&post(format!("sha256={}", signature(body)).as_bytes(), body), true);
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    let Some(pushed) = pushed else {
        assert!(IS_ENDED.load(Ordering::SeqCst), "it is taken, unless the hub has ended the subscription");
        return;
    };
    assert_eq!((pushed.bytes.as_slice(), pushed.topic.as_str(), pushed.source.as_str()), (body, TOPIC, "a"));
}

/// The first line is the signature.
fn forged(data: &[u8]) {
    let split = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, body) = (&data[..split], data.get(split + 1..).unwrap_or_default());
    let line: Vec<u8> = line.iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
    let (answer, pushed) = WORLD.send(&post(&line, body), true);
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    if !String::from_utf8_lossy(&line).to_ascii_lowercase().contains(&signature(body)) {
        assert!(pushed.is_none(), "{line:?}");
    }
}

/// The hub has agreed already, so that no request is open.
fn verification(query: &[u8]) {
    let query: String =
        query.iter().filter(|byte| byte.is_ascii_graphic() && **byte != b'#').map(|byte| char::from(*byte)).collect();
    let request = format!("GET /websub/{TOKEN}?{query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let (answer, pushed) = WORLD.send(request.as_bytes(), true);
    assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 200 "), "{query}: {answer}");
    assert!(pushed.is_none() && !answer.contains(SECRET));
    IS_ENDED.fetch_or(answer.starts_with("HTTP/1.1 200 "), Ordering::SeqCst);
}

fn anything(request: &[u8]) {
    let (answer, pushed) = WORLD.send(request, false);
    // HTTP/2 answers in frames.
    let is_http2 = request.starts_with(b"PRI * HTTP/2.0");
    assert!(is_http2 || answer.is_empty() || answer.starts_with("HTTP/1."), "{answer}");
    assert!(pushed.is_none());
}
