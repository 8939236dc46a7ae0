//! Tells whether a source publishes the pages that its entries link to.

use crate::model::{LinkOrigin, authority};

/// The hosts that a source publishes on.
pub struct PublisherHosts {
    feed: Option<String>,
    site: Option<String>,
}

impl PublisherHosts {
    /// Makes the hosts of a source whose feed was served from `feed` and names `site` as its own.
    pub fn new(feed: &str, site: Option<&str>) -> Self {
        Self { feed: canonical_host(feed), site: site.and_then(canonical_host) }
    }

    /// Returns where the page `link` lies.
    pub fn link_origin(&self, link: Option<&str>) -> LinkOrigin {
        let Some(page) = link.and_then(canonical_host) else { return LinkOrigin::Elsewhere };
        let is_on = |own: &Option<String>| own.as_deref().is_some_and(|own| is_same_site(&page, own));
        if is_on(&self.feed) {
            LinkOrigin::FeedHost
        } else if is_on(&self.site) {
            LinkOrigin::Site
        } else {
            LinkOrigin::Elsewhere
        }
    }
}

/// Returns the host of an address that a parser has written, without `www.`. It runs for each entry, so it only cuts.
fn canonical_host(address: &str) -> Option<String> {
    let (_, host) = authority(address.contains("://").then_some(address)?).rsplit_once('@').unwrap_or(("", authority(address)));
    let host = match host.find(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = host.strip_prefix("www.").unwrap_or(host);
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// Compares hosts; `rss.example.org` serves the feeds of `example.org`. A host of one name (`fr`) is nobody's site.
fn is_same_site(a: &str, b: &str) -> bool {
    let is_below =
        |inner: &str, outer: &str| outer.contains('.') && inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
    a == b || is_below(a, b) || is_below(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(link: Option<&str>, feed: &str, site: Option<&str>) -> LinkOrigin {
        PublisherHosts::new(feed, site).link_origin(link)
    }

    #[test]
    fn page_on_the_host_of_the_feed_is_the_publishers_own() {
        for feed in ["https://www.journal.example/rss", "http://journal.example/rss", "https://rss.journal.example/"] {
            assert_eq!(origin(Some("https://www.journal.example/1"), feed, None), LinkOrigin::FeedHost, "{feed}");
        }
    }

    #[test]
    fn page_on_another_host_is_the_sites_or_nobodys() {
        let origin_with = |site| origin(Some("https://journal.example/1"), "https://feeds.example/journal", site);
        assert_eq!(origin_with(Some("https://www.journal.example/")), LinkOrigin::Site);
        assert_eq!(origin_with(Some("https://faux-journal.example/")), LinkOrigin::Elsewhere);
        assert_eq!(origin_with(Some("no address")), LinkOrigin::Elsewhere);
        assert_eq!(origin(None, "https://journal.example/", None), LinkOrigin::Elsewhere);
    }

    #[test]
    fn canonical_host_is_that_of_the_parser() {
        for address in [
            "https://www.journal.example/1?a=@b",
            "https://me:hush@journal.example:8443/",
            "https://xn--dition-9ua.example#top",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/@a",
            "http://[2001:db8::1]",
        ] {
            let url = url::Url::parse(address).expect("an address");
            let host = url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned());
            assert_eq!(canonical_host(url.as_str()), host, "{address}");
        }
        assert_eq!(canonical_host("mailto:a@journal.example"), None);
    }
}
