//! The error of a pass. Everything settled and written before it stays.

use std::time::Duration;

use crate::sink::SinkError;
use crate::store::StoreError;

use super::blocking::Panicked;

/// A pass failed.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Another worker has published an edition or the lists of the output for very long.
    #[error("another worker has been publishing {target} for {} minutes: this one did not publish", waited.as_secs() / 60)]
    OutputBusy {
        /// The edition and the folder or bucket.
        target: String,
        /// The time that this worker has waited.
        waited: Duration,
    },
    /// Another worker publishes the edition or the lists of the output, because this one stood still for too long.
    #[error("publishing {target} was stopped: this worker stood still, and another one has taken over")]
    OutputLost {
        /// The edition and the folder or bucket.
        target: String,
    },
    /// Code of relais panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// A list of the output cannot be rendered: a bug of relais.
    #[error("relais cannot write {what} ({reason}); please report it")]
    Render {
        /// The file.
        what: &'static str,
        /// The message of the renderer.
        reason: String,
    },
}

impl PipelineError {
    /// Makes the error of a renderer that should not fail.
    pub(super) fn render(what: &'static str, error: &impl std::fmt::Display) -> Self {
        Self::Render { what, reason: error.to_string() }
    }
}
