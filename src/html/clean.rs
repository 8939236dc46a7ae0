//! Making HTML safe to show: an allow-list of elements and attributes, links absolute, nothing that runs or tracks.

use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::{escape, nesting, text};
use crate::model::{Clean, RawHtml};

/// Elements that an article may keep, besides those that ammonia allows by itself.
const MORE_TAGS: [&str; 6] = ["figure", "figcaption", "picture", "audio", "video", "source"];
/// What a link may lead to.
const SCHEMES: [&str; 5] = ["http", "https", "mailto", "tel", "ftp"];

/// The allow-list, with relative links resolved against `base`. What asks not to be translated keeps saying so.
fn builder(base: Option<&Url>) -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .add_tags(MORE_TAGS)
        .rm_tags(["map", "area"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_generic_attributes(["translate", "class"])
        .attribute_filter(|_, name, value| match name {
            "translate" => (value.eq_ignore_ascii_case("no")).then_some("no".into()),
            "class" => value.split_ascii_whitespace().any(|class| class == "notranslate").then_some("notranslate".into()),
            _ => Some(value.into()),
        })
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(base.map_or(UrlRelative::Deny, |base| UrlRelative::RewriteWithBase(base.clone())))
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true);
    builder
}

/// Cleans HTML. Relative links are resolved against `base`; without one they are dropped.
///
/// Markup whose tree would be too deep or too large keeps its text and loses its tags (see `html::nesting`).
pub fn clean(html: &RawHtml, base: Option<&Url>) -> Clean {
    if html.0.trim().is_empty() {
        return Clean::default();
    }
    if nesting::is_hostile(&html.0) {
        return Clean::from_cleaner(paragraphs(&text::strip(&html.0)));
    }
    let clean = builder(base).clean(&html.0).to_string();
    Clean::from_cleaner(clean.trim().to_owned())
}

/// Plain text as paragraphs.
fn paragraphs(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| format!("<p>{}</p>", escape(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> String {
        let base = Url::parse("https://example.org/actu/").expect("a URL");
        clean(&RawHtml(html.to_owned()), Some(&base)).as_str().to_owned()
    }

    #[test]
    fn what_runs_is_removed_and_what_reads_is_kept() {
        assert_eq!(cleaned("<p onclick=x()>Un <b>mot</b><script>alert(1)</script></p>"), "<p>Un <b>mot</b></p>");
        assert_eq!(cleaned("<a href='javascript:alert(1)'>x</a>"), r#"<a rel="noopener noreferrer">x</a>"#);
        assert_eq!(cleaned("<iframe src=https://example.org/></iframe><p>y"), "<p>y</p>");
        assert_eq!(cleaned("<svg><animate onbegin=alert(1)></svg>z"), "z");
        let html = "<p class='lead notranslate' translate=NO>a</p><p class=lead translate=yes>b</p>";
        assert_eq!(cleaned(html), "<p class=\"notranslate\" translate=\"no\">a</p><p>b</p>");
        assert_eq!(cleaned("<table><tr><td>1</table>"), "<table><tbody><tr><td>1</td></tr></tbody></table>");
    }

    #[test]
    fn links_become_absolute() {
        assert_eq!(cleaned("<img src=../a.jpg>"), r#"<img src="https://example.org/a.jpg">"#);
        assert_eq!(clean(&RawHtml("<a href=/x>x</a>".into()), None).as_str(), r#"<a rel="noopener noreferrer">x</a>"#);
    }

    #[test]
    fn deep_markup_keeps_its_text() {
        assert_eq!(cleaned(&format!("{}le <b>texte", "<div>".repeat(20_000))), "<p>le texte</p>");
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        for html in [
            "<p>a<p>b",
            "<b><i>x</b>y</i>",
            "a & b &lt;c&gt; &nbsp;",
            "<ul><li>x<ul><li>y</ul></ul>",
            "<a href='/x?a=1&b=2'>l</a>",
        ] {
            let once = cleaned(html);
            assert_eq!(cleaned(&once), once, "{html}");
        }
    }
}
