//! What the tables of translation hold: kinds of engines, amounts of money, periods, how an edition shows originals.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::amount::{human_millionths, millionths};
use super::{choose, read_text};
use crate::model::{BilingualMode, EngineKind, Period};

/// Which protocol an engine speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawEngineKind(pub(crate) EngineKind);

/// Kinds of later versions, and what to do without them.
pub(crate) const LATER_KINDS: [(&str, &str); 1] =
    [("firefox", "take another kind: \"libretranslate\" and \"apertium\" can run on your own machine")];

config_value!(
    RawEngineKind,
    "the kind of an engine such as \"deepl\"",
    |text| match LATER_KINDS.iter().find(|(kind, _)| *kind == text) {
        Some((kind, help)) => Err(format!("\"{kind}\" is not supported by this version of relais\n{help}")),
        None => choose(text, &EngineKind::ALL.map(|kind| (kind.name(), kind))).map(RawEngineKind),
    },
    |kind| kind.0.name().to_owned(),
    { "type": "string", "enum": EngineKind::ALL.map(EngineKind::name) }
);

/// How much of the original stands beside a translation.
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

/// How long a budget lasts.
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

/// An amount of money, in millionths of the currency's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MoneyAmount(pub(crate) u64);

impl<'de> Deserialize<'de> for MoneyAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = MoneyAmount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as 20 or 0.15")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<MoneyAmount, E> {
                read(&number.to_string())
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<MoneyAmount, E> {
                // The shortest decimal that means this double: up to 15 digits it is what was written, and more are refused.
                read(&number.to_string())
            }
        }
        fn read<E: de::Error>(text: &str) -> Result<MoneyAmount, E> {
            let help = "from 0 to 999999999.999999: not negative, and six decimals at most";
            millionths(text).map(MoneyAmount).ok_or_else(|| E::custom(format!("{text} is no amount of money\n{help}")))
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Serialize for MoneyAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&human_millionths(self.0))
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
