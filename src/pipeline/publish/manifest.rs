//! `manifest.json`: the names, sizes and hashes of all files of the output. It is written last, and remembers in the store what was
//! ever written, so that the files of an edition that is gone are not left behind.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::model::{Format, Lang, Text, Time, is_page_file};
use crate::pipeline::error::PipelineError;
use crate::sink::{Sink, WrittenFile};

use super::digest::DigestFile;
use super::record::Record;
use super::{Publish, Target};

/// The name under which the store remembers the manifest; no edition may be called so.
pub(super) const NAME: &str = "manifest";
/// The name of the file.
const FILE: &str = "manifest.json";

/// The files that were written, as the store keeps them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    /// The files by name.
    pub(super) files: BTreeMap<String, ListedFile>,
    /// The file of the manifest.
    written: Option<WrittenFile>,
}

impl Manifest {
    /// Returns all feeds, those that have ended too.
    pub(super) fn feeds(&self) -> impl Iterator<Item = &ListedFeed> {
        self.files.values().filter_map(|listed| listed.feed.as_ref())
    }
}

/// A file of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ListedFile {
    pub(super) file: WrittenFile,
    /// The feed or page; nothing for a list of what there is.
    pub(super) feed: Option<ListedFeed>,
    /// Set once it is no longer published.
    pub(super) ended: Option<Ended>,
    /// True for the second page of an edition and those behind it: it is removed once the edition has fewer pages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_further_page: bool,
}

/// An edition in one language and format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ListedFeed {
    pub(super) edition: String,
    pub(super) lang: Option<Lang>,
    pub(super) stem: String,
    pub(super) format: Format,
    pub(super) title: Text,
    /// A hash of the ids of its sources.
    pub(super) sources: String,
    /// The path of the feeds.toml that asked for it.
    pub(super) plan: String,
    /// The edition whose `auth` says who may read it; nothing if everybody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<String>,
    /// True for a file that gets no last version: a document of an archive, a mail.
    #[serde(default)]
    pub(super) is_silent: bool,
}

/// The end of a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) at: Time,
    /// The file that continues it.
    pub(super) moved_to: Option<String>,
}

/// The files that a pass published.
#[derive(Default)]
pub(super) struct LiveFiles {
    files: BTreeMap<String, ListedFile>,
    /// The names of all files that should be there, those of failed editions too.
    expected: HashSet<String>,
}

impl LiveFiles {
    /// Adds the files of an edition.
    pub(super) fn add_edition(&mut self, plan: &str, target: &Target<'_>, record: Option<&Record>) {
        let sources = hash_sources(target);
        let feed = |format, stem: &str, is_silent| ListedFeed {
            edition: target.edition.id.clone(),
            lang: target.lang.cloned(),
            stem: stem.to_owned(),
            format,
            title: target.edition.title.clone(),
            sources: sources.clone(),
            plan: plan.to_owned(),
            auth: target.edition.guarded_by(),
            is_silent,
        };
        let files = || record.iter().flat_map(|record| &record.files);
        for format in target.edition.formats.iter().copied() {
            let name = format!("{}.{}", target.stem, format.extension());
            let is_page = |file: &str| format == Format::Html && is_page_file(&target.stem, file);
            for file in files().filter(|file| file.name == name || is_page(&file.name)) {
                self.add(file, feed(format, &target.stem, false), file.name != name);
            }
            self.expected.insert(name);
        }
        let documents = record.filter(|_| target.edition.archive).map_or([].as_slice(), |record| &record.archive);
        for document in documents {
            let stem = document.name.stem(&target.stem);
            for format in Format::ALL {
                let name = format!("{stem}.{}", format.extension());
                if let Some(file) = document.files.iter().find(|file| file.name == name) {
                    self.add(file, feed(format, &stem, true), false);
                }
            }
        }
    }

    fn add(&mut self, file: &WrittenFile, feed: ListedFeed, is_further_page: bool) {
        let listed = ListedFile { file: file.clone(), feed: Some(feed), ended: None, is_further_page };
        self.files.insert(file.name.clone(), listed);
    }

    /// Adds the files of digests.
    pub(super) fn add_digests(&mut self, plan: &str, files: Vec<DigestFile>) {
        for DigestFile { file, stem, lang, title, auth, .. } in files {
            let ending = file.name.rsplit('.').next().unwrap_or_default();
            let format = Format::ALL.into_iter().find(|format| format.extension() == ending);
            let feed = ListedFeed {
                edition: stem.clone(),
                lang,
                stem,
                format: format.unwrap_or(Format::Html),
                title,
                sources: String::new(),
                plan: plan.to_owned(),
                auth,
                is_silent: format.is_none(),
            };
            self.add(&file, feed, false);
        }
    }

