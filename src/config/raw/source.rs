//! The `[source.ID]` table, and references to secrets.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::super::values::{LangTag, Located, RawDuration, RawRewriteField, ZoneName};

/// The range of `prefer`.
pub(crate) const MIN_PREFER: i64 = -100;
pub(crate) const MAX_PREFER: i64 = 100;

/// A feed that relais reads. `ID` is a name of your choice: lower-case letters, digits, `-` and `_`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["url"]))]
#[schemars(rename = "Source")]
pub(crate) struct RawSource {
    /// The address of the feed (RSS, Atom or JSON Feed), not of a web page. Write an address that holds a secret, such as a token,
    /// as `{ env = "NAME" }` or `{ file = "FILE" }`: readers then see `public_url` or, without one, only the host.
    #[schemars(schema_with = "text_or_secret", example = &"https://www.example.org/sport/rss.xml")]
    pub(crate) url: Option<Located<RawSecret>>,
    /// The address that readers are shown instead of `url`. Default: `url` without parameters that hold credentials.
    #[schemars(example = &"https://www.example.org/sport/rss.xml")]
    pub(crate) public_url: Option<Located<String>>,
    /// The title of the source for readers. Default: the title of the feed.
    #[schemars(example = &"Le Monde – Jeux olympiques")]
    pub(crate) title: Option<Located<String>>,
    /// The web page of the source. Default: the one that the feed names.
    #[schemars(example = &"https://www.example.org/sport/")]
    pub(crate) site: Option<Located<String>>,
    /// The language of the entries, if the feed does not declare it or declares a wrong one.
    #[schemars(example = &"fr")]
    pub(crate) lang: Option<Located<LangTag>>,
    /// The time zone of dates that have none. Default: UTC.
    #[schemars(example = &"Europe/Paris")]
    pub(crate) zone: Option<Located<ZoneName>>,
    /// Tags by which editions select sources: `from = ["tag:olympic"]`.
    #[schemars(example = ["olympic"])]
    pub(crate) tags: Vec<Located<String>>,
    /// The topic rule that the entries are judged by: those that are about something else are left out. `olympic` is built in;
    /// `[topic.ID]` adds your own.
    #[schemars(example = &"olympic")]
    pub(crate) topic: Option<Located<String>>,
    /// An expression over the fields of an entry (docs/RULES.md): entries for which it is not true are left out when the feed is read.
    #[schemars(example = &"'Jeux' in title or 'olympique' in title | fold")]
    pub(crate) keep: Option<Located<String>>,
    /// An expression over the fields of an entry (docs/RULES.md): entries for which it is true are left out when the feed is read.
    #[schemars(example = &"'Publicité' in categories or age > 24 * 30")]
    pub(crate) drop: Option<Located<String>>,
    /// Rules that cut or replace a part of a text, in their order, before anything else is made of it: an entry is identified,
    /// translated and published as if its source had written it so.
    #[schemars(example = serde_json::json!([{ "field": "title", "find": r"^EN DIRECT\s*[-–:]\s*", "replace": "" }]))]
    pub(crate) rewrite: Located<Vec<RawRewrite>>,
    /// The longest interval between two visits. Default: `every` of `[fetch]`. At least one minute.
    #[schemars(example = &"30m")]
    pub(crate) every: Option<Located<RawDuration>>,
    /// The weight of the source where an edition has more entries than places (`limit`): one with weight 2 has twice the places of one
    /// with weight 1. From 0.1 to 10.
    #[schemars(title = "number", example = 2.0)]
    pub(crate) weight: Located<f64>,
    /// The preference among sources that tell one story: that of the greatest number leads. Of equals leads the source that
    /// publishes the page, then the richest text, then the oldest entry.
    #[schemars(range(min = MIN_PREFER, max = MAX_PREFER), example = 1)]
    pub(crate) prefer: Located<i64>,
    /// `true` fetches the web page of each entry that an edition with `show = "full"` publishes, and uses the article found there
    /// if it is longer than the text in the feed. Pages are fetched under the same rate limits as feeds, newest entries first: at
    /// most 20 pages per source and 60 seconds in total per run; the rest follow in the next runs. If a page cannot be fetched, the
    /// text of the feed is published; the page is tried in three runs, and again when the entry changes.
    #[schemars(example = true)]
    pub(crate) full_text: Located<bool>,
    /// `false` disables the source: it is not visited.
    #[schemars(example = false)]
    pub(crate) enabled: bool,
    /// Headers to send with each visit. Write a secret value as `{ env = "NAME" }` or `{ file = "FILE" }`. Headers that relais or
    /// the connection sets are refused.
    #[schemars(example = serde_json::json!({ "Accept-Language": "fr" }))]
    pub(crate) headers: Headers,
    /// The credentials for the server: a user name and a password, or a token.
    #[schemars(example = serde_json::json!({ "user": "reader", "password": { "env": "FEED_PASSWORD" } }))]
    pub(crate) auth: Option<Located<RawAuth>>,
}

