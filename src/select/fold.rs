//! Folds text, so that accents, odd quotes and odd spaces make no difference.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Returns text without accents, with the plain forms of apostrophes, quotes, hyphens and spaces, and with single spaces. Line breaks
/// stay, each with its spaces removed; letters keep their case.
pub(in crate::select) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(text.chars());
    for letter in decomposed {
        match letter {
            '\n' => {
                trim_end(&mut folded);
                folded.push('\n');
            }
            // What NFKD does not make plain. Zero-width characters and soft hyphens are no text.
            '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            _ if letter.is_whitespace() => {
                if !matches!(folded.bytes().last(), None | Some(b' ' | b'\n')) {
                    folded.push(' ');
                }
            }
            '’' | '‘' | 'ʼ' | '′' | '`' | '´' => folded.push('\''),
            '«' | '»' | '“' | '”' | '„' => folded.push('"'),
            '‐' | '‑' | '‒' | '–' | '—' | '−' => folded.push('-'),
            'œ' => folded.push_str("oe"),
            'Œ' => folded.push_str("OE"),
            'æ' => folded.push_str("ae"),
            'Æ' => folded.push_str("AE"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'ß' => folded.push_str("ss"),
            other => folded.push(other),
        }
    }
    trim_end(&mut folded);
    folded
}

fn trim_end(text: &mut String) {
    if text.ends_with(' ') {
        text.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_quotes_and_spaces_become_plain() {
        assert_eq!(fold("«\u{a0}L’Équipe\u{a0}» — cœur,  été\u{202f}!"), "\" L'Equipe \" - coeur, ete !");
        assert_eq!(fold(" Pre\u{301}-olympique \n\n JO "), "Pre-olympique\n\nJO");
        assert_eq!(fold("ＪＯ ² ﬁn"), "JO 2 fin");
    }

    proptest! {
        #[test]
        fn folded_text_is_folded(text in "\\PC{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
