//! The keys that `[[edition.each]]` has besides those of an edition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;

/// One edition for each of some tags (docs/TAGS.md), such as one for every sport. It takes the keys of `[edition.ID]` as well, which hold
/// for all of them; `title` and `description` may name the tag by the placeholders `{label}` (as readers call it, in the first of `langs`)
/// and `{tag}`. The title is `{label}` by default. The files of such an edition are written once it has an entry.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "EachEdition")]
pub(crate) struct RawEach {
    /// The tags that have an edition: a kind for all of its tags (`"sport"`, `"noc"`, `"host"`), or single tags.
    #[schemars(example = ["sport", "noc/FRA"])]
    pub(crate) tags: Located<Vec<Located<String>>>,
    /// The tags among them that have none.
    #[schemars(example = ["sport/football"])]
    pub(crate) except: Vec<Located<String>>,
    /// The IDs of the editions, with the placeholder `{tag}`: the tag without its kind, in lower case (`judo`, `fra`).
    #[schemars(example = &"sport-{tag}")]
    pub(crate) id: Located<String>,
}

impl Default for RawEach {
    fn default() -> Self {
        Self { tags: Vec::new().into(), except: Vec::new(), id: "{tag}".to_owned().into() }
    }
}
