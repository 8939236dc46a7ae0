//! Language tags.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language tag in the usual case of BCP 47 (RFC 5646 §2.1.1): `fr`, `fr-CA`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lang(String);

impl Lang {
    /// Parses a tag, also in the forms that people write (`FR_fr`). Returns nothing if it is no language tag.
    pub fn new(tag: &str) -> Option<Self> {
        let mut out = String::with_capacity(tag.len());
        for (place, part) in tag.trim().split(['-', '_']).enumerate() {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            if part.len() > 8 || part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return None;
            }
            if place == 0 {
                if !letters || !(2..=3).contains(&part.len()) {
                    return None;
                }
                out.push_str(&part.to_ascii_lowercase());
                continue;
            }
            out.push('-');
            match (part.len(), letters) {
                (2, true) => out.push_str(&part.to_ascii_uppercase()),
                (4, true) => {
                    out.push_str(&part[..1].to_ascii_uppercase());
                    out.push_str(&part[1..].to_ascii_lowercase());
                }
                _ => out.push_str(&part.to_ascii_lowercase()),
            }
        }
        Some(Self(out))
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the language without region or script: `fr` of `fr-CA`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_parsed_as_people_write_them() {
        for (written, read) in
            [("fr", "fr"), ("FR_fr", "fr-FR"), ("zh-hant", "zh-Hant"), (" en-us ", "en-US"), ("sr-Latn-rs", "sr-Latn-RS")]
        {
            assert_eq!(Lang::new(written).map(|l| l.to_string()).as_deref(), Some(read));
        }
        for wrong in ["", "f", "français", "french language", "fr-", "12", "x"] {
            assert_eq!(Lang::new(wrong), None, "{wrong:?}");
        }
        assert_eq!(Lang::new("fr-CA").expect("a tag").primary(), "fr");
    }
}
