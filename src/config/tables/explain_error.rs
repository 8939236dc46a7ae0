//! Turns errors of serde and toml into messages for the author of the file. Values are not repeated: they may be secrets.

use toml::Spanned;
use toml::de::{DeValue, Error};

use super::super::diagnostics::{Diagnosis, nearest};
use super::super::values::shortened;
use super::Span;

/// Names the type of a value, with its article.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Explains why the `value` of `key` could not be read, and where; `example` is a valid line for the key.
pub(super) fn explain(key: &str, value: &Spanned<DeValue<'_>>, error: &Error, example: Option<&str>) -> (Span, Diagnosis) {
    let span = error.span().filter(|span| !span.is_empty()).unwrap_or_else(|| value.span());
    let example = example.map(|example| format!("for example {example}")).unwrap_or_default();
    let text = error.message();
    if let Some((found, wanted)) = text.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        let whole = span == value.span();
        let found = if whole { kind(value.get_ref()) } else { found_kind(found) };
        let subject = if whole { format!("`{key}`") } else { format!("in `{key}`, this") };
        return (span, Diagnosis::new(format!("{subject} must be {}, not {found}", wanted_kind(wanted)), example));
    }
    if let Some((field, known)) = text.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, expected ")) {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let hint = nearest(field, known.iter().copied())
            .map_or_else(|| format!("the keys are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        return (span, Diagnosis::new(format!("unknown key `{}` in `{key}`", shortened(field)), hint));
    }
    // A `Diagnosis` of `values` (see its `Display`).
    if let Some((message, hint)) = text.split_once('\n') {
        return (span, Diagnosis::new(format!("`{key}`: {message}"), hint));
    }
    let reason = text.split(['`', '"']).next().unwrap_or_default().trim_end();
    (span, Diagnosis::new(format!("cannot read `{key}`: {reason}"), example))
}

/// Translates serde's description of the found value (`integer 5`, `string "x"`) to its type, without the value.
fn found_kind(found: &str) -> &'static str {
    match found.split(' ').next().unwrap_or_default() {
        "string" => "a string",
        "integer" => "a number",
        "floating" => "a fraction",
        "boolean" => "true or false",
        "sequence" => "a list",
        "map" => "a table",
        _ => "this",
    }
}

/// Translates serde's description of the expected type.
fn wanted_kind(wanted: &str) -> &str {
    match wanted {
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "i64" => "a whole number",
        _ if wanted.starts_with("struct ") => "a table",
        _ => wanted,
    }
}
