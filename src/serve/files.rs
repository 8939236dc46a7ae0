//! The published files, as readers get them: with validators, ranges and encodings (RFC 9110), and headers for each kind of file.
//!
//! Only files that the manifest lists are served. A request names one of them or nothing: no path is ever made of its text.

mod catalogue;
mod conditional;
mod encoding;
mod headers;
mod version;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use super::response::plain;
use catalogue::Catalogue;
use conditional::{Answer, judge};
use encoding::{Coding, choose};
use version::{Version, Versions};

/// The file that is served for `/`.
const INDEX: &str = "index.html";

/// The published files of an output folder.
pub struct Files {
    folder: Option<PathBuf>,
    base_url: Option<String>,
    catalogue: RwLock<Arc<Catalogue>>,
    versions: Versions,
    started: Instant,
}

/// The files that are served at present: those of another folder once feeds.toml names one.
pub struct SharedFiles(RwLock<Arc<Files>>);

impl SharedFiles {
    /// Serves these files.
    pub fn new(files: Files) -> Self {
        Self(RwLock::new(Arc::new(files)))
    }

    /// Serves other files from now on.
    pub fn replace(&self, files: Files) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(files);
    }

    /// Returns the present files.
    pub(super) fn present(&self) -> Arc<Files> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Files {
    /// Makes the files of a folder (of none, if the output is a bucket), whose public address, ending in `/`, begins the links in headers. No file is read before somebody
    /// asks for it.
    pub fn new(folder: Option<&Path>, base_url: Option<String>) -> Self {
        Self {
            folder: folder.map(Path::to_owned),
            base_url,
            catalogue: RwLock::default(),
            versions: Versions::default(),
            started: Instant::now(),
        }
    }

    /// Returns true if something has been published.
    pub(super) async fn is_published(&self) -> bool {
        !self.catalogue().await.is_empty()
    }

    /// Returns the list of files. It is read again when the manifest has changed; one request a second looks.
    async fn catalogue(&self) -> Arc<Catalogue> {
        let known = Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner));
        if !known.check.claim(self.started) {
            return known;
        }
        let Some(folder) = self.folder.clone() else { return known };
        let present = Arc::clone(&known);
        match tokio::task::spawn_blocking(move || Catalogue::load(&folder, &present)).await {
            Ok(Some(changed)) => {
                let changed = Arc::new(changed);
                changed.check.claim(self.started);
                *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&changed);
                changed
            }
            Ok(None) | Err(_) => known,
        }
    }

    /// Returns the present version of a file, if it can be read.
    async fn version(&self, name: &str) -> Option<Arc<Version>> {
        self.versions.get(self.folder.as_deref()?, name, self.started).await
    }
}

/// Answers a GET or HEAD request for the root: with the list of editions.
pub(super) async fn serve_index(State(shared): State<Arc<SharedFiles>>, request: Request) -> Response {
    answer(&shared, INDEX, request.headers()).await
}

/// Answers a GET or HEAD request for a file of the output.
pub(super) async fn serve_file(State(shared): State<Arc<SharedFiles>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    match percent_decode_str(path).decode_utf8() {
        Ok(name) => answer(&shared, &name, request.headers()).await,
        Err(_) => plain(StatusCode::BAD_REQUEST, "the path is not UTF-8\n"),
    }
}

/// Answers a request for the file of this name.
async fn answer(shared: &SharedFiles, name: &str, request: &HeaderMap) -> Response {
    let files = shared.present();
    let catalogue = files.catalogue().await;
    let Some(listed) = catalogue.find(name) else { return not_found(&catalogue) };
    if let Some(moved_to) = &listed.moved_to {
        return moved(moved_to);
    }
    let Some(version) = files.version(name).await else { return not_found(&catalogue) };
    let coding = choose(request.get_all(ACCEPT_ENCODING), headers::is_text(name));
    let content = version.content(coding).await;
    let mut fields = headers::fields(listed, &version, content.coding, request);
    headers::add_links(&mut fields, listed, &catalogue, files.base_url.as_deref());
    respond(request, &version, content.coding, content.bytes, fields)
}

/// Makes the response for the representation that was chosen.
fn respond(request: &HeaderMap, version: &Version, coding: Coding, bytes: Bytes, mut fields: HeaderMap) -> Response {
    let length = bytes.len();
    let (status, bytes) = match judge(request, version.entity_tag(coding).as_ref(), version.modified, length as u64) {
        Answer::Whole => (StatusCode::OK, bytes),
        Answer::Part(range) => {
            insert(&mut fields, CONTENT_RANGE, &format!("bytes {}-{}/{length}", range.start, range.end - 1));
            (StatusCode::PARTIAL_CONTENT, bytes.slice(range))
        }
        Answer::NotModified => (StatusCode::NOT_MODIFIED, Bytes::new()),
        Answer::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, Bytes::new()),
        Answer::Unsatisfiable => {
            insert(&mut fields, CONTENT_RANGE, &format!("bytes */{length}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
        }
    };
    if status != StatusCode::NOT_MODIFIED {
        insert(&mut fields, CONTENT_LENGTH, &bytes.len().to_string());
    }
    (status, fields, Body::from(bytes)).into_response()
}

/// Sets a header. A value that is none is left out: it can only come from the address of the output.
fn insert(fields: &mut HeaderMap, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        fields.insert(name, value);
    }
}

fn not_found(catalogue: &Catalogue) -> Response {
    if catalogue.is_empty() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "nothing has been published yet\n");
    }
    plain(StatusCode::NOT_FOUND, "there is no such file\n")
}

/// Sends readers of a feed that has moved to the one that continues it (RFC 9110 §15.4.2).
fn moved(file: &str) -> Response {
    let mut response = plain(StatusCode::MOVED_PERMANENTLY, "");
    insert(response.headers_mut(), LOCATION, file);
    response
}
