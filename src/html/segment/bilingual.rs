//! Texts in two languages: a translation and its original, block after block, and texts marked with their language.

use super::roles::{Role, roles};
use super::tokens::{Token, partners, tokens};
use crate::html::clean::{clean, limits};
use crate::html::scan::Tag;
use crate::model::{Clean, Lang, RawHtml};

/// Each block of `translated`, and after it the same block of `original`: the languages are `from` and `to`. Pictures and recordings stand in
/// the translation only. Where the blocks of the two are not the same in number, one text stands after the other.
pub fn interleave(translated: &Clean, original: &Clean, (from, to): (&Lang, &Lang)) -> Clean {
    if limits::is_hostile(translated.as_str()) || limits::is_hostile(original.as_str()) {
        return translated.clone();
    }
    let (ours, theirs) = (blocks(translated.as_str()), blocks(original.as_str()));
    let mut out = String::with_capacity(translated.as_str().len() + original.as_str().len());
    if ours.len() == theirs.len() {
        for (ours, theirs) in ours.iter().zip(&theirs) {
            out.push_str(ours);
            if ours != theirs {
                told(&mut out, theirs, (from, to));
            }
        }
    } else {
        out.push_str(translated.as_str());
        told(&mut out, original.as_str(), (from, to));
    }
    clean(&RawHtml(out), None)
}

/// Marks a text with its language, and with its direction where that is not the one of the language around it.
pub fn with_lang(html: &Clean, lang: &Lang, around: &Lang) -> Clean {
    if html.is_empty() || limits::is_hostile(html.as_str()) {
        return html.clone();
    }
    clean(&RawHtml(format!("<div{}>{}</div>", attributes(lang, around), html.as_str())), None)
}

/// Marks a text with its direction, if that is not the one that readers expect.
pub fn with_direction(html: &Clean, lang: &Lang) -> Clean {
    if html.is_empty() || !lang.is_right_to_left() || limits::is_hostile(html.as_str()) {
        return html.clone();
    }
    clean(&RawHtml(format!("<div lang=\"{lang}\" dir=\"rtl\">{}</div>", html.as_str())), None)
}

/// Returns the attributes of an element in another language than what is around it.
fn attributes(lang: &Lang, around: &Lang) -> String {
    let direction = lang.direction();
    let direction = if direction == around.direction() { String::new() } else { format!(" dir=\"{direction}\"") };
    format!(" lang=\"{lang}\"{direction}")
}

/// Writes a text of the original, without what need not be shown twice; nothing if it says nothing.
fn told(out: &mut String, html: &str, (from, to): (&Lang, &Lang)) {
    let (mut text, mut hidden) = (String::with_capacity(html.len()), 0_usize);
    let mut says_something = false;
    for token in tokens(html) {
        match token {
            Token::Void(Tag { name: "img" | "source", .. }) => {}
            Token::Open(Tag { name: "audio" | "video" | "picture", .. }) => hidden += 1,
            Token::Close(Tag { name: "audio" | "video" | "picture", .. }) => hidden = hidden.saturating_sub(1),
            _ if hidden > 0 => {}
            token => {
                says_something |= matches!(token, Token::Text(text) if text.chars().any(char::is_alphabetic));
                text.push_str(token.raw());
            }
        }
    }
    if says_something {
        out.push_str(&format!("<div{}>{text}</div>", attributes(from, to)));
    }
}

/// The blocks at the top, and the lines between them.
fn blocks(html: &str) -> Vec<String> {
    let tokens = tokens(html);
    let partners = partners(&tokens);
    let roles = roles(&tokens, &partners);
    let (mut blocks, mut line) = (Vec::new(), String::new());
    let mut at = 0;
    while at < tokens.len() {
        let end = if matches!(tokens[at], Token::Open(_)) { partners[at].unwrap_or(at) } else { at };
        let raw: String = tokens[at..=end].iter().map(Token::raw).collect();
        if matches!(roles[at], Role::Block | Role::OpaqueBlock) {
            blocks.extend((!line.trim().is_empty()).then(|| std::mem::take(&mut line)));
            line.clear();
            blocks.push(raw);
        } else {
            line.push_str(&raw);
        }
        at = end + 1;
    }
    blocks.extend((!line.trim().is_empty()).then_some(line));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(translated: &str, original: &str) -> String {
        let cleaned = |html: &str| clean(&RawHtml(html.to_owned()), None);
        let lang = |tag| Lang::new(tag).expect("a tag");
        interleave(&cleaned(translated), &cleaned(original), (&lang("fr"), &lang("en"))).as_str().to_owned()
    }

    #[test]
    fn each_block_stands_before_its_original() {
        assert_eq!(
            both("<p>One</p><ul><li>Two</li></ul>Three <b>four</b>", "<p>Un</p><ul><li>Deux</li></ul>Trois <b>quatre</b>"),
            "<p>One</p><div lang=\"fr\"><p>Un</p></div><ul><li>Two</li></ul><div lang=\"fr\"><ul><li>Deux</li></ul></div>\
             Three <b>four</b><div lang=\"fr\">Trois <b>quatre</b></div>"
        );
    }

    #[test]
    fn pictures_and_what_is_the_same_stand_once() {
        let picture = "<img src=\"https://a.example/i.jpg\" alt=\"x\">";
        let shown = both(
            &format!("<p>{picture}</p><p>2024</p><p>One {picture}</p>"),
            &format!("<p>{picture}</p><p>2024</p><p>Un {picture}</p>"),
        );
        assert_eq!(shown.matches("<img").count(), 2);
        assert_eq!(shown.matches("2024").count(), 1);
        assert!(shown.ends_with("<div lang=\"fr\"><p>Un </p></div>"), "{shown}");
    }

    #[test]
    fn text_is_marked_with_its_language() {
        let cleaned = |html: &str| clean(&RawHtml(html.to_owned()), None);
        let lang = |tag| Lang::new(tag).expect("a tag");
        let marked = |html: &str| with_lang(&cleaned(html), &lang("fr"), &lang("en")).as_str().to_owned();
        assert_eq!(marked("<p>Un</p>"), "<div lang=\"fr\"><p>Un</p></div>");
        assert_eq!(marked(""), "");
        let in_arabic = with_lang(&cleaned("<p>Un</p>"), &lang("fr"), &lang("ar"));
        assert_eq!(in_arabic.as_str(), "<div lang=\"fr\" dir=\"ltr\"><p>Un</p></div>");
    }

    #[test]
    fn texts_of_other_shapes_stand_one_after_the_other() {
        assert_eq!(both("<p>One</p><p>Two</p>", "<p>Un</p>"), "<p>One</p><p>Two</p><div lang=\"fr\"><p>Un</p></div>");
    }
}
