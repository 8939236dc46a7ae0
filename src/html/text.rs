//! Text of HTML: html2text for reading, a cheap strip for headlines and for markup that must not become a tree.

use html2text::render::TrivialDecorator;

use self::angles::Angles;
use self::scripts::Scripts;
use super::clean::limits;
use super::scan::{Scanner, Token};
use super::{decode_entities, elements};
use crate::model::{Clean, Text};

mod angles;
mod scripts;

/// Wider than any paragraph ought to be: line ends are the reader's business.
const WIDTH: usize = 10_000;

/// The size in bytes from which a row of paragraphs is rendered piece by piece: the renderer takes a hundred times as much memory.
const PIECE: usize = 64 * 1024;
/// The most nodes of a piece: the renderer takes a kilobyte for each.
const MOST_NODES: usize = 60_000;

/// Clean HTML as plain text: paragraphs and list items on lines of their own, no decoration, no links.
pub fn to_text(html: &Clean) -> String {
    if html.is_empty() {
        return String::new();
    }
    let mut rest = html.as_str();
    let mut out = String::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(end_of_piece(rest));
        let text = if limits::exceeds(piece, MOST_NODES) { strip(piece) } else { rendered(piece) };
        let text = text.trim_matches('\n');
        if !out.is_empty() && !text.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(text);
        rest = after;
    }
    out.trim().to_owned()
}

/// Returns where the first piece of clean HTML ends: all of it, unless it is large and is a row of paragraphs. Between two of them
/// it can be cut without a change of the text.
fn end_of_piece(html: &str) -> usize {
    const BOUNDARY: &str = "</p><p>";
    if html.len() < PIECE || !html.starts_with("<p") {
        return html.len();
    }
    // An element around paragraphs would begin with its own tag before them.
    let end = html.match_indices(BOUNDARY).map(|(at, _)| at + "</p>".len()).find(|end| *end >= PIECE / 2);
    end.filter(|end| is_balanced(&html[..*end])).unwrap_or(html.len())
}

/// Returns true if every element that begins in a piece of clean HTML ends in it.
fn is_balanced(html: &str) -> bool {
    let mut depth = 0_usize;
    for token in Scanner::new(html) {
        match token {
            Token::Start(tag) if !elements::find(tag.name).is_void() => depth += 1,
            Token::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth == 0
}

/// Renders HTML that is not hostile.
fn rendered(html: &str) -> String {
    let config = html2text::config::with_decorator(TrivialDecorator::new()).no_table_borders().allow_width_overflow();
    let text = config.string_from_read(html.as_bytes(), WIDTH).unwrap_or_else(|_| strip(html));
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A headline as feeds write it: tags dropped, references resolved, one line. What only looks like a tag is text: `Vec<T>`, `a <b and c`.
pub fn to_line(html: &str) -> Text {
    if !html.contains(['<', '&']) {
        return Text::new(html);
    }
    Text::new(&strip_tags(html, &mut Angles::new(html)))
}

/// Drops tags and comments and resolves references, in one pass without a tree. A `<` that begins no tag is text.
pub(super) fn strip(html: &str) -> String {
    strip_tags(html, &mut Angles::default())
}

fn strip_tags<'a>(html: &'a str, angles: &mut Angles<'a>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut scripts = Scripts::default();
    let mut tokens = Scanner::new(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) | Token::Unfinished(text) => {
                let text = decode_entities(text);
                scripts.part_from(&text, &mut out);
                out.push_str(&text);
            }
            Token::Start(tag) | Token::End(tag) if angles.are_text(&token, out.ends_with(char::is_alphanumeric)) => {
                out.push_str(&decode_entities(tag.raw));
            }
            Token::Start(tag) | Token::End(tag) => {
                scripts.note(&token, &out, tokens.rest());
                let traits = elements::find(tag.name);
                if traits.breaks_line() {
                    out.push('\n');
                } else if traits.parts_words() {
                    out.push(' ');
                }
            }
            Token::RawText(_) | Token::Comment(_) | Token::Other(_) => {}
        }
    }
    out
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
            ("un<img alt=\"x > y\" src=photo.jpg>deux", "un deux"),
            ("<p>Le <b>1<sup>er</sup></b> relais</p><p>Fin</p><dl><dt>a<dd>b</dl>", "Le 1er relais Fin a b"),
            ("<a title='>'>un</a> <A HREF=\"x'>y\">deux</A>", "un deux"),
            ("cut <a href=\"x", "cut <a href=\"x"),
            ("<b", "<b"),
        ] {
            assert_eq!(to_line(html).as_str(), text, "{html}");
        }
    }

    #[test]
    fn angle_brackets_that_are_no_tag_stay_in_headlines() {
        for (html, text) in [
            ("List&lt;String> et Vec<T> : lequel ?", "List<String> et Vec<T> : lequel ?"),
            ("Map<String, List<Integer>> en Java", "Map<String, List<Integer>> en Java"),
            ("Box<dyn Trait> ou Option<&str>", "Box<dyn Trait> ou Option<&str>"),
            ("si a <b and c> d", "si a <b and c> d"),
            ("Pile<S> et <S>barré</S>, Vec<B>", "Pile et barré, Vec<B>"),
            ("un <mot>inconnu</mot> <o:p></o:p><my-tag>suit", "un inconnu suit"),
            ("<foo class=x>mot", "mot"),
            ("un </mot> de trop", "un </mot> de trop"),
            ("<p hidden>un<svg><path d=x/></svg>", "un"),
        ] {
            assert_eq!(to_line(html).as_str(), text, "{html}");
        }
        let many = "<x>".repeat(100_000);
        assert_eq!(to_line(&many).as_str().len(), many.len());
    }

    #[test]
    fn raised_and_lowered_figures_do_not_join_others() {
        for (html, text) in [
            ("10<sup>6</sup> m<sup>2</sup>", "10^6 m2"),
            ("en 2024<sup><a href=x>1</a></sup>", "en 2024^1"),
            ("base 10<sub>2</sub>, CO<sub>2</sub>", "base 10_2, CO2"),
            ("3<sup>1</sup>/<sub>2</sub> et 3<sup>1</sup>&frasl;<sub>2</sub>", "3 1/2 et 3 1⁄2"),
            ("x<sup>2</sup>3, 1<sup>er</sup>", "x2 3, 1er"),
        ] {
            assert_eq!(to_line(html).as_str(), text, "{html}");
        }
    }

    #[test]
    fn large_row_of_paragraphs_reads_as_its_pieces() {
        let html: String = (0..9_000).map(|n| format!("<p>Le <b>paragraphe</b> {n}.</p>")).collect();
        let text: Vec<String> = (0..9_000).map(|n| format!("Le paragraphe {n}.")).collect();
        assert_eq!(to_text(&Clean::from_cleaner(html)), text.join("\n\n"));
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
