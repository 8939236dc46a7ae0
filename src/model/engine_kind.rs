//! Kinds of engines.

use serde::{Deserialize, Serialize};

/// Which protocol an engine speaks: `kind` of an `[engine.ID]` table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// `DeepL`'s API, version 2.
    Deepl,
    /// A `LibreTranslate` server.
    Libretranslate,
    /// Chat completions as `OpenAI` has them, and many other servers.
    Openai,
    /// Ollama's own API.
    Ollama,
    /// Anthropic's Messages.
    Anthropic,
    /// Google Cloud Translation, Basic (v2).
    Google,
    /// Azure Translator, version 3.
    Azure,
    /// An Apertium `APy` server.
    Apertium,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Deepl,
        Self::Libretranslate,
        Self::Openai,
        Self::Ollama,
        Self::Anthropic,
        Self::Google,
        Self::Azure,
        Self::Apertium,
    ];

    /// Its name in feeds.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deepl => "deepl",
            Self::Libretranslate => "libretranslate",
            Self::Openai => "openai",
            Self::Ollama => "ollama",
            Self::Anthropic => "anthropic",
            Self::Google => "google",
            Self::Azure => "azure",
            Self::Apertium => "apertium",
        }
    }

    /// Whether it is a language model: it has a `model`, bills tokens, and reads context.
    pub fn is_language_model(self) -> bool {
        matches!(self, Self::Openai | Self::Ollama | Self::Anthropic)
    }
}

/// How much of the original an edition shows beside a translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BilingualMode {
    /// Nothing.
    #[default]
    None,
    /// The headline.
    Title,
    /// Each paragraph, after its translation.
    Paragraphs,
}