impl Default for RawSource {
    fn default() -> Self {
        Self {
            url: None,
            public_url: None,
            title: None,
            site: None,
            lang: None,
            zone: None,
            tags: Vec::new(),
            topic: None,
            keep: None,
            drop: None,
            rewrite: Vec::new().into(),
            every: None,
            weight: 1.0.into(),
            prefer: 0.into(),
            full_text: false.into(),
            enabled: true,
            headers: Headers::default(),
            auth: None,
        }
    }
}

/// One rule of `rewrite`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["field", "find"]))]
#[schemars(rename = "Rewrite")]
pub(crate) struct RawRewrite {
    /// The text to change: the `title` (plain text), the `summary` or the `content` (HTML, as the source wrote it), each `author`, or each
    /// `category`.
    #[schemars(example = &"title")]
    pub(crate) field: Option<Located<RawRewriteField>>,
    /// The [regular expression](https://docs.rs/regex/latest/regex/#syntax) of the parts to replace. Write it between single quotes, so
    /// that a backslash stays one.
    #[schemars(example = &r"\s*\| Le Journal$")]
    pub(crate) find: Option<Located<String>>,
    /// The text in their place; `$1` is the first group of `find`. Default: nothing.
    #[schemars(example = &"")]
    pub(crate) replace: Option<Located<String>>,
}

/// Either `user` and `password`, or `bearer`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(crate) struct RawAuth {
    /// The user name for HTTP Basic authentication.
    #[schemars(example = &"reader")]
    pub(crate) user: Option<Located<String>>,
    /// The password for HTTP Basic authentication.
    #[schemars(schema_with = "secret", example = serde_json::json!({ "env": "FEED_PASSWORD" }))]
    pub(crate) password: Option<Located<RawSecret>>,
    /// The token, sent as `Authorization: Bearer …`.
    #[schemars(schema_with = "secret", example = serde_json::json!({ "file": "token.txt" }))]
    pub(crate) bearer: Option<Located<RawSecret>>,
}

/// A reference to a secret, or a secret that is written in the file.
#[derive(Clone)]
pub(crate) enum RawSecret {
    /// The name of an environment variable.
    Env(String),
    /// The path of a file.
    File(String),
    /// The value itself; `resolve` refuses it where it must not be in the file.
    Plain(String),
}

impl fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name:?}"),
            Self::File(path) => write!(f, "file {path:?}"),
            Self::Plain(_) => f.write_str("[plain]"),
        }
    }
}

impl Serialize for RawSecret {
    /// Writes nothing: only defaults are serialised, and no secret has one.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

struct SecretVisitor;

impl<'de> de::Visitor<'de> for SecretVisitor {
    type Value = RawSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"FILE\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawSecret, E> {
        Ok(RawSecret::Plain(text.to_owned()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<RawSecret, A::Error> {
        let wrong = || {
            de::Error::custom("a secret has exactly one key, `env` or `file`\nwrite { env = \"NAME\" } or { file = \"FILE\" }")
        };
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            let make = match key.as_str() {
                "env" => RawSecret::Env,
                "file" => RawSecret::File,
                _ => return Err(wrong()),
            };
            let value: String = map.next_value()?;
            if found.replace(make(value)).is_some() {
                return Err(wrong());
            }
        }
        found.ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Returns the JSON Schema of a secret.
pub(super) fn secret(_: &mut SchemaGenerator) -> Schema {
    let one = |name: &str, says: &str| {
        serde_json::json!({
            "type": "object", "required": [name], "additionalProperties": false,
            "properties": { name: { "type": "string", "description": says } }
        })
    };
    json_schema!({
        "title": "secret",
        "oneOf": [one("env", "The environment variable that holds the secret."), one("file", "The file that holds the secret.")]
    })
}

/// Returns the JSON Schema of a string or a secret.
pub(super) fn text_or_secret(generator: &mut SchemaGenerator) -> Schema {
    let secret = secret(generator);
    json_schema!({ "title": "string or secret", "oneOf": [{ "type": "string" }, secret] })
}

/// Header names and values, with their positions.
#[derive(Debug, Default)]
pub(crate) struct Headers(pub(in super::super) Vec<(Located<String>, Located<RawSecret>)>);

impl Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&name.value, value)))
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;
        impl<'de> de::Visitor<'de> for HeadersVisitor {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of headers")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(name) = map.next_key::<Located<String>>()? {
                    headers.push((name, map.next_value()?));
                }
                headers.sort_by_key(|(name, _): &(Located<String>, Located<RawSecret>)| name.span.start);
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(HeadersVisitor)
    }
}

impl JsonSchema for Headers {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Headers".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = text_or_secret(generator);
        json_schema!({ "type": "object", "title": "table of strings or secrets", "additionalProperties": value })
    }
}
