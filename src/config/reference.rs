//! The JSON Schema of feeds.toml and docs/CONFIG.md, both generated from the doc comments of `raw`.

use std::fmt::Write as _;
use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw;

/// Keys that a later version will support: table (empty for the top of the file), key, hint.
pub(super) const LATER: [(&str, &str, &str); 0] = [];

/// Returns the JSON Schema of feeds.toml, for editors that complete and validate.
pub fn schema() -> Value {
    let mut schema = schema_of::<raw::RawFile>();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for group in ["engine", "topic", "source", "edition", "digest", "notify"] {
            if let Some(Value::Object(group)) = properties.get_mut(group) {
                group.insert("propertyNames".into(), serde_json::json!({ "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" }));
            }
        }
    }
    add_each(&mut schema);
    schema
}

/// Adds `[[edition.each]]`: the keys of an edition, and its own.
fn add_each(schema: &mut Value) {
    let mut each = schema["$defs"]["Edition"].clone();
    let own = schema_of::<raw::RawEach>();
    if let (Some(keys), Some(own)) = (each["properties"].as_object_mut(), own["properties"].as_object()) {
        keys.extend(own.clone());
    }
    each["description"] = own["description"].clone();
    schema["$defs"]["EachEdition"] = each;
    let list = serde_json::json!({ "type": "array", "items": { "$ref": "#/$defs/EachEdition" } });
    schema["properties"]["edition"]["properties"] = serde_json::json!({ "each": list });
}

fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    remove_null(&mut schema);
    schema
}

/// Removes what TOML does not have: null, as type and as default; and the widths of numbers (`format`).
fn remove_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, value| !value.is_null() && key != "format");
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".into(), one);
                }
            }
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(one)] = choices.as_slice() {
                    let one = one.clone();
                    object.remove("anyOf");
                    object.extend(one);
                }
            }
            object.values_mut().for_each(remove_null);
        }
        Value::Array(list) => list.iter_mut().for_each(remove_null),
        _ => {}
    }
}

/// The keys of one table, with their schemas.
pub(super) struct KnownKeys(Vec<(String, Value)>);

impl KnownKeys {
    /// Returns the keys at the top of the file, tables included.
    pub(super) fn of_file() -> &'static Self {
        static KEYS: LazyLock<KnownKeys> = LazyLock::new(KnownKeys::of::<raw::RawFile>);
        &KEYS
    }

    /// Returns the keys of a table.
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self::in_schema(&schema_of::<T>())
    }

    /// Returns the keys of a schema: required ones first, then by name.
    fn in_schema(schema: &Value) -> Self {
        let required = |key: &str| schema["required"].as_array().is_some_and(|list| list.iter().any(|name| name == key));
        let mut keys: Vec<(String, Value)> =
            schema["properties"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
        keys.sort_by(|(a, _), (b, _)| (!required(a), a).cmp(&(!required(b), b)));
        for (key, value) in &mut keys {
            value["required"] = required(key).into();
        }
        Self(keys)
    }

    /// Adds the keys of another table.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns true if the table has the key.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Returns the names of the keys.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// Returns a line of feeds.toml with an example of the key.
    pub(super) fn example(&self, name: &str) -> Option<String> {
        let (key, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(format!("{key} = {}", to_toml(&value["examples"][0])?))
    }
}

/// Writes a JSON value as TOML, on one line.
fn to_toml(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        other => toml::Value::try_from(other).ok().map(|value| value.to_string()),
    }
}

/// The section on values with a notation of their own.
const NOTATION: &str = r#"## Values

| value | notation |
|---|---|
| duration | numbers and units, longer units first: `"250ms"`, `"20s"`, `"15m"`, `"1h30m"`, `"2d"`, `"1y"` (365 days) |
| size | a number and a unit: `"8MiB"`, `"512KiB"` (powers of 1024), `"5MB"`, `"500kB"` (powers of 1000); without a unit, bytes |
| language | a BCP 47 tag: `"fr"`, `"fr-CA"`, `"zh-Hant"` |
| secret | a reference: `{ env = "NAME" }` is an environment variable, `{ file = "FILE" }` a file (white space at its end is ignored) |
| file | a path; a relative one starts from the folder of feeds.toml |

"#;

