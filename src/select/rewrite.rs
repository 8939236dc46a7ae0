//! `rewrite` of a source: cuts or replaces parts of the texts of its entries, before anything else reads them.

use regex::{Captures, Regex};

use super::expression::{ExpressionError, compile_pattern};
use crate::model::{EntryTexts, RawHtml, Text};

/// The longest pattern and replacement, in bytes.
const MAX_LENGTH: usize = 1_000;
/// A text may become so much longer by one rule, in bytes.
const MAX_GROWTH: usize = 10_000;

/// A text of an entry that can be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewriteField {
    /// The headline, as plain text.
    Title,
    /// The summary, as HTML.
    Summary,
    /// The content, as HTML.
    Content,
    /// The name of each author.
    Author,
    /// Each category.
    Category,
}

impl RewriteField {
    /// The fields by their names in feeds.toml.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("title", Self::Title),
        ("summary", Self::Summary),
        ("content", Self::Content),
        ("author", Self::Author),
        ("category", Self::Category),
    ];
}

/// One compiled rule.
#[derive(Clone, Debug)]
pub struct RewriteRule {
    field: RewriteField,
    find: Regex,
    replace: String,
}

impl RewriteRule {
    /// Compiles a pattern, or says what is wrong with it.
    pub fn compile_find(find: &str) -> Result<Regex, ExpressionError> {
        let whole = 0..find.len();
        if find.is_empty() || find.len() > MAX_LENGTH {
            let what = if find.is_empty() { "empty".to_owned() } else { format!("longer than {MAX_LENGTH} bytes") };
            return Err(ExpressionError::new(whole, format!("`find` is {what}")));
        }
        compile_pattern(find).map_err(|reason| ExpressionError::new(whole, reason))
    }

    /// Makes a rule. A replacement that names a group which the pattern does not have is an error: it would be silently empty.
    pub fn new(field: RewriteField, find: Regex, replace: &str) -> Result<Self, ExpressionError> {
        if replace.len() > MAX_LENGTH {
            return Err(ExpressionError::new(0..replace.len(), format!("`replace` is longer than {MAX_LENGTH} bytes")));
        }
        for (span, group) in groups(replace) {
            let exists = match group.parse::<usize>() {
                Ok(number) => number < find.captures_len(),
                Err(_) => find.capture_names().flatten().any(|name| name == group),
            };
            if !exists {
                let message = format!("`find` has no group `{group}`");
                let hint = "write $$ for a dollar sign, and ${1} where letters follow the number of a group";
                return Err(ExpressionError::new(span, message).with_hint(hint));
            }
        }
        Ok(Self { field, find, replace: replace.to_owned() })
    }

    /// Returns what identifies the rule.
    fn key(&self) -> String {
        format!("{:?} {:?} {:?}", self.field, self.find.as_str(), self.replace)
    }

    /// Returns a text after the rule; nothing if it does not change it, or would make it far longer.
    fn rewritten(&self, text: &str) -> Option<String> {
        let most = text.len() + MAX_GROWTH;
        let mut out = String::new();
        let mut end = 0;
        for found in self.find.captures_iter(text) {
            let range = whole(&found);
            out.push_str(&text[end..range.start]);
            found.expand(&self.replace, &mut out);
            end = range.end;
            if out.len() > most {
                return None;
            }
        }
        out.push_str(&text[end..]);
        (out.len() <= most && out != text).then_some(out)
    }
}

fn whole(found: &Captures<'_>) -> std::ops::Range<usize> {
    found.get_match().range()
}

/// Returns the groups that a replacement names, with their places.
fn groups(replace: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let mut groups = Vec::new();
    let mut at = 0;
    while let Some(dollar) = replace[at..].find('$').map(|found| at + found) {
        let rest = &replace[dollar + 1..];
        let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, length) = if rest.starts_with('$') {
            ("", 1)
        } else if let Some(braced) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            (braced.0, braced.0.len() + 2)
        } else {
            let length = rest.find(|c| !is_in_name(c)).unwrap_or(rest.len());
            (&rest[..length], length)
        };
        if !name.is_empty() {
            groups.push((dollar..dollar + 1 + length, name));
        }
        at = dollar + 1 + length;
    }
    groups
}

/// The rules of a source, in their order.
#[derive(Clone, Debug, Default)]
pub struct Rewrites(pub Vec<RewriteRule>);

impl Rewrites {
    /// Returns what identifies the rules.
    pub fn key(&self) -> String {
        self.0.iter().map(|rule| rule.key() + "\n").collect()
    }

