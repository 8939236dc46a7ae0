//! What becomes of an entry that is not in an edition's language.

use std::time::Duration;

/// What an edition does with an entry that is not (yet) in its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UntranslatedPolicy {
    /// Waits so long for a translation, then shows the original: an entry whose title changes later under the same id is
    /// listed twice by some readers.
    Hold(Duration),
    /// Shows the original at once.
    Original,
    /// Leaves it out.
    Skip,
}
