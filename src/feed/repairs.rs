//! What had to be repaired in a body, told to whoever runs the source.

/// A repair, as `relais parse` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Repair {
    /// Something that belongs to no feed stood before it.
    JunkBeforeRoot,
    /// Characters that text may not hold (XML 1.0 §2.2).
    ControlCharacters,
    /// References that XML does not know, and ampersands that begin none.
    Entities,
    /// Prefixes that nobody declared.
    Namespaces,
    /// A root without a version, or with an unknown one.
    Version,
    /// Tags that were not closed, closed twice, misspelt or cut short.
    Tags,
    /// Markup where text belongs, that somebody forgot to escape.
    UnescapedMarkup,
    /// JSON of another shape than JSON Feed's.
    Json,
    /// The file ends in the middle.
    Cut,
    /// More entries than any feed has; those beyond are not read.
    TooManyEntries,
}

impl Repair {
    const NAMES: [(Self, &'static str); 10] = [
        (Self::JunkBeforeRoot, "junk-before-root"),
        (Self::ControlCharacters, "control-characters"),
        (Self::Entities, "entities"),
        (Self::Namespaces, "namespaces"),
        (Self::Version, "version"),
        (Self::Tags, "tags"),
        (Self::UnescapedMarkup, "unescaped-markup"),
        (Self::Json, "json"),
        (Self::Cut, "cut"),
        (Self::TooManyEntries, "too-many-entries"),
    ];
}

/// The repairs of one body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Repairs(u16);

impl Repairs {
    /// Adds one.
    pub(super) fn note(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u16;
    }

    /// Their names, in the order in which they are listed above.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        Repair::NAMES.into_iter().filter(move |(repair, _)| self.0 & (1 << *repair as u16) != 0).map(|(_, name)| name)
    }
}
