//! A `[source.ID]` table, and the secrets that it may name.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::super::values::{LangTag, Located, RawDuration, ZoneName};

/// A feed that relais reads. `ID` is the name that you give it: small letters, digits, `-` and `_`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["url"]))]
#[schemars(rename = "Source")]
pub(crate) struct RawSource {
    /// The address of the feed (RSS, Atom or JSON Feed), not that of a page.
    #[schemars(example = &"https://www.example.org/sport/rss.xml")]
    pub(crate) url: Option<Located<String>>,
    /// The name that readers see. Without it, the feed's own.
    #[schemars(example = &"Le Monde – Jeux olympiques")]
    pub(crate) title: Option<Located<String>>,
    /// The page that the feed belongs to. Without it, the one that the feed names.
    #[schemars(example = &"https://www.example.org/sport/")]
    pub(crate) site: Option<Located<String>>,
    /// The language of the entries, where the feed does not say it or says it wrongly.
    #[schemars(example = &"fr")]
    pub(crate) lang: Option<Located<LangTag>>,
    /// What dates without a zone are in. Without it, UTC.
    #[schemars(example = &"Europe/Paris")]
    pub(crate) zone: Option<Located<ZoneName>>,
    /// Words by which editions can take several sources at once: `from = ["tag:olympic"]`.
    #[schemars(example = ["olympic"])]
    pub(crate) tags: Vec<Located<String>>,
    /// The longest time between two visits. Without it, the `every` of `[fetch]`. At least one minute.
    #[schemars(example = &"30m")]
    pub(crate) every: Option<Located<RawDuration>>,
    /// `true` fetches the page of each entry that an edition with `show = "full"` publishes, and takes the article that stands
    /// there where it is longer than what the feed gives. Pages are asked for as politely as feeds, the newest entries first:
    /// 20 pages of a source and 60 seconds for all in one run, the others in the next. An entry whose page cannot be had is
    /// published as the feed gives it; it is asked for in three runs, and again when the entry changes.
    #[schemars(example = true)]
    pub(crate) full_text: Located<bool>,
    /// `false` keeps the table in the file, but the source is not visited.
    #[schemars(example = false)]
    pub(crate) enabled: bool,
    /// Headers that are sent with each visit. A secret one is written `{ env = "NAME" }` or `{ file = "FILE" }`. Those that
    /// belong to the connection or to relais itself are refused.
    #[schemars(example = serde_json::json!({ "Accept-Language": "fr" }))]
    pub(crate) headers: Headers,
    /// What the server wants to know before it gives the feed: a name and a password, or a token.
    #[schemars(example = serde_json::json!({ "user": "reader", "password": { "env": "FEED_PASSWORD" } }))]
    pub(crate) auth: Option<Located<RawAuth>>,
}

impl Default for RawSource {
    fn default() -> Self {
        Self {
            url: None,
            title: None,
            site: None,
            lang: None,
            zone: None,
            tags: Vec::new(),
            every: None,
            full_text: false.into(),
            enabled: true,
            headers: Headers::default(),
            auth: None,
        }
    }
}

/// Either `user` and `password`, or `bearer`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(crate) struct RawAuth {
    /// The name for HTTP Basic authentication.
    #[schemars(example = &"reader")]
    pub(crate) user: Option<Located<String>>,
    /// The password that goes with it.
    #[schemars(schema_with = "secret", example = serde_json::json!({ "env": "FEED_PASSWORD" }))]
    pub(crate) password: Option<Located<RawSecret>>,
    /// The token, sent as `Authorization: Bearer …`.
    #[schemars(schema_with = "secret", example = serde_json::json!({ "file": "token.txt" }))]
    pub(crate) bearer: Option<Located<RawSecret>>,
}

/// Where a secret is to be found, or the secret itself where it ought not to be.
#[derive(Clone)]
pub(crate) enum RawSecret {
    /// A variable of the environment.
    Env(String),
    /// A file.
    File(String),
    /// Written out.
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
    /// Only defaults are ever serialised, and no secret has one.
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
            de::Error::custom("a secret is named by one key, `env` or `file`\nwrite { env = \"NAME\" } or { file = \"FILE\" }")
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

/// The schema of a secret.
pub(super) fn secret(_: &mut SchemaGenerator) -> Schema {
    let one = |name: &str, says: &str| {
        serde_json::json!({
            "type": "object", "required": [name], "additionalProperties": false,
            "properties": { name: { "type": "string", "description": says } }
        })
    };
    json_schema!({
        "title": "secret",
        "oneOf": [one("env", "The environment's variable that holds the secret."), one("file", "The file that holds the secret.")]
    })
}

/// The schema of a value that is a string, or a secret.
pub(super) fn text_or_secret(generator: &mut SchemaGenerator) -> Schema {
    let secret = secret(generator);
    json_schema!({ "title": "string or secret", "oneOf": [{ "type": "string" }, secret] })
}

/// Names and values of headers, with their places.
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
