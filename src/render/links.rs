//! Addresses as they may be published.

use std::borrow::Cow;

use url::Url;

use super::chars;

/// The address without a user name and password: a feed that is fetched with them is not published with them.
pub(super) fn public(address: &str) -> Cow<'_, str> {
    if let Ok(mut url) = Url::parse(address)
        && (!url.username().is_empty() || url.password().is_some())
        && url.set_username("").is_ok()
        && url.set_password(None).is_ok()
    {
        return Cow::Owned(url.into());
    }
    chars::line(address)
}

/// The address, if a page may link to it: http or https. Anything else (`javascript:`) is shown as text or not at all.
pub(super) fn web(address: &str) -> Option<Cow<'_, str>> {
    let scheme = address.split(':').next().unwrap_or_default();
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    known.then(|| public(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_name_and_password_are_not_published() {
        assert_eq!(public("https://me:secret@example.org/feed?a=1&b=2"), "https://example.org/feed?a=1&b=2");
        assert_eq!(public("https://example.org/@equipe"), "https://example.org/@equipe");
        assert_eq!(public("not an address"), "not an address");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(web("HTTPS://example.org/a").as_deref(), Some("HTTPS://example.org/a"));
        assert_eq!(web("javascript:alert(1)//http://"), None);
        assert_eq!(web("data:text/html,x"), None);
        assert_eq!(web(" https://example.org/"), None);
    }
}
