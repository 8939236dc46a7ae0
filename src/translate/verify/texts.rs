//! The texts that the checks compare: source and result without marks, without terms, and their words.

use super::{Rejection, TranslationCheck};
use crate::model::{Lang, Marked, Piece, SegmentKind};

/// The placeholder of a term.
pub(super) const TERM: char = '\u{fffc}';

/// A segment and its translation as text.
pub(super) struct ComparedTexts<'a> {
    pub(super) from: &'a Lang,
    pub(super) to: &'a Lang,
    pub(super) kind: SegmentKind,
    /// The whole texts.
    pub(super) source: String,
    pub(super) result: String,
    /// The same with [`TERM`] for each protected term.
    pub(super) bare_source: String,
    pub(super) bare_result: String,
}

impl<'a> ComparedTexts<'a> {
    /// Prepares the texts of a check. Fails if a name of the list is missing. A term may be said in other words.
    pub(super) fn new(check: &TranslationCheck<'a>) -> Result<Self, Rejection> {
        let (source, result) = (visible(check.source), visible(check.result));
        if !result.contains(char::is_alphanumeric) && source.contains(char::is_alphanumeric) {
            return Err(Rejection::Empty);
        }
        let (mut bare_source, mut bare_result) = (source.clone(), result.clone());
        let mut terms: Vec<_> = check.terms.iter().collect();
        // The longest first, or "Olympic" would be found in "Olympic Games".
        terms.sort_by_key(|term| std::cmp::Reverse(term.target.len()));
        for term in terms {
            let without_article = term.target.split_once(' ').filter(|(article, _)| article.len() <= 3).map(|(_, rest)| rest);
            if remove_term(&mut bare_result, &term.target)
                || without_article.is_some_and(|rest| remove_term(&mut bare_result, rest))
            {
                remove_term(&mut bare_source, &term.source);
            } else if term.is_name() {
                return Err(Rejection::Term(term.target.clone()));
            }
        }
        Ok(Self { from: check.from, to: check.to, kind: check.kind, source, result, bare_source, bare_result })
    }
}

/// Returns the visible text of a segment. A single mark, which may be a line break, is a space.
fn visible(text: &Marked) -> String {
    let pieces = text.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Single(_) => " ",
        _ => "",
    });
    pieces.collect::<String>().trim().to_owned()
}

/// Replaces a term with the placeholder, once. Its first letter may have another case, and no-break spaces are spaces. Returns false
/// if the term is not found.
fn remove_term(text: &mut String, term: &str) -> bool {
    let same =
        |(a, b): (char, char)| a == b || a.is_whitespace() && b.is_whitespace() || matches!((a, b), ('\'' | '’', '\'' | '’'));
    let length = term.chars().count();
    let stands_alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let found = text.char_indices().find_map(|(at, first)| {
        let mut wanted = term.chars();
        let begins = wanted.next()?;
        if !same((first, begins)) && !first.to_lowercase().eq(begins.to_lowercase()) {
            return None;
        }
        let here = || text[at..].chars().take(length);
        if here().count() < length || !here().skip(1).zip(wanted).all(same) {
            return None;
        }
        let end = at + here().map(char::len_utf8).sum::<usize>();
        let alone = stands_alone(text[..at].chars().next_back()) && stands_alone(text[end..].chars().next());
        (alone || !first.is_alphanumeric() || is_unspaced(first)).then_some(at..end)
    });
    let Some(range) = found else { return false };
    text.replace_range(range, &TERM.to_string());
    true
}

/// Returns true for a letter of a script without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// The place of its first byte.
    pub(super) at: usize,
}

/// Returns the words of a text: runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| Word { text: word, at: word.as_ptr().addr() - text.as_ptr().addr() })
}

/// Returns a word in lower case without accents, as words are compared.
pub(super) fn plain_letters(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).flat_map(|c| base(c).chars().collect::<Vec<_>>()).collect()
}

/// Returns a letter without its accent.
fn base(c: char) -> String {
    let plain = match c {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'å' | 'ā' => "a",
        'ç' | 'č' | 'ć' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ı' => "i",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' | 'ø' | 'ō' => "o",
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ū' => "u",
        'ý' | 'ÿ' => "y",
        'š' | 'ş' | 'ś' => "s",
        'ž' | 'ź' | 'ż' => "z",
        'ł' => "l",
        'ř' => "r",
        'œ' => "oe",
        'æ' => "ae",
        'ß' => "ss",
        other => return other.to_string(),
    };
    plain.to_owned()
}
