//! Tells whether a source publishes the pages that its entries link to.

use url::Url;

use crate::model::LinkOrigin;

/// Returns where the page `link` lies, as seen from a source whose feed was served from `feed` and names `site` as its own.
pub fn link_origin(link: Option<&str>, feed: &str, site: Option<&str>) -> LinkOrigin {
    let Some(page) = link.and_then(host) else { return LinkOrigin::Elsewhere };
    let is_on = |address: &str| host(address).is_some_and(|own| is_same_site(&page, &own));
    if is_on(feed) {
        LinkOrigin::FeedHost
    } else if site.is_some_and(is_on) {
        LinkOrigin::Site
    } else {
        LinkOrigin::Elsewhere
    }
}

fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
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

    #[test]
    fn page_on_the_host_of_the_feed_is_the_publishers_own() {
        for feed in ["https://www.journal.example/rss", "http://journal.example/rss", "https://rss.journal.example/"] {
            assert_eq!(link_origin(Some("https://www.journal.example/1"), feed, None), LinkOrigin::FeedHost, "{feed}");
        }
    }

    #[test]
    fn page_on_another_host_is_the_sites_or_nobodys() {
        let origin = |site| link_origin(Some("https://journal.example/1"), "https://feeds.example/journal", site);
        assert_eq!(origin(Some("https://www.journal.example/")), LinkOrigin::Site);
        assert_eq!(origin(Some("https://faux-journal.example/")), LinkOrigin::Elsewhere);
        assert_eq!(origin(Some("no address")), LinkOrigin::Elsewhere);
        assert_eq!(link_origin(None, "https://journal.example/", None), LinkOrigin::Elsewhere);
    }
}
