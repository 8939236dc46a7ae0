//! The HTML of an article as part of a page of ours: what a page needs beside a feed, where each reader shows HTML in its own way.

use super::scan::{Scanner, Tag, Token};
use crate::model::{Clean, PageHtml};

/// Controls of forms that the cleaner has disabled. On a page they would be dead, so only their text stays.
const CONTROLS: [&str; 10] =
    ["button", "form", "label", "select", "optgroup", "option", "textarea", "datalist", "dialog", "output"];
/// Opens the box in which a wide table scrolls. It can be focused, for people who scroll by the keyboard.
const TABLE_BOX: &str = "<div class=\"wide\" role=\"region\" aria-label=\"Table\" tabindex=\"0\">";

/// Fits clean HTML into a page: pictures without a description get an empty one, so that screen readers do not spell their address;
/// tables and code that scroll can be focused; controls that can do nothing become text.
pub fn fit_for_page(html: &Clean) -> PageHtml {
    let html = html.as_str();
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut tables = 0_usize;
    // The words of two controls, or of a control and what follows, are not one word.
    let mut gap = false;
    for token in Scanner::new(html) {
        if let Token::Start(tag) | Token::End(tag) = token
            && is_control(tag)
        {
            gap = !out.ends_with([' ', '\n', '>']);
            continue;
        }
        if gap && !token.raw().starts_with([' ', '\n', '<']) {
            out.push(' ');
        }
        gap = false;
        push(&mut out, token, &mut tables);
    }
    PageHtml::from_fitter(out)
}

/// Writes a token as a page needs it. `tables` is the number of open tables: only the outermost scrolls.
fn push(out: &mut String, token: Token<'_>, tables: &mut usize) {
    match token {
        Token::Start(tag) if tag.is("table") => {
            if *tables == 0 {
                out.push_str(TABLE_BOX);
            }
            *tables += 1;
            out.push_str(tag.raw);
        }
        Token::End(tag) if tag.is("table") => {
            out.push_str(tag.raw);
            *tables = tables.saturating_sub(1);
            if *tables == 0 {
                out.push_str("</div>");
            }
        }
        Token::Start(tag) if tag.is("img") && tag.attribute("alt").is_none() => push_with(out, tag, "alt=\"\""),
        Token::Start(tag) if tag.is("pre") => push_with(out, tag, "tabindex=\"0\""),
        Token::Start(tag) if tag.is("input") => out.push_str(box_of(tag)),
        other => out.push_str(other.raw()),
    }
}

/// Writes a start tag with one more attribute.
fn push_with(out: &mut String, tag: Tag<'_>, attribute: &str) {
    let (begin, rest) = tag.raw.split_at(1 + tag.name.len());
    out.push_str(begin);
    out.push(' ');
    out.push_str(attribute);
    out.push_str(rest);
}

/// Returns the sign for a box of a list of things to do.
fn box_of(input: Tag<'_>) -> &'static str {
    match (input.attribute("type").as_deref(), input.attribute("checked")) {
        (Some("checkbox"), None) => "☐ ",
        (Some("checkbox"), Some(_)) => "☑ ",
        (Some("radio"), None) => "○ ",
        (Some("radio"), Some(_)) => "◉ ",
        _ => "",
    }
}

fn is_control(tag: Tag<'_>) -> bool {
    CONTROLS.iter().any(|name| tag.is(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(html: &str) -> String {
        let clean: Clean = serde_json::from_value(html.into()).expect("a string is Clean");
        fit_for_page(&clean).as_str().to_owned()
    }

    #[test]
    fn picture_without_a_description_gets_an_empty_one() {
        assert_eq!(fitted("<p><img src=\"a.jpg\"></p>"), "<p><img alt=\"\" src=\"a.jpg\"></p>");
    }

    #[test]
    fn description_of_a_picture_is_kept() {
        for html in ["<img alt=\"Le stade\" src=\"a.jpg\">", "<img src=\"a.jpg\" alt=\"\">"] {
            assert_eq!(fitted(html), html);
        }
    }

    #[test]
    fn outermost_table_scrolls_in_a_box_that_can_be_focused() {
        let nested = "<table><tbody><tr><td><table></table></td></tr></tbody></table>";
        assert_eq!(fitted(&format!("a{nested}b")), format!("a{TABLE_BOX}{nested}</div>b"));
    }

    #[test]
    fn code_that_scrolls_can_be_focused() {
        assert_eq!(fitted("<pre>a &lt; b</pre>"), "<pre tabindex=\"0\">a &lt; b</pre>");
    }

    #[test]
    fn control_leaves_its_words() {
        let html = "<p>Lire<button disabled=\"\">la suite</button>ici</p><select disabled=\"\"><option>un</option><option>deux</option></select>";
        assert_eq!(fitted(html), "<p>Lire la suite ici</p>un deux");
    }

    #[test]
    fn boxes_of_a_list_keep_their_ticks() {
        let html =
            "<li><input type=\"checkbox\" checked=\"\" disabled=\"\">a</li><li><input type=\"checkbox\" disabled=\"\">b</li>";
        assert_eq!(fitted(html), "<li>☑ a</li><li>☐ b</li>");
    }

    #[test]
    fn other_markup_stays_as_it_is() {
        for html in ["", "a &amp; b", "<p>Un <b>mot</b><br>et <a href=\"https://a.example/?b&amp;c\">un lien</a></p>"] {
            assert_eq!(fitted(html), html);
        }
    }
}