/// Returns the text of docs/CONFIG.md: each key with its description, default and an example.
pub fn reference() -> String {
    let schema = schema();
    let mut out = String::from(
        "# Configuration reference\n\n<!-- Generated from the comments in src/config/raw by `RELAIS_BLESS=1 cargo test`; do not edit. -->\n\n\
         relais reads its configuration from feeds.toml. `relais check` reports all mistakes at once; `relais schema` prints a\nJSON Schema for \
         your editor. A key that is not listed here is an error.\n\n",
    );
    out += NOTATION;
    let defs = &schema["$defs"];
    section(&mut out, "At the top of the file", "Above the first `[table]`.", &schema);
    section(&mut out, "`[s3]`", "", &defs["S3"]);
    section(&mut out, "`[fetch]`", "", &defs["Fetch"]);
    section(&mut out, "`[serve]`", "", &defs["Serve"]);
    section(&mut out, "`[engine.ID]`", "", &defs["Engine"]);
    section(&mut out, "`budget` of an engine", "", &defs["Budget"]);
    section(&mut out, "`price` of an engine", "", &defs["Price"]);
    section(&mut out, "`lang` of an engine", "", &defs["Guidance"]);
    section(&mut out, "`[glossary]`", "", &defs["Glossary"]);
    section(&mut out, "`[topic.ID]`", "", &defs["Topic"]);
    section(&mut out, "`[source.ID]`", "", &defs["Source"]);
    section(&mut out, "`auth` of a source", "", &defs["Auth"]);
    section(&mut out, "`rewrite` of a source", "", &defs["Rewrite"]);
    section(&mut out, "`[edition.ID]`", "", &defs["Edition"]);
    section(&mut out, "`pin` and `mute` of an edition", "", &defs["EntryFilter"]);
    section(&mut out, "`auth` of an edition", "", &defs["EditionAuth"]);
    section(&mut out, "`[[edition.each]]`", "", &schema_of::<raw::RawEach>());
    section(&mut out, "`[digest.ID]`", "", &defs["Digest"]);
    section(&mut out, "`[notify.ID]`", "", &defs["Notify"]);
    if !LATER.is_empty() {
        out += "## Reserved keys\n\nA later version may support these keys. This version reports them as errors:\n\n";
    }
    for (table, key, _) in LATER {
        let _ = match table {
            "" => writeln!(out, "- `[{key}]`"),
            table => writeln!(out, "- `{key}` in `[{table}.ID]`"),
        };
    }
    out
}

fn section(out: &mut String, title: &str, intro: &str, schema: &Value) {
    let says = if intro.is_empty() { schema["description"].as_str().unwrap_or_default() } else { intro };
    let _ = write!(out, "## {title}\n\n{says}\n\n");
    let keys = KnownKeys::in_schema(schema);
    for (key, value) in &keys.0 {
        // Those of the file are tables, which have sections of their own.
        if !intro.is_empty()
            && matches!(
                key.as_str(),
                "s3" | "fetch" | "serve" | "engine" | "glossary" | "topic" | "source" | "edition" | "digest" | "notify"
            )
        {
            continue;
        }
        let _ = write!(out, "### `{key}`\n\n{}\n\n", value["description"].as_str().unwrap_or_default());
        let mut facts = vec![describe_type(value)];
        if let (Some(min), Some(max)) = (value["minimum"].as_i64(), value["maximum"].as_i64()) {
            facts.push(format!("from {min} to {max}"));
        }
        facts.push(match to_toml(&value["default"]) {
            Some(default) if !matches!(default.as_str(), "[]" | "{}") => format!("default `{default}`"),
            _ if value["required"] == true => "**required**".to_owned(),
            _ => "optional".to_owned(),
        });
        let _ = writeln!(out, "- {}", facts.join("; "));
        if let Some(example) = keys.example(key) {
            let _ = writeln!(out, "- example: `{example}`");
        }
        out.push('\n');
    }
}

/// Describes the type of a value.
fn describe_type(schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    match schema["type"].as_str() {
        Some("array") => match describe_type(&schema["items"]) {
            words if words.starts_with('`') => format!("list of {words}"),
            word => format!("list of {word}s"),
        },
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("string") => "string".to_owned(),
        _ => "table".to_owned(),
    }
}
