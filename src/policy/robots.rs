//! The robots.txt of a host (RFC 9309): the rules of the group that applies to us.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The number of bytes that are read (RFC 9309 §2.5 asks for 500 KiB at least).
const MAX_BYTES: usize = 512 << 10;
/// The number of rules that are kept.
const MAX_RULES: usize = 1000;
/// The longest `Crawl-delay` that is followed, in seconds.
const MAX_DELAY: f64 = 60.0;

/// The rules of a robots.txt that apply to us.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Robots {
    /// The `Crawl-delay` in milliseconds: the pause between two requests, a minute at most.
    pub delay_ms: u64,
    /// True if the robots.txt could never be fetched. The feeds of the host are read all the same, since the operator named them;
    /// its pages are not fetched (RFC 9309 §2.3.1.4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown: bool,
    /// Rules in the order of the file: true for `Allow`, and the pattern.
    rules: Vec<(bool, String)>,
}

impl Robots {
    /// Makes the rules of a host whose robots.txt could not be fetched.
    pub fn unknown() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }

    /// Parses a robots.txt for the user agent `name`. Lines that cannot be parsed are ignored.
    pub fn parse(text: &str, name: &str) -> Self {
        let text = &text[..text.floor_char_boundary(MAX_BYTES)];
        let (mut ours, mut all) = (None::<Self>, None::<Self>);
        // A group is lines that name user agents, followed by their rules.
        let (mut to_us, mut to_all, mut is_naming) = (false, false, false);
        // Line breaks of three kinds (§2.2).
        for line in text.trim_start_matches('\u{feff}').split(['\r', '\n']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                if !is_naming {
                    (to_us, to_all, is_naming) = (false, false, true);
                }
                let product = value.split(['/', ' ']).next().unwrap_or_default();
                to_us |= product.eq_ignore_ascii_case(name);
                to_all |= value == "*";
                // A group without rules counts too: it allows everything.
                if to_us {
                    ours.get_or_insert_default();
                }
                if to_all {
                    all.get_or_insert_default();
                }
                continue;
            }
            // Other records stand between groups, and end none (§2.2.4).
            is_naming &= !matches!(key.as_str(), "allow" | "disallow" | "crawl-delay");
            for (group, is_meant) in [(&mut ours, to_us), (&mut all, to_all)] {
                if let Some(group) = group.as_mut().filter(|_| is_meant) {
                    group.add_record(&key, value);
                }
            }
        }
        ours.or(all).unwrap_or_default()
    }

    fn add_record(&mut self, key: &str, value: &str) {
        match key {
            // An empty value is no rule.
            "allow" | "disallow" if !value.is_empty() && self.rules.len() < MAX_RULES => {
                self.rules.push((key == "allow", normalize(value)));
            }
            "crawl-delay" => {
                let seconds = value.parse::<f64>().ok().filter(|seconds| *seconds > 0.0).unwrap_or(0.0).min(MAX_DELAY);
                self.delay_ms = self.delay_ms.max(u64::try_from(Duration::from_secs_f64(seconds).as_millis()).unwrap_or(0));
            }
            _ => {}
        }
    }

    /// Returns the pause between two requests.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// Returns true if a path (with its query) may be fetched. The longest matching rule applies; of two equally long ones, `Allow`
    /// (RFC 9309 §2.2.2).
    pub fn allows(&self, path: &str) -> bool {
        let path = normalize(path);
        let matching = self.rules.iter().filter(|(_, rule)| matches_rule(rule, &path));
        matching.max_by_key(|(allows, rule)| (rule.len(), *allows)).is_none_or(|(allows, _)| *allows)
    }
}

