//! Language models, one file a vendor. All get the same prompt, and their answers are parsed in the same way.

pub(super) mod anthropic;
mod batches;
mod first_words;
mod flex;
mod language_name;
pub(super) mod ollama;
pub(super) mod openai;
mod prompt;
mod reading_prompt;
mod reading_response;
mod response;
mod response_format;
mod session;
