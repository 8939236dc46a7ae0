//! The sections of a page: the sports and committees that several of its items name. A reader chooses one, and the page shows only its
//! items, by style rules alone.

use std::collections::BTreeMap;
use std::fmt::Write;

use minijinja::context;
use minijinja::value::Value;

use crate::model::{EditionItem, PageTag};

/// The most sections of a page.
const MOST: usize = 12;
/// The number of items from which on a tag is a section.
const LEAST_ITEMS: usize = 2;

/// The sections of a page.
pub(super) struct Sections {
    /// The tags, each with its number of items.
    tags: Vec<(PageTag, usize)>,
}

impl Sections {
    /// Finds the sections of the items of a page: none, or at least two.
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a EditionItem>) -> Self {
        let mut counts: BTreeMap<&PageTag, usize> = BTreeMap::new();
        let mut total = 0;
        for item in items {
            total += 1;
            for tag in tags(item) {
                *counts.entry(tag).or_default() += 1;
            }
        }
        let mut tags: Vec<(PageTag, usize)> = counts
            .into_iter()
            .filter(|(_, count)| (LEAST_ITEMS..total).contains(count))
            .map(|(tag, count)| (tag.clone(), count))
            .collect();
        tags.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.label.cmp(b.0.label)));
        tags.truncate(MOST);
        Self { tags: if tags.len() < 2 { Vec::new() } else { tags } }
    }

    /// Returns the sections for the template: `id`, `label`, `count`.
    pub(super) fn values(&self) -> Vec<Value> {
        let value = |(number, (tag, count)): (usize, &(PageTag, usize))| {
            context! { id => format!("s{number}"), label => tag.label, count }
        };
        self.tags.iter().enumerate().map(value).collect()
    }

    /// Returns the names of the sections of an item.
    pub(super) fn classes(&self, item: &EditionItem) -> String {
        let has = |tag: &PageTag| tags(item).any(|own| own == tag);
        let numbers = self.tags.iter().enumerate().filter(|(_, (tag, _))| has(tag));
        numbers.map(|(number, _)| format!(" s{number}")).collect()
    }

    /// Returns the style rules: they hide the items of other sections, and what is empty then.
    pub(super) fn style(&self) -> String {
        let mut style = String::new();
        for number in 0..self.tags.len() {
            let chosen = format!("body:has(#s{number}:checked)");
            write!(style, "{chosen} .item:not(.s{number}),{chosen} .group:not(:has(.s{number})){{display:none}}").ok();
        }
        style
    }
}

fn tags(item: &EditionItem) -> impl Iterator<Item = &PageTag> {
    item.page.iter().flat_map(|page| &page.tags)
}
