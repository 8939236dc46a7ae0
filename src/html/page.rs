//! The HTML of an article as part of a page of ours: what a page needs beside a feed, where each reader shows HTML in its own way.

use super::entities::escape;
use super::scan::{Scanner, Tag, Token};
use crate::model::{Clean, PageHtml};

mod attributes;

use attributes::{push_media, push_tag};

/// Controls of forms that the cleaner has disabled. On a page they would be dead, so only their text stays.
const CONTROLS: [&str; 10] =
    ["button", "form", "label", "select", "optgroup", "option", "textarea", "datalist", "dialog", "output"];
/// Elements that HTML has no more, or that would say something about the page around the article (its landmarks), and what stands for
/// them: nothing if only their content stays.
const REPLACED: [(&str, &str); 19] = [
    ("main", "div"),
    ("aside", "div"),
    ("nav", "div"),
    ("header", "div"),
    ("footer", "div"),
    ("hgroup", "div"),
    ("article", "div"),
    ("section", "div"),
    ("center", "div"),
    ("dir", "ul"),
    ("menu", "ul"),
    ("strike", "s"),
    ("tt", "code"),
    ("acronym", "abbr"),
    ("fieldset", "div"),
    ("legend", "p"),
    ("font", ""),
    ("big", ""),
    ("nobr", ""),
];
/// Opens the box in which a wide table scrolls. It can be focused, for people who scroll by the keyboard.
const TABLE_BOX: &str = "<div class=\"wide\" role=\"group\" tabindex=\"0\">";
/// The level above the headings of an article: that of its headline.
const HEADLINE_LEVEL: usize = 3;

/// Fits clean HTML into a page.
///
/// - Without `images`, a picture gives way to its description; otherwise it is loaded when it comes into view, and one without a
///   description gets an empty one, so that screen readers do not spell its address. Sound and films are loaded when they are played.
/// - Headings continue the outline of the page. Links and headings without words become their content.
/// - Tables and code that scroll can be focused; controls that can do nothing become text; landmarks and elements that HTML has no more
///   become others.
pub fn fit_for_page(html: &Clean, images: bool) -> PageHtml {
    let html = html.as_str();
    let mut fitter = Fitter { out: String::with_capacity(html.len() + html.len() / 16), images, ..Fitter::default() };
    for token in Scanner::new(html) {
        fitter.take(token);
    }
    PageHtml::from_fitter(fitter.out)
}

#[derive(Default)]
struct Fitter {
    out: String,
    images: bool,
    /// The number of open tables: only the outermost scrolls.
    tables: usize,
    /// The levels of the headings that the last one stands under, as the article numbers them.
    outline: Vec<u8>,
    /// The open links and headings.
    worded: Vec<Worded>,
    /// True after a control: its words and what follows are not one word.
    gap: bool,
}

/// An element that is nothing without words.
struct Worded {
    /// The name that it has on the page.
    name: &'static str,
    /// The place of its start tag in the output.
    start: usize,
    /// The length of that tag.
    length: usize,
    has_words: bool,
}

