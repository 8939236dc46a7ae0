//! The values of `pin` and `mute` in `[edition.ID]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;

/// The entries that `pin` and `mute` name: those that one of the lists names.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "EntryFilter")]
pub(crate) struct RawEntryFilter {
    /// Sources of the edition: the ID of one source, or `"tag:NAME"` for all sources with that tag.
    #[schemars(example = ["lequipe"])]
    pub(crate) sources: Vec<Located<String>>,
    /// Words or phrases in the headline, as the source writes it. They match as whole words; case, accents and kinds of quotes and hyphens
    /// make no difference.
    #[schemars(example = ["flamme olympique"])]
    pub(crate) terms: Vec<Located<String>>,
    /// Articles, by the address of their page or the id of the entry, as the published feed has it. However an address is spelled, it names
    /// all entries with that page, and an id names the copies of its entry for `mute`, too.
    #[schemars(example = ["https://www.example.org/jeux/direct.html"])]
    pub(crate) entries: Vec<Located<String>>,
}
