//! A chat completions server that behaves as small language models do: it knows some sentences by heart, drops every mark, and
//! uses the terms that the prompt lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A sentence that the model knows.
pub(super) struct Row {
    pub(super) source: &'static str,
    /// The answer when no term is listed.
    pub(super) alone: &'static str,
    /// The answer with the terms.
    pub(super) told: &'static str,
    /// Its own words for the term.
    own: &'static str,
}

pub(super) const ROWS: &[Row] = &[
    Row {
        source: "Le village olympique ouvre lundi.",
        alone: "The athletes’ village opens on Monday.",
        told: "The Olympic Village opens on Monday.",
        own: "athletes’ village",
    },
    Row {
        source: "Les membres du CIO votent demain.",
        alone: "The members of the CIO vote tomorrow.",
        told: "The IOC members vote tomorrow.",
        own: "members of the CIO",
    },
    Row {
        source: "La France domine le tableau des médailles.",
        alone: "France leads the table of medals.",
        told: "France leads the medal table.",
        own: "table of medals",
    },
    Row {
        source: "Jack Ma soutient le projet.",
        alone: "Jack Ma supports the project.",
        told: "Jack Ma supports the project.",
        own: "Jack Ma",
    },
];

/// Sentences about institutions, which every model translates.
pub(super) const INSTITUTIONS: &[(&str, &str)] = &[
    ("La Droite refuse le budget.", "The Right rejects the budget."),
    ("Le Cercle de voile fête son anniversaire.", "The Sailing Circle is celebrating its anniversary."),
    ("Les Vieux Quartiers attendent leur marché.", "The Old Quarters are waiting for their market."),
    ("L'Aviron municipal cherche un entraîneur.", "The Municipal Rowing Club is looking for a coach."),
    ("La Maison des associations ferme en août.", "The House of Associations closes in August."),
    ("Une victoire des Tahitiennes surprend le public.", "A victory by the women of Tahiti surprises the public."),
    ("Le Printemps des arts commence mardi.", "The Spring of the Arts begins on Tuesday."),
];

#[derive(Default)]
struct Shared {
    requests: AtomicUsize,
    ignores_terms: AtomicBool,
}

/// The server. When it is dropped it accepts no more connections.
pub(super) struct SmallModel {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl SmallModel {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared::default());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { url, shared, task }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// From now on translates as if no term were listed.
    pub(super) fn ignore_terms(&self) {
        self.shared.ignores_terms.store(true, Ordering::SeqCst);
    }
}

impl Drop for SmallModel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, body: Bytes) -> ([(&'static str, &'static str); 1], String) {
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let asked = body["messages"][1]["content"].as_str().unwrap_or_default();
    let asked: Value = serde_json::from_str(asked).expect("the texts are JSON");
    let items = asked["items"].as_array().cloned().unwrap_or_default();
    let is_told = !shared.ignores_terms.load(Ordering::SeqCst);
    let done: Vec<Value> = items
        .iter()
        .map(|item| json!({"id": item["id"], "text": translate(item, asked["terms"].as_object().filter(|_| is_told))}))
        .collect();
    let content = json!({ "items": done }).to_string();
    let answer = json!({
        "choices": [{"message": {"content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10},
    });
    ([("content-type", "application/json")], answer.to_string())
}

/// Translates one item. A sentence that has lost a word to a mark is none that the model knows.
fn translate(item: &Value, terms: Option<&Map<String, Value>>) -> String {
    let text = item["text"].as_str().unwrap_or_default();
    if let Some((_, english)) = INSTITUTIONS.iter().find(|(source, _)| *source == text) {
        return (*english).to_owned();
    }
    let Some(row) = ROWS.iter().find(|row| row.source == text) else {
        return "Sorry, I cannot find a verb here.".to_owned();
    };
    let term =
        terms.into_iter().flatten().find(|(term, _)| text.contains(term.as_str())).and_then(|(_, becomes)| becomes.as_str());
    term.map_or_else(|| row.alone.to_owned(), |term| row.alone.replace(row.own, term))
}
