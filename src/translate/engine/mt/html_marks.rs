//! Marks as short elements, for services that know HTML but no custom elements, and bill each character of it. The marks of a text are
//! elements of different names, so that they need no number. Their answers are parsed strictly, and never taken for HTML.

use super::super::marks;
use super::super::types::{Outgoing, UnusableText};
use crate::model::{Marked, Piece};

/// The elements of the first marks of a text. Further ones are `b` elements with an `id`.
const NAMES: [&str; 4] = ["b", "i", "s", "a"];

/// Returns the marks of a text, in the order in which they begin.
fn marks_of(text: &Marked) -> Vec<u16> {
    let mut marks = Vec::new();
    for piece in text.pieces() {
        if let Piece::Open(mark) | Piece::Single(mark) = piece
            && !marks.contains(mark)
        {
            marks.push(*mark);
        }
    }
    marks
}

/// Writes a text as HTML. `keep` is the attribute that protects an element from translation. A term is sent with its word, so
/// that the service sees the whole sentence.
pub(super) fn write_html(text: &Outgoing, keep: &str) -> String {
    let marks = marks_of(&text.text);
    let place = |mark: u16| marks.iter().position(|own| *own == mark).unwrap_or(usize::MAX);
    let name = |mark: u16| NAMES.get(place(mark)).copied().unwrap_or(NAMES[0]);
    let open = |mark: u16| NAMES.get(place(mark)).map_or_else(|| format!("{} id={mark}", NAMES[0]), |name| (*name).to_owned());
    let write = |piece: &Piece| match piece {
        Piece::Text(text) => Marked::text(text.clone()).to_tagged(),
        Piece::Open(mark) => format!("<{}>", open(*mark)),
        Piece::Close(mark) => format!("</{}>", name(*mark)),
        Piece::Single(mark) => {
            let word = marks::find_term(text, *mark).map(|term| Marked::text(term.source.clone()).to_tagged());
            format!("<{} {keep}>{}</{}>", open(*mark), word.unwrap_or_default(), name(*mark))
        }
    };
    text.text.pieces().iter().map(write).collect()
}

/// Parses a translation.
pub(super) fn parse_html(answer: &str, sent: &Outgoing) -> Result<Marked, UnusableText> {
    let single = |mark: u16| sent.text.pieces().contains(&Piece::Single(mark));
    let marks = marks_of(&sent.text);
    let mut pieces = Vec::new();
    let mut open: Vec<(u16, &str)> = Vec::new();
    let mut rest = answer;
    let refuse = |why: &str| UnusableText::new(why);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        let end = tag.find('>').ok_or_else(|| refuse("it ends within a tag"))?;
        let piece = if let Some(name) = tag[1..end].strip_prefix('/') {
            let (mark, own) = open.pop().ok_or_else(|| refuse("it closes an element that was not opened"))?;
            if !own.eq_ignore_ascii_case(name) {
                return Err(refuse("its elements cross each other"));
            }
            Piece::Close(mark)
        } else {
            let (mark, name) = find_mark(&tag[1..end], &marks).ok_or_else(|| refuse(marks::FOREIGN))?;
            open.push((mark, name));
            Piece::Open(mark)
        };
        // The element of a single mark holds the word of a term, or nothing.
        let inside = match &piece {
            Piece::Open(_) => open.iter().rev().skip(1).any(|(mark, _)| single(*mark)),
            Piece::Close(mark) => open.iter().map(|(mark, _)| mark).chain([mark]).any(|mark| single(*mark)),
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

/// Returns the mark of a start tag of ours, and the name of the element. Its attributes may come back in another order and with other
/// quotes.
fn find_mark<'t>(tag: &'t str, marks: &[u16]) -> Option<(u16, &'t str)> {
    let mut parts = tag.split_ascii_whitespace();
    let name = parts.next()?;
    let place = NAMES.iter().position(|own| own.eq_ignore_ascii_case(name))?;
    let mark = match parts.find_map(|attribute| attribute.strip_prefix("id=")) {
        Some(id) => id.trim_matches(['"', '\'']).parse().ok(),
        None => marks.get(place).copied(),
    };
    Some((mark?, name))
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
        assert_eq!(html, "Le <b>chef &amp; <i translate=no>CIO</i></b> dit<s translate=no></s> : oui");
        assert_eq!(parse_html(&html, &sent).as_ref(), Ok(&sent.text));
        let read = |answer: &str| parse_html(answer, &sent).map(|text| text.to_tagged()).ok();
        assert_eq!(
            read("The <i translate=\"no\">IOC</I><B>chief</b>&#39;s&nbsp;word<s></s>").as_deref(),
            Some("The <x2/><x1>chief</x1>'s\u{a0}word<x3/>")
        );
        assert_eq!(read("&lt;script&gt;").as_deref(), Some("&lt;script&gt;"));
        for foreign in ["<script>", "<a>a</a>", "</b>", "<b>", "<span id=1>a</span>", "a < b", "<b id=x>a</b>", "<b><i>a</b></i>"]
        {
            assert!(read(foreign).is_none(), "{foreign}");
        }
    }

    #[test]
    fn marks_beyond_the_first_are_elements_with_a_number() {
        let tagged = "<x1>a</x1> <x2>b</x2> <x3>c</x3> <x4>d</x4> <x7>e</x7><x8/>";
        let text = Marked::from_tagged(tagged).expect("a text");
        let sent = Outgoing { text, terms: Vec::new(), kind: SegmentKind::Paragraph, context: SegmentContext::default() };
        let html = write_html(&sent, "translate=no");
        assert_eq!(html, "<b>a</b> <i>b</i> <s>c</s> <a>d</a> <b id=7>e</b><b id=8 translate=no></b>");
        assert_eq!(parse_html(&html, &sent).map(|text| text.to_tagged()).as_deref(), Ok(tagged));
        let moved = "<b translate=no id='8'></b><b id=\"7\">E</b> <a>D</a> <s>C</s> <i>B</i> <b>A</b>";
        let moved = parse_html(moved, &sent).map(|text| text.to_tagged());
        assert_eq!(moved.as_deref(), Ok("<x8/><x7>E</x7> <x4>D</x4> <x3>C</x3> <x2>B</x2> <x1>A</x1>"));
    }
}
