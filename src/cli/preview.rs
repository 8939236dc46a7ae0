//! `relais preview`: what a source would give now, and what a rule would change before it is saved.

mod edition;
mod sample;
mod source;

use std::sync::Arc;

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::select::{Expression, ExpressionError, Filter};

#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    /// The ID of a source, or the address of a feed.
    #[arg(value_name = "SOURCE|URL", required_unless_present = "edition")]
    source: Option<String>,
    /// The edition to try `--keep` and `--drop` on. With a source, the edition that its entries would be translated for.
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// Try this `keep` in place of the one in feeds.toml; an empty one takes it away.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    keep: Option<String>,
    /// Try this `drop` in place of the one in feeds.toml; an empty one takes it away.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    drop: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Shows a preview. What feeds.toml says stays as it is, and no entry is stored.
pub(super) async fn run_preview(global: &GlobalArgs, args: &PreviewArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let text = match &args.source {
        Some(name) => source::preview(&plan, name, args).await?,
        None => edition::preview(&plan, args).await?,
    };
    print(&text)?;
    Ok(Exit::Success)
}

impl PreviewArgs {
    /// Returns the filter to try in place of `before`; nothing if no rule is given.
    fn tried(&self, before: &Filter) -> Result<Option<Filter>, CommandError> {
        if self.keep.is_none() && self.drop.is_none() {
            return Ok(None);
        }
        let rule = |name: &str, text: &Option<String>, before: &Option<Arc<Expression>>| match text.as_deref() {
            None => Ok(before.clone()),
            Some(text) if text.trim().is_empty() => Ok(None),
            Some(text) => Expression::compile(text).map(Arc::new).map(Some).map_err(|error| invalid(name, text, &error)),
        };
        Ok(Some(Filter { keep: rule("--keep", &self.keep, &before.keep)?, drop: rule("--drop", &self.drop, &before.drop)? }))
    }
}

/// Makes the error of an expression, with a caret below its place.
fn invalid(name: &str, text: &str, error: &ExpressionError) -> CommandError {
    let start = text.floor_char_boundary(error.span.start.min(text.len()));
    let end = text.floor_char_boundary(error.span.end.min(text.len()));
    let before = text[..start].chars().count();
    let marked = text[start..end.max(start)].chars().count().max(1);
    let failed =
        CommandError::usage(format!("{name}: {}\n  {text}\n  {}{}", error.message, " ".repeat(before), "^".repeat(marked)));
    match &error.hint {
        Some(hint) => failed.with_hint(hint),
        None => failed,
    }
}
