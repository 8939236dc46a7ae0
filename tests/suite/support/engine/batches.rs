//! The batch services of vendors: the Message Batches API of Anthropic, and the files and batches of `OpenAI`, as they are documented. A
//! batch is at work until the test ends it.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response};
use relais::model::EngineKind;
use serde_json::{Value, json};

use super::protocol::{self, refusal};
use super::{Shared, lock, whole};

/// What becomes of a request of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It is refused.
    Refused,
    /// It was not done in time.
    Expired,
    /// It was cancelled.
    Cancelled,
    /// The model was cut short.
    Cut,
    /// Nothing is said of it.
    Missing,
    /// It is answered twice.
    Doubled,
}

/// How a submission is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Submission {
    /// The batch is taken.
    #[default]
    Taken,
    /// The batch is taken, and the answer is a 500.
    TakenAndFailed,
    /// The batch is not taken, and the answer is this status.
    Refused(u16),
}

/// The batches of a vendor.
#[derive(Default)]
pub(crate) struct BatchServer {
    files: Vec<(String, String)>,
    /// All batches, the oldest first.
    pub(crate) all: Vec<SeenBatch>,
    /// How the next submissions are answered.
    pub(crate) submission: Submission,
    /// The status of the answer to each look at a batch, if it is not to be 200.
    pub(crate) look: Option<u16>,
    /// True if results are more than anybody reads.
    pub(crate) is_endless: bool,
}

/// A batch.
#[derive(Clone, Debug)]
pub(crate) struct SeenBatch {
    /// Its requests: their names and bodies.
    pub(crate) requests: Vec<(String, Value)>,
    /// Our name of it, where the vendor takes one.
    metadata: Value,
    /// What became of each request, once it has ended.
    fates: Option<Vec<Fate>>,
    /// The word of the vendor for its end.
    end: &'static str,
}

impl BatchServer {
    /// Ends all batches: their requests meet these fates in turn; those beyond the last one meet the last.
    pub(crate) fn end_all(&mut self, fates: &[Fate]) {
        let last = *fates.last().expect("a fate");
        for batch in self.all.iter_mut().filter(|batch| batch.fates.is_none()) {
            let fate = |place| fates.get(place).copied().unwrap_or(last);
            batch.fates = Some((0..batch.requests.len()).map(fate).collect());
            let all_are = |fate: Fate| batch.fates.iter().flatten().any(|own| *own == fate);
            batch.end = if all_are(Fate::Expired) {
                "expired"
            } else if all_are(Fate::Cancelled) {
                "cancelled"
            } else {
                "completed"
            };
        }
    }

    /// Fails all batches that are at work: nothing of them is done.
    pub(crate) fn fail_all(&mut self) {
        self.end_all(&[Fate::Missing]);
        self.all.iter_mut().for_each(|batch| batch.end = "failed");
    }

    /// The texts of all batches.
    pub(crate) fn texts(&self) -> usize {
        let items = |body: &Value| {
            let user = body["messages"].as_array().and_then(|messages| messages.last()).map(|message| &message["content"]);
            let user: Value = serde_json::from_str(user.and_then(Value::as_str).unwrap_or("{}")).expect("JSON");
            user["items"].as_array().map_or(0, Vec::len)
        };
        self.all.iter().flat_map(|batch| &batch.requests).map(|(_, body)| items(body)).sum()
    }

    fn take(&mut self, requests: Vec<(String, Value)>, metadata: Value) -> usize {
        self.all.push(SeenBatch { requests, metadata, fates: None, end: "in_progress" });
        self.all.len() - 1
    }
}

pub(super) fn is_of_batches(kind: EngineKind, path: &str) -> bool {
    match kind {
        EngineKind::Anthropic => path.starts_with("/v1/messages/batches"),
        EngineKind::Openai => path.starts_with("/batches") || path.starts_with("/files"),
        _ => false,
    }
}

