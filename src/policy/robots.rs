//! What a host asks of programs: its robots.txt (RFC 9309), as far as it is meant for us.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// More than a program has to read (RFC 9309 §2.5 asks for 500 KiB).
const LONGEST: usize = 512 << 10;
/// More rules are not kept.
const MOST_RULES: usize = 1000;
/// A host that asks for a longer pause between two requests gets this one.
const LONGEST_DELAY: f64 = 60.0;

/// What a host asks of programs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Robots {
    /// The pause that it wants between two requests, in milliseconds: a minute at most.
    pub delay_ms: u64,
    /// Whether the host could not be asked, and never was before. Its feeds were asked for by the operator, and are read; its pages
    /// wait (RFC 9309 §2.3.1.4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown: bool,
    /// Whether a path may be asked for, by how it begins.
    rules: Vec<(bool, String)>,
}

impl Robots {
    /// Of a host that could not be asked.
    pub fn unknown() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }

    /// Reads a robots.txt for the program of that name. What cannot be read is passed over.
    pub fn read(text: &str, name: &str) -> Self {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let (mut ours, mut all) = (None::<Self>, None::<Self>);
        // Groups: lines that name programs, then what is asked of those.
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
                // A group without rules allows everything, and is one.
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
                    group.take(&key, value);
                }
            }
        }
        ours.or(all).unwrap_or_default()
    }

    fn take(&mut self, key: &str, value: &str) {
        match key {
            // An empty one forbids nothing.
            "allow" | "disallow" if !value.is_empty() && self.rules.len() < MOST_RULES => {
                self.rules.push((key == "allow", normal(value)));
            }
            "crawl-delay" => {
                let seconds = value.parse::<f64>().ok().filter(|seconds| *seconds > 0.0).unwrap_or(0.0).min(LONGEST_DELAY);
                self.delay_ms = self.delay_ms.max(u64::try_from(Duration::from_secs_f64(seconds).as_millis()).unwrap_or(0));
            }
            _ => {}
        }
    }

    /// The pause that it wants between two requests.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// Whether it allows a path (with its query) to be asked for: the longest rule that fits counts, and of two as long the one
    /// that allows (RFC 9309 §2.2.2).
    pub fn allows(&self, path: &str) -> bool {
        let path = normal(path);
        let fitting = self.rules.iter().filter(|(_, rule)| fits(rule, &path));
        fitting.max_by_key(|(allows, rule)| (rule.len(), *allows)).is_none_or(|(allows, _)| *allows)
    }
}

/// A path, or what a rule says of one, in the one form in which both are compared (RFC 9309 §2.2.2): what is not ASCII is escaped,
/// and what need not be escaped is not.
fn normal(path: &str) -> String {
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

/// Whether a path begins as a rule says: `*` stands for anything, `$` at the end for the end (RFC 9309 §2.2.3).
fn fits(rule: &str, path: &str) -> bool {
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
    fn the_group_that_names_us_counts_and_else_the_one_for_all() {
        let all = Robots::read(TEXT, "journal");
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
        let ours = Robots::read(TEXT, "relais");
        assert_eq!(ours.delay(), Duration::from_secs(60), "a minute is enough");
        assert!(ours.allows("/prive/a") && !ours.allows("/jamais/1"));
        assert!(!Robots::read(TEXT, "mauvais").allows("/"));
    }

    #[test]
    fn what_is_no_robots_txt_asks_for_nothing() {
        for text in ["", "<html>404</html>", "Disallow: /", "User-agent: *\nCrawl-delay: soon", "User-agent: *\nCrawl-delay: -5"]
        {
            assert_eq!(Robots::read(text, "relais"), Robots::default(), "{text}");
        }
        assert!(Robots::default().allows("/"));
    }

    #[test]
    fn a_path_is_compared_however_it_is_escaped() {
        let robots = Robots::read("User-agent: *\rDisallow: /privé/\rDisallow: /%7eclub/%2f\rDisallow: /100%\r", "relais");
        for path in ["/priv%C3%A9/a", "/priv%c3%a9/a", "/~club/%2Fa", "/%7Eclub/%2fa", "/100%"] {
            assert!(!robots.allows(path), "{path}");
        }
        assert!(robots.allows("/prive/") && robots.allows("/~club//a"));
    }

    #[test]
    fn other_records_end_no_group() {
        let robots = Robots::read("User-agent: relais\nSitemap: https://a.fr/s.xml\nUser-agent: x\nDisallow: /", "relais");
        assert!(!robots.allows("/a"));
    }

    #[test]
    fn of_two_rules_that_are_as_long_the_kinder_one_counts() {
        let robots = Robots::read("User-agent: *\nDisallow: /a\nAllow: /a", "relais");
        assert!(robots.allows("/a"));
        assert!(fits("/a*b*c$", "/a1b2c3c") && !fits("/a*b*c$", "/a1b2c3") && !fits("/a$", "/ab"));
    }
}
