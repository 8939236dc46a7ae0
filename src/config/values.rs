//! The values of feeds.toml that have a notation of their own: `15m`, `8MiB`, `summary`, `fr`, `hold 6h`, `0.15`. Each type has
//! its parser, its error messages and its JSON Schema.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::diagnostics::{Diagnosis, nearest};
use crate::model::{Format, Lang, Show, Zone};
use crate::select::RewriteField;

mod amount;

/// A value and its bytes in the file; a default has the empty range `0..0`.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) span: Range<usize>,
    pub(super) value: T,
}

impl<T> From<T> for Located<T> {
    fn from(value: T) -> Self {
        Self { span: 0..0, value }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        toml::Spanned::deserialize(deserializer).map(|spanned| Self { span: spanned.span(), value: spanned.into_inner() })
    }
}

impl<T: Serialize> Serialize for Located<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Quotes a text of the file for a message: escaped, and at most 60 characters.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{:?}", short + "…") } else { format!("{short:?}") }
}

/// Escapes and shortens a name of the file for a message.
pub(super) fn shortened(name: &str) -> String {
    let quoted = quoted(name);
    quoted[1..quoted.len() - 1].to_owned()
}

/// Deserialises a string with `parse`. The error for another type says what was `wanted`.
pub(super) fn deserialize_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    wanted: &'static str,
    parse: impl Fn(&str) -> Result<T, Diagnosis>,
) -> Result<T, D::Error> {
    struct TextVisitor<F>(&'static str, F);
    impl<T, F: Fn(&str) -> Result<T, Diagnosis>> de::Visitor<'_> for TextVisitor<F> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(TextVisitor(wanted, parse))
}

/// Returns the value of the word that equals `text`.
fn choose<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Diagnosis> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let names = || words.iter().map(|(word, _)| *word);
        let hint = match nearest(text, names()) {
            Some(word) => format!("did you mean \"{word}\"?"),
            None => format!("write one of {}", names().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")),
        };
        Diagnosis::new(format!("unknown value {}", quoted(text)), hint)
    })
}

/// Implements serde and JSON Schema for a type: the text that describes it, the parser, the writer, the schema.
macro_rules! config_value {
    ($type:ty, $wanted:literal, $parse:expr, $write:expr, $schema:tt) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize_text(deserializer, $wanted, $parse)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$type) -> String = $write;
                serializer.serialize_str(&write(self))
            }
        }
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

mod headline;
mod notify_kind;
mod translation;

pub(super) use amount::{format_duration, parse_duration, parse_millionths};
pub(super) use headline::RawHeadline;
pub(super) use notify_kind::RawNotifyKind;
pub(super) use translation::{
    MoneyAmount, RawBilingualMode, RawEngineKind, RawFormality, RawPeriod, RawProvenance, RawReasoningEffort, RawServiceTier,
};

/// A duration, as in `"15m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawDuration(pub(super) Duration);

config_value!(
    RawDuration,
    "a duration such as \"15m\"",
    |text| parse_duration(text)
        .map(RawDuration)
        .ok_or_else(|| Diagnosis::new(format!("{} is not a duration", quoted(text)), "write one such as \"15m\", \"1h30m\", \"250ms\" or \"2d\"")),
    |lapse| format_duration(lapse.0),
    { "type": "string", "title": "duration", "pattern": "^ *([0-9]+ *(ms|s|m|h|d|y) *)+$" }
);

/// A number of bytes, as in `"8MiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteSize(pub(super) u64);

config_value!(
    ByteSize,
    "a size such as \"8MiB\"",
    |text| amount::parse_size(text).map(ByteSize).ok_or_else(|| Diagnosis::new(format!("{} is not a size", quoted(text)), "write one such as \"8MiB\" or \"500kB\"")),
    |size| amount::format_size(size.0),
    { "type": "string", "title": "size", "pattern": "^ *[0-9]+ *(B|kB|KB|MB|GB|KiB|MiB|GiB)? *$" }
);

/// A BCP 47 language tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LangTag(pub(super) Lang);

config_value!(
    LangTag,
    "a language such as \"fr\"",
    |text| Lang::new(text)
        .map(LangTag)
        .ok_or_else(|| {
            Diagnosis::new(
                format!("{} is not a language tag", quoted(text)),
                "write one such as \"fr\", \"fr-CA\" or \"zh-Hant\" (BCP 47)",
            )
        }),
    |tag| tag.0.to_string(),
    { "type": "string", "title": "language" }
);

