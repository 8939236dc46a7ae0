//! The published files, as readers get them: with validators, ranges and encodings (RFC 9110), and headers for each kind of file.
//!
//! Only files that the manifest lists are served. A request names one of them or nothing: no path is ever made of its text.

mod catalogue;
mod conditional;
mod encoding;
mod headers;
mod origin;
mod settings;
mod version;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::forwarded::{Peer, find_client};
use super::guard::split_token;
use super::response::plain;
use crate::config::{Output, Plan};
use crate::model::Cidr;
use crate::pipeline::{RunError, open_bucket};
use catalogue::{Catalogue, ListedFile, MANIFEST};
use conditional::{Answer, judge};
use encoding::{Coding, choose};
use origin::{LookError, Origin};
use settings::Settings;
use version::{Content, Version, Versions};

/// The file that is served for `/`.
const INDEX: &str = "index.html";

/// The published files of an output.
pub struct Files {
    origin: Origin,
    settings: Settings,
    catalogue: RwLock<Arc<Catalogue>>,
    first_look: Mutex<()>,
    versions: Versions,
    started: Instant,
    /// True while the output cannot be read, which is told once.
    is_unreadable: AtomicBool,
}

/// The files that are served at present: those of another output once feeds.toml names one.
pub struct SharedFiles(RwLock<Arc<Files>>);

/// A request for a file.
struct Asked<'r> {
    name: &'r str,
    /// The token that stands before the name.
    token: Option<&'r str>,
    headers: &'r HeaderMap,
    peer: Peer,
}

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
    /// Makes the files of the output of a plan. No file is read before somebody asks for it.
    pub fn of(plan: &Plan) -> Result<Self, RunError> {
        let origin = match &plan.output {
            Output::Folder(folder) => Origin::Folder(folder.clone()),
            Output::Bucket(_) => Origin::Bucket(Box::new(open_bucket(plan)?)),
        };
        Ok(Self {
            origin,
            settings: Settings::new(plan),
            catalogue: RwLock::default(),
            first_look: Mutex::default(),
            versions: Versions::default(),
            started: Instant::now(),
            is_unreadable: AtomicBool::new(false),
        })
    }

    /// Returns true if something has been published.
    pub(super) async fn is_published(&self) -> bool {
        !self.catalogue().await.is_empty()
    }

    /// Returns the path below which everything is, without a `/` at the end; empty for the root.
    pub(super) fn base_path(&self) -> &str {
        &self.settings.base_path
    }

    /// Returns the proxies whose word counts.
    pub(super) fn trusted_proxies(&self) -> &[Cidr] {
        &self.settings.trusted_proxies
    }

    fn present_catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the list of files. It is read again when the manifest has changed; one request a second looks.
    async fn catalogue(&self) -> Arc<Catalogue> {
        let mut known = self.present_catalogue();
        // Until there is a list, everybody waits for the one who reads it: nothing is to be called missing that only was not looked for.
        let mut waiting = None;
        if known.is_empty() {
            waiting = Some(self.first_look.lock().await);
            known = self.present_catalogue();
        }
        if !known.check.claim(self.started) {
            return known;
        }
        let loaded = Catalogue::load(&self.origin, &known).await;
        self.note_readable(loaded.as_ref().err());
        let Ok(Some(changed)) = loaded else { return known };
        let changed = Arc::new(changed);
        changed.check.claim(self.started);
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&changed);
        drop(waiting);
        changed
    }

    /// Tells once that the output cannot be read, and once that it can be read again.
    fn note_readable(&self, error: Option<&LookError>) {
        match (error, self.is_unreadable.swap(error.is_some(), Ordering::Relaxed)) {
            (Some(error), false) => tracing::error!("what is in memory is served on: {error}"),
            (None, true) => tracing::warn!("the output can be read again"),
            _ => {}
        }
    }

    /// Returns the edition whose `auth` says who may read a file. One that the plan guards counts also before it is published anew.
    fn guard_of<'f>(&self, file: &'f ListedFile) -> Option<&'f str> {
        let planned = file.edition.as_deref().filter(|edition| self.settings.guards.has(edition));
        file.auth.as_deref().or(planned)
    }

    /// Refuses a request for a file that it may not read. Where a token was wrong, nothing says that the file exists.
    fn refuse(&self, (file, catalogue): (&ListedFile, &Catalogue), asked: &Asked<'_>) -> Option<Response> {
        if file.name == MANIFEST && (self.settings.has_guards() || catalogue.has_guarded) {
            // It names files that not everybody may know of.
            return Some(plain(StatusCode::NOT_FOUND, "there is no such file\n"));
        }
        let edition = self.guard_of(file)?;
        if self.settings.guards.admits(edition, asked.token, asked.headers) {
            return None;
        }
        let client = find_client(asked.peer, asked.headers, self.trusted_proxies()).address;
        let client = client.map_or_else(|| "-".to_owned(), |address| address.to_string());
        tracing::info!(client.address = %client, "refused {} to {client}: no token or password of its edition", file.name);
        if asked.token.is_some() || !self.settings.guards.has(edition) {
            return Some(plain(StatusCode::NOT_FOUND, "there is no such file\n"));
        }
        let mut response = plain(StatusCode::UNAUTHORIZED, "a token or a password is needed to read this\n");
        let fields = response.headers_mut();
        fields.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"edition\", charset=\"UTF-8\""));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }

    /// Makes the response for a file that the request may read.
    fn respond(
        &self,
        asked: &Asked<'_>,
        (file, catalogue): (&ListedFile, &Catalogue),
        version: &Version,
        content: Content,
    ) -> Response {
        let Content { coding, bytes } = content;
        let (tag, length) = (version.entity_tag(coding).map(|(tag, _)| tag), bytes.len());
        let answer = judge(asked.headers, tag, version.modified, length as u64);
        let is_guarded = self.guard_of(file).is_some();
        let mut fields = headers::validators(file, version, coding, is_guarded);
        if answer == Answer::NotModified {
            return (StatusCode::NOT_MODIFIED, fields, Body::empty()).into_response();
        }
        headers::describe(&mut fields, file, coding, asked.headers, is_guarded);
        let hubs = file.edition.as_ref().and_then(|edition| self.settings.hubs.get(edition)).map_or([].as_slice(), Vec::as_slice);
        if let Some((base, is_fixed)) = self.base(asked, is_guarded) {
            headers::add_links(&mut fields, (file, catalogue), hubs, (&base, is_fixed));
        }
        let (status, bytes) = match answer {
            Answer::Whole | Answer::NotModified => (StatusCode::OK, bytes),
            Answer::Part(range) => {
                insert(&mut fields, CONTENT_RANGE, &format!("bytes {}-{}/{length}", range.start, range.end - 1));
                (StatusCode::PARTIAL_CONTENT, bytes.slice(range))
            }
            Answer::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, Bytes::new()),
            Answer::Unsatisfiable => {
                insert(&mut fields, CONTENT_RANGE, &format!("bytes */{length}"));
                (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
            }
        };
        fields.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        (status, fields, Body::from(bytes)).into_response()
    }

    /// Returns the address that links begin with, and whether it is the same for every request: `base_url`, else the one that the client has
    /// asked for, as far as trusted proxies tell it.
    fn base<'f>(&'f self, asked: &Asked<'_>, is_guarded: bool) -> Option<(Cow<'f, str>, bool)> {
        let own = if let Some(base) = &self.settings.base_url {
            Cow::Borrowed(base.as_str())
        } else {
            let client = find_client(asked.peer, asked.headers, self.trusted_proxies());
            let scheme = if client.is_https { "https" } else { "http" };
            Cow::Owned(format!("{scheme}://{}{}/", client.host?, self.settings.base_path))
        };
        match asked.token.filter(|_| is_guarded) {
            Some(token) => Some((Cow::Owned(format!("{own}token/{token}/")), false)),
            None => Some((own, self.settings.base_url.is_some())),
        }
    }
}

