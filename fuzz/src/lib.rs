//! What is fuzzed. The bodies are shared with the project's tests, which replay the corpus.

pub mod answers;
pub mod memory;
pub mod pushes;
pub mod targets;
#[path = "../../tests/suite/support/unsafe_html.rs"]
mod unsafe_html;
