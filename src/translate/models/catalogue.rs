//! The records of the collection `translations-models-v2` of Firefox Remote Settings: one for each file of each model.
//!
//! The lock file has the same shape, so that a folder of models is a catalogue for other machines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Lang;

/// The largest model and the largest vocabulary in bytes, compressed or not.
const MAX_MODEL: u64 = 512 << 20;
const MAX_VOCABULARY: u64 = 32 << 20;

/// The major version of models whose format is known. Another one is for another program.
const MAJOR: u64 = 3;

/// The roles of the files of a model. Records of other roles are passed over: a lexical shortlist makes a model faster, not better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FileRole {
    /// The weights.
    #[serde(rename = "model")]
    Model,
    /// The vocabulary of both languages.
    #[serde(rename = "vocab")]
    Vocabulary,
    /// The vocabulary of the source language, for models with two.
    #[serde(rename = "srcvocab")]
    SourceVocabulary,
    /// The vocabulary of the target language.
    #[serde(rename = "trgvocab")]
    TargetVocabulary,
}

/// One record, as the server has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelFile {
    /// The name of the file.
    pub name: String,
    /// Its role.
    pub file_type: FileRole,
    /// The version of the model.
    pub version: String,
    /// Its size class: `tiny`, `base`, `base-memory`.
    #[serde(default)]
    pub architecture: String,
    /// The source language.
    pub source_language: String,
    /// The target language.
    pub target_language: String,
    /// The SHA-256 of the file as it is used, in hexadecimal digits.
    pub decompressed_hash: String,
    /// Its size in bytes.
    pub decompressed_size: u64,
    /// The file as it is fetched.
    pub attachment: Attachment,
}

/// A file as it is fetched: compressed with Zstandard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its SHA-256 in hexadecimal digits.
    pub hash: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its place below the base address of attachments.
    pub location: String,
}

/// A model: all files that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The source language.
    pub from: Lang,
    /// The target language.
    pub to: Lang,
    /// Its version.
    pub version: String,
    /// Its size class; empty if the catalogue names none.
    pub architecture: String,
    /// Its files: the weights first, then one vocabulary or two.
    pub files: Vec<ModelFile>,
}

/// All usable models of a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The models, by languages, the best of each pair first.
    pub models: Vec<Model>,
}

#[derive(Deserialize)]
struct Records {
    data: Vec<serde_json::Value>,
}

/// The records of a lock file.
#[derive(Serialize)]
pub(super) struct LockRecords<'m> {
    pub(super) data: Vec<&'m ModelFile>,
}

impl Catalogue {
    /// Parses the answer of a server, or a lock file. Records that cannot be used are passed over: others may be newer than this program.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let records: Records = serde_json::from_slice(bytes)?;
        let mut models: BTreeMap<(String, String, String, String), BTreeMap<FileRole, ModelFile>> = BTreeMap::new();
        for record in records.data {
            let Ok(file) = serde_json::from_value::<ModelFile>(record) else { continue };
            if !file.is_usable() {
                continue;
            }
            let key =
                (file.source_language.clone(), file.target_language.clone(), file.version.clone(), file.architecture.clone());
            models.entry(key).or_default().insert(file.file_type, file);
        }
        let mut models: Vec<Model> = models.into_values().filter_map(Model::of).collect();
        models.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)).then_with(|| b.rank().cmp(&a.rank())));
        Ok(Self { models })
    }
}

impl Model {
    fn of(mut files: BTreeMap<FileRole, ModelFile>) -> Option<Self> {
        use FileRole::{Model, SourceVocabulary, TargetVocabulary, Vocabulary};
        let mut kept = vec![files.remove(&Model)?];
        match files.remove(&Vocabulary) {
            Some(file) => kept.push(file),
            None => kept.extend([files.remove(&SourceVocabulary)?, files.remove(&TargetVocabulary)?]),
        }
        let first = &kept[0];
        Some(Self {
            from: Lang::new(&first.source_language)?,
            to: Lang::new(&first.target_language)?,
            version: first.version.clone(),
            architecture: first.architecture.clone(),
            files: kept,
        })
    }

    /// Returns the pair of languages as it is written on the command line: `fr-en`.
    pub fn pair(&self) -> String {
        format!("{}-{}", self.from, self.to)
    }

    /// Returns its name, which is part of the keys of the memory: `fr-en-3.0-base-memory`.
    pub fn name(&self) -> String {
        let class = if self.architecture.is_empty() { String::new() } else { format!("-{}", self.architecture) };
        format!("{}-{}{class}", self.pair(), self.version)
    }

