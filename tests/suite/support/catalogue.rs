//! A catalogue of models in the shapes of Firefox Remote Settings: a server on 127.0.0.1, or a folder.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::marian::MarianModel;
use super::origin::{Origin, Reply};

/// A file of a model, and its record.
#[derive(Clone)]
pub(crate) struct CatalogueFile {
    pub(crate) record: Value,
    /// The compressed bytes, as they are fetched.
    pub(crate) bytes: Vec<u8>,
}

/// The records and files of some models.
#[derive(Clone, Default)]
pub(crate) struct Catalogue {
    pub(crate) files: Vec<CatalogueFile>,
}

impl Catalogue {
    /// Adds a quantised model with its vocabulary.
    pub(crate) fn add(&mut self, (from, to): (&str, &str), version: &str, model: &MarianModel) -> &mut Self {
        let pair = format!("{from}{to}").replace('-', "");
        self.add_file((from, to), version, "model", &format!("model.{pair}.intgemm.alphas.bin"), &model.quantised());
        self.add_file((from, to), version, "vocab", &format!("vocab.{pair}.spm"), &model.vocabulary())
    }

    /// Adds one file, with the record that a server would have of it.
    pub(crate) fn add_file(
        &mut self,
        (from, to): (&str, &str),
        version: &str,
        kind: &str,
        name: &str,
        plain: &[u8],
    ) -> &mut Self {
        let bytes = zstd::encode_all(plain, 3).expect("bytes can be compressed");
        let location = format!("main-workspace/translations-models-v2/{}-{}.zst", self.files.len(), version);
        let record = json!({
            "name": name, "schema": 1_740_000_000_000_u64, "version": version, "fileType": kind, "architecture": "base-memory",
            "sourceLanguage": from, "targetLanguage": to, "decompressedHash": sha256(plain), "decompressedSize": plain.len(),
            "attachment": {
                "hash": sha256(&bytes), "size": bytes.len(), "filename": format!("{name}.zst"), "location": location,
                "mimetype": "application/zstd",
            },
            "filter_expression": "", "id": format!("id-{}", self.files.len()), "last_modified": 1_750_000_000_000_u64,
        });
        self.files.push(CatalogueFile { record, bytes });
        self
    }

    /// The answer to the request for all records.
    pub(crate) fn records(&self) -> String {
        json!({ "data": self.files.iter().map(|file| &file.record).collect::<Vec<_>>() }).to_string()
    }

    /// Starts a server that has all this.
    pub(crate) async fn serve(&self) -> Origin {
        let origin = Origin::start().await;
        let root = json!({
            "project_name": "Remote Settings", "http_api_version": "1.22", "url": origin.url("/v1/"),
            "capabilities": { "attachments": { "description": "Add file attachments", "base_url": origin.url("/attachments/") } },
        });
        origin.on("/v1/", Reply::ok(root.to_string()).header("content-type", "application/json"));
        let records = Reply::ok(self.records()).header("content-type", "application/json");
        origin.on("/v1/buckets/main/collections/translations-models-v2/records", records);
        for file in &self.files {
            let bytes = file.bytes.clone();
            origin.answer(&file.path(), move |request| in_part(&bytes, request.header("range")));
        }
        origin
    }

    /// Writes all this to a folder.
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    pub(crate) fn write(&self, folder: &Path) {
        for file in &self.files {
            let path = folder.join(file.location());
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, &file.bytes).expect("a file");
        }
        std::fs::write(folder.join("records.json"), self.records()).expect("a file");
    }
}

impl CatalogueFile {
    fn location(&self) -> &str {
        self.record["attachment"]["location"].as_str().expect("a place")
    }

    /// The path at which a server has the file.
    pub(crate) fn path(&self) -> String {
        format!("/attachments/{}", self.location())
    }
}

/// Answers with a part, if the request asks for one.
pub(crate) fn in_part(bytes: &[u8], range: &str) -> Reply {
    let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        None => Reply::ok(bytes.to_vec()),
        Some(from) if from >= bytes.len() => Reply::status(416),
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
            Reply::status(206).body(bytes[from..].to_vec()).header("content-range", range)
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
