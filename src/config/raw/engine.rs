//! An `[engine.ID]` table, and the `[glossary]` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{LangTag, Located, MoneyAmount, RawDuration, RawEngineKind, RawPeriod};
use super::RawSecret;

/// More requests at a time than any vendor takes from one customer.
pub(crate) const MAX_IN_FLIGHT: i64 = 64;
/// A larger number is a slip of the finger.
pub(crate) const MAX_BUDGET: i64 = 1_000_000_000_000;

/// A translation service. `ID` is the name that you give it: small letters, digits, `-` and `_`. Editions name it in their
/// `engines`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["kind"]))]
#[schemars(rename = "Engine")]
pub(crate) struct RawEngine {
    /// Which protocol it speaks: `deepl`, `google` (Cloud Translation, Basic), `azure` (Translator), a `libretranslate` server,
    /// an Apertium server (`apertium`), or a language model: `anthropic`, `ollama`, or `openai` for all servers that have its
    /// chat completions.
    #[schemars(example = &"deepl")]
    pub(crate) kind: Option<Located<RawEngineKind>>,
    /// The address of the server, to which the paths of its protocol are added; that of an `openai` server ends in `/v1` as a
    /// rule. `libretranslate` and `apertium` need it; for `ollama` it is `http://127.0.0.1:11434` and for the others their
    /// vendor's, unless you say otherwise.
    #[schemars(example = &"https://translate.example.org")]
    pub(crate) url: Option<Located<String>>,
    /// The name of the language model. Required for `openai`, `ollama` and `anthropic`, and for these only.
    #[schemars(example = &"gpt-5-mini")]
    pub(crate) model: Option<Located<String>>,
    /// The region of an `azure` resource, where it has one.
    #[schemars(example = &"westeurope")]
    pub(crate) region: Option<Located<String>>,
    /// What the service knows its customer by. Required for `deepl`, `google`, `azure`, `anthropic`, and for `openai` without
    /// `url`. It goes over `https://` or in your own network only.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "DEEPL_KEY" }))]
    pub(crate) key: Option<Located<RawSecret>>,
    /// The most that may be used in a day or a month: characters, tokens or money. A request that would go beyond it is not
    /// sent. Without it, there is no limit.
    #[schemars(example = serde_json::json!({ "characters": 450_000, "per": "month" }))]
    pub(crate) budget: Option<Located<RawBudget>>,
    /// What the service costs, so that relais can tell, and count a budget of money.
    #[schemars(example = serde_json::json!({ "per_million_characters": 20.0, "currency": "EUR" }))]
    pub(crate) price: Option<Located<RawPrice>>,
    /// The language to go through where the engine does not translate from one language into the other directly: with
    /// `pivot = "es"` French becomes Spanish first, and then English. Both steps count in the budget.
    #[schemars(example = &"es")]
    pub(crate) pivot: Option<Located<LangTag>>,
    /// How long one request may take, from one second to ten minutes. Without it, as the kind of engine needs it.
    #[schemars(example = &"60s")]
    pub(crate) timeout: Option<Located<RawDuration>>,
    /// How many requests may be under way at the same time. Without it, as the kind of engine bears it.
    #[schemars(range(min = 1, max = MAX_IN_FLIGHT), example = 2)]
    pub(crate) in_flight: Option<Located<i64>>,
}

/// Exactly one of `characters`, `tokens` and `money`, and `per`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["per"]))]
#[schemars(rename = "Budget")]
pub(crate) struct RawBudget {
    /// So many characters sent.
    #[schemars(range(min = 1, max = MAX_BUDGET), example = 450_000)]
    pub(crate) characters: Option<Located<i64>>,
    /// So many tokens, those read and those written. Only for language models.
    #[schemars(range(min = 1, max = MAX_BUDGET), example = 2_000_000)]
    pub(crate) tokens: Option<Located<i64>>,
    /// So much money, in the currency of `price`, which must be there.
    #[schemars(example = 9.5)]
    pub(crate) money: Option<Located<MoneyAmount>>,
    /// How long it has to last, in UTC: from midnight to midnight, or from the first of a month to the next.
    #[schemars(example = &"month")]
    pub(crate) per: Option<Located<RawPeriod>>,
}

/// What the vendor's price list says, as numbers with six decimals at most.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["currency"]))]
#[schemars(rename = "Price")]
pub(crate) struct RawPrice {
    /// For a million characters sent.
    #[schemars(example = 20.0)]
    pub(crate) per_million_characters: Option<Located<MoneyAmount>>,
    /// For a million tokens that a language model reads.
    #[schemars(example = 0.25)]
    pub(crate) per_million_tokens_in: Option<Located<MoneyAmount>>,
    /// For a million tokens that a language model writes.
    #[schemars(example = 2)]
    pub(crate) per_million_tokens_out: Option<Located<MoneyAmount>>,
    /// The currency, by its three letters (ISO 4217).
    #[schemars(example = &"EUR")]
    pub(crate) currency: Option<Located<String>>,
}

/// Terms that have one right translation, and names that have none. relais brings Olympic ones along; yours come before them.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Glossary")]
pub(crate) struct RawGlossary {
    /// A file of terms: one a line, its columns separated by tabs. The first line names the columns: `source`, `variants`, and
    /// one for each language.
    #[schemars(example = &"glossary.tsv")]
    pub(crate) file: Option<Located<String>>,
    /// A file of names that no engine may change, one a line.
    #[schemars(example = &"donottranslate.txt")]
    pub(crate) keep: Option<Located<String>>,
}
