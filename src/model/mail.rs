//! Mail addresses.

use serde::{Deserialize, Serialize};

use super::Text;

/// The most characters of an address (RFC 5321 §4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// A mail address, with the name of its owner or without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailAddress {
    /// The name; may be blank.
    pub name: Text,
    /// The address itself, without angle brackets.
    pub address: String,
}

impl MailAddress {
    /// Reads `news@example.org` or `Les Jeux <news@example.org>`. An address is one of the common form: letters, digits and some signs
    /// around one `@` (RFC 5322 §3.4.1, without quoted local parts).
    pub fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text.trim()),
        };
        let (local, domain) = address.split_once('@')?;
        let fits = |part: &str, more: &str| {
            let letter = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            !part.is_empty() && part.chars().all(letter) && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..")
        };
        let is_address = fits(local, ".!#$%&'*+-/=?^_`{|}~") && fits(domain, ".-") && address.len() <= MAX_ADDRESS;
        is_address.then(|| Self { name: Text::new(name.trim_matches('"')), address: address.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_a_name_are_read() {
        let address = MailAddress::parse("Les Jeux d’été <news@example.org>").expect("an address");
        assert_eq!((address.name.as_str(), &*address.address), ("Les Jeux d’été", "news@example.org"));
        assert_eq!(MailAddress::parse(" desk+1@example.org ").expect("an address").address, "desk+1@example.org");
    }

    #[test]
    fn what_could_become_another_header_is_no_address() {
        for text in [
            "",
            "desk",
            "a@b@c",
            "a b@c.org",
            "a@b.org\nBcc: x@y.z",
            "<a@b.org",
            "a@",
            "@b.org",
            "a..b@c.org",
            "a@b.org, c@d.org",
        ] {
            assert_eq!(MailAddress::parse(text), None, "{text}");
        }
    }
}
