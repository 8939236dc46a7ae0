//! Makes a shorter text of the first lines of a text, cut where a sentence ends.

use crate::html::{clean, text};
use crate::model::Clean;

/// About so many characters a summary has: what readers show of one.
const SUMMARY: Length = Length { about: 300, least: 150 };
/// The most characters of a summary that a feed gives: longer ones are articles.
const FEED_SUMMARY: Length = Length { about: 1_000, least: 600 };
/// The most bytes of such a summary, with its markup.
const MOST_SUMMARY_BYTES: usize = 32 * 1024;
/// The most bytes of the HTML of one entry: a long article with its markup has a tenth.
const MOST_ENTRY_BYTES: usize = 2 << 20;

/// The longest text, in characters.
#[derive(Clone, Copy)]
struct Length {
    about: usize,
    /// A sentence that ends before this many characters is too little to end at.
    least: usize,
}

/// A summary of an entry that has none: the first paragraphs of its content, as text, up to some 300 characters.
pub fn summarize(content: &Clean) -> Option<Clean> {
    let (lines, _) = lines(&text::strip(content.as_str()), SUMMARY);
    (!lines.is_empty()).then(|| clean::paragraphs(&lines))
}

/// Shortens a summary of more than about 1,000 characters to its first sentences, as text, with an ellipsis behind them. Returns
/// nothing if it is short enough.
pub fn shorten_summary(summary: &Clean) -> Option<Clean> {
    if summary.as_str().len() <= FEED_SUMMARY.about {
        return None;
    }
    let text = text::strip(summary.as_str());
    let is_short = summary.as_str().len() <= MOST_SUMMARY_BYTES && text.chars().nth(FEED_SUMMARY.about).is_none();
    (!is_short).then(|| clean::paragraphs(&first_lines(&text, FEED_SUMMARY)))
}

/// Shortens the HTML of an entry that is larger than 2 MiB to the first part of its text. Returns nothing if it is small enough.
pub fn shorten_content(content: &Clean) -> Option<Clean> {
    // A letter is up to four bytes, and a paragraph has its tags.
    let length = Length { about: MOST_ENTRY_BYTES / 5, least: MOST_ENTRY_BYTES / 6 };
    (content.as_str().len() > MOST_ENTRY_BYTES).then(|| clean::paragraphs(&first_lines(&text::strip(content.as_str()), length)))
}

/// Returns the first lines of a text, with an ellipsis if there are more.
fn first_lines(text: &str, length: Length) -> String {
    let (mut lines, is_cut) = lines(text, length);
    if is_cut && !lines.ends_with('…') {
        lines.push_str(" …");
    }
    lines
}

/// Returns the first lines of a text: cut at a sentence's end, else at a word's with an ellipsis; and true if there are more.
fn lines(text: &str, Length { about, least }: Length) -> (String, bool) {
    let mut out = String::new();
    let mut length = 0;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if length >= least {
            return (out, true);
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let room = about - length;
        let Some((end, _)) = line.char_indices().nth(room) else {
            out.push_str(line);
            length += line.chars().count();
            continue;
        };
        out.push_str(&cut(&line[..end], least.saturating_sub(length)));
        return (out, true);
    }
    (out, false)
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

    fn summary_lines(text: &str) -> String {
        lines(text, SUMMARY).0
    }

    #[test]
    fn long_summary_ends_with_a_sentence_and_an_ellipsis() {
        let paragraph = Clean::from_cleaner(format!("<p>{}</p>", "Le public attend devant <b>les portes</b>. ".repeat(9_000)));
        let short = shorten_summary(&paragraph).expect("it is too long");
        assert!(short.as_str().ends_with("les portes. …</p>") && short.as_str().len() < 1_100, "{short:?}");
        assert_eq!(shorten_summary(&short), None, "once is enough");
    }

    #[test]
    fn summary_of_ordinary_length_keeps_its_markup() {
        let markup = "<p>Le <a href=\"https://a.example/un-lien-assez-long\">public</a> attend.</p>".repeat(20);
        assert_eq!(shorten_summary(&Clean::from_cleaner(markup)), None);
    }

    #[test]
    fn content_larger_than_2_mib_is_cut() {
        let content = Clean::from_cleaner("<p>Un paragraphe de la cérémonie.</p>".repeat(60_000));
        let short = shorten_content(&content).expect("it is too large");
        assert!(short.as_str().len() < MOST_ENTRY_BYTES && short.as_str().ends_with("…</p>"));
        assert_eq!(shorten_content(&short), None);
    }

    #[test]
    fn a_short_text_is_its_own_summary() {
        assert_eq!(summary_lines(" Un.\n\n Deux. "), "Un.\nDeux.");
        assert_eq!(summary_lines(" \n "), "");
    }

    #[test]
    fn a_long_text_ends_with_a_sentence_or_a_word() {
        let sentence = "Le comité a choisi la ville qui accueillera les Jeux d’hiver. ";
        let text = summary_lines(&sentence.repeat(20));
        assert_eq!(text, sentence.repeat(4).trim());
        let text = summary_lines(&"mot ".repeat(200));
        assert!(text.ends_with("mot…") && text.chars().count() <= SUMMARY.about + 1, "{text}");
        let text = summary_lines(&format!("{} avec M. Dupont et {}", "a".repeat(160), "mot ".repeat(90)));
        assert!(!text.ends_with("M."), "{text}");
        assert!(summary_lines(&"é".repeat(5_000)).chars().count() <= SUMMARY.about + 1, "one endless word is cut too");
    }
}
