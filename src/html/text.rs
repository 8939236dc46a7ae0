//! Text of HTML: html2text for reading, a cheap strip for headlines and for markup that must not become a tree.

use html2text::render::TrivialDecorator;

use super::clean::limits;
use super::decode_entities;
use crate::model::{Clean, Text};

/// Wider than any paragraph ought to be: line ends are the reader's business.
const WIDTH: usize = 10_000;

/// Clean HTML as plain text: paragraphs and list items on lines of their own, no decoration, no links.
pub fn to_text(html: &Clean) -> String {
    if html.is_empty() {
        return String::new();
    }
    if limits::is_hostile(html.as_str()) {
        return strip(html.as_str());
    }
    let config = html2text::config::with_decorator(TrivialDecorator::new()).no_table_borders().allow_width_overflow();
    let text = config.string_from_read(html.as_str().as_bytes(), WIDTH).unwrap_or_else(|_| strip(html.as_str()));
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A headline as feeds write it: tags dropped, references resolved, one line.
pub fn to_line(html: &str) -> Text {
    if !html.contains(['<', '&']) {
        return Text::new(html);
    }
    Text::new(&strip(html))
}

/// Drops tags and comments and resolves references, in one pass without a tree. A `<` that begins no tag is text.
pub(super) fn strip(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // Behind the last `>` no tag can end: looking for its end there again and again would be quadratic.
    let last = html.rfind('>').unwrap_or(0);
    while let Some(open) = rest.find('<') {
        if html.len() - rest.len() + open > last {
            break;
        }
        let (text, tag) = rest.split_at(open);
        out.push_str(&decode_entities(text));
        let Some(end) = tag_end(tag) else {
            out.push('<');
            rest = &tag[1..];
            continue;
        };
        if ends_a_line(tag) {
            out.push('\n');
        }
        rest = &tag[end..];
        if let Some(name) = ["script", "style"].into_iter().find(|name| begins(tag, name)) {
            rest = skip_to_close(rest, name);
        }
    }
    out.push_str(&decode_entities(rest));
    out
}

/// The length of the tag or comment at the start of `tag`; nothing if none begins there.
fn tag_end(tag: &str) -> Option<usize> {
    if let Some(comment) = tag.strip_prefix("<!--") {
        return Some(comment.find("-->").map_or(tag.len(), |end| end + 7));
    }
    let begin = *tag.as_bytes().get(1)?;
    if !(begin.is_ascii_alphabetic() || matches!(begin, b'/' | b'!' | b'?')) {
        return None;
    }
    let mut quote = None;
    for (at, b) in tag.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if tag.as_bytes()[at - 1] == b'=' => quote = Some(b),
            (Some(open), b) if b == open => quote = None,
            _ => {}
        }
    }
    // An unclosed quote hides the end of the tag: the first `>` ends it then.
    tag.find('>').map(|end| end + 1)
}

/// Whether the tag is the start tag of `name`.
fn begins(tag: &str, name: &str) -> bool {
    let bytes = tag.as_bytes();
    bytes.len() > name.len() + 1
        && bytes[1..=name.len()].eq_ignore_ascii_case(name.as_bytes())
        && !bytes[name.len() + 1].is_ascii_alphanumeric()
}

/// What follows the end tag of `name`: all of it is skipped when there is none.
fn skip_to_close<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(found) = rest[from..].find("</") {
        let at = from + found;
        if rest.as_bytes()[at + 2..].get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes())) {
            return rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]);
        }
        from = at + 2;
    }
    ""
}

/// Whether text before and after this tag stands on different lines.
fn ends_a_line(tag: &str) -> bool {
    let name = tag[1..].trim_start_matches('/');
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    [
        "p",
        "br",
        "div",
        "li",
        "tr",
        "td",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "figure",
        "figcaption",
        "section",
        "ul",
        "ol",
    ]
    .iter()
    .any(|block| name[..length].eq_ignore_ascii_case(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> Clean {
        crate::html::clean(&crate::model::RawHtml(html.to_owned()), None)
    }

    #[test]
    fn headlines_lose_markup_and_keep_every_word() {
        for (html, text) in [
            ("Les <em>Jeux</em> &amp; le CIO", "Les Jeux & le CIO"),
            ("1 < 2 et 3 > 2", "1 < 2 et 3 > 2"),
            ("L&rsquo;&eacute;quipe&nbsp;!", "L’équipe\u{a0}!"),
            ("<a href=\"x>y\">Titre</a><script>alert('<b>')</script> fin", "Titre fin"),
            ("avant<!-- <b>caché</b> -->après", "avantaprès"),
            ("un<br>deux", "un deux"),
            ("<b", "<b"),
        ] {
            assert_eq!(to_line(html).as_str(), text, "{html}");
        }
    }

    #[test]
    fn text_is_what_html2text_reads() {
        let html = cleaned("<p>Un <b>mot</b>.</p><ul><li>a</li><li>b</li></ul><table><tr><td>1</td><td>2</td></tr></table>");
        let text = to_text(&html);
        assert!(text.starts_with("Un mot."), "{text}");
        assert!(text.contains('a') && text.contains('b') && text.contains('1') && !text.contains('─'), "{text}");
        assert_eq!(
            to_text(&cleaned(&"mot ".repeat(5_000))).lines().count(),
            2,
            "a long paragraph is wrapped as little as can be"
        );
    }
}
