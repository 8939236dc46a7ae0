//! The errors of models.

use std::path::PathBuf;

use super::check::UnusableModel;
use crate::net::{ClientError, FetchError};

/// Something about a model failed. What was there before is still there.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The catalogue or a file cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] Box<FetchError>),
    /// The catalogue is none.
    #[error("{place} is no catalogue of models: {why}")]
    Catalogue {
        /// Its address, or its file.
        place: String,
        /// The reason.
        why: String,
    },
    /// The catalogue has no such pair.
    #[error("{place} has no model from {from} into {to}")]
    NoModel {
        /// The catalogue.
        place: String,
        /// The source language.
        from: String,
        /// The target language.
        to: String,
    },
    /// A file is not the one that the catalogue describes.
    #[error("{file} is not the file of the catalogue: {why}")]
    WrongFile {
        /// Its name.
        file: String,
        /// The difference.
        why: String,
    },
    /// The model cannot be run.
    #[error("the model {model} cannot be used: {why}")]
    Unusable {
        /// Its name.
        model: String,
        /// The reason.
        why: UnusableModel,
    },
    /// A file or a folder cannot be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Another process is adding or removing models.
    #[error("another relais is changing the models in {}", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
}

impl ModelError {
    /// Makes the error of a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Makes the error of a file that is not the one of the catalogue.
    pub(super) fn wrong(file: &str, why: impl Into<String>) -> Self {
        Self::WrongFile { file: file.to_owned(), why: why.into() }
    }
}
