//! Kinds of engines, and the bilingual mode.

use serde::{Deserialize, Serialize};

/// The protocol of an engine: `kind` of an `[engine.ID]` table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// The API of `DeepL`, version 2.
    Deepl,
    /// A `LibreTranslate` server.
    Libretranslate,
    /// The chat completions of `OpenAI`, and of many other servers.
    Openai,
    /// The API of Ollama.
    Ollama,
    /// The Messages API of Anthropic.
    Anthropic,
    /// Google Cloud Translation, Basic (v2).
    Google,
    /// Azure Translator, version 3.
    Azure,
    /// An Apertium `APy` server.
    Apertium,
    /// The models of Firefox Translations, run in this process.
    Firefox,
}

impl EngineKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Deepl,
        Self::Libretranslate,
        Self::Openai,
        Self::Ollama,
        Self::Anthropic,
        Self::Google,
        Self::Azure,
        Self::Apertium,
        Self::Firefox,
    ];

    /// Returns the name in feeds.toml.
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
            Self::Firefox => "firefox",
        }
    }

    /// Returns the name that its vendor gives it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Deepl => "DeepL",
            Self::Libretranslate => "LibreTranslate",
            Self::Openai => "OpenAI",
            Self::Ollama => "Ollama",
            Self::Anthropic => "Anthropic",
            Self::Google => "Google",
            Self::Azure => "Azure",
            Self::Apertium => "Apertium",
            Self::Firefox => "Firefox Translations",
        }
    }

    /// Returns true if it runs in this process: it has neither an address to send texts to nor a key.
    pub fn is_embedded(self) -> bool {
        self == Self::Firefox
    }

    /// Returns true if it is a language model: it has a `model`, bills tokens, and reads context.
    pub fn is_language_model(self) -> bool {
        matches!(self, Self::Openai | Self::Ollama | Self::Anthropic)
    }
}

/// The part of the original that an edition shows beside a translation.
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