    /// Rewrites the texts of an entry. A headline that nothing would be left of stays as it is; other texts may vanish.
    pub fn apply(&self, texts: EntryTexts<'_>) {
        let EntryTexts { title, summary, content, authors, categories } = texts;
        for rule in &self.0 {
            match rule.field {
                RewriteField::Title => {
                    let rewritten = rule.rewritten(title.as_str()).map(|text| Text::new(&text));
                    if let Some(rewritten) = rewritten.filter(|text| !text.is_blank()) {
                        *title = rewritten;
                    }
                }
                RewriteField::Summary => rewrite_html(rule, summary),
                RewriteField::Content => rewrite_html(rule, content),
                RewriteField::Author => rewrite_list(rule, authors),
                RewriteField::Category => rewrite_list(rule, categories),
            }
        }
    }
}

fn rewrite_html(rule: &RewriteRule, html: &mut Option<RawHtml>) {
    if let Some(rewritten) = html.as_ref().and_then(|html| rule.rewritten(&html.0)) {
        *html = Some(RawHtml(rewritten)).filter(|html| !html.0.trim().is_empty());
    }
}

fn rewrite_list(rule: &RewriteRule, texts: &mut Vec<String>) {
    for text in texts.iter_mut() {
        if let Some(rewritten) = rule.rewritten(text) {
            *text = Text::new(&rewritten).to_string();
        }
    }
    texts.retain(|text| !text.is_empty());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(field: RewriteField, find: &str, replace: &str) -> RewriteRule {
        RewriteRule::new(field, RewriteRule::compile_find(find).expect("a pattern"), replace).expect("a replacement")
    }

    /// The headline after a rule.
    fn headline(find: &str, replace: &str, title: &str) -> String {
        let (mut title, mut html) = (Text::new(title), [None, None]);
        let [summary, content] = &mut html;
        let (mut authors, mut categories) = (Vec::new(), Vec::new());
        let texts = EntryTexts { title: &mut title, summary, content, authors: &mut authors, categories: &mut categories };
        Rewrites(vec![rule(RewriteField::Title, find, replace)]).apply(texts);
        title.to_string()
    }

    #[test]
    fn part_of_a_headline_is_cut_or_replaced() {
        assert_eq!(headline(r"^EN DIRECT\s*[-–:]\s*", "", "EN DIRECT – Les Jeux"), "Les Jeux");
        assert_eq!(headline(r"(\d+) - (\d+)", "$1:$2", "France 2 - 1 Italie"), "France 2:1 Italie");
        assert_eq!(headline("(?i)épreuve", "course", "L’ÉPREUVE"), "L’course", "letters with accents have two cases");
    }

    #[test]
    fn headline_never_becomes_blank() {
        assert_eq!(headline(".*", " ", "Les Jeux"), "Les Jeux");
    }

    #[test]
    fn text_does_not_grow_without_bound() {
        assert_eq!(headline(".", &"x".repeat(900), &"a".repeat(100)), "a".repeat(100));
    }

    #[test]
    fn empty_author_is_removed() {
        let mut authors = vec!["Rédaction".to_owned(), "A. Morel (AFP)".to_owned()];
        for (find, replace) in [("^Rédaction$", ""), (r" \(AFP\)$", "")] {
            rewrite_list(&rule(RewriteField::Author, find, replace), &mut authors);
        }
        assert_eq!(authors, ["A. Morel"]);
    }

    #[test]
    fn group_that_does_not_exist_is_an_error_with_its_place() {
        let find = || RewriteRule::compile_find("(a)(?<b>b)").expect("a pattern");
        for replace in ["$1 $b ${2} $$9 $", "100 %"] {
            assert!(RewriteRule::new(RewriteField::Title, find(), replace).is_ok(), "{replace}");
        }
        let error = RewriteRule::new(RewriteField::Title, find(), "x $1a").expect_err("no group `1a`");
        assert_eq!((error.span, error.message.as_str()), (2..5, "`find` has no group `1a`"));
    }

    proptest! {
        #[test]
        fn rewriting_bounds_what_a_text_becomes(text in "\\PC{0,80}", find in "[a-z.*+?() ]{1,8}", replace in "[a-z$0-2{}]{0,12}") {
            let Ok(find) = RewriteRule::compile_find(&find) else { return Ok(()) };
            let Ok(rule) = RewriteRule::new(RewriteField::Title, find, &replace) else { return Ok(()) };
            if let Some(rewritten) = rule.rewritten(&text) {
                prop_assert!(rewritten.len() <= text.len() + MAX_GROWTH);
            }
        }
    }
}
