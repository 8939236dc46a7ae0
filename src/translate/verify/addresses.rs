//! Web and e-mail addresses: none may be lost, altered or made up.

use super::Rejection;
use super::texts::Texts;

/// The endings by which a bare host name is known. A stop without a space behind it is more common than other endings.
const ENDINGS: [&str; 20] = [
    "com", "org", "net", "fr", "eu", "io", "info", "tv", "int", "edu", "gov", "uk", "es", "it", "de", "ch", "be", "ca", "cat",
    "pt",
];

/// The addresses of source and result are the same, whatever their order.
pub(super) fn addresses(texts: &Texts<'_>) -> Result<(), Rejection> {
    let (mut source, mut result) = (found(&texts.source), found(&texts.result));
    source.sort_unstable();
    result.sort_unstable();
    let lost = source.iter().find(|address| result.binary_search(address).is_err());
    match lost.or_else(|| result.iter().find(|address| source.binary_search(address).is_err())) {
        Some(address) => Err(Rejection::Address((*address).to_owned())),
        None => Ok(()),
    }
}

/// A text with a space in the place of each address.
pub(super) fn without(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for address in found(text) {
        let at = address.as_ptr().addr() - text.as_ptr().addr();
        out.push_str(&text[done..at]);
        out.push(' ');
        done = at + address.len();
    }
    out.push_str(&text[done..]);
    out
}

/// The addresses of a text.
pub(super) fn found(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '«' | '»' | '“' | '”' | '„' | '"' | '<' | '>' | '(' | ')' | '’' | '\''))
        .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation() && !matches!(c, '/' | '@' | '#') || c == '…'))
        .filter(|word| is_address(word))
        .collect()
}

fn is_address(word: &str) -> bool {
    let is_mail = word.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    let is_handle =
        word.strip_prefix('@').is_some_and(|rest| rest.len() > 1 && rest.chars().all(|c| c.is_alphanumeric() || c == '_'));
    word.contains("://") || word.starts_with("www.") || is_mail || is_handle || is_host(word)
}

fn is_host(word: &str) -> bool {
    let host = word.split('/').next().unwrap_or(word);
    let Some((name, ending)) = host.rsplit_once('.') else { return false };
    ENDINGS.contains(&ending)
        && name.len() > 1
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        && !name.contains("..")
}
