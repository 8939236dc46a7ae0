//! Links: absolute, http or https, without what only counts clicks.

use url::Url;

/// Longer than any address that servers take (most refuse above 8 kB).
const LONGEST: usize = 8192;
/// Query parameters that say where a click came from, never what to show.
const TRACKING: [&str; 7] = ["xtor", "fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid"];
/// The same, by their beginning.
const TRACKING_PREFIXES: [&str; 3] = ["utm_", "at_", "pk_"];

/// Makes a link absolute and drops tracking parameters; nothing for what is no http or https address.
pub fn canonical(link: &str, base: Option<&Url>) -> Option<String> {
    let link = link.trim();
    if link.is_empty() || link.len() > LONGEST {
        return None;
    }
    let mut url = match base {
        Some(base) => base.join(link).ok()?,
        None => Url::parse(link).ok()?,
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return None;
    }
    if url.fragment().is_some_and(|fragment| fragment.is_empty() || fragment.split(['=', '&']).next().is_some_and(is_tracking)) {
        url.set_fragment(None);
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.split('=').next().is_some_and(is_tracking)).collect();
        let kept = kept.join("&");
        if kept.len() != query.len() {
            url.set_query(Some(kept.as_str()).filter(|query| !query.is_empty()));
        }
    }
    Some(url.into())
}

/// Whether a parameter only counts clicks.
fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TRACKING.contains(&name.as_str()) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracking_goes_and_the_rest_stays() {
        for (link, read) in [
            ("https://a.fr/x?p=123", Some("https://a.fr/x?p=123")),
            ("https://a.fr/x?utm_source=rss&p=1&xtor=RSS-3", Some("https://a.fr/x?p=1")),
            ("https://a.fr/x#xtor=RSS-3-[general]", Some("https://a.fr/x")),
            ("https://a.fr/x?at_medium=rss#chapitre", Some("https://a.fr/x#chapitre")),
            ("https://a.fr/x?a=%20b&c=+", Some("https://a.fr/x?a=%20b&c=+")),
            (" /y ", Some("https://b.fr/y")),
            ("javascript:alert(1)", None),
            ("mailto:a@b.fr", None),
            ("", None),
        ] {
            let base = Url::parse("https://b.fr/rss").expect("a URL");
            assert_eq!(canonical(link, Some(&base)).as_deref(), read, "{link}");
        }
        assert_eq!(canonical("/y", None), None);
    }
}
