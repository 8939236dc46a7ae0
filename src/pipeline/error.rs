//! Why a pass could not go on. What it had settled and written before stays.

use crate::sink::SinkError;
use crate::store::StoreError;

use super::blocking::Panicked;

/// Why a pass could not go on.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// A part of relais itself failed.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// A list of the output cannot be rendered: a fault of relais.
    #[error("relais cannot write {what} ({reason}); please report it")]
    Render {
        /// Which file.
        what: &'static str,
        /// What the renderer says.
        reason: String,
    },
}

impl PipelineError {
    /// The error of a renderer that should not fail.
    pub(super) fn render(what: &'static str, error: &impl std::fmt::Display) -> Self {
        Self::Render { what, reason: error.to_string() }
    }
}
