//! Marks as `span` elements, for services that know HTML and nothing of other elements. What they send back is read strictly:
//! it is never taken for HTML.

use super::super::marks;
use super::super::types::Outgoing;
use crate::model::{Marked, Piece};

/// Writes a text as HTML. `keep` is the attribute by which the service leaves an element alone. A term goes with its word
/// inside, so that the service sees how the sentence runs.
pub(super) fn written(text: &Outgoing, keep: &str) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Text(text) => Marked::text(text.clone()).to_tagged(),
        Piece::Open(mark) => format!("<span id=\"x{mark}\">"),
        Piece::Close(_) => "</span>".to_owned(),
        Piece::Single(mark) => {
            let word = marks::term(text, *mark).map(|term| Marked::text(term.source.clone()).to_tagged());
            format!("<span id=\"x{mark}\" {keep}>{}</span>", word.unwrap_or_default())
        }
    };
    text.text.pieces().iter().map(write).collect()
}

/// Reads an answer, or says why it is none.
pub(super) fn understood(answer: &str, sent: &Outgoing) -> Result<Marked, String> {
    let single = |mark: u16| sent.text.pieces().contains(&Piece::Single(mark));
    let mut pieces = Vec::new();
    let mut open: Vec<u16> = Vec::new();
    let mut rest = answer;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        let end = tag.find('>').ok_or("it ends within a tag")?;
        let piece = if tag[..end].eq_ignore_ascii_case("</span") {
            Piece::Close(open.pop().ok_or("it closes an element that was not opened")?)
        } else {
            let mark = mark(&tag[1..end]).ok_or("it holds markup that was not in the text")?;
            open.push(mark);
            Piece::Open(mark)
        };
        // What stands in the element of a single mark is the word of a term, or nothing.
        let inside = match &piece {
            Piece::Open(_) => open.iter().rev().skip(1).any(|mark| single(*mark)),
            Piece::Close(mark) => open.iter().chain([mark]).any(|mark| single(*mark)),
            _ => false,
        };
        if !inside {
            pieces.push(characters(before)?);
        }
        match piece {
            Piece::Open(mark) if single(mark) => pieces.push(Piece::Single(mark)),
            Piece::Close(mark) if single(mark) => {}
            piece => pieces.push(piece),
        }
        rest = &tag[end + 1..];
    }
    if !open.is_empty() {
        return Err("it does not close an element".to_owned());
    }
    pieces.push(characters(rest)?);
    Ok(marks::shaped(Marked::new(pieces), &sent.text))
}

/// The number of a `span` by its `id`, in whatever order and quotes its attributes come back.
fn mark(tag: &str) -> Option<u16> {
    let attributes = tag.get(..5).filter(|name| name.eq_ignore_ascii_case("span ")).map(|_| &tag[5..])?;
    let id = attributes.split_ascii_whitespace().find_map(|attribute| attribute.strip_prefix("id="))?;
    id.trim_matches(['"', '\'']).strip_prefix('x')?.parse().ok()
}

/// Text without its escapes.
fn characters(text: &str) -> Result<Piece, String> {
    let text = text.replace("&nbsp;", "\u{a0}").replace("&#160;", "\u{a0}");
    let read = Marked::from_tagged(&text).ok_or("it holds markup that was not in the text")?;
    Ok(Piece::Text(read.plain()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::{Context, Term};

    #[test]
    fn marks_travel_as_elements_and_nothing_else_comes_back() {
        let sent = Outgoing {
            text: Marked::from_tagged("Le <x1>chef &amp; <x2/></x1> dit<x3/> : oui").expect("a text"),
            terms: vec![Term { mark: 2, source: "CIO".to_owned(), target: "IOC".to_owned() }],
            kind: SegmentKind::Paragraph,
            context: Context::default(),
        };
        let html = written(&sent, "translate=\"no\"");
        assert_eq!(
            html,
            "Le <span id=\"x1\">chef &amp; <span id=\"x2\" translate=\"no\">CIO</span></span> dit\
             <span id=\"x3\" translate=\"no\"></span> : oui"
        );
        assert_eq!(understood(&html, &sent).as_ref(), Ok(&sent.text));
        let read = |answer: &str| understood(answer, &sent).map(|text| text.to_tagged());
        assert_eq!(
            read("The <span translate=no id='x2'>IOC</SPAN><span id=x1>chief</span>&#39;s&nbsp;word<span id=\"x3\"></span>")
                .as_deref(),
            Ok("The <x2/><x1>chief</x1>'s\u{a0}word<x3/>")
        );
        assert_eq!(read("&lt;script&gt;").as_deref(), Ok("&lt;script&gt;"));
        for foreign in
            ["<script>", "<b>a</b>", "</span>", "<span id=\"x1\">", "<span>a</span>", "a < b", "<span id=\"x\">a</span>"]
        {
            assert!(read(foreign).is_err(), "{foreign}");
        }
    }
}