    /// Adds the name of a file that is written by others.
    pub(super) fn expect(&mut self, name: String) {
        self.expected.insert(name);
    }

    /// Adds the lists of editions and sources.
    pub(super) fn add_lists(&mut self, record: Record) {
        for file in record.files {
            self.expected.insert(file.name.clone());
            self.files.insert(file.name.clone(), ListedFile { file, feed: None, ended: None, is_further_page: false });
        }
    }
}

/// Returns a hash of the sources of an edition.
pub(super) fn hash_sources(target: &Target<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    for id in &target.edition.from {
        hasher.update(id.as_str().as_bytes()).update(b"\0");
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

impl Publish<'_> {
    /// Ends the feeds that are no longer published, and writes the manifest. Neither happens if nothing has changed.
    /// Returns the files that are there.
    pub(super) async fn write_manifest(
        &self,
        live: LiveFiles,
        known: Manifest,
    ) -> Result<BTreeMap<String, ListedFile>, PipelineError> {
        let LiveFiles { mut files, expected } = live;
        for (name, listed) in &known.files {
            if files.contains_key(name) {
                continue;
            }
            let kept = if expected.contains(name) { Some(listed.clone()) } else { self.end(listed, &known).await? };
            files.extend(kept.map(|listed| (name.clone(), listed)));
        }
        self.tell_ends(&files, &known);
        self.save_manifest(files.clone(), known).await?;
        Ok(files)
    }

    /// Tells once which feeds have ended.
    fn tell_ends(&self, files: &BTreeMap<String, ListedFile>, known: &Manifest) {
        let is_told = |name: &String| known.files.get(name).is_some_and(|listed| listed.ended.is_some());
        let mut told: HashSet<&str> = HashSet::new();
        for (name, listed) in files {
            if let (Some(feed), Some(ended)) = (&listed.feed, &listed.ended)
                && !is_told(name)
                && !feed.is_silent
                && told.insert(&feed.stem)
            {
                let end = ended.moved_to.as_ref().map_or_else(|| "has ended".to_owned(), |file| format!("has moved to {file}"));
                let days = self.keep_ended.as_secs() / (24 * 60 * 60);
                tracing::warn!(
                    "{} is no longer published: its files say that it {end}, and are removed after {days} days (`keep_ended`)",
                    feed.stem
                );
            }
        }
    }

    /// Enters a file that is written after the pass.
    pub(super) async fn enter_file(&self, file: WrittenFile, feed: ListedFeed) -> Result<(), PipelineError> {
        let doc = self.store.load_publication(self.target, NAME).await?;
        let known: Manifest = doc.and_then(|doc| serde_json::from_str(&doc).ok()).unwrap_or_default();
        let mut files = known.files.clone();
        files.insert(file.name.clone(), ListedFile { file, feed: Some(feed), ended: None, is_further_page: false });
        self.save_manifest(files, known).await
    }

    async fn save_manifest(&self, files: BTreeMap<String, ListedFile>, known: Manifest) -> Result<(), PipelineError> {
        let is_untouched = match &known.written {
            Some(written) => self.sink.is_unchanged(written).await?,
            None => false,
        };
        if files == known.files && is_untouched {
            return Ok(());
        }
        let written = write_document(&*self.sink, &files).await?;
        let manifest = Manifest { files, written: Some(written) };
        if manifest == known { Ok(()) } else { self.save_record(NAME, &manifest).await }
    }
}

/// The content of `manifest.json`. Scripts rely on the field names.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    files: Vec<DocumentFile<'a>>,
}

#[derive(Serialize)]
struct DocumentFile<'a> {
    name: &'a str,
    size: u64,
    sha256: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a Lang>,
    /// The edition whose `auth` says who may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<&'a str>,
}

impl<'a> DocumentFile<'a> {
    fn new(listed: &'a ListedFile) -> Self {
        let ListedFile { file, feed, ended, .. } = listed;
        Self {
            name: &file.name,
            size: file.size,
            sha256: &file.sha256,
            edition: feed.as_ref().map(|feed| feed.edition.as_str()),
            lang: feed.as_ref().and_then(|feed| feed.lang.as_ref()),
            auth: feed.as_ref().and_then(|feed| feed.auth.as_deref()),
            ended: ended.as_ref().map(|ended| ended.at),
            moved_to: ended.as_ref().and_then(|ended| ended.moved_to.as_deref()),
        }
    }
}

async fn write_document(sink: &dyn Sink, files: &BTreeMap<String, ListedFile>) -> Result<WrittenFile, PipelineError> {
    let document = Document { version: 1, files: files.values().map(DocumentFile::new).collect() };
    let mut text = serde_json::to_string_pretty(&document).map_err(|error| PipelineError::render(FILE, &error))?;
    text.push('\n');
    let (_, written) = sink.write(FILE, text.into_bytes()).await?;
    Ok(written)
}
