//! The gap between two sentences: a space in most languages, nothing in Chinese and Japanese.

use crate::model::Lang;

/// Returns true if the language of a translation has no space between sentences, while that of the source has.
pub(super) fn closes_gaps(from: &Lang, to: &Lang) -> bool {
    to.joins_sentences() && !from.joins_sentences()
}

/// Leaves out the white space of what stands between two sentences, unless more than tags stands there.
pub(super) fn close_gap(html: &str) -> &str {
    let mut is_tag = false;
    let is_blank = html.chars().all(|c| {
        match c {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            _ => return is_tag || c.is_whitespace(),
        }
        true
    });
    if is_blank { html.trim() } else { html }
}