impl Fitter {
    fn take(&mut self, token: Token<'_>) {
        if let Token::Start(tag) | Token::End(tag) = token
            && is_one_of(&CONTROLS, tag)
        {
            self.gap = !self.out.ends_with([' ', '\n', '>']);
            return;
        }
        if self.gap && !token.raw().starts_with([' ', '\n', '<']) {
            self.out.push(' ');
        }
        self.gap = false;
        match token {
            Token::Start(tag) => self.start(tag),
            Token::End(tag) => self.end(tag),
            other => {
                if matches!(other, Token::Text(text) if !text.trim().is_empty()) {
                    self.find_words();
                }
                self.out.push_str(other.raw());
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        if tag.is("a") {
            self.open("a", tag);
        } else if let Some(level) = heading_level(tag) {
            let name = self.heading(level);
            self.open(name, tag);
        } else if tag.is("table") {
            if self.tables == 0 {
                self.out.push_str(TABLE_BOX);
            }
            self.tables += 1;
            push_tag(&mut self.out, "table", tag, "");
        } else if tag.is("img") {
            self.picture(tag);
        } else if tag.is("picture") || tag.is("source") {
            // A source without its alternatives is the picture itself.
        } else if tag.is("audio") || tag.is("video") {
            push_media(&mut self.out, tag, self.images);
        } else if tag.is("input") {
            self.out.push_str(box_of(tag));
        } else if let Some((_, name)) = replaced(tag) {
            if !name.is_empty() {
                push_tag(&mut self.out, name, tag, "");
            }
        } else {
            push_tag(&mut self.out, tag.name, tag, if tag.is("pre") { " tabindex=\"0\"" } else { "" });
        }
    }

    fn end(&mut self, tag: Tag<'_>) {
        if tag.is("a") || heading_level(tag).is_some() {
            self.close();
        } else if tag.is("table") {
            self.out.push_str(tag.raw);
            self.tables = self.tables.saturating_sub(1);
            if self.tables == 0 {
                self.out.push_str("</div>");
            }
        } else if tag.is("picture") || tag.is("source") {
        } else if let Some((_, name)) = replaced(tag) {
            if !name.is_empty() {
                self.out.push_str(&format!("</{name}>"));
            }
        } else {
            self.out.push_str(tag.raw);
        }
    }

    /// Opens a link or a heading.
    fn open(&mut self, name: &'static str, tag: Tag<'_>) {
        let start = self.out.len();
        push_tag(&mut self.out, name, tag, "");
        self.worded.push(Worded { name, start, length: self.out.len() - start, has_words: false });
    }

    /// Closes the last link or heading. One that turned out to have no words is taken away.
    fn close(&mut self) {
        let Some(Worded { name, start, length, has_words }) = self.worded.pop() else { return };
        if has_words {
            self.out.push_str(&format!("</{name}>"));
        } else {
            self.out.replace_range(start..start + length, "");
        }
    }

    fn find_words(&mut self) {
        for open in self.worded.iter_mut().rev().take_while(|open| !open.has_words) {
            open.has_words = true;
        }
    }

    /// Returns the heading that stands on the page for one of the article: one level below that which it stands under.
    fn heading(&mut self, level: u8) -> &'static str {
        while self.outline.last().is_some_and(|above| *above >= level) {
            self.outline.pop();
        }
        self.outline.push(level);
        match HEADLINE_LEVEL + self.outline.len() {
            4 => "h4",
            5 => "h5",
            _ => "h6",
        }
    }

    fn picture(&mut self, tag: Tag<'_>) {
        let source = tag.attribute("src").unwrap_or_default();
        let words = tag.attribute("alt").unwrap_or_default();
        if !words.trim().is_empty() {
            self.find_words();
        }
        let is_embedded = source.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        if source.trim().is_empty() || !(self.images || is_embedded) {
            if !words.trim().is_empty() {
                self.out.push_str(&format!("<span class=\"alt\">{}</span>", escape(words.trim())));
            }
            return;
        }
        let alt = if tag.attribute("alt").is_none() { " alt=\"\"" } else { "" };
        let lazy = if is_embedded { "" } else { " loading=\"lazy\"" };
        push_tag(&mut self.out, "img", tag, &format!("{alt}{lazy}"));
    }
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

fn is_one_of(names: &[&str], tag: Tag<'_>) -> bool {
    names.iter().any(|name| tag.is(name))
}

fn replaced(tag: Tag<'_>) -> Option<&'static (&'static str, &'static str)> {
    REPLACED.iter().find(|(name, _)| tag.is(name))
}

fn heading_level(tag: Tag<'_>) -> Option<u8> {
    let [b'h' | b'H', level @ b'1'..=b'6'] = tag.name.as_bytes() else { return None };
    Some(level - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted_with(html: &str, images: bool) -> String {
        let clean: Clean = serde_json::from_value(html.into()).expect("a string is Clean");
        fit_for_page(&clean, images).as_str().to_owned()
    }

    /// Fits HTML into a page with pictures.
    fn fitted(html: &str) -> String {
        fitted_with(html, true)
    }

    #[test]
    fn picture_without_a_description_gets_an_empty_one() {
        assert_eq!(fitted("<p><img src=\"a.jpg\"></p>"), "<p><img alt=\"\" loading=\"lazy\" src=\"a.jpg\"></p>");
    }

    #[test]
    fn description_of_a_picture_is_kept() {
        for rest in ["alt=\"Le stade\" src=\"a.jpg\"", "src=\"a.jpg\" alt=\"\""] {
            assert_eq!(fitted(&format!("<img {rest}>")), format!("<img loading=\"lazy\" {rest}>"));
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

    #[test]
    fn picture_gives_way_to_its_description_where_pages_show_none() {
        let html = "<p>a<img src=\"https://a.example/p.jpg\" alt=\"Le &lt;stade&gt;\"><img src=\"https://a.example/q.jpg\">b</p>";
        assert_eq!(fitted_with(html, false), "<p>a<span class=\"alt\">Le &lt;stade&gt;</span>b</p>");
        let embedded = "<img alt=\"\" src=\"data:image/png;base64,AAAA\">";
        assert_eq!(fitted_with(embedded, false), embedded, "it comes from nowhere else");
    }

    #[test]
    fn sound_and_film_are_loaded_when_they_are_played() {
        let html = "<video src=\"https://a.example/f.mp4\" poster=\"https://a.example/p.jpg\" preload=\"auto\"></video>";
        assert_eq!(fitted_with(html, false), "<video controls preload=\"none\" src=\"https://a.example/f.mp4\"></video>");
        assert_eq!(
            fitted("<audio controls=\"\" src=\"https://a.example/f.mp3\"></audio>"),
            "<audio controls preload=\"none\" src=\"https://a.example/f.mp3\"></audio>"
        );
    }

    #[test]
    fn headings_continue_the_outline_of_the_page_without_a_gap() {
        let html = "<h1>a</h1><h3>b</h3><h6>c</h6><h5>d</h5><h2>e</h2><h1>f</h1>";
        assert_eq!(fitted(html), "<h4>a</h4><h5>b</h5><h6>c</h6><h6>d</h6><h5>e</h5><h4>f</h4>");
    }

    #[test]
    fn link_or_heading_without_words_leaves_its_content() {
        let picture = "<img loading=\"lazy\" alt=\"\" src=\"a.jpg\">";
        assert_eq!(fitted("<a href=\"https://a.example/\"><img alt=\"\" src=\"a.jpg\"></a><h2> </h2>b"), format!("{picture} b"));
        let named = "<a href=\"https://a.example/\"><img alt=\"Le stade\" src=\"a.jpg\"></a>";
        assert_eq!(fitted(named), named.replace("<img", "<img loading=\"lazy\""));
        assert_eq!(fitted_with(named, false), "<a href=\"https://a.example/\"><span class=\"alt\">Le stade</span></a>");
    }

    #[test]
    fn landmarks_and_elements_of_old_become_others() {
        assert_eq!(
            fitted("<main><aside>a</aside></main><font color=\"red\">b</font><center>c</center><p align=\"left\">d</p>"),
            "<div><div>a</div></div>b<div>c</div><p>d</p>"
        );
    }

    #[test]
    fn attributes_that_no_page_may_have_are_left_out() {
        assert_eq!(
            fitted("<img width=\"100%\" height=\"20\" src=\"a\" alt=\"\">"),
            "<img loading=\"lazy\" height=\"20\" src=\"a\" alt=\"\">"
        );
        assert_eq!(fitted("<td width=\"5\" valign=\"top\" colspan=\"2\">a</td>"), "<td colspan=\"2\">a</td>");
        assert_eq!(fitted("<p lang=\"français\">a</p><p lang=\"en\">b</p>"), "<p>a</p><p lang=\"en\">b</p>");
    }
}
