//! Making HTML safe to show: an allow-list of elements and attributes, links absolute, nothing that runs or tracks.
//!
//! The cleaner comes last, after everything else that changes the markup.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use self::limits::is_hostile;
use self::prefixed::without_prefixes;
use self::roundtrip::is_settled;
use super::text;
use crate::model::{Clean, RawHtml};

pub(super) mod limits;
mod prefixed;
mod roundtrip;

/// Elements that an article may keep, besides those that ammonia allows by itself. Controls lose their names and targets and
/// are disabled: a list of things done keeps its ticks, and nothing can be sent.
const MORE_TAGS: [&str; 32] = [
    "address", "audio", "big", "button", "canvas", "datalist", "dialog", "dir", "fieldset", "figure", "font", "form", "input",
    "label", "legend", "main", "menu", "meter", "nobr", "optgroup", "option", "output", "picture", "progress", "section",
    "select", "source", "textarea", "tfoot", "video", "area", "map",
];
/// Unknown to browsers, so inert; some old feeds are made of them.
const OBSOLETE_TAGS: [&str; 9] = ["command", "datagrid", "event-source", "keygen", "m", "multicol", "nextid", "sound", "spacer"];
/// The schemes that an address may have: the web, mail and telephone. `data` is further limited to bitmaps.
const SCHEMES: [&str; 5] = ["http", "https", "mailto", "tel", "data"];
/// Attributes that hold an address.
const ADDRESSES: [&str; 4] = ["href", "src", "cite", "poster"];
/// The values of `dir` (HTML §3.2.6.4).
const DIRECTIONS: [&str; 3] = ["ltr", "rtl", "auto"];
/// Elements whose content is no text of the article.
const NO_CONTENT: [&str; 6] = ["script", "style", "noscript", "template", "noembed", "noframes"];
/// The most times that the result is cleaned again, if it may read otherwise than it was written.
const MOST_ROUNDS: usize = 4;

/// The most paragraphs that text without markup becomes: more than any article has.
const MOST_PARAGRAPHS: usize = 2_000;

/// `rel` is written last, but goes before others where the cleaner drops a link that cannot be: cleaned again it would go last.
const MOVED_REL: &str = "rel=\"noopener noreferrer\" ";

/// The allow-list for markup whose links are absolute already. Making one costs as much as cleaning a short entry.
static ABSOLUTE: LazyLock<Builder<'static>> = LazyLock::new(|| builder(None));

/// The allow-list, with relative links resolved against `base`. What asks not to be translated keeps saying so.
fn builder(base: Option<&Url>) -> Builder<'static> {
    let mut builder = Builder::default();
    let disabled: HashMap<&str, HashMap<&str, &str>> =
        ["input", "button", "select", "textarea"].map(|tag| (tag, HashMap::from([("disabled", "")]))).into();
    builder
        .add_tags(MORE_TAGS)
        .add_tags(OBSOLETE_TAGS)
        .clean_content_tags(HashSet::from(NO_CONTENT))
        .add_tag_attributes("audio", ["src", "controls", "preload"])
        .add_tag_attributes("video", ["src", "poster", "controls", "preload", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("input", ["checked"])
        .add_tag_attribute_values("input", "type", ["checkbox", "radio"])
        .add_tag_attributes("time", ["datetime"])
        .add_tag_attributes("li", ["value"])
        .add_tag_attributes("ol", ["type", "reversed"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("meter", ["value", "min", "max"])
        .add_tag_attributes("progress", ["value", "max"])
        .set_tag_attribute_values(disabled)
        .add_generic_attributes(["translate", "class", "dir"])
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(base.map_or(UrlRelative::Deny, |base| UrlRelative::RewriteWithBase(base.clone())))
        .attribute_filter(|element, attribute, value| {
            match attribute {
                "translate" => return value.eq_ignore_ascii_case("no").then_some(Cow::Borrowed("no")),
                "class" => {
                    let asks = value.split_ascii_whitespace().any(|class| class == "notranslate");
                    return asks.then_some(Cow::Borrowed("notranslate"));
                }
                "dir" => {
                    let known = DIRECTIONS.iter().find(|known| value.trim().eq_ignore_ascii_case(known));
                    return known.map(|known| Cow::Borrowed(*known));
                }
                _ => {}
            }
            if !ADDRESSES.contains(&attribute) {
                return Some(Cow::Borrowed(value));
            }
            // Only a picture may carry its bytes with it; SVG is a document that can run.
            let carried = value.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
            (!carried || (element, attribute) == ("img", "src") && is_bitmap(value)).then(|| without_userinfo(value))
        })
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true);
    builder
}

/// Cleans HTML and changes nothing else. Relative links are resolved against `base`; without one they are dropped.
///
/// Markup whose tree would be too deep or too large keeps its text and loses its tags (see `clean/limits`).
pub fn clean(html: &RawHtml, base: Option<&Url>) -> Clean {
    base.map_or_else(|| clean_with(&html.0, &ABSOLUTE), |base| clean_with(&html.0, &builder(Some(base))))
}

/// Returns the address of a link without user name and password: a click would send them.
fn without_userinfo(address: &str) -> Cow<'_, str> {
    if !address.contains('@') {
        return Cow::Borrowed(address);
    }
    let parsed = match Url::parse(address) {
        // `//user:password@host/` gets its scheme from the page.
        Err(url::ParseError::RelativeUrlWithoutBase) if address.trim_start().starts_with(['/', '\\']) => {
            Url::parse("https://relative.invalid/").and_then(|page| page.join(address))
        }
        parsed => parsed,
    };
    match parsed {
        Ok(mut url) if url.has_host() && (!url.username().is_empty() || url.password().is_some()) => {
            // Neither fails for an address with a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            Cow::Owned(url.into())
        }
        _ => Cow::Borrowed(address),
    }
}

/// Returns true if a `data:` address is a bitmap. SVG is none: it is a document.
pub(super) fn is_bitmap(address: &str) -> bool {
    let address = address.trim_start();
    address.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("data:image/"))
        && ["png", "gif", "jpeg", "jpg", "webp", "avif", "bmp", "x-icon"].iter().any(|kind| {
            let rest = &address[11..];
            rest.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
                && rest[kind.len()..].starts_with([';', ','])
        })
}

