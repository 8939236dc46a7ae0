//! French typography that machines have spoilt.

use dom_query::NodeRef;

/// Repairs guillemets that close but were written as opening ones: `WordPress` makes `le « cloud« .` of `le "cloud".`
/// Such a one follows a letter and precedes a mark that ends something. `before` is the last character of the text before;
/// gives back the last one of this text.
pub(super) fn mend(node: &NodeRef<'_>, before: Option<char>) -> Option<char> {
    let text = node.text();
    let last = text.chars().next_back().or(before);
    if text.contains('«')
        && let Some(mended) = mended(&text, before)
    {
        node.set_text(mended);
    }
    last
}

fn mended(text: &str, before: Option<char>) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for (at, guillemet) in text.match_indices('«') {
        let after = &text[at + guillemet.len()..];
        let mark = after.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let gap = after.len() - mark.len();
        let closes = text[..at].chars().next_back().or(before).is_some_and(char::is_alphanumeric)
            && gap <= '\u{202f}'.len_utf8()
            && mark.starts_with(['.', ',', ';', ':', '!', '?', ')', '…']);
        if closes {
            out.push_str(&text[from..at]);
            out.push_str("\u{a0}»");
            // The space before a full stop was part of the mistake; one before `;:!?` is French.
            let keeps = mark.starts_with([';', ':', '!', '?']);
            from = at + guillemet.len() + if keeps { 0 } else { gap };
        }
    }
    (from > 0).then(|| out + &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guillemets_that_close_are_closed() {
        for (written, mended_to) in [
            ("le «\u{a0}cloud« .", Some("le «\u{a0}cloud\u{a0}».")),
            ("le «\u{a0}cloud«\u{a0}, puis", Some("le «\u{a0}cloud\u{a0}», puis")),
            ("« Quoi« ?", Some("« Quoi\u{a0}» ?")),
            ("il dit « Non. »", None),
            ("il dit« Non »", None),
            ("« . »", None),
        ] {
            assert_eq!(mended(written, None).as_deref(), mended_to, "{written}");
        }
        assert_eq!(mended("« .", Some('d')).as_deref(), Some("\u{a0}»."), "the word stands in an element of its own");
    }
}
