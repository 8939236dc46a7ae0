//! What serde and toml say about a value, said to the person who wrote it. Values themselves are not repeated: a secret may be
//! among them.

use toml::Spanned;
use toml::de::{DeValue, Error};

use super::super::diagnostics::nearest;
use super::Span;

/// What kind of value this is, with its article.
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

/// Where, what, and what to do, when the `value` of `key` could not be read; `example` is how the key may look.
pub(super) fn error(key: &str, value: &Spanned<DeValue<'_>>, error: &Error, example: Option<&str>) -> (Span, String, String) {
    let span = error.span().filter(|span| !span.is_empty()).unwrap_or_else(|| value.span());
    let example = example.map(|example| format!("for example {example}")).unwrap_or_default();
    let text = error.message();
    if let Some((found, wanted)) = text.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        let whole = span == value.span();
        let found = if whole { kind(value.get_ref()) } else { found_kind(found) };
        let subject = if whole { format!("`{key}`") } else { format!("in `{key}`, this") };
        return (span, format!("{subject} must be {}, not {found}", wanted_kind(wanted)), example);
    }
    if let Some((field, known)) = text.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, expected ")) {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let help = nearest(field, known.iter().copied())
            .map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        return (span, format!("unknown key `{}` in `{key}`", super::shortened(field)), help);
    }
    match text.split_once('\n') {
        Some((message, help)) => (span, format!("`{key}`: {message}"), help.to_owned()),
        None => {
            (span, format!("`{key}` cannot be read: {}", text.split(['`', '"']).next().unwrap_or_default().trim_end()), example)
        }
    }
}

/// serde's name for what it found (an integer 5, a string "x"), without the value.
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

/// serde's name for what it wanted.
fn wanted_kind(wanted: &str) -> &str {
    match wanted {
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "i64" => "a whole number",
        _ if wanted.starts_with("struct ") => "a table",
        _ => wanted,
    }
}
