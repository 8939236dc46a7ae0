//! Puts quotation marks right: those of two kinds that stand as a pair, one whose other half the answer has lost, and one that the
//! source lacks.

use crate::model::Piece;

/// Quotation marks, with the mark that closes after them and the one that opens before them.
const MARKS: [(char, char, char); 6] =
    [('«', '»', '«'), ('»', '»', '«'), ('“', '”', '“'), ('”', '”', '“'), ('"', '"', '"'), ('„', '“', '„')];

fn closing(mark: char) -> Option<char> {
    MARKS.iter().find(|(own, ..)| *own == mark).map(|(_, close, _)| *close)
}

fn opening(mark: char) -> Option<char> {
    MARKS.iter().find(|(own, ..)| *own == mark).map(|(.., open)| *open)
}

fn is_guillemet(c: char) -> bool {
    matches!(c, '«' | '»')
}

/// Puts the quotation marks of an answer right, if the source has its own in pairs.
pub(super) fn mend_quotes(source: &str, pieces: &mut Vec<Piece>) {
    let marks = |text: &str| text.chars().filter(|c| closing(*c).is_some()).collect::<Vec<_>>();
    let plain: String = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { "" }).collect();
    let (own, given) = (marks(source), marks(&plain));
    let odd = |marks: &[char]| marks.iter().filter(|c| is_guillemet(**c)).count() % 2 == 1;
    if own.is_empty() && given.len() == 1 {
        remove_added(given[0], pieces);
    }
    if own.is_empty() || own.len() % 2 == 1 || odd(&own) {
        return;
    }
    if given.len() == own.len() && odd(&given) {
        close_alike(pieces);
    } else if own.len() == 2 && given.len() == 1 {
        restore_lost(source.trim(), &plain, given[0], pieces);
    }
}

/// Makes the second mark of each pair that of the first: `“…»`.
fn close_alike(pieces: &mut [Piece]) {
    let mut open = None;
    for piece in pieces {
        let Piece::Text(text) = piece else { continue };
        let close = |c: char| match (open, closing(c)) {
            (_, None) => c,
            (None, Some(_)) => {
                open = Some(c);
                c
            }
            (Some(first), Some(_)) => {
                open = None;
                if is_guillemet(first) == is_guillemet(c) { c } else { closing(first).unwrap_or(c) }
            }
        };
        *text = text.chars().map(close).collect();
    }
}

/// Removes a mark at the beginning or the end of an answer to a source without any.
fn remove_added(mark: char, pieces: &mut [Piece]) {
    if let Some(Piece::Text(text)) = pieces.first_mut()
        && let Some(rest) = text.trim_start().strip_prefix(mark)
    {
        *text = rest.trim_start().to_owned();
    } else if let Some(Piece::Text(text)) = pieces.last_mut()
        && let Some(rest) = text.trim_end().strip_suffix(mark)
    {
        *text = rest.trim_end().to_owned();
    }
}

/// Puts back the mark at the beginning or the end of an answer, where the source has it.
fn restore_lost(source: &str, plain: &str, mark: char, pieces: &mut Vec<Piece>) {
    let Some(at) = plain.find(mark) else { return };
    let is_quote = |c: char| closing(c).is_some();
    let before = plain[..at].trim_end();
    let after = plain[at + mark.len_utf8()..].trim();
    // `«\u{a0}oui` has white space within.
    let space =
        if plain[..at].ends_with('\u{a0}') || plain[at + mark.len_utf8()..].starts_with('\u{a0}') { "\u{a0}" } else { "" };
    if source.starts_with(is_quote) && !before.is_empty() {
        let Some(open) = opening(mark) else { return };
        match pieces.first_mut() {
            Some(Piece::Text(text)) => *text = format!("{open}{space}{}", text.trim_start()),
            _ => pieces.insert(0, Piece::Text(format!("{open}{space}"))),
        }
    } else if source.trim_end_matches(['.', '!', '?', '…', ' ', '\u{a0}']).ends_with(is_quote) && !after.is_empty() {
        let Some(close) = closing(mark) else { return };
        let end = format!("{space}{close}");
        // `.»` and `».` are both right: the source decides.
        let is_stop = |c: char| matches!(c, '.' | '!' | '?' | '…');
        match pieces.last_mut() {
            Some(Piece::Text(text)) => {
                let seen = text.trim_end();
                let whole = if source.ends_with(is_stop) { seen.trim_end_matches(is_stop) } else { seen };
                *text = format!("{whole}{end}{}", &seen[whole.len()..]);
            }
            _ => pieces.push(Piece::Text(end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(source: &str, answer: &str) -> String {
        let mut pieces = vec![Piece::Text(answer.to_owned())];
        mend_quotes(source, &mut pieces);
        pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { "" }).collect()
    }

    #[test]
    fn lost_half_of_quotation_marks_is_put_back() {
        for (source, answer, good) in [
            ("« Il part demain », dit-il.", "He leaves tomorrow,” he said.", "“He leaves tomorrow,” he said."),
            ("Elle a dit : « Il part. »", "She said: “He leaves.", "She said: “He leaves.”"),
            ("Il a vu « le film ».", "He saw “the film».", "He saw “the film”."),
            ("« Le film » sort.", "“The film» is out.", "“The film” is out."),
            ("Le film sort.", "“The film is out.", "The film is out."),
        ] {
            assert_eq!(mended(source, answer), good);
        }
    }

    #[test]
    fn other_quotation_marks_stay() {
        for (source, answer) in [
            ("Il part « demain » matin.", "He leaves “tomorrow morning."),
            ("« Il part », dit-il.", "“He leaves,” he said."),
            ("« Il part demain, dit-il.", "He leaves tomorrow,” he said."),
            ("Un mur de 5\" et un autre", "A wall of 5\" and another"),
        ] {
            assert_eq!(mended(source, answer), answer);
        }
    }
}
