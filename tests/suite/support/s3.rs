//! A real S3 server that others wrote, and before it a relay that counts requests, and fails or holds them.
//!
//! `RELAIS_TEST_S3` is the path of `moto_server` (`moto[s3,iam,server]` of the Python package index). Without it the tests are skipped with one line, or fail
//! if `RELAIS_REQUIRE_SERVERS=1`.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use futures::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Attribute, ObjectStore, ObjectStoreExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The bucket that every server has.
pub(crate) const BUCKET: &str = "feeds";

/// What the server asks for to make a user with a key: it checks signatures after this many requests.
const REQUESTS_WITHOUT_KEY: usize = 4;

/// The key of feeds.toml for a prefix of the bucket.
pub(crate) fn output(prefix: &str) -> String {
    format!("output = \"s3://{BUCKET}/{prefix}\"")
}

/// A server with one bucket and one user, and the relay before it.
pub(crate) struct S3 {
    server: Child,
    relay: SocketAddr,
    shared: Arc<Shared>,
    /// The key of the user.
    pub(crate) key: (String, String),
}

/// A request that came to the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// The name of the object; empty for the bucket.
    pub(crate) object: String,
    /// True if the server has answered 2xx.
    pub(crate) is_done: bool,
}

/// What the relay does with the writing of some objects.
#[derive(Clone)]
pub(crate) enum Deed {
    /// Answers instead of the server.
    Answer(u16, &'static str),
    /// Keeps the request for ever.
    Hold,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    asked: Mutex<Vec<Asked>>,
    /// What is done with requests of a method for objects that contain a text.
    deed: Mutex<Option<(Method, &'static str, Deed)>>,
    held: Notify,
}

impl S3 {
    /// Starts one; nothing without the program.
    pub(crate) async fn start() -> Option<Self> {
        let program = program()?;
        let port = free_port().await;
        let server = Command::new(program)
            .args(["-p", &port.to_string()])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", REQUESTS_WITHOUT_KEY.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server starts");
        let upstream = format!("http://127.0.0.1:{port}");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let shared = Arc::new(Shared { upstream, client, asked: Mutex::default(), deed: Mutex::default(), held: Notify::new() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let relay = listener.local_addr().expect("an address");
        let app = Router::new().fallback(pass_on).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let mut s3 = Self { server, relay, shared, key: Default::default() };
        s3.set_up(port).await;
        Some(s3)
    }

    /// The address of the relay, for `endpoint`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.relay)
    }

    /// The `[s3]` table. The key comes from the environment: see [`S3::variables`].
    pub(crate) fn table(&self) -> String {
        format!(
            "[s3]\nendpoint = {:?}\naccess_key = {{ env = \"S3_ID\" }}\nsecret_key = {{ env = \"S3_SECRET\" }}\ntimeout = \"5s\"\n",
            self.endpoint()
        )
    }

    /// The variables that hold the key.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 2] {
        [("S3_ID", &self.key.0), ("S3_SECRET", &self.key.1)]
    }

    /// The requests since the last call.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *lock(&self.shared.asked))
    }

    /// The objects that were written since the last call of [`S3::take_asked`], in order.
    pub(crate) fn written(&self) -> Vec<String> {
        let asked = lock(&self.shared.asked);
        asked.iter().filter(|asked| asked.method == Method::PUT && asked.is_done).map(|asked| asked.object.clone()).collect()
    }

    /// Does something else with requests of a method for objects whose name contains a text.
    pub(crate) fn instead(&self, method: Method, object: &'static str, deed: Option<Deed>) {
        *lock(&self.shared.deed) = deed.map(|deed| (method, object, deed));
    }

    /// Waits until a request is held.
    pub(crate) async fn wait_until_held(&self) {
        self.shared.held.notified().await;
    }

    /// Reads an object past the relay: its `Content-Type`, its `Cache-Control` and its bytes.
    pub(crate) async fn get(&self, object: &str) -> Option<(String, String, Bytes)> {
        let result = self.client().get(&Path::from(object)).await.ok()?;
        let header = |name: Attribute| result.attributes.get(&name).map(|value| value.to_string()).unwrap_or_default();
        let (kind, cache) = (header(Attribute::ContentType), header(Attribute::CacheControl));
        Some((kind, cache, result.bytes().await.expect("a body")))
    }

