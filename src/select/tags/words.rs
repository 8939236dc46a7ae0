//! The words of a text, as the lists compare them.

use super::super::fold::fold;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The word without accents and capitals, and without an `s` at its end, so that singular and plural are the same.
    pub(super) stem: String,
    /// The word with its capitals.
    pub(super) cased: String,
    /// True if it is three capitals between brackets, such as a code of a country in a list of results.
    pub(super) is_code: bool,
}

/// Returns the words of a text. An empty word stands between two lines, so that no form goes across.
pub(super) fn words(text: &str) -> Vec<Word> {
    let folded = fold(text);
    let mut words = Vec::new();
    for (number, line) in folded.split('\n').enumerate() {
        if number > 0 {
            words.push(Word { stem: String::new(), cased: String::new(), is_code: false });
        }
        let mut end = 0;
        for cased in line.split(|c: char| !c.is_alphanumeric()) {
            let start = end;
            end = start + cased.len();
            let is_code = cased.len() == 3
                && cased.bytes().all(|byte| byte.is_ascii_uppercase())
                && line[..start].ends_with('(')
                && line[end..].starts_with(')');
            if !cased.is_empty() {
                words.push(Word { stem: stem(cased), cased: cased.to_owned(), is_code });
            }
            end += line[end..].chars().next().map_or(0, char::len_utf8);
        }
    }
    words
}

/// Returns a word in lower case, without the `s` of the plural.
fn stem(word: &str) -> String {
    let lower = word.to_lowercase();
    match lower.strip_suffix('s') {
        Some(stem) if stem.len() >= 3 => stem.to_owned(),
        _ => lower,
    }
}
