//! Repairs that a body needed, to report to the publisher of the feed.

/// A repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Repair {
    /// Output before the root element.
    JunkBeforeRoot,
    /// Control characters that XML forbids (XML 1.0 §2.2).
    ControlCharacters,
    /// Unknown entities, and ampersands that begin no reference.
    Entities,
    /// Undeclared namespace prefixes.
    Namespaces,
    /// A root element without a version, or with an unknown one.
    Version,
    /// Tags that are not closed, closed twice, misspelt or cut short.
    Tags,
    /// Unescaped markup in place of text.
    UnescapedMarkup,
    /// JSON that is not as JSON Feed defines it.
    Json,
    /// An unexpected end of the file.
    Cut,
    /// Entries beyond the limit, which are skipped.
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

    /// Returns the name as `relais parse` prints it.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }
}

/// The repairs of one body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Repairs(u16);

impl Repairs {
    /// Adds a repair.
    pub(super) fn note(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u16;
    }

    /// Returns true if a repair was added.
    pub(super) fn has(self, repair: Repair) -> bool {
        self.0 & (1 << repair as u16) != 0
    }

    /// Returns the names as `relais parse` prints them, in the order of [`Repair`].
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        Repair::NAMES.into_iter().filter(move |(repair, _)| self.has(*repair)).map(|(_, name)| name)
    }
}
