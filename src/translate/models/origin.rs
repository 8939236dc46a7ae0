//! Gets models from a server that speaks the protocol of Remote Settings, or a folder that holds what such a server has.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::catalogue::{Catalogue, Model, ModelFile};
use super::error::ModelError;
use super::folder::{LOCK, MAX_RECORDS, read_at_most};
use crate::model::Validators;
use crate::net::{Client, Request, Response, redact_url};

/// The server of Firefox. It is there for Firefox: whoever fetches many models copies them to a server or a folder of their own.
pub const DEFAULT_SERVER: &str = "https://firefox.settings.services.mozilla.com";

/// The collection of records.
const RECORDS: &str = "v1/buckets/main/collections/translations-models-v2/records";
/// Names the base address of the files.
const ROOT: &str = "v1/";
/// The records in a folder, as a server sends them.
const RECORDS_FILE: &str = "records.json";

/// Names an origin of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelOrigin {
    /// The base address of a server, without `/` at its end.
    Server(String),
    /// A folder with `records.json`, or the folder of models of another relais with its `lock.json`.
    Folder(PathBuf),
}

/// Names the place from which a file of an origin is read.
pub(super) enum FileOrigin {
    /// An address.
    Address(String),
    /// A compressed file.
    Compressed(PathBuf),
    /// A file as it is used.
    Plain(PathBuf),
}

/// The part of the answer of `v1/` that is read.
#[derive(Deserialize)]
struct ServerRoot {
    capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Capabilities {
    attachments: AttachmentCapability,
}

#[derive(Deserialize)]
struct AttachmentCapability {
    base_url: String,
}

impl ModelOrigin {
    /// Parses the address of a server, `file:///FOLDER`, or the path of a folder.
    pub fn parse(text: &str) -> Result<Self, String> {
        match Url::parse(text) {
            Ok(url) if url.scheme() == "file" => {
                url.to_file_path().map(Self::Folder).map_err(|()| "it names no folder of this machine".to_owned())
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
                Ok(Self::Server(text.trim_end_matches('/').to_owned()))
            }
            Ok(url) => Err(format!("`{}:` is neither http, https nor file", url.scheme())),
            Err(_) if !text.trim().is_empty() => Ok(Self::Folder(PathBuf::from(text))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Reads the catalogue.
    pub async fn catalogue(&self, client: &Client) -> Result<Catalogue, ModelError> {
        let (place, bytes) = match self {
            Self::Server(base) => {
                let address = format!("{base}/{RECORDS}");
                (redact_url(&address), get(client, &address).await?)
            }
            Self::Folder(folder) => {
                let records = folder.join(RECORDS_FILE);
                let path = if records.is_file() { records } else { folder.join(LOCK) };
                let bytes = read_at_most(&path, MAX_RECORDS).map_err(ModelError::file(&path))?;
                (path.display().to_string(), bytes)
            }
        };
        Catalogue::parse(&bytes).map_err(|error| ModelError::Catalogue { place, why: error.to_string() })
    }

    /// Returns the base address of the files; nothing for a folder.
    pub(super) async fn base(&self, client: &Client) -> Result<Option<String>, ModelError> {
        let Self::Server(server) = self else { return Ok(None) };
        let address = format!("{server}/{ROOT}");
        let wrong = |why: String| ModelError::Catalogue { place: redact_url(&address), why };
        let root: ServerRoot = serde_json::from_slice(&get(client, &address).await?).map_err(|error| wrong(error.to_string()))?;
        let base = root.capabilities.attachments.base_url;
        Ok(Some(format!("{}/", base.trim_end_matches('/'))))
    }

    /// Returns where a file is read. `base` is the base address of the files of a server.
    pub(super) fn file(&self, base: Option<&str>, model: &Model, file: &ModelFile) -> FileOrigin {
        let Self::Folder(folder) = self else {
            return FileOrigin::Address(format!("{}{}", base.unwrap_or_default(), file.attachment.location));
        };
        let plain = |path: &Path| path.join(&file.name);
        let of_other = super::folder::ModelFolder::new(folder).place(model);
        match [folder.join(&file.attachment.location), folder.join(format!("{}.zst", file.name))]
            .into_iter()
            .find(|path| path.is_file())
        {
            Some(path) => FileOrigin::Compressed(path),
            None if plain(&of_other).is_file() => FileOrigin::Plain(plain(&of_other)),
            None => FileOrigin::Plain(plain(folder)),
        }
    }
}

impl std::fmt::Display for ModelOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(base) => f.write_str(&redact_url(base)),
            Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

async fn get(client: &Client, address: &str) -> Result<Vec<u8>, ModelError> {
    let request = Request { url: address, validators: &Validators::default(), headers: &[], auth: None };
    match client.get(&request).await.map_err(Box::new)? {
        Response::Body(body) => Ok(body.bytes),
        Response::NotModified { .. } => Ok(Vec::new()),
    }
}