/// Normalises the escapes of a path or a rule, so that both can be compared (RFC 9309 §2.2.2): non-ASCII characters are escaped,
/// unreserved ones are not.
fn normalize(path: &str) -> String {
    let (bytes, mut out) = (path.as_bytes(), String::with_capacity(path.len()));
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                let escaped = u8::try_from(high * 16 + low).unwrap_or(b'%');
                if escaped.is_ascii_alphanumeric() || matches!(escaped, b'-' | b'.' | b'_' | b'~') {
                    out.push(char::from(escaped));
                } else {
                    out.push_str(&format!("%{escaped:02X}"));
                }
                at += 2;
            }
            _ if byte.is_ascii() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        at += 1;
    }
    out
}

/// Returns true if a path begins with a rule, in which `*` matches anything and a final `$` the end (RFC 9309 §2.2.3).
fn matches_rule(rule: &str, path: &str) -> bool {
    let (rule, to_the_end) = rule.strip_suffix('$').map_or((rule, false), |rule| (rule, true));
    let mut parts = rule.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (number, part) in parts.iter().enumerate() {
        if to_the_end && number + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    !to_the_end || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\u{feff}# Bonjour
User-agent: *
Disallow: /prive/
Allow: /prive/communiques
Disallow: /*.pdf$
Disallow: /*?imprimer=
Crawl-delay: 2.5

User-Agent: autre
User-agent: Relais/0.1 (and what else)
Disallow:
Crawl-Delay: 3600
disallow: /jamais

User-agent: mauvais
Disallow: /";

    #[test]
    fn group_that_names_the_user_agent_replaces_the_general_one() {
        let all = Robots::parse(TEXT, "journal");
        assert_eq!(all.delay(), Duration::from_millis(2500));
        for (path, is_allowed) in [
            ("/", true),
            ("/prive/a", false),
            ("/prive/communiques/1", true),
            ("/a/b.pdf", false),
            ("/a/b.pdf?x", true),
            ("/a?imprimer=1", false),
            ("/jamais", true),
        ] {
            assert_eq!(all.allows(path), is_allowed, "{path}");
        }
        let ours = Robots::parse(TEXT, "relais");
        assert_eq!(ours.delay(), Duration::from_secs(60), "a minute is enough");
        assert!(ours.allows("/prive/a") && !ours.allows("/jamais/1"));
        assert!(!Robots::parse(TEXT, "mauvais").allows("/"));
    }

    #[test]
    fn text_without_a_valid_rule_allows_everything() {
        for text in ["", "<html>404</html>", "Disallow: /", "User-agent: *\nCrawl-delay: soon", "User-agent: *\nCrawl-delay: -5"]
        {
            assert_eq!(Robots::parse(text, "relais"), Robots::default(), "{text}");
        }
        assert!(Robots::default().allows("/"));
    }

    #[test]
    fn escapes_do_not_affect_the_comparison_of_paths() {
        let robots = Robots::parse("User-agent: *\rDisallow: /privé/\rDisallow: /%7eclub/%2f\rDisallow: /100%\r", "relais");
        for path in ["/priv%C3%A9/a", "/priv%c3%a9/a", "/~club/%2Fa", "/%7Eclub/%2fa", "/100%"] {
            assert!(!robots.allows(path), "{path}");
        }
        assert!(robots.allows("/prive/") && robots.allows("/~club//a"));
    }

    #[test]
    fn unknown_records_do_not_end_a_group() {
        let robots = Robots::parse("User-agent: relais\nSitemap: https://a.fr/s.xml\nUser-agent: x\nDisallow: /", "relais");
        assert!(!robots.allows("/a"));
    }

    #[test]
    fn allow_wins_over_an_equally_long_disallow() {
        let robots = Robots::parse("User-agent: *\nDisallow: /a\nAllow: /a", "relais");
        assert!(robots.allows("/a"));
    }

    #[test]
    fn rule_matches_wildcards_and_the_end() {
        assert!(matches_rule("/a*b*c$", "/a1b2c3c") && !matches_rule("/a*b*c$", "/a1b2c3") && !matches_rule("/a$", "/ab"));
    }
}
