//! The one HTTP client: TLS, certificates, proxy, resolver, and what it may never do by itself (redirect, read the environment).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Proxy};
use secrecy::ExposeSecret;
use url::Url;

use super::resolve::{Checked, Resolve};
use super::{ClientError, Options};

/// Feeds first, then what feeds are mislabelled as, then pages (some servers refuse who does not accept them).
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                        application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.3, */*;q=0.1";

/// The longest wait for a connection. A host that takes longer is down, and the rest of `timeout` is for its answer.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next request to its host, beyond the interval: with 64 new hosts a second, a
/// minute of it would be 4,000 open files.
const IDLE: Duration = Duration::from_secs(2);

/// What one HTTP/2 answer may send ahead of our reading. hyper's 2 MiB, 64 times, would be more than all bodies together.
const WINDOW: u32 = 256 << 10;

/// Builds the client; with it the host of the proxy, which no URL may name.
pub(super) fn build(options: &Options, resolver: Arc<dyn Resolve>) -> Result<(reqwest::Client, Option<String>), ClientError> {
    let agent = HeaderValue::from_str(&options.user_agent).map_err(|_| ClientError::UserAgent)?;
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(ACCEPTED))]);
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(agent)
        .default_headers(headers)
        .connect_timeout(CONNECT.min(options.timeout))
        .pool_idle_timeout(options.host_interval.min(CONNECT) + IDLE)
        .http2_initial_stream_window_size(WINDOW);

    let mut proxy_host = None;
    if let Some(address) = &options.proxy {
        let (proxy, host) = proxy(address.expose_secret())?;
        builder = builder.proxy(proxy);
        proxy_host = Some(host);
    }
    if let Some(path) = &options.ca {
        builder = builder.tls_certs_merge(certificates(path)?);
    }
    let checked = Checked { inner: resolver, allow: options.allow_private.clone().into(), proxy: proxy_host.clone() };
    let client = builder.dns_resolver(Arc::new(checked)).build().map_err(|error| unbuilt(options, error))?;
    Ok((client, proxy_host))
}

pub(super) fn proxy(address: &str) -> Result<(Proxy, String), ClientError> {
    let wrong = |why: &str| ClientError::Proxy { why: why.to_owned() };
    let url = Url::parse(address).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Err(wrong("its scheme is none of http, https, socks4, socks4a, socks5, socks5h"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it names no host"))?;
    let host = host.trim_end_matches('.').to_owned();
    let proxy = Proxy::all(url).map_err(|error| wrong(&last(&error.without_url())))?;
    Ok((proxy, host))
}

pub(super) fn certificates(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let wrong = |why: String| ClientError::Ca { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let list = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(last(&error)))?;
    if list.is_empty() { Err(wrong("it holds no certificate in PEM form".to_owned())) } else { Ok(list) }
}

/// All else has been checked by now, so that it is the certificates: ours if there is a file of them (with it, the
/// system's may be missing), else the system's.
pub(super) fn unbuilt(options: &Options, error: reqwest::Error) -> ClientError {
    let why = last(&error.without_url());
    match &options.ca {
        Some(path) => ClientError::Ca { path: path.clone(), why },
        None => ClientError::Certificates { why },
    }
}

fn last(error: &reqwest::Error) -> String {
    let first: &dyn std::error::Error = error;
    std::iter::successors(Some(first), |&cause| cause.source()).last().map(ToString::to_string).unwrap_or_default()
}
