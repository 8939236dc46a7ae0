//! The problems of feeds.toml: collected while the file is read, then shown with the line that they are about.

mod collect;
mod excerpt;
mod nearest;
mod problem;

pub(super) use collect::Diagnostics;
pub(super) use nearest::nearest;
pub(super) use problem::Diagnosis;
pub use problem::{Problem, Problems};
