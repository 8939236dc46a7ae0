//! Fetches the article pages of one host.

use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use crate::config as plan;
use crate::feed;
use crate::model::{Entry, EntryId, FullText, Original, Revision, Validators};
use crate::net::{self, Client, FetchError, Request, Response};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::pipeline::network::credentials;
use crate::pipeline::originals::{make_original, make_original_from_page};
use crate::pipeline::robots_cache::RobotsCache;
use crate::policy::Robots;

/// The `Accept` header for pages; the default of the client prefers feeds.
const ACCEPT: &str = "text/html, application/xhtml+xml, */*;q=0.1";

/// An entry whose article page is to be fetched.
pub(super) struct WantedPage<'a> {
    pub(super) id: EntryId,
    pub(super) revision: Revision,
    pub(super) entry: Entry,
    pub(super) url: String,
    pub(super) source: &'a plan::Source,
    /// The number of requests for it so far.
    pub(super) tries: u32,
}

/// A page could not be fetched.
struct PageFailure {
    message: String,
    /// True if the request is not to be retried.
    is_final: bool,
    /// True if no other page of the host is requested in this pass.
    is_host_failure: bool,
}

/// The results of one host.
pub(super) struct HostPages {
    pub(super) host: String,
    /// The original renditions of the entries whose page was requested.
    pub(super) made: Vec<(EntryId, Revision, Original)>,
    /// False if the host failed, or the time limit passed.
    pub(super) is_available: bool,
}

/// Returns the robots.txt of the host of these pages. If it takes longer than `until`, so would the pages, and none is fetched.
pub(super) async fn load_robots(
    robots: &RobotsCache<'_>,
    queue: &[WantedPage<'_>],
    until: Instant,
) -> Result<Robots, PipelineError> {
    let Some(first) = queue.first() else { return Ok(Robots::default()) };
    Ok(timeout_at(until, robots.get(&first.url)).await.unwrap_or_else(|_| Ok(Robots::default()))?)
}

/// Fetches the pages of a host one by one, until it fails or the time limit passes.
pub(super) async fn fetch_pages(
    client: &Client,
    robots: &Robots,
    host: String,
    queue: Vec<WantedPage<'_>>,
    until: Instant,
) -> Result<HostPages, PipelineError> {
    let mut pages = HostPages { host, made: Vec::with_capacity(queue.len()), is_available: !robots.is_unknown };
    for wanted in queue {
        pages.is_available &= Instant::now() < until;
        if !pages.is_available {
            break;
        }
        let answer = if robots.allows(&path(&wanted.url)) {
            timeout_at(until, fetch_page(client, &wanted)).await.unwrap_or_else(|_| Err(PageFailure::out_of_time(&wanted.url)))
        } else {
            Err(PageFailure::final_failure(format!(
                "the robots.txt of its host keeps programs from {}",
                net::redact_url(&wanted.url)
            )))
        };
        pages.is_available = answer.as_ref().err().is_none_or(|failure| !failure.is_host_failure);
        let WantedPage { id, revision, entry, tries, source, .. } = wanted;
        let original = spawn_cpu("reading an article page", move || make_original_from_answer(entry, answer, tries + 1)).await?;
        if let Some(FullText::Left { message } | FullText::Failed { message, .. }) = &original.full_text {
            tracing::info!(source.id = %source.id, entry.id = %id, "{}: no full text: {message}", source.id);
        }
        pages.made.push((id, revision, original));
    }
    Ok(pages)
}

/// Returns the path of an address with its query: what the rules of a robots.txt match.
fn path(address: &str) -> String {
    Url::parse(address).map(|url| url[Position::BeforePath..Position::AfterQuery].to_owned()).unwrap_or_default()
}

/// Fetches one page. Headers and credentials of the feed go to no other origin.
async fn fetch_page(client: &Client, wanted: &WantedPage<'_>) -> Result<net::Body, PageFailure> {
    let origin = |address: &str| Url::parse(address).ok().map(|url| url.origin());
    let is_at_home = origin(&wanted.url).is_some_and(|page| Some(page) == origin(&wanted.source.url));
    let own = wanted.source.headers.iter().filter(|_| is_at_home).cloned();
    let headers: Vec<(String, SecretString)> = own.chain([("Accept".to_owned(), ACCEPT.into())]).collect();
    let auth = wanted.source.auth.as_ref().filter(|_| is_at_home).map(credentials);
    let request = Request { url: &wanted.url, validators: &Validators::default(), headers: &headers, auth: auth.as_ref() };
    match client.get(&request).await {
        Ok(Response::Body(body)) if is_page(body.content_type.as_deref()) => Ok(body),
        Ok(_) => Err(PageFailure::final_failure(format!("{} is no page", net::redact_url(&wanted.url)))),
        Err(error) => Err(PageFailure::from(&error)),
    }
}

/// Returns true if a `Content-Type` may be that of a page; many servers name none.
fn is_page(content_type: Option<&str>) -> bool {
    let kind = content_type.unwrap_or("text/html").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "" | "text/html" | "application/xhtml+xml" | "text/plain")
}

