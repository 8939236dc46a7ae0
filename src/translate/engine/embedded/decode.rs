//! Pieces of a vocabulary into text.
//!
//! The inference library leaves out what the model writes for "unknown", and writes the name of a byte (`<0xE2>`) in place of the byte.
//! Here the first is an error and the second a character, so that nothing is lost or made up in silence.

use std::ops::Range;

use super::super::super::models::{PieceKind, Vocabulary};
use super::super::types::UnusableText;

/// The sign that stands for a space in a piece.
const SPACE: char = '\u{2581}';

/// A text, and the place of each piece in it in bytes. Pieces without text have an empty place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) places: Vec<Range<usize>>,
}

/// Makes the text of pieces, without white space at its start.
pub(super) fn decode(vocabulary: &Vocabulary, ids: &[u32]) -> Result<Decoded, UnusableText> {
    let mut done = Decoded { text: String::new(), places: Vec::with_capacity(ids.len()) };
    let mut bytes: Vec<u8> = Vec::new();
    for id in ids {
        let (text, kind) =
            vocabulary.piece(*id).ok_or_else(|| UnusableText::new("the model wrote what its vocabulary has not"))?;
        if let PieceKind::Byte(byte) = kind {
            bytes.push(byte);
            continue;
        }
        flush(&mut bytes, &mut done)?;
        let start = done.text.len();
        match kind {
            PieceKind::Unknown => return Err(UnusableText::new("the model has no word for a part of it")),
            PieceKind::Text => done.text.extend(text.chars().map(|c| if c == SPACE { ' ' } else { c })),
            PieceKind::Control | PieceKind::Byte(_) => {}
        }
        done.places.push(start..done.text.len());
    }
    flush(&mut bytes, &mut done)?;
    let cut = done.text.len() - done.text.trim_start().len();
    done.text.drain(..cut);
    for place in &mut done.places {
        *place = place.start.saturating_sub(cut)..place.end.saturating_sub(cut);
    }
    Ok(done)
}

/// Adds bytes as characters. Each of their pieces stands for all of them.
fn flush(bytes: &mut Vec<u8>, done: &mut Decoded) -> Result<(), UnusableText> {
    if bytes.is_empty() {
        return Ok(());
    }
    let text = str::from_utf8(bytes).map_err(|_| UnusableText::new("the model wrote half a character"))?;
    let start = done.text.len();
    done.text.push_str(text);
    done.places.extend(std::iter::repeat_n(start..done.text.len(), bytes.len()));
    bytes.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vocabulary of these pieces and kinds, as a message of protocol buffers.
    fn vocabulary(pieces: &[(&str, u8)]) -> Vocabulary {
        let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).expect("short")], bytes].concat();
        let piece = |(text, kind): &(&str, u8)| field(1, &[field(1, text.as_bytes()), vec![3 << 3, *kind]].concat());
        let message: Vec<u8> = pieces.iter().flat_map(piece).collect();
        Vocabulary::parse(&message).expect("a vocabulary")
    }

    #[test]
    fn bytes_become_characters_and_unknown_pieces_an_error() {
        let bytes = ["<0xC3>", "<0xA9>", "<0xFF>"].map(|name| (name, 6));
        let pieces = [&[("</s>", 3), ("<unk>", 2), ("▁caf", 1), ("s", 1)][..], &bytes].concat();
        let vocabulary = vocabulary(&pieces);
        let done = decode(&vocabulary, &[2, 4, 5, 3, 0]).expect("a text");
        assert_eq!(done.text, "cafés");
        assert_eq!(done.places, [0..3, 3..5, 3..5, 5..6, 6..6]);
        assert!(decode(&vocabulary, &[2, 1]).is_err(), "unknown");
        assert!(decode(&vocabulary, &[2, 6]).is_err(), "half a character");
        assert!(decode(&vocabulary, &[99]).is_err(), "no such piece");
    }
}