fn clean_with(html: &str, builder: &Builder<'_>) -> Clean {
    if html.trim().is_empty() {
        return Clean::default();
    }
    if is_hostile(html) {
        return paragraphs(&text::strip(html));
    }
    let mut clean = once(builder, html);
    for _ in 0..MOST_ROUNDS {
        if is_settled(&clean) && !clean.contains(MOVED_REL) {
            return Clean::from_cleaner(clean);
        }
        let again = once(builder, &clean);
        if again == clean {
            return Clean::from_cleaner(clean);
        }
        clean = again;
    }
    // What reads otherwise each time may read as something else again elsewhere.
    paragraphs(&text::strip(&clean))
}

fn once(builder: &Builder<'_>, html: &str) -> String {
    let clean = builder.clean(&without_prefixes(html, &NO_CONTENT)).to_string();
    // A carriage return written as a reference would be a line end when it is read again (HTML §13.2.3.5).
    let clean = if clean.contains('\r') { clean.replace('\r', "\n") } else { clean };
    clean.trim().to_owned()
}

/// Plain text as paragraphs, written as the cleaner writes them. No tree is made: this is what hostile markup becomes, and the text
/// behind the first paragraphs becomes one.
pub(super) fn paragraphs(text: &str) -> Clean {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        html.push_str(if number < MOST_PARAGRAPHS { "<p>" } else { " " });
        push_text(&mut html, line);
        if number + 1 < MOST_PARAGRAPHS {
            html.push_str("</p>");
        }
    }
    if !html.is_empty() && !html.ends_with("</p>") {
        html.push_str("</p>");
    }
    Clean::from_cleaner(html)
}

/// Writes text as HTML §13.3 says.
fn push_text(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\u{a0}' => html.push_str("&nbsp;"),
            '\r' => html.push(' '),
            '\0' => {}
            c => html.push(c),
        }
    }
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
    fn direction_of_text_is_kept() {
        assert_eq!(cleaned("<p dir=RTL>سلام <bdi dir=ltr>a</bdi></p>"), "<p dir=\"rtl\">سلام <bdi dir=\"ltr\">a</bdi></p>");
        assert_eq!(cleaned("<p dir=sideways>a</p><p dir>b</p>"), "<p>a</p><p>b</p>");
    }

    #[test]
    fn links_lead_to_the_web_mail_or_telephone_only() {
        for kept in ["http://a.example/", "https://a.example/", "mailto:a@a.example", "tel:+33100000000"] {
            assert_eq!(
                cleaned(&format!("<a href='{kept}'>x</a>")),
                format!(r#"<a href="{kept}" rel="noopener noreferrer">x</a>"#)
            );
        }
        for dropped in
            ["feed:javascript:alert(1)", "feed:data:text/html,x", "gopher://a.example/", "git:x", "GIT://a.example/", "magnet:?x"]
        {
            assert_eq!(cleaned(&format!("<a href='{dropped}'>x</a>")), r#"<a rel="noopener noreferrer">x</a>"#, "{dropped}");
        }
    }

    #[test]
    fn addresses_lose_user_name_and_password() {
        for address in ["https://paul:hush@a.example/x", "//paul:hush@a.example/x", " https:\\\\paul@a.example/x"] {
            assert_eq!(cleaned(&format!("<img src='{address}'>")), r#"<img src="https://a.example/x">"#, "{address}");
        }
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
    fn hostile_markup_becomes_few_paragraphs() {
        let attack = format!("{}{}", "<div>".repeat(300), "<p>x & y\u{a0}<i>".repeat(100_000));
        let clean = cleaned(&attack);
        assert_eq!(clean.matches("<p>").count(), MOST_PARAGRAPHS);
        assert_eq!(cleaned(&clean), clean);
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        for html in [
            "<p>a<p>b",
            "<b><i>x</b>y</i>",
            "a & b &lt;c&gt; &nbsp;",
            "<ul><li>x<ul><li>y</ul></ul>",
            "<a href='/x?a=1&b=2'>l</a>",
            "<a href='//a.example\u{fffd}/' class=notranslate title=t lang=fr>a link that leads nowhere</a>",
        ] {
            let once = cleaned(html);
            assert_eq!(cleaned(&once), once, "{html}");
        }
    }

    #[test]
    fn only_bitmaps_may_be_carried() {
        assert!(is_bitmap("data:image/png;base64,AA") && is_bitmap(" DATA:image/GIF,x"));
        assert!(!is_bitmap("data:image/svg+xml,x") && !is_bitmap("data:image/pngx,") && !is_bitmap("data:text/html,x"));
    }
}
