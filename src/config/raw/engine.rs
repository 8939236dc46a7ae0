//! The `[engine.ID]` and `[glossary]` tables.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{
    LangTag, Located, MoneyAmount, RawDuration, RawEngineKind, RawFormality, RawPeriod, RawReasoningEffort, RawServiceTier,
};
use super::RawSecret;

/// The largest `in_flight`: no vendor accepts more requests at a time from one customer.
pub(crate) const MAX_IN_FLIGHT: i64 = 64;
/// The largest budget: a larger number is a typing error.
pub(crate) const MAX_BUDGET: i64 = 1_000_000_000_000;

/// A translation service. `ID` is a name of your choice: lower-case letters, digits, `-` and `_`. Editions list it in their
/// `engines`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["kind"]))]
#[schemars(rename = "Engine")]
pub(crate) struct RawEngine {
    /// The protocol of the service: `deepl`, `google` (Cloud Translation, Basic), `azure` (Translator), `libretranslate`,
    /// `apertium` (an Apertium server), `firefox` (the models of Firefox Translations, run by relais itself), or a language model: `anthropic`, `ollama`, or `openai` for every server that offers the
    /// chat completions API.
    #[schemars(example = &"deepl")]
    pub(crate) kind: Option<Located<RawEngineKind>>,
    /// The base address of the server; relais appends the paths of the protocol. The address of an `openai` server usually ends
    /// in `/v1`. Required for `libretranslate` and `apertium`. Default: `http://127.0.0.1:11434` for `ollama`, the vendor's
    /// address for the others. For `firefox` it is where models come from: a server that speaks the protocol of Firefox Remote Settings,
    /// or a folder (`file:///…`).
    #[schemars(example = &"https://translate.example.org")]
    pub(crate) url: Option<Located<String>>,
    /// The name of the language model. Required for `openai`, `ollama` and `anthropic`, and for these only.
    #[schemars(example = &"gpt-5-mini")]
    pub(crate) model: Option<Located<String>>,
    /// The region of an `azure` resource, if it has one.
    #[schemars(example = &"westeurope")]
    pub(crate) region: Option<Located<String>>,
    /// The API key. Required for `deepl`, `google`, `azure`, `anthropic`, and for `openai` without `url`. It is sent only over
    /// `https://` or within your own network.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "DEEPL_KEY" }))]
    pub(crate) key: Option<Located<RawSecret>>,
    /// The spending limit per day or month, in characters, tokens or money. A request that could exceed it is not sent. Without
    /// a budget there is no limit.
    #[schemars(example = serde_json::json!({ "characters": 450_000, "per": "month" }))]
    pub(crate) budget: Option<Located<RawBudget>>,
    /// The price of the service. relais needs it to report costs and to keep a budget of money.
    #[schemars(example = serde_json::json!({ "per_million_characters": 20.0, "currency": "EUR" }))]
    pub(crate) price: Option<Located<RawPrice>>,
    /// The intermediate language for pairs that the engine does not translate directly: with `pivot = "es"`, French is translated
    /// to Spanish and then to English. Both steps count towards the budget.
    #[schemars(example = &"es")]
    pub(crate) pivot: Option<Located<LangTag>>,
    /// Sentences that tell the engine how to translate, at most ten of at most 300 characters. For `deepl`, whose quality models take
    /// them for some languages, and for language models. A change holds for what is translated from then on.
    #[schemars(example = ["Use the present tense in headlines."])]
    pub(crate) instructions: Vec<Located<String>>,
    /// The form of address where the language has several: `more` or `less` formal. For `deepl` and language models.
    #[schemars(example = &"more")]
    pub(crate) formality: Option<Located<RawFormality>>,
    /// The style: for language models in words, for `deepl` the ID of a style rule list.
    #[schemars(example = &"sober, like a news agency")]
    pub(crate) style: Option<Located<String>>,
    /// The same for single target languages: `[engine.ID.lang.es]`, or `[engine.ID.lang.es-419]` for one variety. See
    /// [below](#lang-of-an-engine).
    #[schemars(example = serde_json::json!({ "es": { "formality": "more" } }))]
    pub(crate) lang: BTreeMap<LangTag, Located<RawGuidance>>,
    /// The effort of a reasoning model before it writes. Without it none is asked for, and the model does as it likes. For `openai`,
    /// `ollama` and `anthropic`.
    #[schemars(example = &"low")]
    pub(crate) reasoning_effort: Option<Located<RawReasoningEffort>>,
    /// The tier of the vendor in which texts that can wait are sent, for half the price.
    ///
    /// `flex` sends single requests that are answered slowly, as long as every edition that wants their texts holds them back for half an hour
    /// more (`untranslated = "hold 6h"`). What the vendor refuses for want of capacity is sent in the standard tier. Costs are counted at
    /// `price`, so that they are an upper limit. For `openai`.
    ///
    /// `batch` submits texts to the batch service of the vendor, as long as every edition that wants them holds them back for 24½ hours
    /// more (`untranslated = "hold 36h"`): the vendor answers within a day, and a later run collects the answers. What is not answered is sent in
    /// the standard tier. Costs are counted at half of `price`. For `openai` and `anthropic`.
    #[schemars(example = &"flex")]
    pub(crate) service_tier: Option<Located<RawServiceTier>>,
    /// The time limit of one request, from one second to ten minutes. The default depends on the kind of engine.
    #[schemars(example = &"60s")]
    pub(crate) timeout: Option<Located<RawDuration>>,
    /// The number of requests in flight. The default depends on the kind of engine. For `firefox` it is the number of cores to use; default: all.
    #[schemars(range(min = 1, max = MAX_IN_FLIGHT), example = 2)]
    pub(crate) in_flight: Option<Located<i64>>,
    /// The folder of the models of `firefox`. A relative path starts from the folder of feeds.toml. Default: `models` beside the SQLite
    /// file of `state`, or else beside feeds.toml.
    #[schemars(example = &"/var/lib/relais/models")]
    pub(crate) models: Option<Located<String>>,
    /// `true` lets a run get the models that are missing for the languages of its sources and editions. For `firefox`. Without it
    /// `relais models add` gets them.
    #[schemars(example = true)]
    pub(crate) auto_download: Option<Located<bool>>,
}

