//! The rules of `keep`, `drop` and `rewrite`: each expression and pattern is compiled, and a mistake shown where it is.

use std::sync::Arc;

use super::super::diagnostics::{Diagnosis, Diagnostics, nearest};
use super::super::raw::RawRewrite;
use super::super::values::Located;
use crate::select::{Expression, ExpressionError, Filter, RewriteRule, Rewrites};

/// The most rules of one source.
const MAX_REWRITES: usize = 50;

/// Compiles `keep` and `drop`.
pub(super) fn filter(
    keep: Option<&Located<String>>,
    drop: Option<&Located<String>>,
    diagnostics: &mut Diagnostics<'_>,
) -> Filter {
    let mut compile = |at: Option<&Located<String>>| {
        let at = at?;
        Expression::compile(&at.value).map(Arc::new).map_err(|error| report(at, error, diagnostics)).ok()
    };
    Filter { keep: compile(keep), drop: compile(drop) }
}

/// Compiles the rules of `rewrite`.
pub(super) fn rewrites(at: &Located<Vec<RawRewrite>>, diagnostics: &mut Diagnostics<'_>) -> Rewrites {
    if at.value.len() > MAX_REWRITES {
        diagnostics.error(
            &at.span,
            format!("`rewrite` has more than {MAX_REWRITES} rules"),
            "one pattern can name several texts: a|b",
        );
        return Rewrites::default();
    }
    Rewrites(at.value.iter().filter_map(|raw| rewrite(raw, at, diagnostics)).collect())
}

fn rewrite(raw: &RawRewrite, at: &Located<Vec<RawRewrite>>, diagnostics: &mut Diagnostics<'_>) -> Option<RewriteRule> {
    let (Some(field), Some(find)) = (&raw.field, &raw.find) else {
        let missing = if raw.field.is_none() { "field" } else { "find" };
        let hint = "write { field = \"title\", find = '…', replace = \"…\" }";
        diagnostics.error(&at.span, format!("a rule of `rewrite` has no `{missing}`"), hint);
        return None;
    };
    let regex = RewriteRule::compile_find(&find.value).map_err(|error| report(find, error, diagnostics)).ok()?;
    let replace = raw.replace.as_ref();
    let rule = RewriteRule::new(field.value.0, regex, replace.map_or("", |replace| &replace.value));
    rule.map_err(|error| report(replace.unwrap_or(find), error, diagnostics)).ok()
}

/// Reports a mistake at its place in the text.
fn report(at: &Located<String>, error: ExpressionError, diagnostics: &mut Diagnostics<'_>) {
    let near = error.unknown.as_ref().and_then(|(word, known)| nearest(word, known.iter().copied()));
    let hint = near.map(|near| format!("did you mean `{near}`?")).or(error.hint).unwrap_or_default();
    let span = diagnostics.part_of(&at.span, &at.value, error.span);
    diagnostics.error_at(&span, Diagnosis::new(error.message, hint));
}
