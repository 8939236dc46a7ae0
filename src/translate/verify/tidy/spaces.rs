//! White space beside marks is that of the source: engines lose it.

use crate::model::{Marked, Piece};

/// Puts a space beside each mark that has one in the source, if words would touch it otherwise.
pub(super) fn restore_spaces(source: &Marked, pieces: &[Piece]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        let opens = matches!(piece, Piece::Open(_) | Piece::Single(_));
        let closes = matches!(piece, Piece::Close(_) | Piece::Single(_));
        if opens
            && is_spaced(source, piece, Side::Before)
            && at > 0
            && needs_space(pieces.get(at - 1), Side::Before)
            && !ends_in_space(&out)
        {
            out.push(Piece::Text(" ".to_owned()));
        }
        out.push(piece.clone());
        if closes && is_spaced(source, piece, Side::After) && needs_space(pieces.get(at + 1), Side::After) {
            out.push(Piece::Text(" ".to_owned()));
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Returns true if white space stands beside a mark.
fn is_spaced(text: &Marked, mark: &Piece, side: Side) -> bool {
    let pieces = text.pieces();
    let Some(at) = pieces.iter().position(|piece| piece == mark) else { return false };
    match side {
        Side::Before => at > 0 && matches!(&pieces[at - 1], Piece::Text(text) if text.ends_with(char::is_whitespace)),
        Side::After => matches!(pieces.get(at + 1), Some(Piece::Text(text)) if text.starts_with(char::is_whitespace)),
    }
}

/// Returns true if the neighbour of a mark would touch it: a word, or another element.
fn needs_space(neighbour: Option<&Piece>, side: Side) -> bool {
    match (neighbour, side) {
        (Some(Piece::Text(text)), Side::Before) => {
            text.ends_with(|c: char| is_spaced_letter(c) || matches!(c, ',' | ';' | ':' | '.' | '!' | '?' | ')' | '%'))
        }
        (Some(Piece::Text(text)), Side::After) => text.starts_with(|c: char| is_spaced_letter(c) || matches!(c, '(' | '“' | '«')),
        (Some(Piece::Single(_)), _) | (Some(Piece::Close(_)), Side::Before) | (Some(Piece::Open(_)), Side::After) => true,
        _ => false,
    }
}

/// Returns true for a letter or figure of a script with spaces between words.
fn is_spaced_letter(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}')
}

fn ends_in_space(pieces: &[Piece]) -> bool {
    matches!(pieces.last(), Some(Piece::Text(text)) if text.ends_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(source: &str, answer: &str) -> String {
        let read = |tagged: &str| Marked::from_tagged(tagged).expect("well-formed");
        Marked::new(restore_spaces(&read(source), read(answer).pieces())).to_tagged()
    }

    #[test]
    fn lost_space_beside_a_mark_is_put_back() {
        assert_eq!(
            restored("Tapez <x1/> dans la <x2>fenêtre</x2> ici", "Type <x1/>in the<x2>window</x2>here"),
            "Type <x1/> in the <x2>window</x2> here"
        );
        assert_eq!(restored("a <x1>b</x1> <x2>c</x2>", "a <x1>b</x1><x2>c</x2>"), "a <x1>b</x1> <x2>c</x2>");
    }

    #[test]
    fn space_is_added_nowhere_else() {
        for (source, answer) in [
            ("Le <x1>m</x1> ici", "The <x1>m</x1>, here"),
            ("l’<x1>eau</x1>", "the<x1>water</x1>"),
            ("Le <x1>m</x1> ici", "これ<x1>m</x1>は"),
            ("Le <x1>m</x1>", "l’<x1>m</x1>"),
        ] {
            assert_eq!(restored(source, answer), answer);
        }
    }
}