/// Answers a GET or HEAD request at once, if everything that it needs is in memory and need not be looked at again. `path` begins with a
/// `/`; of the request its headers are needed, and whether it is HEAD.
pub(super) fn answer_at_once(files: &Files, path: &str, request: (&HeaderMap, bool), peer: Peer) -> Option<Response> {
    let (headers, is_head) = request;
    let (token, name) = split_token(path.strip_prefix('/')?);
    let asked = Asked { name: if name.is_empty() && token.is_none() { INDEX } else { name }, token, headers, peer };
    let catalogue = files.present_catalogue();
    if catalogue.check.is_due(files.started) {
        return None;
    }
    let file = catalogue.find(asked.name)?;
    if file.moved_to.is_some() {
        return None;
    }
    if let Some(refusal) = files.refuse((file, &catalogue), &asked) {
        return Some(refusal);
    }
    let version = files.versions.known(&files.origin, (&file.name, file.sha256.as_deref()), files.started)?;
    let content = version.made_content(choose(headers.get_all(ACCEPT_ENCODING), headers::is_text(&file.name)))?;
    let mut response = files.respond(&asked, (file, &catalogue), &version, content);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    Some(response)
}

/// Answers a GET or HEAD request for the root: with the list of editions.
pub(super) async fn serve_index(State(shared): State<Arc<SharedFiles>>, request: Request) -> Response {
    let peer = peer_of(&request);
    answer(&shared.present(), &Asked { name: INDEX, token: None, headers: request.headers(), peer }).await
}

/// Answers a GET or HEAD request for a file of the output.
pub(super) async fn serve_file(State(shared): State<Arc<SharedFiles>>, request: Request) -> Response {
    let path = request.uri().path().strip_prefix('/').unwrap_or_default();
    let Ok(path) = percent_decode_str(path).decode_utf8() else {
        return plain(StatusCode::BAD_REQUEST, "the path is not UTF-8\n");
    };
    let (token, name) = split_token(&path);
    answer(&shared.present(), &Asked { name, token, headers: request.headers(), peer: peer_of(&request) }).await
}

/// Returns the peer that the service has noted.
fn peer_of(request: &Request) -> Peer {
    request.extensions().get().copied().unwrap_or(Peer::Unix)
}

/// Answers a request, after reading what has to be read.
async fn answer(files: &Files, asked: &Asked<'_>) -> Response {
    let catalogue = files.catalogue().await;
    let Some(file) = catalogue.find(asked.name) else { return not_found(&catalogue) };
    if let Some(refusal) = files.refuse((file, &catalogue), asked) {
        return refusal;
    }
    if let Some(moved_to) = &file.moved_to {
        return moved(moved_to);
    }
    let version = match files.versions.get(&files.origin, (&file.name, file.sha256.as_deref()), files.started).await {
        Ok(Some(version)) => version,
        Ok(None) => return not_found(&catalogue),
        Err(error) => {
            tracing::error!("cannot serve {}: {error}", file.name);
            return plain(StatusCode::SERVICE_UNAVAILABLE, "the file cannot be read at present\n");
        }
    };
    let coding: Coding = choose(asked.headers.get_all(ACCEPT_ENCODING), headers::is_text(&file.name));
    let content = version.content(coding).await;
    files.respond(asked, (file, &catalogue), &version, content)
}

/// Sets a header. A value that is none is left out: it can only come from the address of the output.
fn insert(fields: &mut HeaderMap, name: HeaderName, value: &str) {
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
