//! The list of published files, read from `manifest.json`.

use std::collections::HashMap;
use std::sync::OnceLock;

use axum::http::HeaderValue;
use serde::Deserialize;

use super::origin::{Look, LookError, Mark, Origin};
use super::version::Check;

/// The name of the manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// The largest manifest that is read: one of a hundred thousand files.
const MAX_BYTES: u64 = 32 << 20;

/// The files that may be served.
#[derive(Default)]
pub(super) struct Catalogue {
    files: HashMap<String, ListedFile>,
    /// The names of the files of each edition that others may link to, in their order.
    editions: HashMap<String, Vec<String>>,
    /// True if not everybody may read all of them.
    pub(super) has_guarded: bool,
    mark: Option<Mark>,
    pub(super) check: Check,
}

/// A file of the manifest.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListedFile {
    pub(super) name: String,
    /// The hash of its bytes; of the manifest itself there is none.
    pub(super) sha256: Option<String>,
    pub(super) edition: Option<String>,
    pub(super) lang: Option<String>,
    /// The edition whose `auth` says who may read it.
    pub(super) auth: Option<String>,
    /// The file that continues it.
    pub(super) moved_to: Option<String>,
    /// Its `Link` header, once it was asked for.
    #[serde(skip)]
    pub(super) link: OnceLock<Option<HeaderValue>>,
}

#[derive(Deserialize)]
struct Document {
    files: Vec<ListedFile>,
}

impl Catalogue {
    /// Reads the manifest, if it is another one than `known` has. A manifest that cannot be read changes nothing: the files that it listed are
    /// there still. One that was removed lists nothing.
    pub(super) async fn load(origin: &Origin, known: &Self) -> Result<Option<Self>, LookError> {
        let found = match origin.look(MANIFEST, known.mark.clone(), MAX_BYTES).await? {
            Look::Same => return Ok(None),
            Look::Missing => return Ok(known.mark.is_some().then(Self::default)),
            Look::Changed(found) => found,
        };
        let Ok(document) = serde_json::from_slice::<Document>(&found.bytes) else { return Ok(None) };
        let own = ListedFile { name: MANIFEST.to_owned(), ..ListedFile::default() };
        Ok(Some(Self { mark: Some(found.mark), ..Self::of(document.files.into_iter().chain([own])) }))
    }

    /// Makes a catalogue of these files.
    fn of(files: impl Iterator<Item = ListedFile>) -> Self {
        let files: HashMap<String, ListedFile> = files.map(|file| (file.name.clone(), file)).collect();
        let mut editions: HashMap<String, Vec<String>> = HashMap::new();
        for file in files.values().filter(|file| file.moved_to.is_none() && !is_further_page(&file.name)) {
            if let Some(edition) = &file.edition {
                editions.entry(edition.clone()).or_default().push(file.name.clone());
            }
        }
        for names in editions.values_mut() {
            names.sort_unstable();
        }
        let has_guarded = files.values().any(|file| file.auth.is_some());
        Self { files, editions, has_guarded, ..Self::default() }
    }

    /// Returns true if nothing has been published.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the file of a name.
    pub(super) fn find(&self, name: &str) -> Option<&ListedFile> {
        self.files.get(name)
    }

    /// Returns the other files of the same edition that are still published, by name. Of pages only the first is one.
    pub(super) fn alternates<'a>(&'a self, file: &'a ListedFile) -> impl Iterator<Item = &'a ListedFile> {
        let names = file.edition.as_ref().and_then(|edition| self.editions.get(edition)).into_iter().flatten();
        names.filter(|name| **name != file.name).filter_map(|name| self.files.get(name))
    }
}

/// Returns true for `jeux.fr.2.html`.
fn is_further_page(name: &str) -> bool {
    let stem = name.strip_suffix(".html").and_then(|stem| stem.rsplit_once('.'));
    stem.is_some_and(|(_, number)| number.parse::<usize>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternates_are_the_other_formats_and_languages_and_no_further_pages() {
        let file = |name: &str, edition: &str| ListedFile {
            name: name.to_owned(),
            edition: Some(edition.to_owned()),
            ..ListedFile::default()
        };
        let names = ["jeux.fr.atom", "jeux.en.atom", "jeux.fr.html", "jeux.fr.2.html"].map(|name| file(name, "jeux"));
        let all = names.into_iter().chain([file("autre.atom", "autre")]);
        let catalogue = Catalogue::of(all);
        let own = catalogue.find("jeux.fr.atom").expect("it is listed");
        let found: Vec<&str> = catalogue.alternates(own).map(|file| file.name.as_str()).collect();
        assert_eq!(found, ["jeux.en.atom", "jeux.fr.html"]);
    }
}
