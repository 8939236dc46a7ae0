//! Credentials in addresses: passwords, and parameters that hold a token or look like one. Readers are shown none of them.

use url::{Url, form_urlencoded};

/// The names of parameters: those that match by one word, then those that match as a whole.
const NAMES: &str = include_str!("credentials.txt");

/// The shortest text that may be a secret by its look, in letters and digits. Video platforms have public ids of 11.
const MIN_SECRET: usize = 20;

/// Returns an address as readers may see it: without user name, password, and parameters that hold credentials.
///
/// An address without any is returned as it is written.
pub fn public_address(address: &str) -> String {
    if !address.contains(['@', '?', '#']) {
        return address.to_owned();
    }
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    let has_userinfo = !url.username().is_empty() || url.password().is_some();
    let (query, fragment) = (url.query().and_then(without_credentials), url.fragment().and_then(without_credentials));
    if !has_userinfo && query.is_none() && fragment.is_none() {
        return address.to_owned();
    }
    // Neither fails for an address with a host, and another has no userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some(kept) = query {
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    if let Some(kept) = fragment {
        url.set_fragment(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    url.into()
}

/// Returns true if an address holds a password, or a parameter that holds a credential.
pub fn has_credentials(address: &str) -> bool {
    public_address(address.trim()) != address.trim()
}

/// Returns true if a text looks like a random secret: a UUID, a hash, or a long run of letters and digits.
pub fn looks_secret(text: &str) -> bool {
    let is_mixed = |text: &str| text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic());
    let plain = text.bytes().filter(u8::is_ascii_alphanumeric).count();
    let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') && plain >= MIN_SECRET && is_mixed(text);
    is_hex || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= MIN_SECRET && is_mixed(run))
}

/// Returns a query without its credentials, or nothing if it has none.
fn without_credentials(query: &str) -> Option<String> {
    let is_secret = |pair: &&str| {
        // Some servers separate parameters by semicolons.
        form_urlencoded::parse(pair.replace(';', "&").as_bytes()).any(|(name, value)| is_credential(&name, &value))
    };
    query.split('&').any(|pair| is_secret(&pair)).then(|| {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_secret(pair)).collect();
        kept.join("&")
    })
}

/// Returns true if a parameter holds a credential, by its name or by the look of its value.
fn is_credential(name: &str, value: &str) -> bool {
    let words = words(name);
    let whole = words.join("_");
    // What is called an id names something public, such as a channel, unless its name is in the list.
    let is_id = words.last().is_some_and(|word| matches!(word.as_str(), "id" | "list" | "guid"));
    let (by_word, by_name) = NAMES.split_once("# The whole name").unwrap_or((NAMES, ""));
    let listed = |list: &str, name: &str| list.lines().any(|line| line == name);
    // A parameter without a value is one itself: `feed?3f0c…`.
    let value = if value.is_empty() { name } else { value };
    words.iter().any(|word| listed(by_word, word))
        || listed(by_word, &whole)
        || listed(by_name, &whole)
        || !is_id && looks_secret(value)
}

/// Returns the words of a name in lower case, split at punctuation and at capitals that follow a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && was_small {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        was_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_with_the_name_of_a_credential_are_not_public() {
        for name in [
            "token",
            "Token",
            "access_token",
            "apiKey",
            "api-key",
            "key",
            "auth",
            "X-Amz-Signature",
            "rssToken",
            "%74oken",
            "pwd",
        ] {
            let address = format!("https://a.fr/feed?lang=fr&{name}=x1&page=2");
            assert_eq!(public_address(&address), "https://a.fr/feed?lang=fr&page=2", "{name}");
        }
        assert_eq!(public_address("https://a.fr/feed?token=x"), "https://a.fr/feed");
        assert_eq!(public_address("https://a.fr/feed#token=x"), "https://a.fr/feed");
    }

    #[test]
    fn parameters_that_look_random_are_not_public() {
        for secret in ["u=3f0c9a7be1d24586a0b7c3d1", "u=8e0f7d7a-1f0e-4a54-9c6b-3d1c2b4a5f60", "3f0c9a7be1d24586a0b7c3d1"] {
            assert_eq!(public_address(&format!("https://a.fr/feed?{secret}")), "https://a.fr/feed", "{secret}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public_as_written() {
        for address in [
            "https://a.fr/feed?format=rss&author=x&keyword=jeux",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UCabcdefghij0123456789ab",
            "https://a.fr/feed?q=jeux-olympiques-d-hiver-2026",
            "https://a.fr/feed?monkey=1&sort_key=date",
            "HTTPS://a.fr/@equipe",
            "not an address",
        ] {
            assert_eq!(public_address(address), address);
        }
    }

    #[test]
    fn user_name_and_password_are_not_public() {
        assert_eq!(public_address("https://me:hush@a.fr/feed?a=1"), "https://a.fr/feed?a=1");
        assert!(has_credentials("https://me@a.fr/feed") && !has_credentials(" https://a.fr/feed "));
    }
}
