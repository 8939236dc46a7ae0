//! The numbers of the network, compared with an implementation of its own: `tests/embedded/reference.py` computes them with numpy from
//! Marian's formulas, and `golden.json` has what it found.

use std::path::PathBuf;

use fxtranslate::engine::Engine;
use serde_json::{Value, json};

use crate::support::marian::{MarianModel, Sizes};

const WORDS: [&str; 12] = ["le", "comité", "olympique", "a", "voté", "hier", "the", "committee", "has", "voted", "et", "and"];

const TEXTS: [&str; 5] =
    ["le comité olympique a voté hier", "Zoé a 3,5 % et 1 024 €", "a", "le le le le le le le", "«hier» (voté)"];

/// Networks of random weights in several sizes: one layer, several, and widths that the fast kernel takes and does not take.
fn networks() -> Vec<(String, MarianModel)> {
    let sizes = |dim, heads, ffn, encoder, decoder| Sizes { dim, heads, ffn, encoder, decoder };
    [
        ("small", sizes(32, 4, 64, 1, 1)),
        ("deep", sizes(64, 8, 128, 4, 2)),
        ("wide", sizes(128, 8, 256, 2, 2)),
        ("odd", sizes(24, 2, 40, 2, 1)),
    ]
    .into_iter()
    .zip(11..)
    .map(|((name, sizes), seed)| (name.to_owned(), MarianModel::random(seed, sizes, &WORDS)))
    .collect()
}

/// What the inference library makes of the texts with a model.
fn cases(name: &str, model: &[u8], vocabulary: &[u8]) -> Vec<Value> {
    let engine = Engine::from_bytes(model, vocabulary, vocabulary).expect("a model");
    let case = |text: &&str| {
        let (context, _, logits, read) = engine.dump_reference(text);
        let written = engine.greedy(&read);
        let aligned = engine.translate_aligned(text);
        let pieces: Vec<u32> = aligned.target_tokens.iter().map(|token| token.id).filter(|id| *id != 0).collect();
        assert_eq!(pieces, written, "a text with marks has the words of one without: {name} {text}");
        json!({
            "model": name, "text": text, "end": 0, "read": read, "context": context, "logits": logits, "written": written,
            "alignment": aligned.alignments,
        })
    };
    TEXTS.iter().map(case).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "files for another program")]
fn cases_are_written_for_the_reference() {
    let folder = std::env::var_os("RELAIS_WRITE_MODELS").map(PathBuf::from);
    let mut all = Vec::new();
    for (name, network) in networks() {
        for (kind, model) in [("float", network.float()), ("int8", network.quantised())] {
            let file = format!("{name}.{kind}.bin");
            all.extend(cases(&file, &model, &network.vocabulary()));
            if let Some(folder) = &folder {
                std::fs::create_dir_all(folder).expect("a folder");
                std::fs::write(folder.join(&file), &model).expect("a file");
            }
        }
    }
    assert_eq!(all.len(), 2 * 4 * TEXTS.len());
    if let Some(folder) = &folder {
        std::fs::write(folder.join("cases.json"), Value::from(all).to_string()).expect("a file");
    }
}

/// The largest difference of a logit: integers are equal, but a rounding at the edge may go the other way after other sums of floats.
fn tolerance(model: &str) -> f64 {
    if model.contains("int8") { 0.05 } else { 1e-3 }
}

#[test]
fn numbers_are_those_of_the_reference() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/embedded/golden.json");
    let golden: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).expect("the golden numbers")).expect("JSON");
    let mut ours = Vec::new();
    for (name, network) in networks() {
        for (kind, model) in [("float", network.float()), ("int8", network.quantised())] {
            ours.extend(cases(&format!("{name}.{kind}.bin"), &model, &network.vocabulary()));
        }
    }
    assert_eq!(golden.len(), ours.len());
    for (golden, ours) in golden.iter().zip(&ours) {
        let model = golden["model"].as_str().expect("a name");
        assert_eq!((&golden["model"], &golden["text"]), (&ours["model"], &ours["text"]));
        assert_eq!(golden["written"], ours["written"], "{model} {}", golden["text"]);
        for (part, figures) in [("logits", &ours["logits"]), ("encoder", &ours["context"])] {
            for (wanted, found) in golden[part].as_array().expect("figures").iter().zip(figures.as_array().expect("figures")) {
                let difference = (wanted.as_f64().expect("a figure") - found.as_f64().expect("a figure")).abs();
                assert!(difference <= tolerance(model), "{model} {} {part}: {wanted} {found}", golden["text"]);
            }
        }
    }
}
