//! IDs of tables: what is valid, and a valid one for a name as people write it.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The most characters of an ID.
pub(super) const MAX_ID: usize = 64;

/// Letters that do not decompose into a letter from a to z and an accent.
const LETTERS: [(char, &str); 8] =
    [('œ', "oe"), ('æ', "ae"), ('ß', "ss"), ('ø', "o"), ('ł', "l"), ('đ', "d"), ('ð', "d"), ('þ', "th")];

/// Returns true if a text can be an ID: lower-case letters, digits, `-` and `_`, a letter or a digit first.
pub(super) fn is_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(is_letter) && bytes.iter().all(|b| is_letter(*b) || matches!(b, b'_' | b'-'))
}

/// Makes a free ID of a name: `Équipe de France` becomes `equipe-de-france`. Returns `None` if no letter of it can be kept.
pub(super) fn propose_id(name: &str, is_taken: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut id = String::new();
    for letter in DecomposingNormalizerBorrowed::new_nfkd().normalize(&name.to_lowercase()).chars() {
        match LETTERS.iter().find(|(known, _)| *known == letter) {
            Some((_, letters)) => id.push_str(letters),
            None if letter.is_ascii_alphanumeric() || letter == '_' => id.push(letter),
            // The accent of the letter before it.
            None if ('\u{300}'..='\u{36f}').contains(&letter) => {}
            None if id.is_empty() || id.ends_with('-') => {}
            None => id.push('-'),
        }
    }
    let id = id.trim_start_matches('_');
    // Leaves room for a number.
    let id = id[..id.len().min(MAX_ID - 4)].trim_end_matches('-');
    let numbered = (2..100).map(|number| format!("{id}-{number}"));
    std::iter::once(id.to_owned()).chain(numbered).find(|id| is_id(id) && !is_taken(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn propose(name: &str) -> Option<String> {
        propose_id(name, &|_| false)
    }

    #[test]
    fn accents_capitals_and_spaces_become_plain_letters() {
        for (name, id) in [
            ("Équipe", "equipe"),
            ("Le Monde – Sport", "le-monde-sport"),
            ("Cœur & Œuvre", "coeur-oeuvre"),
            ("France 24 (jo)", "france-24-jo"),
            ("_a_b", "a_b"),
            ("straße", "strasse"),
        ] {
            assert_eq!(propose(name).as_deref(), Some(id), "{name}");
        }
    }

    #[test]
    fn every_proposal_is_valid() {
        for name in ["É", "-x", "__9", "a.b", "ﬁn", "İstanbul", &"Long nom ".repeat(30), "日本 2024"] {
            let id = propose(name).unwrap_or_else(|| panic!("{name}"));
            assert!(is_id(&id) && id.len() <= MAX_ID, "{name}: {id}");
        }
    }

    #[test]
    fn name_without_latin_letters_has_no_proposal() {
        for name in ["", "---", "Спорт", "日本"] {
            assert_eq!(propose(name), None, "{name}");
        }
    }

    #[test]
    fn taken_id_gets_a_number() {
        assert_eq!(propose_id("Équipe", &|id| id == "equipe").as_deref(), Some("equipe-2"));
    }
}
