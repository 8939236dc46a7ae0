//! Markup that was escaped once too often, and text that may be markup.

use super::decode_entities;
use super::elements::{self, Traits};
use super::scan::{Scanner, Tag, Token};

/// Deeper markup is left as it is written.
const DEEPEST: usize = 64;
/// The number of times that a text may have been escaped too often.
const MOST_TIMES: usize = 2;

/// Returns HTML that was escaped once more than it should: it has no tag, and its references make whole elements. A text about HTML,
/// in whose sentences tags are named, stays.
pub fn undo_escape(html: &str) -> Option<String> {
    undo(html, |tag, is_text| !is_text || is_inline(tag))
}

/// Returns a headline that was escaped once too often: its references make whole elements that stand in a line.
pub fn undo_headline_escape(html: &str) -> Option<String> {
    undo(html, |tag, _| is_inline(tag))
}

/// Returns true if an element stands in a line.
fn is_inline(tag: Tag<'_>) -> bool {
    elements::find(tag.name).is_phrasing() || tag.is("br")
}

/// Returns true if a text has an element of HTML, so that it is hardly meant as text.
pub fn has_markup(text: &str) -> bool {
    let mut tokens = Scanner::new(text);
    while let Some(token) = tokens.next() {
        if let Token::Start(tag) = token
            && is_known(tag)
        {
            let is_end = |token| matches!(token, Token::End(end) if end.is(tag.name));
            return elements::find(tag.name).is_void() || tokens.any(is_end);
        }
    }
    false
}

/// Undoes escapes as long as the result is whole elements, and `fits` holds for each tag; it is told if only text stood before and
/// no tag so far has an address.
fn undo(html: &str, fits: impl Fn(Tag<'_>, bool) -> bool) -> Option<String> {
    let mut undone: Option<String> = None;
    for _ in 0..MOST_TIMES {
        let text = undone.as_deref().unwrap_or(html);
        if !is_escaped(text) {
            break;
        }
        let decoded = decode_entities(text);
        if is_escaped(&decoded) {
            // Escaped once more.
            undone = Some(decoded.into_owned());
            continue;
        }
        return is_whole(&decoded, fits).then(|| decoded.into_owned());
    }
    None
}

/// Returns true if there is no tag, and there are references to angle brackets.
fn is_escaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins_tag = |at: usize| bytes.get(at + 1).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?'));
    !memchr::memchr_iter(b'<', bytes).any(begins_tag)
        && ["&lt;", "&#60;", "&#x3c;", "&#x3C;", "&amp;lt;"]
            .iter()
            .any(|angle| memchr::memmem::find(bytes, angle.as_bytes()).is_some())
}

/// Returns true if all elements are known and closed, `fits` holds for each, and one has an end or an address. An element of a line
/// must hold words, without a space at both ends: in "between <b> and </b>" two tags are named.
fn is_whole(html: &str, fits: impl Fn(Tag<'_>, bool) -> bool) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let (mut elements_seen, mut is_text, mut is_ended) = (0_usize, false, false);
    for token in Scanner::new(html) {
        match token {
            Token::Start(tag) => {
                let has_address = tag
                    .attributes()
                    .any(|attribute| ["href", "src"].iter().any(|name| attribute.name.eq_ignore_ascii_case(name)));
                is_text &= !has_address;
                is_ended |= has_address;
                if !is_known(tag) || !fits(tag, is_text) || open.len() == DEEPEST {
                    return false;
                }
                let traits = elements::find(tag.name);
                elements_seen += 1;
                if !traits.is_void() && !traits.has_optional_end() {
                    open.push(tag.name);
                }
            }
            Token::End(tag) => {
                let traits = elements::find(tag.name);
                is_ended = true;
                if !traits.is_void() && !traits.has_optional_end() && open.pop().is_none_or(|name| !tag.is(name)) {
                    return false;
                }
            }
            Token::Text(text) => {
                is_text |= elements_seen == 0 && !text.trim().is_empty();
                let is_spaced = text.starts_with(char::is_whitespace) && text.ends_with(char::is_whitespace);
                let is_named = open.last().is_some_and(|name| elements::find(name).is_formatting())
                    && (is_spaced || !text.contains(char::is_alphanumeric));
                if is_text && is_named {
                    return false;
                }
            }
            Token::Unfinished(_) => return false,
            Token::RawText(_) | Token::Comment(_) | Token::Other(_) => {}
        }
    }
    is_ended && open.is_empty()
}

fn is_known(tag: Tag<'_>) -> bool {
    elements::find(tag.name) != Traits::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_escaped_too_often_is_markup_again() {
        for (html, markup) in [
            (
                "&lt;p&gt;Un texte &lt;a href=\"https://a.fr/\"&gt;lié&lt;/a&gt;.&lt;/p&gt;",
                "<p>Un texte <a href=\"https://a.fr/\">lié</a>.</p>",
            ),
            ("Un &lt;b&gt;mot&lt;/b&gt; ici", "Un <b>mot</b> ici"),
            ("&#60;p>Un<&#47;p>".replace("<&#47;", "&#60;/").as_str(), "<p>Un</p>"),
            ("&amp;lt;p&amp;gt;a &amp;amp; b&amp;lt;/p&amp;gt;", "<p>a & b</p>"),
            ("Un texte &lt;img src='https://a.fr/i.jpg'&gt; suit", "Un texte <img src='https://a.fr/i.jpg'> suit"),
            ("&lt;p&gt;un&lt;br&gt;&lt;p&gt;deux&lt;/p&gt;", "<p>un<br><p>deux</p>"),
        ] {
            assert_eq!(undo_escape(html).as_deref(), Some(markup), "{html}");
        }
    }

    #[test]
    fn text_about_markup_stays() {
        for html in [
            "L'élément &lt;b&gt;…&lt;/b&gt; met en gras",
            "Le texte entre &lt;b&gt; et &lt;/b&gt; est gras",
            "Écrivez &lt;p&gt;un texte&lt;/p&gt;",
            "<p>Écrivez &lt;p&gt;x&lt;/p&gt;</p>",
            "&lt;p&gt; ouvre un paragraphe",
            "&lt;String&gt;&lt;/String&gt;",
            "&lt;b&gt;&lt;i&gt;x&lt;/b&gt;&lt;/i&gt;",
            "1 &lt; 2 &amp; 3 > 2",
            "&lt;p",
            "",
        ] {
            assert_eq!(undo_escape(html), None, "{html}");
        }
    }

    #[test]
    fn headlines_have_elements_of_a_line_alone() {
        assert_eq!(undo_headline_escape("Le &lt;i&gt;Monde&lt;/i&gt;").as_deref(), Some("Le <i>Monde</i>"));
        for html in ["Le &lt;p&gt;Monde&lt;/p&gt;", "L'élément &lt;b&gt;", "List&lt;String&gt;"] {
            assert_eq!(undo_headline_escape(html), None, "{html}");
        }
    }

    #[test]
    fn element_shows_markup() {
        for (text, has) in [
            ("<p>Un <b>texte</b></p>", true),
            ("un<br>deux", true),
            ("1 < 2", false),
            ("Vec<T></T>", false),
            ("ouvrir <b>", false),
        ] {
            assert_eq!(has_markup(text), has, "{text}");
        }
    }
}
