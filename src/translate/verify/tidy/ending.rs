//! Puts back the full stop that an engine has dropped from the end of a sentence.

use crate::model::Piece;

/// An answer with less than this part of the characters of its source, in percent, may have been cut: it stays as it is, and the
/// checks doubt it.
const WHOLE: usize = 77;

/// Adds the full stop that the source ends with, if the answer ends in a word of an alphabet, or in a bracket or quotation mark after
/// one.
pub(super) fn restore_stop(source: &str, pieces: &mut [Piece]) {
    let is_closing = |c: char| matches!(c, '»' | '”' | '"' | ')' | ']' | '\u{a0}');
    let own = source.trim_end().trim_end_matches(is_closing).trim_end();
    let is_stop = own.ends_with('.') && !own.ends_with("..");
    let length: usize = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.chars().count() } else { 0 }).sum();
    let is_whole = length * 100 >= source.chars().count() * WHOLE;
    let Some(Piece::Text(text)) = pieces.last_mut().filter(|_| is_stop && is_whole) else { return };
    let seen = text.trim_end();
    let bare = seen.trim_end_matches(is_closing);
    // A bracket or a quotation mark that the source does not end with is a note.
    let is_noted = seen.ends_with(is_closing) && !source.trim_end().trim_end_matches('.').ends_with(is_closing);
    if is_noted || !bare.ends_with(|c: char| c.is_alphanumeric() && c < '\u{2e80}') {
        return;
    }
    // `.»` and `».` are both right: the source decides.
    let is_inside = seen.len() > bare.len() && seen.ends_with(['»', '”', '"']) && !source.trim_end().ends_with('.');
    *text = if is_inside { format!("{bare}.{}", &seen[bare.len()..]) } else { format!("{seen}.") };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_stop_is_put_back_unless_the_answer_was_cut() {
        for (source, answer, good) in [
            ("Le parc ferme à dix heures.", "The park closes at ten", "The park closes at ten."),
            ("Le parc ferme (à dix heures).", "The park closes (at ten)", "The park closes (at ten)."),
            ("« Le parc ferme à dix heures. »", "“The park closes at ten”", "“The park closes at ten.”"),
            ("Le parc ferme à dix heures.", "The park", "The park"),
            ("Le parc ferme à dix heures.", "The park closes at ten (note)", "The park closes at ten (note)"),
            ("Le parc ferme à dix heures", "The park closes at ten", "The park closes at ten"),
            ("Le parc ferme à dix heures…", "The park closes at ten", "The park closes at ten"),
            ("Le parc ferme à dix heures.", "The park closes at ten!", "The park closes at ten!"),
            ("Le parc ferme.", "公园关门了", "公园关门了"),
        ] {
            let mut pieces = [Piece::Text(answer.to_owned())];
            restore_stop(source, &mut pieces);
            assert_eq!(pieces[0], Piece::Text(good.to_owned()));
        }
    }
}