    /// Returns the bytes of its files as they are used.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.decompressed_size).sum()
    }

    /// Returns the bytes to fetch.
    pub fn download_size(&self) -> u64 {
        self.files.iter().map(|file| file.attachment.size).sum()
    }

    /// Newer versions first. `base-memory` is what Firefox itself takes on a computer.
    fn rank(&self) -> (Vec<u64>, bool, u8) {
        let numbers = self.version.split('.').map(leading_number).collect();
        let is_final = self.version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let class = match self.architecture.as_str() {
            "base-memory" => 3,
            "base" => 2,
            "tiny" => 1,
            _ => 0,
        };
        (numbers, is_final, class)
    }
}

impl ModelFile {
    /// Returns true if everything that becomes part of a path, or is relied on, is what it should be.
    fn is_usable(&self) -> bool {
        let is_word = |text: &str, most: usize| {
            text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        };
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let most = if self.file_type == FileRole::Model { MAX_MODEL } else { MAX_VOCABULARY };
        let is_size = |size: u64| (1..=most).contains(&size);
        let is_name = |text: &str, most: usize| is_word(text, most) && !text.is_empty() && !text.starts_with('.');
        is_name(&self.name, 100)
            && is_name(&self.version, 20)
            && leading_number(&self.version) == MAJOR
            && (self.architecture.is_empty() || is_name(&self.architecture, 40))
            && is_hash(&self.decompressed_hash)
            && is_hash(&self.attachment.hash)
            && is_size(self.decompressed_size)
            && is_size(self.attachment.size)
            && self.attachment.location.len() <= 300
            && self.attachment.location.split('/').all(|part| is_name(part, 200))
    }
}

fn leading_number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, role: &str, version: &str, class: &str) -> serde_json::Value {
        json!({
            "name": name, "fileType": role, "version": version, "architecture": class, "sourceLanguage": "fr", "targetLanguage": "en",
            "decompressedHash": "a".repeat(64), "decompressedSize": 10, "schema": 1, "id": "x", "last_modified": 1,
            "attachment": {"hash": "b".repeat(64), "size": 5, "location": "main-workspace/translations-models-v2/1.zst", "filename": "f"},
        })
    }

    fn parse(records: &[serde_json::Value]) -> Catalogue {
        Catalogue::parse(json!({ "data": records }).to_string().as_bytes()).expect("a catalogue")
    }

    #[test]
    fn newest_version_of_the_usual_class_comes_first() {
        let mut records = Vec::new();
        for (version, class) in [
            ("3.0", "tiny"),
            ("3.10", "tiny"),
            ("3.10", "base-memory"),
            ("3.9", "base"),
            ("3.10a1", "base-memory"),
            ("4.0", "base"),
        ] {
            records.extend([record("model.bin", "model", version, class), record("vocab.spm", "vocab", version, class)]);
        }
        let catalogue = parse(&records);
        let names: Vec<String> = catalogue.models.iter().map(Model::name).collect();
        assert_eq!(names.len(), 5, "version 4 is for another program");
        assert_eq!(names[..2], ["fr-en-3.10-base-memory", "fr-en-3.10-tiny"]);
        assert_eq!(names[4], "fr-en-3.0-tiny");
    }

    #[test]
    fn model_needs_its_weights_and_one_vocabulary_or_two() {
        let parts =
            |roles: &[&str]| parse(&roles.iter().map(|role| record("f", role, "3.0", "")).collect::<Vec<_>>()).models.len();
        assert_eq!(parts(&["model", "vocab"]), 1);
        assert_eq!(parts(&["model", "srcvocab", "trgvocab", "lex", "qualityModel"]), 1);
        assert_eq!((parts(&["model", "srcvocab"]), parts(&["vocab"]), parts(&["model", "lex"])), (0, 0, 0));
    }

    #[test]
    fn record_that_could_leave_its_folder_is_passed_over() {
        for (field, value) in [
            ("/name", "../x"),
            ("/name", ".x"),
            ("/name", "a/b"),
            ("/version", "3.0/.."),
            ("/architecture", "a b"),
            ("/attachment/location", "../x"),
            ("/attachment/location", "/etc/passwd"),
            ("/attachment/location", "https://elsewhere.example/x"),
            ("/decompressedHash", "xyz"),
            ("/attachment/hash", "B"),
        ] {
            let mut bad = record("m", "model", "3.0", "tiny");
            *bad.pointer_mut(field).expect("a field") = json!(value);
            assert!(parse(&[bad, record("v", "vocab", "3.0", "tiny")]).models.is_empty(), "{field} {value}");
        }
    }
}
