//! A web server of feeds on 127.0.0.1 that does as it is told, for the tests, the demo and the benchmark (`#[path]`).
//!
//! ```ignore
//! let origin = Origin::start().await;
//! origin.on("/feed", Reply::ok(xml).header("content-type", "application/rss+xml").tagged());  // ETag, 304
//! origin.queue("/busy", [Reply::status(503).header("retry-after", "60"), Reply::ok(xml)]);    // the last one stays
//! origin.answer("/n", |request| Reply::ok(request.uri.clone()));                              // anything else
//! … origin.url("/feed") …
//! assert_eq!(origin.seen("/feed").len(), 1);
//! ```
//! It needs tokio, axum and futures, nothing of relais. What is not scripted is a 404. HEAD and POST are answered like GET.
#![allow(dead_code, reason = "each program that includes this uses a part of it")]

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::serve::Listener;
use futures::{Stream, stream};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The server. When it is dropped it accepts no more connections; those that are open live on.
pub(crate) struct Origin {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Its path, without the query.
    pub(crate) path: String,
    /// Its target as a whole: with the query, and with the host if we are used as a proxy.
    pub(crate) uri: String,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, if it is a small one.
    pub(crate) body: Bytes,
}

/// What to answer. Made by [`Reply::ok`] and its like, refined by the rest.
#[derive(Clone)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    wait: Duration,
    content: Content,
    tagged: bool,
}

#[derive(Clone)]
enum Content {
    Whole(Bytes),
    Dripped { bytes: Bytes, size: usize, every: Duration, cut: bool },
    Generated(u64),
}

type Script = Box<dyn FnMut(&Seen) -> Reply + Send>;

#[derive(Default)]
struct Shared {
    scripts: Mutex<HashMap<String, Script>>,
    seen: Mutex<Vec<Seen>>,
    busy: AtomicUsize,
    most: AtomicUsize,
}

/// Counts a request as long as its reply is waited for, even if nobody waits any more.
struct Busy(Arc<Shared>);

impl Busy {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.most.fetch_max(shared.busy.fetch_add(1, Relaxed) + 1, Relaxed);
        Self(Arc::clone(shared))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

impl Seen {
    /// A header as text; empty when it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Origin {
    /// Starts one on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        Self::serve(listener, address, "http")
    }

    /// Starts one on a listener of another kind, TLS for one.
    pub(crate) fn serve<L: Listener>(listener: L, address: SocketAddr, scheme: &'static str) -> Self
    where
        L::Addr: std::fmt::Debug,
    {
        let shared = Arc::new(Shared::default());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { address, scheme, shared, task }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers a path with the same reply for ever.
    pub(crate) fn on(&self, path: &str, reply: Reply) {
        self.answer(path, move |_| reply.clone());
    }

    /// Answers a path with one reply after another; the last one stays.
    pub(crate) fn queue(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let mut replies = replies.into_iter().collect::<Vec<_>>().into_iter();
        let mut last = Reply::status(404);
        self.answer(path, move |_| {
            last = replies.next().unwrap_or_else(|| last.clone());
            last.clone()
        });
    }

    /// Answers a path with what a closure says.
    pub(crate) fn answer(&self, path: &str, script: impl FnMut(&Seen) -> Reply + Send + 'static) {
        lock(&self.shared.scripts).insert(path.to_owned(), Box::new(script));
    }

    /// The requests for a path, in the order in which they came.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        lock(&self.shared.seen).iter().filter(|request| request.path == path).cloned().collect()
    }

    /// How many requests came, for whatever but robots.txt.
    pub(crate) fn count(&self) -> usize {
        lock(&self.shared.seen).iter().filter(|request| request.path != "/robots.txt").count()
    }

    /// How many requests were being answered at the same time, at most (up to their headers: see [`Reply::after`]).
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most.load(Relaxed)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Reply {
    /// 200 with a body.
    pub(crate) fn ok(body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, Content::Whole(body.into()))
    }

    /// A status without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self::new(StatusCode::from_u16(status).expect("a status has three digits"), Content::Whole(Bytes::new()))
    }

    /// A redirect: 301, 302, 303, 307 or 308.
    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("location", to)
    }

    /// 200 with so many bytes, made as they are sent.
    pub(crate) fn generated(bytes: u64) -> Self {
        Self::new(StatusCode::OK, Content::Generated(bytes))
    }

    fn new(status: StatusCode, content: Content) -> Self {
        Self { status, headers: HeaderMap::new(), wait: Duration::ZERO, content, tagged: false }
    }

    /// With this body.
    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { content: Content::Whole(body.into()), ..self }
    }

    /// Adds a header; its value may be any bytes that a header can hold.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the test names a header");
        self.headers.append(name, HeaderValue::from_bytes(value.as_ref()).expect("the test gives it a value"));
        self
    }

    /// With an `ETag` made of the body, and 304 for who knows it already.
    pub(crate) fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// Begins to answer after some time.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sends the body `size` bytes at a time, with a pause before each.
    pub(crate) fn dripped(self, size: usize, every: Duration) -> Self {
        Self { content: Content::Dripped { bytes: self.bytes(), size, every, cut: false }, ..self }
    }

    /// Closes the connection after so many bytes of the body.
    pub(crate) fn cut_after(self, size: usize) -> Self {
        let bytes = self.bytes().slice(..size);
        // The pause lets the headers and the first bytes go out before the end comes.
        Self { content: Content::Dripped { bytes, size, every: Duration::from_millis(20), cut: true }, ..self }
    }

    fn bytes(&self) -> Bytes {
        if let Content::Whole(bytes) = &self.content { bytes.clone() } else { Bytes::new() }
    }

    fn etag(&self) -> HeaderValue {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.bytes());
        HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).expect("hexadecimal digits are visible")
    }

    fn response(mut self, request: &Seen) -> Response<Body> {
        if self.tagged {
            let etag = self.etag();
            if request.headers.get("if-none-match") == Some(&etag) {
                (self.status, self.content) = (StatusCode::NOT_MODIFIED, Content::Whole(Bytes::new()));
            }
            self.headers.insert("etag", etag);
        }
        let mut response = Response::new(self.content.body());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Content {
    fn body(self) -> Body {
        const BLOCK: &[u8] = &[b' '; 1 << 16];
        match self {
            Self::Whole(bytes) => Body::from(bytes),
            Self::Dripped { bytes, size, every, cut } => Body::from_stream(drip(bytes, size, every, cut)),
            Self::Generated(bytes) => Body::from_stream(stream::unfold(bytes, |left| async move {
                let size = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK.len());
                (size > 0).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(&BLOCK[..size])), left - size as u64))
            })),
        }
    }
}

fn drip(bytes: Bytes, size: usize, every: Duration, cut: bool) -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::unfold(bytes, move |mut left| async move {
        if left.is_empty() && !cut {
            return None;
        }
        tokio::time::sleep(every).await;
        let drop = left.split_to(size.min(left.len()));
        let drop = if drop.is_empty() { Err(std::io::Error::other("the script cuts the body here")) } else { Ok(drop) };
        Some((drop, left))
    })
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 16).await.unwrap_or_default();
    let seen = Seen { path: parts.uri.path().to_owned(), uri: parts.uri.to_string(), headers: parts.headers, body };
    lock(&shared.seen).push(seen.clone());
    let reply = lock(&shared.scripts).get_mut(&seen.path).map_or_else(|| Reply::status(404), |script| script(&seen));
    let _busy = Busy::begin(&shared);
    tokio::time::sleep(reply.wait).await;
    reply.response(&seen)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
