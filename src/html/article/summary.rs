//! Makes a summary of the first lines of a text, cut where a sentence ends.

use crate::html::{clean, text};
use crate::model::Clean;

/// About so many characters a summary has: what readers show of one.
const ABOUT: usize = 300;
/// A sentence that ends before this many characters is too little to end at.
const LEAST: usize = 150;

/// A summary of an entry that has none: the first paragraphs of its content, as text, up to some 300 characters.
pub fn summarize(content: &Clean) -> Option<Clean> {
    let lines = lines(&text::strip(content.as_str()));
    (!lines.is_empty()).then(|| clean::paragraphs(&lines))
}

/// The first lines of a text, up to about 300 characters: cut at a sentence's end, else at a word's with an ellipsis.
fn lines(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if length >= LEAST {
            break;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let room = ABOUT - length;
        let Some((end, _)) = line.char_indices().nth(room) else {
            out.push_str(line);
            length += line.chars().count();
            continue;
        };
        out.push_str(&cut(&line[..end], LEAST.saturating_sub(length)));
        break;
    }
    out
}

/// Cuts a line that goes on: behind the last sentence that ends after `least` characters, else behind the last word.
fn cut(line: &str, least: usize) -> String {
    let ends = line.match_indices(['.', '!', '?', '…', '»', '”']).filter_map(|(at, mark)| {
        let end = at + mark.len();
        // A full stop before a small letter or a digit is one of an abbreviation or a number.
        let next = line[end..].strip_prefix([' ', '\u{a0}'])?.chars().next()?;
        (mark != "»"
            && mark != "”"
            && !next.is_lowercase()
            && !next.is_numeric()
            && !matches!(next, '»' | '”')
            && !is_initial(&line[..at]))
        .then_some(end)
    });
    if let Some(end) = ends.rev().find(|end| line[..*end].chars().count() >= least) {
        return line[..end].to_owned();
    }
    let end = line.rfind([' ', '\n']).unwrap_or(line.len());
    format!("{}…", line[..end].trim_end_matches([' ', '\u{a0}', ',', ';', ':', '-', '–', '—', '«', '(']))
}

/// True if the word before a full stop is one letter, as in `M. Dupont`.
fn is_initial(before: &str) -> bool {
    let mut back = before.chars().rev();
    back.next().is_some_and(char::is_alphabetic) && back.next().is_none_or(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_its_own_summary() {
        assert_eq!(lines(" Un.\n\n Deux. "), "Un.\nDeux.");
        assert_eq!(lines(" \n "), "");
    }

    #[test]
    fn a_long_text_ends_with_a_sentence_or_a_word() {
        let sentence = "Le comité a choisi la ville qui accueillera les Jeux d’hiver. ";
        let text = lines(&sentence.repeat(20));
        assert_eq!(text, sentence.repeat(4).trim());
        let text = lines(&"mot ".repeat(200));
        assert!(text.ends_with("mot…") && text.chars().count() <= ABOUT + 1, "{text}");
        let text = lines(&format!("{} avec M. Dupont et {}", "a".repeat(160), "mot ".repeat(90)));
        assert!(!text.ends_with("M."), "{text}");
        assert!(lines(&"é".repeat(5_000)).chars().count() <= ABOUT + 1, "one endless word is cut too");
    }
}
