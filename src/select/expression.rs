//! `keep` and `drop`: expressions over the fields of an entry, in the expression language of minijinja (docs/RULES.md).
//!
//! Everything that can be wrong with an expression is found when it is compiled, with its place: it is read word by word, and
//! evaluated for a full and for an empty entry. What is left to fail later is told as a failure of the rule.

mod environment;
mod error;
mod facts;
mod filter;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use minijinja::Value;
use minijinja::value::ValueKind;

pub use error::ExpressionError;
pub use facts::{EntryFacts, Field, Fields, MAX_SUMMARY};
pub use filter::Filter;

pub(in crate::select) use environment::compile_pattern;

use environment::{ENVIRONMENT, PATTERNS, Patterns};
use words::Reference;

/// The longest expression, in bytes, and the most patterns in one.
const MAX_LENGTH: usize = 2_000;
const MAX_PATTERNS: usize = 50;

/// A compiled expression that is true or false for an entry.
pub struct Expression {
    text: String,
    compiled: minijinja::Expression<'static, 'static>,
    fields: Fields,
    patterns: Value,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    /// Compiles an expression, or says what is wrong with it and where.
    pub fn compile(text: &str) -> Result<Self, ExpressionError> {
        let whole = 0..text.len();
        if text.trim().is_empty() {
            return Err(ExpressionError::new(whole, "the expression is empty").with_hint("for example \"'Jeux' in title\""));
        }
        if text.len() > MAX_LENGTH {
            return Err(ExpressionError::new(whole, format!("the expression is longer than {MAX_LENGTH} bytes")));
        }
        let compiled = ENVIRONMENT.compile_expression_owned(text.to_owned());
        let compiled = compiled.map_err(|error| ExpressionError::of_engine(&error, text))?;
        let mut fields = Fields::default();
        let mut patterns = HashMap::new();
        for reference in words::references(text)? {
            match reference {
                Reference::Field(field) => fields.add(field),
                Reference::Pattern { pattern, span } => {
                    let regex = compile_pattern(&pattern).map_err(|reason| ExpressionError::new(span, reason))?;
                    patterns.insert(pattern, regex);
                }
            }
        }
        if patterns.len() > MAX_PATTERNS {
            return Err(ExpressionError::new(whole, format!("the expression has more than {MAX_PATTERNS} patterns")));
        }
        let expression = Self { text: text.to_owned(), compiled, fields, patterns: Value::from_object(Patterns(patterns)) };
        expression.try_samples()?;
        Ok(expression)
    }

    /// Returns the expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the fields that it reads.
    pub fn fields(&self) -> Fields {
        self.fields
    }

    /// Returns true if the expression is true for an entry, or the reason why it cannot be evaluated.
    pub fn is_true(&self, facts: &EntryFacts<'_>) -> Result<bool, String> {
        self.evaluate(facts).map(|value| value.is_true()).map_err(|error| error::reason(&error))
    }

    fn evaluate(&self, facts: &EntryFacts<'_>) -> Result<Value, minijinja::Error> {
        let context = facts.values(self.fields).chain([(PATTERNS, self.patterns.clone())]);
        self.compiled.eval(context.collect::<BTreeMap<_, _>>())
    }

    /// Evaluates the expression for a full and for an empty entry.
    fn try_samples(&self) -> Result<(), ExpressionError> {
        let full = self.evaluate(&EntryFacts::full_sample());
        let full = full.map_err(|error| ExpressionError::of_engine(&error, &self.text))?;
        if full.kind() != ValueKind::Bool {
            let message = format!("the expression gives a {}, not true or false", full.kind());
            return Err(ExpressionError::new(0..self.text.len(), message).with_hint("compare it, for example \"length > 200\""));
        }
        self.evaluate(&EntryFacts::default()).map(drop).map_err(|error| {
            let error = ExpressionError::of_engine(&error, &self.text);
            ExpressionError { message: format!("for an entry without this field: {}", error.message), ..error }
        })
    }
}
