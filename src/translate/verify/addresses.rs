//! Checks web and e-mail addresses: none may be lost, altered or made up.

use super::Rejection;
use super::texts::ComparedTexts;

/// The endings by which a bare host name is known. Text has a full stop without a space after it more often than an address with another ending.
const ENDINGS: [&str; 20] = [
    "com", "org", "net", "fr", "eu", "io", "info", "tv", "int", "edu", "gov", "uk", "es", "it", "de", "ch", "be", "ca", "cat",
    "pt",
];

/// Checks that source and result have the same addresses, in any order.
pub(super) fn check_addresses(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let (mut source, mut result) = (find_addresses(&texts.source), find_addresses(&texts.result));
    source.sort_unstable();
    result.sort_unstable();
    let lost = source.iter().find(|address| result.binary_search(address).is_err());
    match lost.or_else(|| result.iter().find(|address| source.binary_search(address).is_err())) {
        Some(address) => Err(Rejection::Address((*address).to_owned())),
        None => Ok(()),
    }
}

/// Replaces each address with a space.
pub(super) fn remove_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for address in find_addresses(text) {
        let at = address.as_ptr().addr() - text.as_ptr().addr();
        out.push_str(&text[done..at]);
        out.push(' ');
        done = at + address.len();
    }
    out.push_str(&text[done..]);
    out
}

/// Finds the addresses of a text.
pub(super) fn find_addresses(text: &str) -> Vec<&str> {
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
