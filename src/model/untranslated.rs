//! The policy for entries without a translation.

use std::time::Duration;

/// The policy of an edition for entries that are not (yet) in its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UntranslatedPolicy {
    /// Waits this long for a translation, then shows the original. Some readers list an entry twice whose title changes later under
    /// the same id.
    Hold(Duration),
    /// Shows the original at once.
    Original,
    /// Leaves it out.
    Skip,
}