/// Wishes for one target language of an engine: its instructions are added to those of the engine, the other keys take precedence.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Guidance")]
pub(crate) struct RawGuidance {
    /// Further sentences that tell the engine how to translate.
    #[schemars(example = ["Write the names of months in lower case."])]
    pub(crate) instructions: Vec<Located<String>>,
    /// The form of address: `more` or `less` formal.
    #[schemars(example = &"less")]
    pub(crate) formality: Option<Located<RawFormality>>,
    /// The style.
    #[schemars(example = &"as in Latin American newspapers")]
    pub(crate) style: Option<Located<String>>,
}

/// Exactly one of `characters`, `tokens` and `money`, and `per`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["per"]))]
#[schemars(rename = "Budget")]
pub(crate) struct RawBudget {
    /// The number of characters that may be sent.
    #[schemars(range(min = 1, max = MAX_BUDGET), example = 450_000)]
    pub(crate) characters: Option<Located<i64>>,
    /// The number of tokens, input and output together. For language models only.
    #[schemars(range(min = 1, max = MAX_BUDGET), example = 2_000_000)]
    pub(crate) tokens: Option<Located<i64>>,
    /// The amount of money, in the currency of `price`. Requires `price`.
    #[schemars(example = 9.5)]
    pub(crate) money: Option<Located<MoneyAmount>>,
    /// The period of the budget, in UTC: a `day` from midnight, or a calendar `month`.
    #[schemars(example = &"month")]
    pub(crate) per: Option<Located<RawPeriod>>,
}

/// The prices of the vendor, as numbers with at most six decimals.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["currency"]))]
#[schemars(rename = "Price")]
pub(crate) struct RawPrice {
    /// The price of a million characters sent.
    #[schemars(example = 20.0)]
    pub(crate) per_million_characters: Option<Located<MoneyAmount>>,
    /// The price of a million input tokens of a language model.
    #[schemars(example = 0.25)]
    pub(crate) per_million_tokens_in: Option<Located<MoneyAmount>>,
    /// The price of a million output tokens of a language model.
    #[schemars(example = 2)]
    pub(crate) per_million_tokens_out: Option<Located<MoneyAmount>>,
    /// The currency, as a three-letter code (ISO 4217).
    #[schemars(example = &"EUR")]
    pub(crate) currency: Option<Located<String>>,
}

/// Terms with a fixed translation, and names that are never translated. relais has a built-in glossary of Olympic terms; your
/// entries take precedence.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Glossary")]
pub(crate) struct RawGlossary {
    /// A file of terms: one per line, with tab-separated columns. The first line names the columns: `source`, `variants`, and
    /// one column per language.
    #[schemars(example = &"glossary.tsv")]
    pub(crate) file: Option<Located<String>>,
    /// A file of names that no engine may change, one per line.
    #[schemars(example = &"donottranslate.txt")]
    pub(crate) keep: Option<Located<String>>,
}
