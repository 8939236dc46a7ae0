//! An engine on 127.0.0.1 that speaks any vendor's protocol and misbehaves on command.
//!
//! ```ignore
//! let server = EngineServer::start(EngineKind::Deepl).await;
//! server.translate_with(|text| text.to_uppercase());          // else: English of a sort (`words::english`)
//! server.then(Misbehaviour::RateLimited(Some("1")), 2);       // the next two requests; then it behaves again
//! … url = server.url(), key = EngineServer::KEY …
//! assert_eq!(server.requests().len(), 3);
//! ```
//! The closure is given the characters between marks, without escapes; marks and terms stay where they are.
#![allow(dead_code, reason = "each program that includes this uses a part of it")]

pub(crate) mod batches;
mod protocol;
pub(crate) mod words;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use futures::stream;
use relais::model::EngineKind;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use protocol::{Asked, End, Refusal, refusal};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misbehaviour {
    /// 429, perhaps with a `Retry-After`.
    RateLimited(Option<&'static str>),
    /// A status, with an error in the vendor's shape.
    Status(u16),
    /// What was paid for is used up, in the vendor's words.
    Quota,
    /// The request is too large, in the vendor's words.
    TooLarge,
    /// The pair of languages is not translated, in the vendor's words. Language models know every pair.
    UnsupportedPair,
    /// 200, and half of the JSON.
    CutBody,
    /// 200, half of the body, and the connection is gone.
    CutConnection,
    /// 200, and half of what each text would be in real English, which is shorter than ours.
    CutTexts,
    /// The last text is missing.
    WrongCount,
    /// The first two texts have changed places.
    Swapped,
    /// The ids are 1, 2, 3 … (language models).
    Renumbered,
    /// The texts as they came.
    Echo,
    /// "Here is the translation:" before each.
    Preamble,
    /// The marks are gone.
    LostMarks,
    /// A live `<script>` in each text.
    Script,
    /// An emoji with 200, as a server does to a wrong key.
    Emoji,
    /// A body without end.
    Endless,
    /// Nothing at all.
    Silence,
    /// The model will not.
    Refusal,
    /// The model was cut short.
    Length,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Its path.
    pub(crate) path: String,
    /// What follows the path.
    pub(crate) query: String,
    /// Its body.
    pub(crate) body: String,
    /// The texts in it, as they were sent; none if it was refused.
    pub(crate) texts: Vec<String>,
    /// The translations in it that are to be read, with their sources.
    pub(crate) readings: Vec<(String, String)>,
}

type Translate = Box<dyn Fn(&str) -> String + Send>;
type Read = Box<dyn Fn(&str, &str) -> Option<[String; 3]> + Send>;

struct Shared {
    kind: EngineKind,
    translate: Mutex<Translate>,
    read: Mutex<Read>,
    /// What a model writes, whatever it is asked to read.
    words: Mutex<Option<String>>,
    script: Mutex<VecDeque<(Misbehaviour, usize)>>,
    requests: Mutex<Vec<Recorded>>,
    /// A text on which it crashes, with this status.
    poison: Mutex<Option<(&'static str, u16)>>,
    /// Whether it fails at a schema, and at any JSON.
    forms: Mutex<(bool, bool)>,
    /// Its batch service.
    batches: Mutex<batches::BatchServer>,
}

/// The server. When it is dropped it accepts no more connections.
pub(crate) struct EngineServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl EngineServer {
    /// The key that it accepts.
    pub(crate) const KEY: &'static str = "test-key-d41d8cd98f";

    /// Starts one on a free port of 127.0.0.1.
    pub(crate) async fn start(kind: EngineKind) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            kind,
            translate: Mutex::new(Box::new(words::english)),
            read: Mutex::new(Box::new(|_, _| None)),
            words: Mutex::default(),
            script: Mutex::default(),
            requests: Mutex::default(),
            poison: Mutex::default(),
            forms: Mutex::default(),
            batches: Mutex::default(),
        });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { address, shared, task }
    }

    /// What to write as `url` of the engine.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How to translate the characters between marks.
    pub(crate) fn translate_with(&self, translate: impl Fn(&str) -> String + Send + 'static) {
        *lock(&self.shared.translate) = Box::new(translate);
    }

    /// The verdict on a translation of a source: nothing, or kind, quotation and reason of a doubt.
    pub(crate) fn read_with(&self, read: impl Fn(&str, &str) -> Option<[String; 3]> + Send + 'static) {
        *lock(&self.shared.read) = Box::new(read);
    }

    /// From now on writes this, whatever it is asked to read.
    pub(crate) fn say_of_readings(&self, words: &str) {
        *lock(&self.shared.words) = Some(words.to_owned());
    }

    /// The translations that it was asked to read so far, with their sources.
    pub(crate) fn readings(&self) -> Vec<(String, String)> {
        self.requests().into_iter().flat_map(|request| request.readings).collect()
    }

    /// Misbehaves at so many requests, after those that it was told of before.
    pub(crate) fn then(&self, misbehaviour: Misbehaviour, times: usize) {
        lock(&self.shared.script).push_back((misbehaviour, times));
    }

    /// Behaves again, whatever it was told.
    pub(crate) fn recover(&self) {
        lock(&self.shared.script).clear();
        *lock(&self.shared.poison) = None;
    }

    /// From now on fails with this status at every request that holds these words.
    pub(crate) fn fail_on(&self, words: &'static str, status: u16) {
        *lock(&self.shared.poison) = Some((words, status));
    }

    /// From now on fails with 500 at every request for a schema.
    pub(crate) fn without_schema(&self) {
        lock(&self.shared.forms).0 = true;
    }

    /// From now on answers in lines only, and fails at every request for JSON.
    pub(crate) fn without_json(&self) {
        *lock(&self.shared.forms) = (true, true);
    }

    /// Its batch service.
    pub(crate) fn batches(&self) -> MutexGuard<'_, batches::BatchServer> {
        lock(&self.shared.batches)
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        lock(&self.shared.requests).clone()
    }

    /// All texts so far, in the order in which they came.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.requests().into_iter().flat_map(|request| request.texts).collect()
    }
}

