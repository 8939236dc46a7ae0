//! Splits a text into sentences, as far as signs show them.

/// The signs that end a sentence.
const ENDS: [char; 7] = ['.', '!', '?', '…', '。', '！', '？'];

/// Returns the sentences of a text: each up to a sign, then white space and a capital or a quotation mark. The last one may have no
/// sign.
pub(super) fn split_sentences(text: &str) -> Vec<&str> {
    let (mut sentences, mut start, mut seen) = (Vec::new(), 0, 0);
    while let Some(at) = text[seen..].find(ENDS).map(|at| seen + at) {
        let word = text[seen..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let after = text[at..].trim_start_matches(|c| ENDS.contains(&c) || matches!(c, '»' | '”' | '"' | '’' | ')' | '\u{a0}'));
        // French sets white space before its closing mark.
        let after = after.trim_start().strip_prefix('»').unwrap_or(after);
        let begins = after.trim_start();
        let is_eastern = text[at..].starts_with(['。', '！', '？']);
        let is_spaced = begins.len() < after.len();
        let letters = word.chars().count();
        let is_initial = letters == 1 || letters == 2 && word.starts_with(char::is_uppercase);
        let starts = |c: char| c.is_uppercase() || matches!(c, '«' | '“' | '"' | '¿' | '¡' | '[' | '(');
        seen = text.len() - after.len();
        if begins.is_empty() || is_eastern || is_spaced && !is_initial && begins.starts_with(starts) {
            sentences.push(&text[start..seen]);
            start = seen;
        }
    }
    if text[start..].contains(char::is_alphanumeric) {
        sentences.push(&text[start..]);
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_with_a_sign_before_a_capital() {
        for (text, count) in [
            ("Il part. Elle reste !", 2),
            ("M. Dupont part", 1),
            ("Il a dit : « Oui. » Puis il part.", 2),
            ("Le 3.5 est là. et ici", 1),
            ("公园关门了。他走了", 2),
            ("", 0),
        ] {
            assert_eq!(split_sentences(text).len(), count, "{text}");
        }
    }
}
