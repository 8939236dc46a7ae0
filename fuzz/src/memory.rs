//! What must hold for any file that is imported into the translation memory: each row is skipped with a reason, or comes back when
//! it is written and read again.

use std::collections::HashMap;

use relais::model::{Lang, Marked, Piece};
use relais::translate::{ExchangeFormat, ExchangeWriter, TranslationPair, read_exchange};

/// A file that begins with `{` is JSON Lines, any other TMX.
pub fn memory(data: &[u8]) {
    let format = if data.first() == Some(&b'{') { ExchangeFormat::Jsonl } else { ExchangeFormat::Tmx };
    let pairs = read(format, data);
    let mut writer = ExchangeWriter::begin(format, Vec::new()).expect("memory");
    for pair in &pairs {
        writer.put(pair).expect("memory");
    }
    let again = read(format, &writer.end().expect("memory"));
    assert_eq!(again.iter().map(comparable).collect::<Vec<_>>(), pairs.iter().map(comparable).collect::<Vec<_>>());
}

/// Reads the rows that are not skipped, up to the first error.
fn read(format: ExchangeFormat, data: &[u8]) -> Vec<TranslationPair> {
    let Ok(rows) = read_exchange(format, data) else { return Vec::new() };
    let pairs: Vec<TranslationPair> = rows.map_while(Result::ok).filter_map(Result::ok).collect();
    for pair in &pairs {
        assert_eq!(pair.source.marks(), pair.target.marks());
        assert!(pair.source.is_well_nested() && pair.target.is_well_nested());
        assert!(!pair.source.plain().trim().is_empty() && !pair.target.plain().trim().is_empty());
    }
    pairs
}

/// The languages and texts of a pair. Its marks are numbered anew, as those of another tool are.
fn comparable(pair: &TranslationPair) -> (Lang, Lang, String, String) {
    let mut numbers: HashMap<(bool, u16), u16> = HashMap::new();
    for piece in pair.source.pieces() {
        let next = u16::try_from(numbers.len() + 1).expect("few marks");
        match piece {
            Piece::Open(number) => numbers.entry((true, *number)).or_insert(next),
            Piece::Single(number) => numbers.entry((false, *number)).or_insert(next),
            Piece::Text(_) | Piece::Close(_) => continue,
        };
    }
    let tagged = |text: &Marked| {
        let piece = |piece: &Piece| match piece {
            // XML cannot hold control characters.
            Piece::Text(text) => {
                Piece::Text(text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect())
            }
            Piece::Open(number) => Piece::Open(numbers[&(true, *number)]),
            Piece::Close(number) => Piece::Close(numbers[&(true, *number)]),
            Piece::Single(number) => Piece::Single(numbers[&(false, *number)]),
        };
        Marked::new(text.pieces().iter().map(piece)).to_tagged()
    };
    (pair.from.clone(), pair.to.clone(), tagged(&pair.source), tagged(&pair.target))
}
