//! Marks as `b` elements with a number, for services that know HTML but no custom elements, and bill each character of it: nothing
//! shorter has an attribute of its own and an end. Their answers are parsed strictly, and never taken for HTML.

use super::super::marks;
use super::super::types::{Outgoing, UnusableText};
use crate::model::{Marked, Piece};

/// Writes a text as HTML. `keep` is the attribute that protects an element from translation. A term is sent with its word, so
/// that the service sees the whole sentence.
pub(super) fn write_html(text: &Outgoing, keep: &str) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Text(text) => Marked::text(text.clone()).to_tagged(),
        Piece::Open(mark) => format!("<b id={mark}>"),
        Piece::Close(_) => "</b>".to_owned(),
        Piece::Single(mark) => {
            let word = marks::find_term(text, *mark).map(|term| Marked::text(term.source.clone()).to_tagged());
            format!("<b id={mark} {keep}>{}</b>", word.unwrap_or_default())
        }
    };
    text.text.pieces().iter().map(write).collect()
}

/// Parses a translation.
pub(super) fn parse_html(answer: &str, sent: &Outgoing) -> Result<Marked, UnusableText> {
    let single = |mark: u16| sent.text.pieces().contains(&Piece::Single(mark));
    let mut pieces = Vec::new();
    let mut open: Vec<u16> = Vec::new();
    let mut rest = answer;
    let refuse = |why: &str| UnusableText::new(why);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        let end = tag.find('>').ok_or_else(|| refuse("it ends within a tag"))?;
        let piece = if tag[..end].eq_ignore_ascii_case("</b") {
            Piece::Close(open.pop().ok_or_else(|| refuse("it closes an element that was not opened"))?)
        } else {
            let mark = mark_number(&tag[1..end]).ok_or_else(|| refuse(marks::FOREIGN))?;
            open.push(mark);
            Piece::Open(mark)
        };
        // The element of a single mark holds the word of a term, or nothing.
        let inside = match &piece {
            Piece::Open(_) => open.iter().rev().skip(1).any(|mark| single(*mark)),
            Piece::Close(mark) => open.iter().chain([mark]).any(|mark| single(*mark)),
            _ => false,
        };
        if !inside {
            pieces.push(unescape(before)?);
        }
        match piece {
            Piece::Open(mark) if single(mark) => pieces.push(Piece::Single(mark)),
            Piece::Close(mark) if single(mark) => {}
            piece => pieces.push(piece),
        }
        rest = &tag[end + 1..];
    }
    if !open.is_empty() {
        return Err(refuse("it does not close an element"));
    }
    pieces.push(unescape(rest)?);
    Ok(marks::reshape(Marked::new(pieces), &sent.text))
}

/// Returns the number in the `id` of an element of ours. Its attributes may come back in another order and with other quotes.
fn mark_number(tag: &str) -> Option<u16> {
    let attributes = tag.get(..2).filter(|name| name.eq_ignore_ascii_case("b ")).map(|_| &tag[2..])?;
    let id = attributes.split_ascii_whitespace().find_map(|attribute| attribute.strip_prefix("id="))?;
    id.trim_matches(['"', '\'']).parse().ok()
}

fn unescape(text: &str) -> Result<Piece, UnusableText> {
    let text = text.replace("&nbsp;", "\u{a0}").replace("&#160;", "\u{a0}");
    let read = Marked::from_tagged(&text).ok_or_else(|| UnusableText::new(marks::FOREIGN))?;
    Ok(Piece::Text(read.plain()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::engine::types::{SegmentContext, Term};

    #[test]
    fn marks_are_sent_as_short_elements_and_any_other_markup_is_refused() {
        let sent = Outgoing {
            text: Marked::from_tagged("Le <x1>chef &amp; <x2/></x1> dit<x3/> : oui").expect("a text"),
            terms: vec![Term { mark: 2, source: "CIO".to_owned(), target: "IOC".to_owned(), is_held: false }],
            kind: SegmentKind::Paragraph,
            context: SegmentContext::default(),
        };
        let html = write_html(&sent, "translate=no");
        assert_eq!(html, "Le <b id=1>chef &amp; <b id=2 translate=no>CIO</b></b> dit<b id=3 translate=no></b> : oui");
        assert_eq!(parse_html(&html, &sent).as_ref(), Ok(&sent.text));
        let read = |answer: &str| parse_html(answer, &sent).map(|text| text.to_tagged()).ok();
        assert_eq!(
            read("The <b translate=no id='2'>IOC</B><b id=1>chief</b>&#39;s&nbsp;word<b id=\"3\"></b>").as_deref(),
            Some("The <x2/><x1>chief</x1>'s\u{a0}word<x3/>")
        );
        assert_eq!(read("&lt;script&gt;").as_deref(), Some("&lt;script&gt;"));
        for foreign in ["<script>", "<b>a</b>", "</b>", "<b id=1>", "<span id=1>a</span>", "a < b", "<b id=x>a</b>"] {
            assert!(read(foreign).is_none(), "{foreign}");
        }
    }
}