    /// Changes an object past the relay, or removes it.
    pub(crate) async fn put(&self, object: &str, body: Option<&'static str>) {
        let (client, path) = (self.client(), Path::from(object));
        match body {
            Some(body) => drop(client.put(&path, body.into()).await.expect("it is written")),
            None => client.delete(&path).await.expect("it is removed"),
        }
    }

    /// The names of all objects.
    pub(crate) async fn list(&self) -> Vec<String> {
        let listed = self.client().list(None).map(|meta| meta.expect("an object").location.to_string());
        let mut names: Vec<String> = listed.collect().await;
        names.sort();
        names
    }

    fn client(&self) -> AmazonS3 {
        let builder = AmazonS3Builder::new().with_endpoint(&self.shared.upstream).with_allow_http(true);
        let builder = builder.with_access_key_id(&self.key.0).with_secret_access_key(&self.key.1);
        builder.with_bucket_name(BUCKET).with_disable_bulk_delete(true).build().expect("a client")
    }

    async fn set_up(&mut self, port: u16) {
        for _ in 0..600 {
            if tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.iam("Action=CreateUser&UserName=relais").await;
        let key = self.iam("Action=CreateAccessKey&UserName=relais").await;
        let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A*%22%2C%22Resource%22%3A%22*%22%7D%5D%7D";
        self.iam(&format!("Action=PutUserPolicy&UserName=relais&PolicyName=all&PolicyDocument={policy}")).await;
        let bucket = self.shared.client.put(format!("{}/{BUCKET}", self.shared.upstream)).headers(signed("s3"));
        assert!(bucket.send().await.expect("the server answers").status().is_success());
        let element = |name: &str| {
            let text = key.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<'));
            text.unwrap_or_else(|| panic!("{key}")).0.to_owned()
        };
        self.key = (element("AccessKeyId"), element("SecretAccessKey"));
    }

    async fn iam(&self, form: &str) -> String {
        let mut headers = signed("iam");
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a value"));
        let body = format!("{form}&Version=2010-05-08");
        let request = self.shared.client.post(format!("{}/", self.shared.upstream)).headers(headers).body(body);
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{text}");
        text
    }
}

/// The header that tells the server which service is meant. It is no signature.
fn signed(service: &str) -> HeaderMap {
    let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request");
    let value = format!("{scope}, SignedHeaders=host, Signature=0").parse().expect("a value");
    HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, value)])
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A port that nobody listens on at this moment.
pub(crate) async fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.and_then(|listener| listener.local_addr()).expect("a free port").port()
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests must see that some were not")]
fn program() -> Option<String> {
    let program = std::env::var("RELAIS_TEST_S3").ok().filter(|program| !program.is_empty());
    if program.is_none() {
        let required = std::env::var("RELAIS_REQUIRE_SERVERS").as_deref() == Ok("1");
        assert!(!required, "RELAIS_TEST_S3 is not set: the path of moto_server");
        eprintln!("skipped: RELAIS_TEST_S3 names no moto_server, an S3 server");
    }
    program
}

async fn pass_on(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let path = parts.uri.path().trim_start_matches('/');
    let object = path.split_once('/').map_or("", |(_, object)| object).to_owned();
    let mut asked = Asked { method: parts.method.clone(), object, is_done: false };
    let deed = lock(&shared.deed).clone();
    let deed = deed.filter(|(method, part, _)| *method == asked.method && asked.object.contains(part)).map(|(.., deed)| deed);
    let response = match deed {
        Some(Deed::Answer(status, body)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            Response::builder().status(status).body(Body::from(body)).expect("a response")
        }
        Some(Deed::Hold) => {
            lock(&shared.asked).push(asked.clone());
            shared.held.notify_one();
            std::future::pending().await
        }
        None => forward(&shared, &parts, body).await,
    };
    asked.is_done = response.status().is_success();
    lock(&shared.asked).push(asked);
    response
}

async fn forward(shared: &Shared, parts: &axum::http::request::Parts, body: Bytes) -> Response<Body> {
    let address = format!("{}{}", shared.upstream, parts.uri);
    // The signature covers the header `host`, which goes on as it came.
    let request = shared.client.request(parts.method.clone(), address).headers(parts.headers.clone()).body(body);
    let answer = request.send().await.expect("the server answers");
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.extend(answer.headers().clone());
        headers.remove("transfer-encoding");
        headers.remove("connection");
    }
    response.body(Body::from(answer.bytes().await.unwrap_or_default())).expect("a response")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
