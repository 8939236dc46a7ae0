//! The connections of the HTTP client: TLS, certificates, proxy and resolver. It follows no redirect and reads no environment variable.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Proxy};
use secrecy::ExposeSecret;
use url::Url;

use super::decompress::ACCEPTED_ENCODINGS;
use super::error::ClientError;
use super::options::{CONNECT_TIMEOUT, Options};
use super::resolve::{CheckedResolver, Resolve};

/// The `Accept` header: feeds first, then the types that feeds are mislabelled with, then pages (some servers refuse clients
/// that do not accept them).
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                        application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.3, */*;q=0.1";

/// The time that an idle connection is kept beyond the host interval. With 64 new hosts a second, a minute would mean 4,000
/// open files.
const IDLE: Duration = Duration::from_secs(2);

/// The HTTP/2 window in bytes. hyper's default of 2 MiB, times 64, would be more than all bodies together.
const WINDOW: u32 = 256 << 10;

/// Builds the client, and returns it with the host of the proxy, which no URL may name.
pub(super) fn build(options: &Options, resolver: Arc<dyn Resolve>) -> Result<(reqwest::Client, Option<String>), ClientError> {
    let agent = HeaderValue::from_str(&options.user_agent).map_err(|_| ClientError::UserAgent)?;
    let headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static(ACCEPTED)),
        (ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED_ENCODINGS)),
    ]);
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(agent)
        .default_headers(headers)
        .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
        .pool_idle_timeout(options.host_interval.min(CONNECT_TIMEOUT) + IDLE)
        .http2_initial_stream_window_size(WINDOW)
        // Bodies are decompressed in `decompress`, which is more tolerant.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();

    let mut proxy_host = None;
    if let Some(address) = &options.proxy {
        let (proxy, host) = parse_proxy(address.expose_secret())?;
        builder = builder.proxy(proxy);
        proxy_host = Some(host);
    }
    if let Some(path) = &options.ca {
        builder = builder.tls_certs_merge(read_certificates(path)?);
    }
    let checked = CheckedResolver { inner: resolver, allow: options.allow_private.clone().into(), proxy: proxy_host.clone() };
    let client = builder.dns_resolver(Arc::new(checked)).build().map_err(|error| build_error(options, error))?;
    Ok((client, proxy_host))
}

/// Returns the proxy at an address, and its host.
pub(super) fn parse_proxy(address: &str) -> Result<(Proxy, String), ClientError> {
    let invalid = |why: &str| ClientError::Proxy { why: why.to_owned() };
    let url = Url::parse(address).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Err(invalid("its scheme must be http, https, socks4, socks4a, socks5 or socks5h"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| invalid("it names no host"))?;
    let host = host.trim_end_matches('.').to_owned();
    let proxy = Proxy::all(url).map_err(|error| invalid(&root_cause(&error.without_url())))?;
    Ok((proxy, host))
}

/// Reads a PEM file of certificates.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let invalid = |why: String| ClientError::Ca { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| invalid(error.to_string()))?;
    let list = Certificate::from_pem_bundle(&pem).map_err(|error| invalid(root_cause(&error)))?;
    if list.is_empty() { Err(invalid("it holds no certificate in PEM format".to_owned())) } else { Ok(list) }
}

/// Returns the error of a client that cannot be built. Everything else has been checked before, so the certificates are
/// wrong: those of `ca` if it is set (the system's may then be missing), else those of the system.
pub(super) fn build_error(options: &Options, error: reqwest::Error) -> ClientError {
    let why = root_cause(&error.without_url());
    match &options.ca {
        Some(path) => ClientError::Ca { path: path.clone(), why },
        None => ClientError::Certificates { why },
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    let first: &dyn std::error::Error = error;
    std::iter::successors(Some(first), |&cause| cause.source()).last().map(ToString::to_string).unwrap_or_default()
}
