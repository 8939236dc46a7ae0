//! The filters and tests of expressions, and their limits.

use std::collections::HashMap;
use std::sync::LazyLock;

use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, filters, tests};
use regex::{Regex, RegexBuilder};

use crate::select::fold::fold;

/// The work that one evaluation may do: about 128 KB of text, or 2,000 steps.
const FUEL: u64 = 2_000;

/// The largest compiled pattern and the cache of its search, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// The names of the filters and of the tests.
pub(super) const FILTERS: &[&str] = &["fold", "lower", "upper", "trim", "length", "first", "last", "join"];
pub(super) const TESTS: &[&str] = &["matching", "startingwith", "endingwith"];

/// The name under which an evaluation finds its patterns. No expression can write it.
pub(super) const PATTERNS: &str = "#patterns";

/// The compiled patterns of one expression.
#[derive(Debug)]
pub(super) struct Patterns(pub(super) HashMap<String, Regex>);

impl Object for Patterns {}

/// The environment of all expressions. It has no functions and no globals.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(true);
    environment.add_filter("fold", |text: &str| fold(text).to_lowercase());
    environment.add_filter("lower", filters::lower);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("length", filters::length);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("join", filters::join);
    environment.add_test("matching", is_matching);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
    environment
});

/// Returns true if a text, or one text of a list, contains what a pattern describes.
fn is_matching(state: &State<'_, '_>, value: &Value, pattern: &str) -> Result<bool, Error> {
    let patterns = state.lookup(PATTERNS);
    let patterns = patterns.as_ref().and_then(|value| value.downcast_object_ref::<Patterns>());
    let Some(regex) = patterns.and_then(|patterns| patterns.0.get(pattern)) else {
        return Err(Error::new(ErrorKind::InvalidOperation, "the pattern is not written in the expression"));
    };
    if let Some(text) = value.as_str() {
        return Ok(regex.is_match(text));
    }
    let texts = value.try_iter()?;
    Ok(texts.into_iter().any(|text| text.as_str().is_some_and(|text| regex.is_match(text))))
}

/// Compiles a pattern; the error is one line.
pub(in crate::select) fn compile_pattern(pattern: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).build();
    regex.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large when it is compiled".to_owned(),
        // The last line of a syntax error says what it is; those above it draw the pattern.
        error => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim();
            format!("the pattern is not valid: {}", reason.strip_prefix("error: ").unwrap_or(reason))
        }
    })
}
