//! The values of the tables for translation: kinds of engines, amounts of money, periods, the bilingual mode.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::super::diagnostics::Diagnosis;
use super::amount::{format_millionths, parse_millionths};
use super::{choose, deserialize_text};
use crate::model::{BilingualMode, EngineKind, Formality, Period, Provenance, ReasoningEffort, ServiceTier};

/// The `kind` of an engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawEngineKind(pub(crate) EngineKind);

config_value!(
    RawEngineKind,
    "the kind of an engine such as \"deepl\"",
    |text| choose(text, &EngineKind::ALL.map(|kind| (kind.name(), kind))).map(RawEngineKind),
    |kind| kind.0.name().to_owned(),
    { "type": "string", "enum": EngineKind::ALL.map(EngineKind::name) }
);

/// The value of `bilingual`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawBilingualMode(pub(crate) BilingualMode);

const BILINGUAL_WORDS: [(&str, BilingualMode); 3] =
    [("none", BilingualMode::None), ("title", BilingualMode::Title), ("paragraphs", BilingualMode::Paragraphs)];

config_value!(
    RawBilingualMode,
    "\"none\", \"title\" or \"paragraphs\"",
    |text| choose(text, &BILINGUAL_WORDS).map(RawBilingualMode),
    |beside| BILINGUAL_WORDS.iter().find(|(_, bilingual)| *bilingual == beside.0).map_or("", |(word, _)| word).to_owned(),
    { "type": "string", "enum": BILINGUAL_WORDS.map(|(word, _)| word) }
);

/// The value of `provenance`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawProvenance(pub(crate) Provenance);

config_value!(
    RawProvenance,
    "\"line\", \"category\" or \"none\"",
    |text| choose(text, &Provenance::ALL).map(RawProvenance),
    |form| Provenance::ALL.iter().find(|(_, named)| *named == form.0).map_or("", |(word, _)| word).to_owned(),
    { "type": "string", "enum": Provenance::ALL.map(|(word, _)| word) }
);

/// The value of `formality`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawFormality(pub(crate) Formality);

const FORMALITY_WORDS: [(&str, Formality); 2] = [("more", Formality::More), ("less", Formality::Less)];

config_value!(
    RawFormality,
    "\"more\" or \"less\"",
    |text| choose(text, &FORMALITY_WORDS).map(RawFormality),
    |formality| FORMALITY_WORDS.iter().find(|(_, value)| *value == formality.0).map_or("", |(word, _)| word).to_owned(),
    { "type": "string", "enum": FORMALITY_WORDS.map(|(word, _)| word) }
);

/// The value of `reasoning_effort`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawReasoningEffort(pub(crate) ReasoningEffort);

config_value!(
    RawReasoningEffort,
    "an effort such as \"low\"",
    |text| choose(text, &ReasoningEffort::ALL.map(|effort| (effort.name(), effort))).map(RawReasoningEffort),
    |effort| effort.0.name().to_owned(),
    { "type": "string", "enum": ReasoningEffort::ALL.map(ReasoningEffort::name) }
);

/// The value of `service_tier`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawServiceTier(pub(crate) ServiceTier);

config_value!(
    RawServiceTier,
    "\"flex\" or \"batch\"",
    |text| choose(text, &ServiceTier::ALL.map(|tier| (tier.name(), tier))).map(RawServiceTier),
    |tier| tier.0.name().to_owned(),
    { "type": "string", "enum": ServiceTier::ALL.map(ServiceTier::name) }
);

/// The `per` of a budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawPeriod(pub(crate) Period);

const PERIOD_WORDS: [(&str, Period); 2] = [("day", Period::Day), ("month", Period::Month)];

config_value!(
    RawPeriod,
    "\"day\" or \"month\"",
    |text| choose(text, &PERIOD_WORDS).map(RawPeriod),
    |per| PERIOD_WORDS.iter().find(|(_, period)| *period == per.0).map_or("", |(word, _)| word).to_owned(),
    { "type": "string", "enum": PERIOD_WORDS.map(|(word, _)| word) }
);

/// An amount of money, in millionths of the unit of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MoneyAmount(pub(crate) u64);

impl<'de> Deserialize<'de> for MoneyAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;
        impl de::Visitor<'_> for AmountVisitor {
            type Value = MoneyAmount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as 20 or 0.15")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<MoneyAmount, E> {
                parse_amount(&number.to_string())
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<MoneyAmount, E> {
                // The shortest decimal of this double: up to 15 digits it is the text of the file, and more are refused.
                parse_amount(&number.to_string())
            }
        }
        fn parse_amount<E: de::Error>(text: &str) -> Result<MoneyAmount, E> {
            let diagnosis = || {
                Diagnosis::new(
                    format!("{text} is not an amount of money"),
                    "from 0 to 999999999.999999, with at most six decimals",
                )
            };
            parse_millionths(text).map(MoneyAmount).ok_or_else(|| E::custom(diagnosis()))
        }
        deserializer.deserialize_any(AmountVisitor)
    }
}

impl Serialize for MoneyAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_millionths(self.0))
    }
}

impl JsonSchema for MoneyAmount {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "MoneyAmount".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "title": "number", "minimum": 0, "maximum": 999_999_999 })
    }
}