/// Makes the original rendition, from the page if there is one.
fn make_original_from_answer(entry: Entry, answer: Result<net::Body, PageFailure>, tries: u32) -> Original {
    let answer = answer.and_then(|body| {
        let text = feed::decode_page(&body.bytes, body.content_type.as_deref());
        let text =
            text.map_err(|error| PageFailure::final_failure(format!("{} is no page: {error}", net::redact_url(&body.url))))?;
        let url = Url::parse(&body.url).map_err(|error| PageFailure::final_failure(error.to_string()))?;
        Ok((text, url))
    });
    match answer {
        Ok((page, url)) => make_original_from_page(entry, &page, &url),
        Err(PageFailure { message, is_final, .. }) => Original {
            full_text: Some(if is_final { FullText::Left { message } } else { FullText::Failed { tries, message } }),
            ..make_original(entry)
        },
    }
}

impl PageFailure {
    fn from(error: &FetchError) -> Self {
        let (is_final, is_host_failure) = match error {
            FetchError::Http { status: 404 | 410, .. } => (true, false),
            FetchError::Http { status: 429 | 500.., .. }
            | FetchError::Unreachable { .. }
            | FetchError::Timeout { .. }
            | FetchError::BrokenBody { .. } => (false, true),
            _ => (false, false),
        };
        Self { message: error.to_string(), is_final, is_host_failure }
    }

    fn final_failure(message: String) -> Self {
        Self { message, is_final: true, is_host_failure: false }
    }

    fn out_of_time(url: &str) -> Self {
        let message = format!("{} was not read within the time that one run has for pages", net::redact_url(url));
        Self { message, is_final: false, is_host_failure: true }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;
    use crate::model::{EntryHead, EntryKey, SourceId, Text};
    use crate::net::Options;

    fn source(url: &str) -> plan::Source {
        plan::Source {
            id: SourceId::new("a"),
            url: url.to_owned(),
            public_url: url.to_owned(),
            title: None,
            site: None,
            lang: None,
            zone: crate::model::Zone::UTC,
            tags: Vec::new(),
            topic: None,
            filter: crate::select::Filter::default(),
            rewrites: std::sync::Arc::default(),
            every: Duration::from_secs(900),
            weight: 1000,
            prefer: 0,
            full_text: true,
            enabled: true,
            headers: Vec::new(),
            auth: None,
        }
    }

    fn wanted<'a>(source: &'a plan::Source, uid: &str) -> WantedPage<'a> {
        let entry = Entry {
            key: EntryKey { source: source.id.clone(), uid: uid.to_owned() },
            head: EntryHead { url: Some(source.url.clone()), ..EntryHead::default() },
            title: Text::new(uid),
            summary: None,
            content: None,
        };
        WantedPage { id: entry.key.id(), revision: entry.revision(), entry, url: source.url.clone(), source, tries: 1 }
    }

    #[tokio::test(start_paused = true)]
    async fn page_that_takes_too_long_ends_the_pages_of_its_host() {
        // It takes connections, and never says anything.
        let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let source = source(&format!("http://{}/", silent.local_addr().expect("its address")));
        let allow_private = vec!["127.0.0.1".parse().expect("a range")];
        let client =
            Client::new(Options { allow_private, host_interval: Duration::ZERO, ..Options::default() }).expect("a client");
        let robots = Robots::default();
        let ask = |until| fetch_pages(&client, &robots, "h".to_owned(), vec![wanted(&source, "1"), wanted(&source, "2")], until);

        let HostPages { made, is_available, .. } = ask(Instant::now() + Duration::from_secs(5)).await.expect("no panic");
        let [(_, _, original)] = made.as_slice() else { panic!("one of two was asked for: {made:?}") };
        assert!(
            matches!(&original.full_text, Some(FullText::Failed { tries: 2, message }) if message.contains("within the time")),
            "{original:?}"
        );
        assert!(!is_available);
        let HostPages { made, .. } = ask(Instant::now()).await.expect("no panic");
        assert!(made.is_empty(), "{made:?}");
    }

    #[test]
    fn status_decides_about_retry_and_host() {
        let http = |status| PageFailure::from(&FetchError::Http { url: "u".to_owned(), status, retry_after: None });
        for (status, is_final, is_host_failure) in [
            (404, true, false),
            (410, true, false),
            (403, false, false),
            (429, false, true),
            (500, false, true),
            (503, false, true),
        ] {
            let failure = http(status);
            assert_eq!((failure.is_final, failure.is_host_failure), (is_final, is_host_failure), "{status}");
        }
    }

    #[test]
    fn content_types_of_pages_are_told_from_those_of_files() {
        for kind in [None, Some("text/html; charset=utf-8"), Some("TEXT/HTML"), Some("application/xhtml+xml"), Some("")] {
            assert!(is_page(kind), "{kind:?}");
        }
        for kind in ["application/pdf", "video/mp4", "application/rss+xml", "text/htmlx"] {
            assert!(!is_page(Some(kind)), "{kind}");
        }
    }
}