pub(super) fn answer(shared: &Shared, parts: &Parts, body: &str) -> Response<Body> {
    if let Err((status, refused)) = protocol::check_key(shared.kind, &parts.headers) {
        return whole(status, refused.to_string());
    }
    let mut server = lock(&shared.batches);
    let path = parts.uri.path().trim_start_matches("/v1/messages").trim_matches('/').to_owned();
    let steps: Vec<&str> = path.split('/').collect();
    match (&parts.method, &steps[..]) {
        (&Method::POST, ["files"]) => upload(&mut server, parts, body),
        (&Method::POST, ["batches"]) => submit(shared.kind, &mut server, body),
        (&Method::GET, ["batches"]) => {
            let data: Vec<Value> = (0..server.all.len()).rev().map(|place| shown(shared.kind, &server, place)).collect();
            whole(200, json!({"data": data, "has_more": false, "first_id": null, "last_id": null}).to_string())
        }
        (&Method::GET, ["batches", id]) => match (server.look, place(id)) {
            (Some(status), _) => whole(status, refusal(shared.kind, status, "error", "an error").1.to_string()),
            (None, Some(place)) if place < server.all.len() => whole(200, shown(shared.kind, &server, place).to_string()),
            _ => whole(404, refusal(shared.kind, 404, "not_found_error", "no such batch").1.to_string()),
        },
        (&Method::GET, ["batches", id, "results"]) => results(shared, &server, place(id), |_| true),
        (&Method::GET, ["files", id, "content"]) => {
            let is_error = id.starts_with("error");
            results(shared, &server, place(id), |fate| {
                is_error == matches!(fate, Fate::Refused | Fate::Expired | Fate::Cancelled)
            })
        }
        _ => whole(404, refusal(shared.kind, 404, "not_found_error", "no such path").1.to_string()),
    }
}

/// Takes a file: its lines stand between the boundaries of the upload.
fn upload(server: &mut BatchServer, parts: &Parts, body: &str) -> Response<Body> {
    let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let sections = body.split(&format!("--{boundary}")).collect::<Vec<_>>();
    let section = |name: &str| {
        let named = sections.iter().find(|section| section.contains(&format!("name=\"{name}\"")));
        named.expect("a section").to_string()
    };
    let content = |section: String| section.split_once("\r\n\r\n").expect("a head").1.trim_end_matches("\r\n").to_owned();
    assert_eq!(content(section("purpose")), "batch");
    let lines = content(section("file"));
    assert_eq!(sections.last().copied(), Some("--\r\n"), "the last boundary closes the body");
    let id = format!("file-{}", server.files.len());
    server.files.push((id.clone(), lines));
    whole(200, json!({"id": id, "object": "file", "purpose": "batch"}).to_string())
}

fn submit(kind: EngineKind, server: &mut BatchServer, body: &str) -> Response<Body> {
    if let Submission::Refused(status) = server.submission {
        return whole(status, refusal(kind, status, "error", "an error").1.to_string());
    }
    let value: Value = serde_json::from_str(body).expect("JSON");
    let request =
        |request: &Value, body: &str| (request["custom_id"].as_str().expect("a name").to_owned(), request[body].clone());
    let (requests, metadata) = if kind == EngineKind::Anthropic {
        let requests = value["requests"].as_array().expect("requests");
        (requests.iter().map(|one| request(one, "params")).collect(), Value::Null)
    } else {
        assert_eq!((&value["endpoint"], &value["completion_window"]), (&json!("/v1/chat/completions"), &json!("24h")));
        let (_, lines) = server.files.iter().find(|(id, _)| value["input_file_id"] == *id).expect("a file");
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let lines =
            lines.inspect(|line| assert_eq!((&line["method"], &line["url"]), (&json!("POST"), &json!("/v1/chat/completions"))));
        (lines.map(|line| request(&line, "body")).collect(), value["metadata"].clone())
    };
    let requests: Vec<(String, Value)> = requests;
    let is_name = |name: &str| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    assert!(requests.iter().all(|(name, _)| is_name(name)), "names are of letters, digits, hyphens and underscores");
    let place = server.take(requests, metadata);
    if server.submission == Submission::TakenAndFailed {
        return whole(500, refusal(kind, 500, "api_error", "an error").1.to_string());
    }
    whole(200, shown(kind, server, place).to_string())
}

