//! The service of all connections. It checks what holds for every request (the `Host` header, the base path), answers requests for files
//! that are in memory at once, and passes the others to the router.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use futures::future::{BoxFuture, Either};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::files::{SharedFiles, answer_at_once};
use super::forwarded::{Peer, find_client};
use super::guard::without_token;
use super::host_header::check_host;
use super::requests::RequestCounts;
use super::response::plain;
use super::routes::{Site, routes};
use super::slots::Activity;

/// Holds the state that all connections share.
pub(super) struct Front {
    files: Arc<SharedFiles>,
    counts: RequestCounts,
    routes: TowerToHyperService<Router>,
}

/// The service of one connection.
pub(super) struct ConnectionService {
    front: Arc<Front>,
    activity: Activity,
    peer: Peer,
}

/// The place of a path below the base path.
enum Place<'p> {
    /// The path below it, with its first `/`.
    Below(&'p str),
    /// The base path itself, without a `/` at the end.
    Base,
    Elsewhere,
}

impl Front {
    /// Serves a site.
    pub(super) fn new(site: Site) -> Self {
        let (files, counts) = (Arc::clone(&site.files), site.console.requests.clone());
        Self { files, counts, routes: TowerToHyperService::new(routes(site)) }
    }

    /// Serves a connection from this peer.
    pub(super) fn serve(self: &Arc<Self>, activity: Activity, peer: Peer) -> ConnectionService {
        ConnectionService { front: Arc::clone(self), activity, peer }
    }

    /// Answers what needs neither the router nor the disk.
    fn answer_at_once(&self, request: &hyper::Request<Incoming>, peer: Peer) -> Option<Response> {
        if let Err(why) = check_host(request.version(), request.uri(), request.headers()) {
            return Some((StatusCode::BAD_REQUEST, format!("{why}\n")).into_response());
        }
        let files = self.files.present();
        match place(request.uri().path(), files.base_path()) {
            Place::Base => Some(Redirect::permanent(&format!("{}/", files.base_path())).into_response()),
            Place::Elsewhere => Some(plain(StatusCode::NOT_FOUND, "there is no such file\n")),
            Place::Below(path) if matches!(*request.method(), Method::GET | Method::HEAD) => {
                answer_at_once(&files, path, (request.headers(), request.method() == Method::HEAD), peer)
            }
            Place::Below(_) => None,
        }
    }

    /// Makes the request that the router sees: below the root, with its peer.
    fn inner_request(&self, request: hyper::Request<Incoming>, peer: Peer) -> Request {
        let (mut parts, body) = request.into_parts();
        let files = self.files.present();
        if let (Place::Below(path), false) = (place(parts.uri.path(), files.base_path()), files.base_path().is_empty()) {
            let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let inner: Option<PathAndQuery> = format!("{path}{query}").parse().ok();
            let mut uri = parts.uri.clone().into_parts();
            uri.path_and_query = inner.or(uri.path_and_query);
            parts.uri = Uri::from_parts(uri).unwrap_or(parts.uri);
        }
        parts.extensions.insert(peer);
        Request::from_parts(parts, Body::new(body))
    }

    fn log(&self, peer: Peer, parts: &(Method, Uri, axum::http::HeaderMap), status: StatusCode) {
        let (method, uri, headers) = parts;
        let client = find_client(peer, headers, self.files.present().trusted_proxies()).address;
        let client = client.map_or_else(|| "-".to_owned(), |address| address.to_string());
        tracing::debug!(client.address = %client, "{method} {} {}", without_token(uri.path()), status.as_u16());
    }
}

impl Service<hyper::Request<Incoming>> for ConnectionService {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, BoxFuture<'static, Result<Response, Infallible>>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let is_logged = tracing::enabled!(tracing::Level::DEBUG);
        let about = is_logged.then(|| (request.method().clone(), request.uri().clone(), request.headers().clone()));
        let (front, peer) = (Arc::clone(&self.front), self.peer);
        let done = move |front: &Front, response: Response| {
            front.counts.count(response.status());
            if let Some(about) = &about {
                front.log(peer, about, response.status());
            }
            Ok(response)
        };
        if let Some(response) = front.answer_at_once(&request, peer) {
            return Either::Left(ready(done(&front, response)));
        }
        let in_flight = self.activity.begin();
        Either::Right(Box::pin(async move {
            let _in_flight = in_flight;
            let request = front.inner_request(request, peer);
            let Ok(response) = front.routes.call(request).await;
            done(&front, response)
        }))
    }
}

fn place<'p>(path: &'p str, base: &str) -> Place<'p> {
    match path.strip_prefix(base) {
        Some("") if !base.is_empty() => Place::Base,
        Some(rest) if rest.starts_with('/') => Place::Below(rest),
        _ => Place::Elsewhere,
    }
}
