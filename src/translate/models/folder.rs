//! The folder of models: `lock.json` names those that are used, each in a folder of its own (`fr-en/3.0-base-memory-1a2b3c4d/`).

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::catalogue::{Catalogue, FileRole, LockRecords, Model, ModelFile};
use super::error::ModelError;
use crate::model::Lang;

/// The lock file. It has the shape of a catalogue.
pub(super) const LOCK: &str = "lock.json";
/// Held by the process that changes the folder.
const GUARD: &str = ".guard";
/// Names the folder into which files are fetched.
const DOWNLOADS: &str = ".download";

/// The largest lock file in bytes.
pub(super) const MAX_RECORDS: u64 = 16 << 20;

/// A folder of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    path: PathBuf,
}

/// A model that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// Its languages, version and files.
    pub model: Model,
    /// The folder with its files.
    pub folder: PathBuf,
}

/// The files of a model, read and compared with their hashes.
pub struct ModelBytes {
    /// The weights.
    pub model: Vec<u8>,
    /// The vocabulary of the source language.
    pub source: Vec<u8>,
    /// The vocabulary of the target language, if it is another one.
    pub target: Option<Vec<u8>>,
}

impl ModelBytes {
    /// Returns the vocabulary of the target language.
    pub fn target(&self) -> &[u8] {
        self.target.as_deref().unwrap_or(&self.source)
    }
}

/// The right to change a folder, until it is dropped.
pub(super) struct FolderGuard {
    _file: File,
}

impl ModelFolder {
    /// Names a folder. It need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the models that the lock file names, by languages. There are none if there is no lock file.
    pub fn installed(&self) -> Result<Vec<InstalledModel>, ModelError> {
        let path = self.path.join(LOCK);
        let bytes = match read_at_most(&path, MAX_RECORDS) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(ModelError::file(&path))?,
        };
        let wrong = |why: serde_json::Error| ModelError::Catalogue { place: path.display().to_string(), why: why.to_string() };
        let models = Catalogue::parse(&bytes).map_err(wrong)?.models;
        Ok(models.into_iter().map(|model| InstalledModel { folder: self.place(&model), model }).collect())
    }

    /// Returns the folder of a model. It has a part of the hash in its name, so that a version that was published anew replaces nothing before
    /// it works.
    pub(super) fn place(&self, model: &Model) -> PathBuf {
        let hash = model.files.first().and_then(|file| file.decompressed_hash.get(..8)).unwrap_or_default();
        let class = if model.architecture.is_empty() { String::new() } else { format!("-{}", model.architecture) };
        self.path.join(model.pair()).join(format!("{}{class}-{hash}", model.version))
    }

    /// Returns the folder for unfinished downloads, and makes it.
    pub(super) fn downloads(&self) -> Result<PathBuf, ModelError> {
        let path = self.path.join(DOWNLOADS);
        fs::create_dir_all(&path).map_err(ModelError::file(&path))?;
        Ok(path)
    }

    /// Waits for nobody: fails if another process changes the folder.
    pub(super) fn guard(&self) -> Result<FolderGuard, ModelError> {
        fs::create_dir_all(&self.path).map_err(ModelError::file(&self.path))?;
        let path = self.path.join(GUARD);
        let file = File::options().create(true).append(true).open(&path).map_err(ModelError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderGuard { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ModelError::Busy { folder: self.path.clone() }),
            Err(TryLockError::Error(error)) => Err(ModelError::file(path)(error)),
        }
    }

    /// Replaces the lock file.
    pub(super) fn write_lock(&self, models: &[Model], _guard: &FolderGuard) -> Result<(), ModelError> {
        let records = LockRecords { data: models.iter().flat_map(|model| &model.files).collect() };
        let text = serde_json::to_string_pretty(&records).map_err(|error| ModelError::file(&self.path)(error.into()))?;
        let write = || {
            let mut file = NamedTempFile::new_in(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(self.path.join(LOCK)).map_err(|error| error.error)
        };
        write().map(|_| ()).map_err(ModelError::file(self.path.join(LOCK)))
    }

    /// Removes the model of a pair, with all its versions. Returns it, or nothing if there is none.
    pub fn remove(&self, from: &Lang, to: &Lang) -> Result<Option<Model>, ModelError> {
        let guard = self.guard()?;
        let mut models: Vec<Model> = self.installed()?.into_iter().map(|installed| installed.model).collect();
        let Some(at) = models.iter().position(|model| model.from == *from && model.to == *to) else { return Ok(None) };
        let removed = models.remove(at);
        self.write_lock(&models, &guard)?;
        let path = self.path.join(removed.pair());
        fs::remove_dir_all(&path)
            .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
            .map_err(ModelError::file(path))?;
        Ok(Some(removed))
    }

    /// Removes the folders of a pair but those of these models. What cannot be removed stays: it is only disk space.
    pub(super) fn keep_only(&self, kept: &[&Model], _guard: &FolderGuard) {
        let Some(first) = kept.first() else { return };
        let places: Vec<PathBuf> = kept.iter().map(|model| self.place(model)).collect();
        let Ok(entries) = fs::read_dir(self.path.join(first.pair())) else { return };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| !places.contains(path)) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

impl InstalledModel {
    /// Returns the path of a file.
    pub fn path(&self, file: &ModelFile) -> PathBuf {
        self.folder.join(&file.name)
    }

    /// Reads the files, and compares sizes and hashes. The bytes that were compared are those that are used.
    pub fn read(&self) -> Result<ModelBytes, ModelError> {
        let read = |role: FileRole| {
            let file = self.model.files.iter().find(|file| file.file_type == role)?;
            Some(read_file(&self.path(file), file))
        };
        let missing = || ModelError::wrong(&self.model.name(), "it has no vocabulary");
        let model = read(FileRole::Model).ok_or_else(missing)??;
        if let Some(shared) = read(FileRole::Vocabulary) {
            return Ok(ModelBytes { model, source: shared?, target: None });
        }
        let source = read(FileRole::SourceVocabulary).ok_or_else(missing)??;
        let target = read(FileRole::TargetVocabulary).ok_or_else(missing)??;
        Ok(ModelBytes { model, source, target: Some(target) })
    }
}

/// Reads a file that must have the size and the hash of its record.
pub(super) fn read_file(path: &Path, file: &ModelFile) -> Result<Vec<u8>, ModelError> {
    let bytes = read_at_most(path, file.decompressed_size + 1).map_err(ModelError::file(path))?;
    let shown = path.display().to_string();
    if bytes.len() as u64 != file.decompressed_size {
        let why = format!("it has {} bytes instead of {}", bytes.len(), file.decompressed_size);
        return Err(ModelError::wrong(&shown, why));
    }
    if sha256(&bytes) != file.decompressed_hash {
        return Err(ModelError::wrong(&shown, "it has another SHA-256"));
    }
    Ok(bytes)
}

/// Reads at most `most` bytes of a file.
pub(super) fn read_at_most(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the SHA-256 of bytes in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