/// A name of the IANA time zone database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ZoneName(pub(super) Zone);

config_value!(
    ZoneName,
    "a time zone such as \"Europe/Paris\"",
    |text| Zone::new(text).map(ZoneName).ok_or_else(|| {
        let city = |name: &&str| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(text.trim()));
        let hint = match Zone::names().find(city).or_else(|| nearest(text, Zone::names())) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => "write one such as \"Europe/Paris\" (a name of the IANA time zone database)".to_owned(),
        };
        Diagnosis::new(format!("{} is not a time zone", quoted(text)), hint)
    }),
    |zone| zone.0.to_string(),
    { "type": "string", "title": "time zone" }
);

/// The value of `show`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawShow(pub(super) Show);

const SHOW_WORDS: [(&str, Show); 3] = [("title", Show::Title), ("summary", Show::Summary), ("full", Show::Full)];

config_value!(
    RawShow,
    "\"title\", \"summary\" or \"full\"",
    |text| choose(text, &SHOW_WORDS).map(RawShow),
    |shown| SHOW_WORDS.iter().find(|(_, show)| *show == shown.0).map_or("", |(word, _)| word).to_owned(),
    { "type": "string", "enum": ["title", "summary", "full"] }
);

/// The `field` of a rewrite.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRewriteField(pub(super) RewriteField);

config_value!(
    RawRewriteField,
    "a field such as \"title\"",
    |text| choose(text, &RewriteField::NAMED).map(RawRewriteField),
    |field| RewriteField::NAMED.iter().find(|(_, named)| *named == field.0).map_or("", |(word, _)| word).to_owned(),
    { "type": "string", "enum": RewriteField::NAMED.map(|(word, _)| word) }
);

/// A value of `formats`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawFormat(pub(super) Format);

config_value!(
    RawFormat,
    "\"atom\", \"rss\", \"json\", \"html\" or \"ninjs\"",
    |text| choose(text, &Format::ALL.map(|format| (format.name(), format))).map(RawFormat),
    |kind| kind.0.name().to_owned(),
    { "type": "string", "enum": Format::ALL.map(Format::name) }
);

/// The value of `hub`: one address, or several.
#[derive(Clone, Debug)]
pub(super) struct RawHubs(pub(super) Vec<Located<String>>);

impl<'de> Deserialize<'de> for RawHubs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = toml::Spanned::<toml::Value>::deserialize(deserializer)?;
        let (span, value) = (at.span(), at.into_inner());
        let located = |value: toml::Value| match value {
            toml::Value::String(value) => Ok(Located { span: span.clone(), value }),
            _ => Err(de::Error::custom(Diagnosis::new(
                "neither an address nor a list of addresses",
                "write for example \"https://hub.example/\"",
            ))),
        };
        match value {
            toml::Value::Array(list) => list.into_iter().map(located).collect::<Result<_, _>>().map(Self),
            one => located(one).map(|hub| Self(vec![hub])),
        }
    }
}

impl Serialize for RawHubs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for RawHubs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "RawHubs".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "address, or list of addresses",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}

/// The value of `untranslated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawUntranslated {
    Hold(Duration),
    Original,
    Skip,
}

config_value!(
    RawUntranslated,
    "\"hold 6h\", \"original\" or \"skip\"",
    |text| match text.strip_prefix("hold ").map(parse_duration) {
        Some(Some(time)) => Ok(RawUntranslated::Hold(time)),
        Some(None) => Err(Diagnosis::new(format!("{} does not hold for a duration", quoted(text)), "write for example \"hold 6h\"")),
        None if text == "hold" => Err(Diagnosis::new("\"hold\" does not say how long", "write for example \"hold 6h\"")),
        None => choose(text, &[("original", RawUntranslated::Original), ("skip", RawUntranslated::Skip), ("hold 6h", RawUntranslated::Hold(Duration::ZERO))]),
    },
    |missing| match missing {
        RawUntranslated::Hold(time) => format!("hold {}", format_duration(*time)),
        RawUntranslated::Original => "original".to_owned(),
        RawUntranslated::Skip => "skip".to_owned(),
    },
    { "type": "string", "title": "`hold DURATION`, `original` or `skip`", "pattern": "^(hold .+|original|skip)$" }
);
