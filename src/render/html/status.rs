//! The status page: pages of the house, without a script, and whatever templates the operator has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::chart::chart;
use super::head::head;
use super::program;
use super::templates::{SCRIPT, Templates};
use crate::render::status::{SourceLine, StatusPage};
use crate::render::words::Words;
use crate::render::{RenderError, links};

const PAGE: &str = "status.html";
/// The rules that the page has beside those of all pages.
const STYLE: &str = include_str!("../templates/status.css");
/// The number of sources in trouble that are shown unfolded: when the network is away, all of them are.
const UNFOLDED: usize = 50;

/// Writes the status page, in English as everything that is said to the operator.
pub fn status_page(page: &StatusPage) -> Result<String, RenderError> {
    let own = [(PAGE, include_str!("../templates/status.html")), (SCRIPT, "")];
    let templates = Templates::with(BTreeMap::from(own.map(|(name, text)| (name.to_owned(), text.to_owned()))))?;
    let words = Words::of(None);
    let (shown, folded) = page.troubled.split_at(page.troubled.len().min(UNFOLDED));
    let values = context! {
        title => &page.title,
        summary => &page.summary,
        lang => words.lang.as_str(),
        dir => None::<&str>,
        own => Value::from_safe_string(String::new()),
        words => Value::from(Serde(words)),
        head => head(&templates, STYLE, false),
        canonical => None::<&str>,
        image => None::<&str>,
        is_indexable => false,
        languages => Vec::<Value>::new(),
        feeds => Vec::<Value>::new(),
        program => program(),
        page => Value::from(Serde(page)),
        troubled => lines(shown),
        folded => lines(folded),
        others => lines(&page.others),
        review_links => page.review.first.iter().map(|line| line.link.as_deref().and_then(links::web).map(Cow::into_owned)).collect::<Vec<_>>(),
    };
    templates.render(PAGE, values)
}

/// The sources with their charts.
fn lines(sources: &[SourceLine]) -> Vec<Value> {
    let line = |source: &SourceLine| {
        let drawn = (!source.days.is_empty()).then(|| Value::from_safe_string(chart(&source.days)));
        context! { source => Value::from(Serde(source)), chart => drawn }
    };
    sources.iter().map(line).collect()
}
