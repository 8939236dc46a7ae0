//! What feeds.toml may hold, for machines (JSON Schema) and for people (docs/CONFIG.md), both from the doc comments of `raw`.

use std::fmt::Write as _;
use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw;
use super::values::LATER_KINDS;

/// Keys of later versions: table (empty for the top of the file), key, and how it is without them.
pub(super) const LATER: [(&str, &str, &str); 4] = [
    ("", "topic", "take it out: every entry of a source is kept"),
    ("source", "topic", "take it out: every entry of the source is kept"),
    ("source", "keep", "take it out: every entry of the source is kept"),
    ("source", "weight", "take it out: all sources count the same"),
];

/// The JSON Schema of feeds.toml, for editors that complete and check it.
pub fn schema() -> Value {
    let mut schema = schema_of::<raw::RawFile>();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for group in ["engine", "source", "edition"] {
            if let Some(Value::Object(group)) = properties.get_mut(group) {
                group.insert("propertyNames".into(), serde_json::json!({ "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" }));
            }
        }
    }
    schema
}

fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema
}

/// Takes out what TOML does not have: null, as type and as default; and serde's widths of numbers.
fn without_null(value: &mut Value) {
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
            object.values_mut().for_each(without_null);
        }
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// The keys of one table, as the schema knows them.
pub(super) struct KnownKeys(Vec<(String, Value)>);

impl KnownKeys {
    /// Those at the top of the file, tables included.
    pub(super) fn of_file() -> &'static Self {
        static KEYS: LazyLock<KnownKeys> = LazyLock::new(KnownKeys::of::<raw::RawFile>);
        &KEYS
    }

    /// Those of a table.
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self::in_schema(&schema_of::<T>())
    }

    /// Required ones first, the others by name.
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

    /// Whether there is such a key.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// All of them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// A line of feeds.toml with this key.
    pub(super) fn example(&self, name: &str) -> Option<String> {
        let (key, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(format!("{key} = {}", written(&value["examples"][0])?))
    }
}

/// A JSON value as TOML, on one line.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        other => toml::Value::try_from(other).ok().map(|value| value.to_string()),
    }
}

/// How the values are written that have a notation of their own.
const NOTATION: &str = r#"## How values are written

| value | written |
|---|---|
| duration | a number and a unit: `"250ms"`, `"20s"`, `"15m"`, `"6h"`, `"2d"`; longer units first when there are several: `"1h30m"` |
| size | a number and a unit: `"8MiB"`, `"512KiB"` (of 1024), `"5MB"`, `"500kB"` (of 1000); without a unit, bytes |
| language | a BCP 47 tag: `"fr"`, `"fr-CA"`, `"zh-Hant"` |
| secret | where it is to be found: `{ env = "NAME" }` is a variable of the environment, `{ file = "FILE" }` a file, of which the white space at the end is dropped |
| file | relative ones start from the folder of feeds.toml |

"#;

/// docs/CONFIG.md: every key with what it does, its default and an example.
pub fn reference() -> String {
    let schema = schema();
    let mut out = String::from(
        "# feeds.toml, key by key\n\n<!-- Made from the comments in src/config/raw by `RELAIS_BLESS=1 cargo test`; do not edit. -->\n\n\
         The file is TOML. `relais check` reads it and names all mistakes at once; `relais schema` prints a JSON Schema for your\neditor. \
         A key that is not listed here is an error.\n\n",
    );
    out += NOTATION;
    let defs = &schema["$defs"];
    section(&mut out, "At the top of the file", "Above the first `[table]`.", &schema);
    section(&mut out, "`[fetch]`", "", &defs["Fetch"]);
    section(&mut out, "`[engine.ID]`", "", &defs["Engine"]);
    section(&mut out, "`budget` of an engine", "", &defs["Budget"]);
    section(&mut out, "`price` of an engine", "", &defs["Price"]);
    section(&mut out, "`[glossary]`", "", &defs["Glossary"]);
    section(&mut out, "`[source.ID]`", "", &defs["Source"]);
    section(&mut out, "`auth` of a source", "", &defs["Auth"]);
    section(&mut out, "`[edition.ID]`", "", &defs["Edition"]);
    out += "## Keys of later versions\n\nThis version refuses them rather than pass over them:\n\n";
    for (table, key, _) in LATER {
        let _ = match table {
            "" => writeln!(out, "- `[{key}]`"),
            table => writeln!(out, "- `{key}` in `[{table}.ID]`"),
        };
    }
    for (kind, _) in LATER_KINDS {
        let _ = writeln!(out, "- `kind = \"{kind}\"` in `[engine.ID]`");
    }
    out
}

fn section(out: &mut String, title: &str, intro: &str, schema: &Value) {
    let says = if intro.is_empty() { schema["description"].as_str().unwrap_or_default() } else { intro };
    let _ = write!(out, "## {title}\n\n{says}\n\n");
    let keys = KnownKeys::in_schema(schema);
    for (key, value) in &keys.0 {
        if matches!(key.as_str(), "fetch" | "engine" | "glossary" | "source" | "edition") {
            continue;
        }
        let _ = write!(out, "### `{key}`\n\n{}\n\n", value["description"].as_str().unwrap_or_default());
        let mut facts = vec![kind(value)];
        if let (Some(min), Some(max)) = (value["minimum"].as_i64(), value["maximum"].as_i64()) {
            facts.push(format!("from {min} to {max}"));
        }
        facts.push(match written(&value["default"]) {
            Some(default) if !matches!(default.as_str(), "[]" | "{}") => format!("default `{default}`"),
            _ if value["required"] == true => "**required**".to_owned(),
            _ => "may be left out".to_owned(),
        });
        let _ = writeln!(out, "- {}", facts.join("; "));
        if let Some(example) = keys.example(key) {
            let _ = writeln!(out, "- example: `{example}`");
        }
        out.push('\n');
    }
}

/// What kind of value a key wants.
fn kind(schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    match schema["type"].as_str() {
        Some("array") => match kind(&schema["items"]) {
            words if words.starts_with('`') => format!("list of {words}"),
            word => format!("list of {word}s"),
        },
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("string") => "string".to_owned(),
        _ => "table".to_owned(),
    }
}
