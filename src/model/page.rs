//! The parts of pages that the feeds of an edition do not have.

use super::{Lang, PageHtml, Text, Zone};

/// The rules for the pages of an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRules {
    /// The time zone of the times that people read, and of the days that items are listed under.
    pub zone: Zone,
    /// True if pages show pictures, which readers then fetch from the servers of the sources.
    pub images: bool,
    /// The number of items on one page.
    pub page_size: usize,
    /// True if search engines may list the pages: they hold no text of others but headlines.
    pub is_indexable: bool,
    /// The edition in each of its languages, this one too. Empty for an edition in one language or in none.
    pub siblings: Vec<Sibling>,
}

impl Default for PageRules {
    fn default() -> Self {
        Self { zone: Zone::UTC, images: false, page_size: 50, is_indexable: true, siblings: Vec::new() }
    }
}

/// An edition in one of its languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// The language.
    pub lang: Lang,
    /// The name of its files without extension.
    pub stem: String,
}

/// An item as pages show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageItem {
    /// The headline in one language, where that of the feeds has two.
    pub title: Option<Text>,
    /// The headline as the source wrote it, where another one is shown.
    pub original_title: Option<Text>,
    /// The text whose beginning stands on the card of the item; blank if it is that of the feeds.
    pub excerpt: Text,
    /// The content, or else the summary, as far as it is shown.
    pub body: Option<PageHtml>,
    /// The same as the source wrote it, where the edition shows both.
    pub original_body: Option<PageHtml>,
    /// The sports and committees that the item names.
    pub tags: Vec<PageTag>,
}

/// A tag of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageTag {
    /// Its name, such as `sport/judo`.
    pub name: &'static str,
    /// Holds the name that readers of the edition know it by.
    pub label: &'static str,
}
