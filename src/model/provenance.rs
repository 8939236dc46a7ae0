//! The forms in which an edition tells its readers that an item is translated.

use serde::{Deserialize, Serialize};

/// The form in which readers see that an item is translated. The form for programs (contributors in Atom and RSS, `_relais.translation` in
/// JSON Feed) is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// A line at the foot of summary and content.
    #[default]
    Line,
    /// A category.
    Category,
    /// Nothing.
    None,
}

impl Provenance {
    /// All forms, with their names in feeds.toml.
    pub const ALL: [(&'static str, Self); 3] = [("line", Self::Line), ("category", Self::Category), ("none", Self::None)];
}
