//! Prices the translation of entries that are not stored.

use crate::config::Edition;
use crate::model::{Entry, Lang, Usage};
use crate::pipeline::originals::make_original;
use crate::pipeline::translate::EngineHandle;
use crate::translate::{Document, Glossary};

/// The price of translating some entries, each text sent once and nothing recalled from the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PreviewPrice {
    /// The entries in another language.
    pub entries: usize,
    /// Their segments.
    pub segments: usize,
    /// The most that these use up.
    pub used: Usage,
    /// The most that they cost, in millionths of the currency's unit.
    pub millionths: u64,
}

/// Prices the translation of entries into a language of an edition. It takes CPU time.
pub fn price_entries(
    engine: &EngineHandle,
    glossary: &Glossary,
    edition: &Edition,
    to: &Lang,
    entries: &[Entry],
) -> PreviewPrice {
    let mut price = PreviewPrice::default();
    for entry in entries {
        let Some(from) = entry.head.lang.clone().filter(|from| from.primary() != to.primary()) else { continue };
        let document = Document::new(&make_original(entry.clone()), edition.translated(), &from, to, glossary);
        price.entries += 1;
        for segment in document.segments().iter().filter(|segment| !segment.is_only_terms) {
            price.segments += 1;
            price.used += engine.engine.price(&segment.outgoing, &from, to);
        }
    }
    price.millionths = engine.price.cost_of(price.used);
    price
}
