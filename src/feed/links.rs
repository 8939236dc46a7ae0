//! Links: absolute, http or https, without tracking parameters.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use url::Url;

/// The longest link, in bytes. Most servers refuse longer ones.
const MAX_LINK: usize = 8192;

/// Makes a link absolute and removes tracking parameters, user names and passwords. Returns nothing if it is not an http or https address.
///
/// Common damage is repaired first: `&amp;`, line breaks, `feed:`, a missing `https://` before `www.`. A link without a scheme
/// is relative to `base`; `//host/path` without a base becomes https.
pub fn canonicalize_url(link: &str, base: Option<&Url>) -> Option<String> {
    let link = link.trim();
    if link.is_empty() || link.len() > MAX_LINK {
        return None;
    }
    let mut url = resolve(&repair(link), base)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Readers would send them, and everyone would see them. Neither call fails for an address with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    let query = url.query().and_then(without_tracking);
    if let Some(kept) = query {
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    // Some sites track clicks in the fragment: `#xtor=RSS-3-[general]`.
    let fragment = match url.fragment() {
        Some("") => Some(String::new()),
        Some(fragment) if fragment.contains('=') => without_tracking(fragment),
        _ => None,
    };
    if let Some(kept) = fragment {
        url.set_fragment(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    Some(url.into())
}

/// Repairs a link before it is resolved.
fn repair(link: &str) -> Cow<'_, str> {
    let mut link = Cow::Borrowed(link);
    if memchr::memchr3(b'\n', b'\r', b'\t', link.as_bytes()).is_some() {
        // Line breaks and indentation come from the layout of the XML, not from the address.
        link = Cow::Owned(link.split(['\n', '\r', '\t']).map(|line| line.trim_matches(' ')).collect());
    }
    if memchr::memchr(b'&', link.as_bytes()).is_some() {
        link = unescape_ampersands(link);
    }
    let mut rest = &*link;
    // `feed:https://…`, and `feed://…` for http.
    while let Some(after) = strip_prefix(rest, "feed:") {
        rest = after;
    }
    let changed = rest.len() != link.len();
    if changed && rest.starts_with("//") {
        return Cow::Owned(format!("http:{rest}"));
    }
    if strip_prefix(rest, "www.").is_some_and(|host| host.contains('.')) {
        return Cow::Owned(format!("https://{rest}"));
    }
    if changed { Cow::Owned(rest.to_owned()) } else { link }
}

/// Replaces `&amp;` by `&`, however often it was escaped.
fn unescape_ampersands(link: Cow<'_, str>) -> Cow<'_, str> {
    const WRITTEN: [&str; 4] = ["amp;", "#38;", "#038;", "#x26;"];
    let next = |rest: &str| WRITTEN.iter().find_map(|written| strip_prefix(rest, written).map(str::len));
    if !link.match_indices('&').any(|(at, _)| next(&link[at + 1..]).is_some()) {
        return link;
    }
    let mut out = String::with_capacity(link.len());
    let mut rest = &*link;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        while let Some(left) = next(rest) {
            rest = &rest[rest.len() - left..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the rest after an ASCII prefix, ignoring case.
fn strip_prefix<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

fn resolve(link: &str, base: Option<&Url>) -> Option<Url> {
    match (Url::parse(link), base) {
        // `http:/path` is relative in browsers if the base is http too. With a host in it, a slash is missing.
        (Ok(url), Some(base)) if url.scheme() == base.scheme() && !has_slashes(link) && !url.host_str()?.contains('.') => {
            base.join(link).ok()
        }
        (Ok(url), _) => Some(url),
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => base.join(link).ok(),
        (Err(url::ParseError::RelativeUrlWithoutBase), None) if link.starts_with("//") => {
            Url::parse(&format!("https:{link}")).ok()
        }
        (Err(_), _) => None,
    }
}

/// True if two slashes or backslashes follow the scheme.
fn has_slashes(link: &str) -> bool {
    let after = memchr::memchr(b':', link.as_bytes()).map_or(&[][..], |colon| &link.as_bytes()[colon + 1..]);
    matches!(after, [b'/' | b'\\', b'/' | b'\\', ..])
}

/// Returns a query without its tracking parameters, or nothing if it has none, so that most links cost nothing.
fn without_tracking(query: &str) -> Option<String> {
    let name = |pair: &str| pair.split('=').next().is_some_and(|name| TRACKING.contains(name));
    query.split('&').any(name).then(|| query.split('&').filter(|pair| !name(pair)).collect::<Vec<_>>().join("&"))
}

static TRACKING: LazyLock<Tracking> = LazyLock::new(|| Tracking::parse(include_str!("tracking.txt")));

/// The list of tracking parameters.
struct Tracking {
    names: HashSet<&'static [u8]>,
    starts: Vec<&'static [u8]>,
}

impl Tracking {
    /// The longest name in the list.
    const MAX_NAME: usize = 32;

    fn parse(list: &'static str) -> Self {
        let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (starts, names): (Vec<_>, Vec<_>) = lines.partition(|line| line.ends_with('*'));
        Self {
            names: names.into_iter().map(str::as_bytes).collect(),
            starts: starts.into_iter().map(|start| start.trim_end_matches('*').as_bytes()).collect(),
        }
    }

    /// True if a parameter is in the list, ignoring case.
    fn contains(&self, name: &str) -> bool {
        let mut small = [0_u8; Self::MAX_NAME];
        let length = name.len().min(Self::MAX_NAME);
        small[..length].copy_from_slice(&name.as_bytes()[..length]);
        small.make_ascii_lowercase();
        let small = &small[..length];
        name.len() == length && self.names.contains(small) || self.starts.iter().any(|start| small.starts_with(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(link: &str) -> Option<String> {
        canonicalize_url(link, Some(&Url::parse("https://b.fr/rss").expect("a URL")))
    }

    #[test]
    fn only_tracking_parameters_are_removed() {
        for (link, wanted) in [
            ("https://a.fr/x?p=123", "https://a.fr/x?p=123"),
            ("https://a.fr/x?id=3&ref=rss&source=a&cid=4&s=5&t=6", "https://a.fr/x?id=3&ref=rss&source=a&cid=4&s=5&t=6"),
            ("https://a.fr/x?utm_source=rss&p=1&xtor=RSS-3", "https://a.fr/x?p=1"),
            ("https://a.fr/x?UTM_Source=rss&FBCLID=1", "https://a.fr/x"),
            ("https://a.fr/x?atlas=1&at=2&atm_=3", "https://a.fr/x?atlas=1&at=2&atm_=3"),
            ("https://a.fr/x#xtor=RSS-3-[general]", "https://a.fr/x"),
            ("https://a.fr/x#utm_source=rss&page=2", "https://a.fr/x#page=2"),
            ("https://a.fr/x#", "https://a.fr/x"),
            ("https://a.fr/x?at_medium=rss#chapitre", "https://a.fr/x#chapitre"),
            ("https://a.fr/x?a=%20b&c=+", "https://a.fr/x?a=%20b&c=+"),
            ("https://a.fr/x?a&&b=", "https://a.fr/x?a&&b="),
        ] {
            assert_eq!(read(link).as_deref(), Some(wanted), "{link}");
        }
    }

    #[test]
    fn damaged_addresses_are_repaired() {
        for (link, wanted) in [
            (" /y ", "https://b.fr/y"),
            ("https://a.fr/\n      x/\n y", "https://a.fr/x/y"),
            ("https://a.fr/a b", "https://a.fr/a%20b"),
            ("http:/a.fr/x", "http://a.fr/x"),
            ("https:/a.fr/x", "https://a.fr/x"),
            ("https:y", "https://b.fr/y"),
            ("https:\\\\a.fr\\x", "https://a.fr/x"),
            ("//a.fr/x", "https://a.fr/x"),
            ("www.a.fr/x", "https://www.a.fr/x"),
            ("feed:https://a.fr/x", "https://a.fr/x"),
            ("feed://a.fr/x", "http://a.fr/x"),
            ("https://a.fr/x?a=1&amp;b=2&#38;amp;utm_medium=x", "https://a.fr/x?a=1&b=2"),
            ("https://été.fr/é?é=à", "https://xn--t-9fab.fr/%C3%A9?%C3%A9=%C3%A0"),
        ] {
            assert_eq!(read(link).as_deref(), Some(wanted), "{link}");
        }
        assert_eq!(canonicalize_url("//a.fr/x", None).as_deref(), Some("https://a.fr/x"));
        for wrong in ["/y", "a.fr/x", "https://", "http:"] {
            assert_eq!(canonicalize_url(wrong, None), None, "{wrong}");
        }
        for wrong in ["", "javascript:alert(1)", "mailto:a@b.fr", "feed:javascript:alert(1)", "data:text/html,x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn user_names_and_passwords_are_removed() {
        for link in ["https://paul:hush@a.fr/x", "https://paul@a.fr/x", "//paul:hush@a.fr/x", "https:\\\\:hush@a.fr\\x"] {
            assert_eq!(read(link).as_deref(), Some("https://a.fr/x"), "{link}");
        }
        assert_eq!(read("https://a.fr/@paul").as_deref(), Some("https://a.fr/@paul"));
    }

    #[test]
    fn tracking_list_is_sorted_and_has_no_duplicates() {
        let list = include_str!("tracking.txt");
        let mut seen = HashSet::new();
        for group in list.split("\n\n").skip(1) {
            let names: Vec<&str> = group.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(group.starts_with("# ") && !names.is_empty() && names.is_sorted(), "{group}");
            for name in names {
                let bare = name.trim_end_matches('*');
                let plain = bare.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                assert!(plain && bare.len() <= Tracking::MAX_NAME && seen.insert(name), "{name}");
                assert_eq!(name.matches('*').count(), usize::from(name.ends_with('*')), "{name}");
            }
        }
        assert!(seen.len() > 60);
        for honest in ["p", "id", "ref", "source", "page", "q", "s", "t", "cid", "lang", "article", "date", "at", "trk"] {
            assert!(!TRACKING.contains(honest), "{honest}");
        }
    }

    /// Prints the cost of a call, as for dates. It asserts nothing.
    #[test]
    #[ignore = "measures, and needs a quiet machine"]
    #[expect(clippy::print_stderr, reason = "the figures are the purpose")]
    fn cost_of_a_link() {
        for link in [
            "https://www.a.fr/sport/jeux/article-123.html",
            "https://www.a.fr/sport?p=12&x=3",
            "https://www.a.fr/s?utm_source=rss#xtor=RSS-3",
        ] {
            let base = Url::parse("https://b.fr/rss").expect("a URL");
            let start = std::time::Instant::now();
            for _ in 0..100_000 {
                std::hint::black_box(canonicalize_url(std::hint::black_box(link), Some(&base)));
            }
            eprintln!("{link}: {} ns", start.elapsed().as_nanos() / 100_000);
        }
    }

    proptest::proptest! {
        #[test]
        fn canonical_links_are_absolute_and_stable(
            link in "(feed:|https?:|HTTP:)?[/\\\\]{0,3}(www\\.)?[a-zé.]{0,8}(/[a-z%. &;]{0,6}){0,3}(\\?([a-z_=&;#]|amp;|utm_a=|\n){0,12})?(#([a-z=&]|xtor=){0,6})?|\\PC{0,40}",
            based in proptest::bool::ANY,
        ) {
            let base = Url::parse("https://b.fr/rss").ok().filter(|_| based);
            if let Some(once) = canonicalize_url(&link, base.as_ref()) {
                let url = Url::parse(&once).expect("absolute");
                proptest::prop_assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
                proptest::prop_assert_eq!(canonicalize_url(&once, base.as_ref()), Some(once.clone()));
                proptest::prop_assert_eq!(canonicalize_url(&once, None), Some(once));
            }
        }
    }
}
