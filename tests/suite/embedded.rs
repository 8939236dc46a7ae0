//! The embedded engine (`kind = "firefox"`), on small models of our own: a network that translates word for word shows what becomes of a
//! text, and networks of random weights whether the numbers are right.
#![cfg(feature = "firefox")]

mod hostile;
mod models;
mod numbers;
mod texts;
mod worlds;

use std::path::Path;
use std::sync::Arc;

use relais::model::{EngineKind, Lang, Marked, SegmentKind};
use relais::net::{self, ApiClient, Client};
use relais::translate::{
    Batch, Engine, EngineSettings, InstallOutcome, ModelError, ModelFolder, ModelOrigin, Outgoing, SegmentContext, Term,
    install_model, open, try_model,
};

use crate::support::catalogue::Catalogue;
use crate::support::marian::MarianModel;

/// What the network for French and English knows.
const FRENCH: [(&str, &str); 14] = [
    ("le", "the"),
    ("la", "the-"),
    ("chat", "cat"),
    ("noir", "black"),
    ("dort", "sleeps"),
    ("comité", "committee"),
    ("olympique", "olympic"),
    ("a", "has"),
    ("voté", "voted"),
    ("hier", "yesterday"),
    ("équipe", "team"),
    ("gagne", "wins"),
    ("et", "and"),
    ("ici", "here"),
];

/// What the network for English and Spanish knows.
const SPANISH: [(&str, &str); 5] =
    [("the", "el"), ("cat", "gato"), ("black", "negro"), ("sleeps", "duerme"), ("committee", "comité")];

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn french() -> MarianModel {
    MarianModel::word_for_word(&FRENCH)
}

fn client() -> Client {
    let allow_private = vec!["127.0.0.1/32".parse().expect("a network")];
    let options = net::Options { allow_private, host_interval: std::time::Duration::ZERO, ..net::Options::default() };
    Client::new(options).expect("a client")
}

/// Installs a model as `relais models add` does.
async fn install(folder: &Path, origin: &ModelOrigin, (from, to): (&str, &str)) -> Result<InstallOutcome, ModelError> {
    let wanted = (&lang(from), &lang(to), None);
    install_model(&ModelFolder::new(folder), origin, wanted, &client(), &|_, _| (), &try_model).await
}

/// Installs these models into a folder, from a folder.
async fn with_models(folder: &Path, catalogue: &Catalogue, pairs: &[(&str, &str)]) {
    let source = tempfile::tempdir().expect("a folder");
    catalogue.write(source.path());
    for pair in pairs {
        install(folder, &ModelOrigin::Folder(source.path().to_owned()), *pair).await.expect("a model");
    }
}

/// A folder with the models for French, English and Spanish.
async fn models() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut catalogue = Catalogue::default();
    catalogue.add(("fr", "en"), "3.0", &french()).add(("en", "es"), "3.1", &MarianModel::word_for_word(&SPANISH));
    with_models(folder.path(), &catalogue, &[("fr", "en"), ("en", "es")]).await;
    folder
}

fn settings(folder: &Path) -> EngineSettings {
    EngineSettings {
        id: "local".to_owned(),
        kind: EngineKind::Firefox,
        url: None,
        model: None,
        key: None,
        region: None,
        pivot: None,
        guidance: relais::model::GuidanceTable::default(),
        reasoning_effort: None,
        tier: None,
        timeout: None,
        in_flight: Some(2),
        models: Some(folder.to_owned()),
    }
}

fn engine(settings: EngineSettings) -> Arc<dyn Engine> {
    let caller = Arc::new(ApiClient::new(&net::Options::default()).expect("a caller"));
    open(settings, caller).expect("an engine")
}

/// A text; `<x9/>` in it is a name that is held back.
fn outgoing(tagged: &str) -> Outgoing {
    let text = Marked::from_tagged(tagged).expect("a text");
    let term = Term { mark: 9, source: "Jack Ma".to_owned(), target: "Jack Ma".to_owned(), is_held: true };
    let terms = tagged.contains("<x9/>").then_some(term).into_iter().collect();
    Outgoing { text, terms, kind: SegmentKind::Paragraph, context: SegmentContext::default() }
}

fn batch(to: &str, texts: &[&str]) -> Batch {
    Batch { from: lang("fr"), to: lang(to), texts: texts.iter().map(|text| outgoing(text)).collect(), is_patient: false }
}

/// Translates texts; what is not translated is its reason in brackets.
async fn translate(engine: &dyn Engine, to: &str, texts: &[&str]) -> Vec<String> {
    let reply = engine.translate(&batch(to, texts)).await.expect("a reply");
    reply.texts.into_iter().map(|text| text.map_or_else(|why| format!("({why})"), |text| text.to_tagged())).collect()
}
