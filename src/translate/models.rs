//! The models of the embedded engine: where they come from, where they are kept, and whether they can be used.
//!
//! ```text
//! catalogue   the records of Firefox Remote Settings ▸ models
//! origin      where records and files are read: a server or a folder
//! install     fetches a model, checks it, and puts it in place of the old one
//! route       the models of a pair of languages
//! folder      the models that are there, and the lock file that names them
//! check       whether a model can be run
//! ```

mod catalogue;
mod check;
mod error;
mod folder;
mod install;
mod origin;
mod route;

pub use catalogue::{Catalogue, Model, ModelFile};
#[cfg(feature = "firefox")]
pub(super) use check::{CheckedVocabularies, PieceKind, Vocabulary};
pub use check::{UnusableModel, check_model};
pub use error::ModelError;
#[cfg(feature = "firefox")]
pub(super) use folder::ModelBytes;
pub use folder::{InstalledModel, ModelFolder};
pub use install::{InstallOutcome, Progress, install};
pub use origin::{DEFAULT_SERVER, ModelOrigin};
#[cfg(feature = "firefox")]
pub(super) use route::Route;
pub use route::missing_models;