impl Drop for EngineServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn next(&self) -> Option<Misbehaviour> {
        let mut script = lock(&self.script);
        while let Some((misbehaviour, times)) = script.front_mut() {
            if *times > 0 {
                *times -= 1;
                return Some(*misbehaviour);
            }
            script.pop_front();
        }
        None
    }

    fn translated(&self, asked: &Asked) -> Vec<String> {
        let (translate, escaped) = (lock(&self.translate), protocol::escaped(self.kind));
        asked.texts.iter().map(|text| words::translated(text, escaped, &**translate)).collect()
    }

    /// The answer to a request that is as it should be.
    fn good(&self, asked: &Asked, misbehaviour: Option<Misbehaviour>) -> Value {
        if !asked.readings.is_empty() {
            return self.verdicts(asked, misbehaviour);
        }
        let mut texts = self.translated(asked);
        let escaped = protocol::escaped(self.kind);
        let mut end = End::Stop;
        match misbehaviour {
            Some(Misbehaviour::WrongCount) => drop(texts.pop()),
            Some(Misbehaviour::Swapped) if texts.len() > 1 => texts.swap(0, 1),
            Some(Misbehaviour::Echo) => texts.clone_from(&asked.texts),
            Some(Misbehaviour::Preamble) => texts.iter_mut().for_each(|text| text.insert_str(0, "Here is the translation: ")),
            Some(Misbehaviour::LostMarks) => texts.iter_mut().for_each(|text| *text = words::characters(text, escaped)),
            Some(Misbehaviour::Script) => texts.iter_mut().for_each(|text| text.push_str("<script>alert(1)</script>")),
            Some(Misbehaviour::Emoji) => texts.iter_mut().for_each(|text| "🤷".clone_into(text)),
            Some(Misbehaviour::CutTexts) => texts.iter_mut().for_each(|text| {
                let half = text.chars().count() * 2 / 5;
                *text = text.chars().take(half).collect();
            }),
            Some(Misbehaviour::Refusal) => end = End::Refusal,
            Some(Misbehaviour::Length) => end = End::Length,
            _ => {}
        }
        if misbehaviour == Some(Misbehaviour::Emoji) && self.kind == EngineKind::Libretranslate {
            return json!({"translatedText": "🤷", "alternatives": []});
        }
        protocol::answer(self.kind, asked, &texts, misbehaviour == Some(Misbehaviour::Renumbered), end)
    }

    /// The verdicts of a reader.
    fn verdicts(&self, asked: &Asked, misbehaviour: Option<Misbehaviour>) -> Value {
        let end = match misbehaviour {
            Some(Misbehaviour::Refusal) => End::Refusal,
            Some(Misbehaviour::Length) => End::Length,
            _ => End::Stop,
        };
        if let Some(words) = &*lock(&self.words) {
            return protocol::completed(self.kind, asked, words, end);
        }
        let read = lock(&self.read);
        let doubts: Vec<_> = asked.readings.iter().map(|(source, translation)| read(source, translation)).collect();
        protocol::verdicts(self.kind, asked, &doubts, misbehaviour == Some(Misbehaviour::Renumbered), end)
    }

    /// The vendor's words for what is refused.
    fn refused(&self, misbehaviour: Misbehaviour) -> Option<Refusal> {
        let no = |status, code: &str, message: &str| Some(refusal(self.kind, status, code, message));
        match (misbehaviour, self.kind) {
            (Misbehaviour::RateLimited(_), EngineKind::Google) => no(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
            (Misbehaviour::RateLimited(_), EngineKind::Azure) => no(429, "429001", "too many characters"),
            (Misbehaviour::RateLimited(_), _) => no(429, "rate_limit_exceeded", "Slowdown: 30 per 1 minute"),
            (Misbehaviour::Status(status), _) => no(status, "error", "an error"),
            (Misbehaviour::Quota, EngineKind::Deepl) => no(456, "", "Quota Exceeded"),
            (Misbehaviour::Quota, EngineKind::Google) => no(403, "dailyLimitExceeded", "Daily Limit Exceeded"),
            (Misbehaviour::Quota, EngineKind::Azure) => no(403, "403001", "the free quota is used up"),
            (Misbehaviour::Quota, EngineKind::Openai) => no(429, "insufficient_quota", "You exceeded your current quota"),
            (Misbehaviour::Quota, EngineKind::Libretranslate) => no(403, "", "Too many request limits violations"),
            (Misbehaviour::Quota, _) => no(402, "billing_error", "there is no money left"),
            (Misbehaviour::UnsupportedPair, EngineKind::Deepl) => no(400, "", "Value for 'target_lang' not supported."),
            (Misbehaviour::UnsupportedPair, EngineKind::Google) => no(400, "invalid", "Bad language pair: fr|xx"),
            (Misbehaviour::UnsupportedPair, EngineKind::Azure) => no(400, "400036", "The target language is not valid."),
            (Misbehaviour::UnsupportedPair, EngineKind::Libretranslate) => no(400, "", "xx is not supported"),
            (Misbehaviour::UnsupportedPair, EngineKind::Apertium) => no(400, "", "That pair is not installed"),
            (Misbehaviour::TooLarge, EngineKind::Libretranslate) => {
                no(400, "", "Invalid request: request (99) exceeds text limit (10)")
            }
            (Misbehaviour::TooLarge, EngineKind::Openai) => no(400, "context_length_exceeded", "This is too long"),
            (Misbehaviour::TooLarge, EngineKind::Azure) => no(400, "400077", "The maximum request size has been exceeded."),
            (Misbehaviour::TooLarge, _) => no(413, "request_too_large", "This is too large"),
            _ => None,
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 24).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    if batches::is_of_batches(shared.kind, parts.uri.path()) {
        return batches::answer(&shared, &parts, &body);
    }
    let asked = protocol::asked(shared.kind, &parts.uri, &parts.headers, &body);
    let texts = asked.as_ref().map(|asked| asked.texts.clone()).unwrap_or_default();
    let readings = asked.as_ref().map(|asked| asked.readings.clone()).unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    lock(&shared.requests).push(Recorded { path: parts.uri.path().to_owned(), query, body, texts, readings });
    let asked = match asked {
        Ok(asked) => asked,
        Err((status, body)) => return whole(status, body.to_string()),
    };
    let (no_schema, no_json) = *lock(&shared.forms);
    if (no_schema && asked.schema) || (no_json && !asked.lines()) {
        return whole(500, refusal(shared.kind, 500, "server_error", "Internal Server Error").1.to_string());
    }
    let poison = *lock(&shared.poison);
    if let Some((_, status)) = poison.filter(|(words, _)| {
        asked.texts.iter().chain(asked.readings.iter().map(|(source, _)| source)).any(|text| text.contains(words))
    }) {
        return whole(status, refusal(shared.kind, status, "error", "an error").1.to_string());
    }
    let misbehaviour = shared.next();
    if let Some((status, body)) = misbehaviour.and_then(|misbehaviour| shared.refused(misbehaviour)) {
        let mut response = whole(status, body.to_string());
        if let Some(Misbehaviour::RateLimited(Some(wait))) = misbehaviour {
            response.headers_mut().insert("retry-after", wait.parse().expect("a value of a header"));
        }
        return response;
    }
    let body = shared.good(&asked, misbehaviour).to_string();
    match misbehaviour {
        Some(Misbehaviour::Silence) => std::future::pending().await,
        Some(Misbehaviour::CutBody) => whole(200, body[..body.floor_char_boundary(body.len() / 2)].to_owned()),
        Some(Misbehaviour::CutConnection) => {
            let half = Bytes::from(body.into_bytes()).slice(..10);
            let parts = stream::iter([Ok(half), Err(std::io::Error::other("the script cuts the body here"))]);
            Response::new(Body::from_stream(parts))
        }
        Some(Misbehaviour::Endless) => {
            let block = Bytes::from(vec![b' '; 1 << 16]);
            Response::new(Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(block.clone()))))
        }
        _ => whole(200, body),
    }
}

fn whole(status: u16, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status has three digits");
    response.headers_mut().insert("content-type", "application/json".parse().expect("a value of a header"));
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
