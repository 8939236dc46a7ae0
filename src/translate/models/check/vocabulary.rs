//! A `SentencePiece` vocabulary: the `ModelProto` of `sentencepiece_model.proto`, of which only a unigram model can be used.

use super::UnusableModel;

/// The most pieces, and the longest one in bytes.
const MAX_PIECES: usize = 200_000;
const MAX_PIECE: usize = 512;
/// The longest replacement of the normaliser in bytes: longer ones would let a short text grow without bounds.
const MAX_REPLACEMENT: usize = 256;

/// The kinds of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// Text.
    Text,
    /// Stands for what the vocabulary does not have.
    Unknown,
    /// The end of a sentence, and other signs without text.
    Control,
    /// One byte of a character that the vocabulary does not have.
    Byte(u8),
}

/// A vocabulary that passed the checks: its pieces in the order of their numbers.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pieces: Vec<(String, PieceKind)>,
}

impl Vocabulary {
    /// Parses and checks a vocabulary.
    pub(in crate::translate) fn parse(bytes: &[u8]) -> Result<Self, UnusableModel> {
        let mut pieces: Vec<(String, PieceKind)> = Vec::new();
        let mut message = Message { rest: bytes };
        while let Some((field, value)) = message.field()? {
            match (field, value) {
                (1, Value::Bytes(piece)) if pieces.len() < MAX_PIECES => pieces.push(parse_piece(piece)?),
                (1, _) => return Err(refuse("it has too many pieces")),
                (2, Value::Bytes(trainer)) => check_trainer(trainer)?,
                (3, Value::Bytes(normaliser)) => check_normaliser(normaliser)?,
                _ => {}
            }
        }
        for (name, kind) in [("</s>", PieceKind::Control), ("<unk>", PieceKind::Unknown)] {
            if !pieces.iter().any(|piece| piece.0 == name && piece.1 == kind) {
                return Err(refuse(&format!("it has no piece {name}")));
            }
        }
        Ok(Self { pieces })
    }

    /// Returns the number of pieces.
    #[allow(clippy::len_without_is_empty, reason = "a vocabulary without pieces does not pass")]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Returns true for the piece that stands for what the vocabulary does not have.
    pub fn is_unknown(&self, id: u32) -> bool {
        self.piece(id).is_none_or(|(_, kind)| kind == PieceKind::Unknown)
    }

    /// Returns true for the end of a sentence.
    pub fn is_end(&self, id: u32) -> bool {
        self.piece(id).is_some_and(|(text, _)| text == "</s>")
    }

    /// Returns a piece by its number.
    pub fn piece(&self, id: u32) -> Option<(&str, PieceKind)> {
        let (text, kind) = self.pieces.get(usize::try_from(id).ok()?)?;
        Some((text, *kind))
    }
}

fn refuse(why: &str) -> UnusableModel {
    UnusableModel::new(format!("its vocabulary cannot be used: {why}"))
}

fn parse_piece(bytes: &[u8]) -> Result<(String, PieceKind), UnusableModel> {
    let (mut text, mut kind, mut message) = ("", 1, Message { rest: bytes });
    while let Some((field, value)) = message.field()? {
        match (field, value) {
            (1, Value::Bytes(piece)) => text = str::from_utf8(piece).map_err(|_| refuse("a piece is not UTF-8"))?,
            (2, Value::Fixed32(score)) if !f32::from_bits(score).is_finite() => return Err(refuse("a piece has no score")),
            (3, Value::Varint(number)) => kind = number,
            _ => {}
        }
    }
    if text.is_empty() || text.len() > MAX_PIECE {
        return Err(refuse(&format!("a piece has {} bytes", text.len())));
    }
    let kind = match kind {
        // Normal, user-defined and unused ones. The last are never read, and written they are text.
        1 | 4 | 5 => PieceKind::Text,
        2 => PieceKind::Unknown,
        3 => PieceKind::Control,
        6 => PieceKind::Byte(parse_byte(text).ok_or_else(|| refuse("a piece for a byte does not name it"))?),
        other => return Err(refuse(&format!("a piece is of the kind {other}"))),
    };
    Ok((text.to_owned(), kind))
}

/// Parses the name of a byte: `<0xE2>`.
fn parse_byte(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}

/// Checks the field `trainer_spec`: `model_type` (3) is 1 for unigram models, and `treat_whitespace_as_suffix` (24) is not set.
fn check_trainer(bytes: &[u8]) -> Result<(), UnusableModel> {
    let mut message = Message { rest: bytes };
    while let Some((field, value)) = message.field()? {
        match (field, value) {
            (3, Value::Varint(kind)) if kind != 1 => return Err(refuse("it is not a unigram model")),
            (24, Value::Varint(1)) => return Err(refuse("it has white space at the ends of words")),
            _ => {}
        }
    }
    Ok(())
}

/// Checks the field `normalizer_spec`: `precompiled_charsmap` (2) is the size of a trie, the trie, and its replacements, each ended by 0.
fn check_normaliser(bytes: &[u8]) -> Result<(), UnusableModel> {
    let mut message = Message { rest: bytes };
    while let Some((field, value)) = message.field()? {
        let (2, Value::Bytes(map)) = (field, value) else { continue };
        if map.is_empty() {
            continue;
        }
        let Some((size, rest)) = map.split_first_chunk::<4>() else { return Err(refuse("its normaliser is cut")) };
        let size = u32::from_le_bytes(*size) as usize;
        let replacements = rest.get(size..).filter(|_| size.is_multiple_of(4) && size > 0);
        let replacements = replacements.ok_or_else(|| refuse("its normaliser is cut"))?;
        if replacements.split(|byte| *byte == 0).any(|text| text.len() > MAX_REPLACEMENT) {
            return Err(refuse("its normaliser makes long texts of short ones"));
        }
    }
    Ok(())
}

/// A message of protocol buffers, read field by field.
struct Message<'a> {
    rest: &'a [u8],
}

enum Value<'a> {
    Varint(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Message<'a> {
    /// Returns the number and the value of the next field.
    fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, UnusableModel> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| refuse("it is cut"))?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?;
                Value::Fixed32(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            _ => return Err(refuse("it is no message of protocol buffers")),
        };
        Ok(Some((key >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64, UnusableModel> {
        let mut number = 0_u64;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f).checked_shl(7 * place).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(refuse("a number has no end"))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], UnusableModel> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| refuse("it is cut"))?;
        self.rest = rest;
        Ok(taken)
    }
}
