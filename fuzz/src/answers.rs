//! What must hold for any answer of a translation engine: it is a translation that is safe to show, or an error.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use relais::html;
use relais::model::{Clean, EngineKind, Lang, Marked, Original, RawHtml, Show, Text};
use relais::net::{ApiClient, Options};
use relais::translate::{
    Batch, Document, Engine, EngineSettings, Glossary, Outgoing, Reply, SegmentRequest, TranslationCheck, open, restore, tidy,
    verify,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::targets::settled;

/// The statuses that the second byte chooses from; most answers are successful ones.
const STATUSES: [u16; 12] = [200, 200, 200, 200, 200, 400, 403, 413, 429, 456, 500, 302];

/// What there is to be translated: marks, numbers, a name and an address.
const CONTENT: &str = "<p>Le <b>relais</b> passe par <a href=\"https://a.example.org/lyon\">Lyon</a> le 5 mai.</p>\
                       <p>La flamme arrive ce soir à Paris.</p>";

/// Engines of all kinds before one server, which answers whatever it is told to.
struct World {
    runtime: Runtime,
    engines: Vec<Arc<dyn Engine>>,
    document: Document,
    answer: Arc<Mutex<Vec<u8>>>,
}

static WORLD: LazyLock<World> = LazyLock::new(World::start);

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let answer = Arc::new(Mutex::new(Vec::new()));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("its address");
        let served = Arc::clone(&answer);
        runtime.spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&served)));
            }
        });
        let client = Arc::new(ApiClient::new(&Options::default()).expect("a client"));
        let engines = EngineKind::ALL
            .into_iter()
            .filter(|kind| !kind.is_embedded())
            .map(|kind| engine(kind, address, Arc::clone(&client)))
            .collect();
        let clean = html::clean(&RawHtml(CONTENT.to_owned()), None);
        let original = Original { title: Text::new("La flamme est à Lyon"), content: Some(clean), ..Original::default() };
        let document = Document::new(&original, Show::Full, &lang("fr"), &lang("en"), &Glossary::empty());
        Self { runtime, engines, document, answer }
    }
}

fn engine(kind: EngineKind, address: SocketAddr, client: Arc<ApiClient>) -> Arc<dyn Engine> {
    let settings = EngineSettings {
        id: "e".to_owned(),
        kind,
        url: Some(format!("http://{address}")),
        model: Some("m".to_owned()),
        key: Some("k".to_owned().into()),
        region: None,
        pivot: None,
        guidance: relais::model::GuidanceTable::default(),
        reasoning_effort: None,
        tier: None,
        timeout: None,
        in_flight: None,
        models: None,
    };
    open(settings, client).expect("an engine")
}

/// Answers the requests of a connection.
async fn serve(mut connection: TcpStream, answer: Arc<Mutex<Vec<u8>>>) {
    let mut request = Vec::new();
    loop {
        let Some(length) = request_length(&request).filter(|length| request.len() >= *length) else {
            match connection.read_buf(&mut request).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            }
        };
        request.drain(..length);
        let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if connection.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Returns the length of a request with its body, once its head is there.
fn request_length(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    Some(head + length.unwrap_or_default())
}

/// The first byte chooses the protocol, the second the status, and the rest is the body of the answer.
pub fn answers(data: &[u8]) {
    let [kind, status, body @ ..] = data else { return };
    let world = &*WORLD;
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    *world.answer.lock().unwrap_or_else(PoisonError::into_inner) = [head.as_bytes(), body].concat();
    let engine = &world.engines[usize::from(*kind) % world.engines.len()];
    let all: Vec<&SegmentRequest> = world.document.segments().iter().collect();
    let mut translations: Vec<Option<Marked>> = Vec::new();
    for segments in all.chunks(engine.limits().texts) {
        let texts = segments.iter().map(|segment| segment.outgoing.clone()).collect();
        let batch = Batch { is_patient: false, from: lang("fr"), to: lang("en"), texts };
        match world.runtime.block_on(engine.translate(&batch)) {
            Ok(Reply { texts, used }) => {
                assert_eq!(texts.len(), segments.len());
                assert_eq!(status, 200);
                assert!(used.tokens() >= used.tokens_in);
                translations.extend(texts.into_iter().zip(segments).map(|(text, segment)| accept(segment, text.ok()?)));
            }
            Err(error) => {
                assert!(!error.to_string().contains(['\n', '\0']), "{error:?}");
                translations.extend(segments.iter().map(|_| None));
            }
        }
    }
    let assembled = world.document.assemble(&translations);
    assert!(!assembled.title.as_str().contains(['\0', '\n']), "{:?}", assembled.title);
    for html in [assembled.summary, assembled.content].into_iter().flatten() {
        is_safe(&html);
    }
}

/// Accepts an answer as the translate pass does.
fn accept(segment: &SegmentRequest, answer: Marked) -> Option<Marked> {
    let sent: &Outgoing = &segment.outgoing;
    let answer = answer.shaped_like(&sent.text).normalised();
    if answer.marks() != sent.text.marks() || !answer.is_well_nested() {
        return None;
    }
    let (from, to) = (&lang("fr"), &lang("en"));
    let result = tidy(&segment.source, &restore(&answer, &sent.terms, to).ok()?);
    let check = TranslationCheck { source: &segment.source, result: &result, from, to, terms: &sent.terms, kind: sent.kind };
    verify(&check).ok().map(|()| result)
}

fn is_safe(html: &Clean) {
    let base = url::Url::parse("https://a.example.org/").expect("an address");
    settled(html, &base);
}