fn place(id: &str) -> Option<usize> {
    id.rsplit('_').next()?.parse().ok()
}

/// A batch as the vendor shows it.
fn shown(kind: EngineKind, server: &BatchServer, place: usize) -> Value {
    let SeenBatch { metadata, fates, end, .. } = &server.all[place];
    let is_ended = fates.is_some();
    if kind == EngineKind::Anthropic {
        return json!({
            "id": format!("msgbatch_{place}"), "type": "message_batch",
            "processing_status": if is_ended { "ended" } else { "in_progress" },
            "created_at": "2100-01-01T00:00:00Z", "expires_at": "2100-01-02T00:00:00Z",
            "results_url": is_ended.then_some("https://elsewhere.example/results"),
        });
    }
    let has = |wanted: bool| {
        let is_error = |fate: &Fate| matches!(fate, Fate::Refused | Fate::Expired | Fate::Cancelled);
        *end != "failed" && fates.iter().flatten().any(|fate| is_error(fate) == wanted)
    };
    json!({
        "id": format!("batch_{place}"), "object": "batch", "endpoint": "/v1/chat/completions", "status": end,
        "created_at": 4_102_444_800_i64, "expires_at": 4_102_531_200_i64, "metadata": metadata,
        "output_file_id": has(false).then(|| format!("output_{place}")),
        "error_file_id": has(true).then(|| format!("error_{place}")),
        "errors": {"object": "list", "data": [{"code": "invalid", "message": "the file is not accepted", "line": 1}]},
    })
}

/// The results of those requests of a batch whose fate is of a kind, the last one first, and one that nobody asked for.
fn results(shared: &Shared, server: &BatchServer, place: Option<usize>, is_shown: impl Fn(Fate) -> bool) -> Response<Body> {
    let Some(batch) = place.and_then(|place| server.all.get(place)) else { return whole(404, "{}".to_owned()) };
    if server.is_endless {
        return whole(200, "x".repeat(9 << 20));
    }
    let fates = batch.fates.clone().unwrap_or_default();
    let mut lines = vec![line(shared, ("relais-of-another-0", &batch.requests[0].1), Fate::Answered)];
    for ((name, body), fate) in batch.requests.iter().zip(fates).rev().filter(|(_, fate)| is_shown(*fate)) {
        match fate {
            Fate::Missing => {}
            Fate::Doubled => lines.extend([line(shared, (name, body), fate), line(shared, (name, body), fate)]),
            _ => lines.push(line(shared, (name, body), fate)),
        }
    }
    lines.push("{\"custom_id\": \"cut".to_owned());
    whole(200, lines.join("\n"))
}

fn line(shared: &Shared, (name, body): (&str, &Value), fate: Fate) -> String {
    let is_anthropic = shared.kind == EngineKind::Anthropic;
    let misbehaviour = (fate == Fate::Cut).then_some(super::Misbehaviour::Length);
    let message = || {
        let asked = protocol::asked_in_batch(shared.kind, body).expect("a request");
        shared.good(&asked, misbehaviour)
    };
    let said = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "the model refuses a schema"}});
    let (anthropic, openai) = match fate {
        Fate::Refused => (
            json!({"type": "errored", "error": said}),
            json!({"response": {"status_code": 400, "request_id": "r", "body": said}, "error": null}),
        ),
        Fate::Expired => (
            json!({"type": "expired"}),
            json!({"response": null, "error": {"code": "batch_expired", "message": "This request could not be executed in time."}}),
        ),
        Fate::Cancelled => (
            json!({"type": "canceled"}),
            json!({"response": null, "error": {"code": "batch_cancelled", "message": "It was cancelled."}}),
        ),
        _ if is_anthropic => (json!({"type": "succeeded", "message": message()}), Value::Null),
        _ => (Value::Null, json!({"response": {"status_code": 200, "request_id": "r", "body": message()}, "error": null})),
    };
    let mut line = if is_anthropic { json!({ "result": anthropic }) } else { openai };
    line["custom_id"] = name.into();
    line.to_string()
}
