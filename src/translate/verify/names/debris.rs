//! Finds a word that was added to a kept name: what an engine has made of a part of the name that is a common word, too (`Jack Ma`,
//! `Jack Ma meva`; `Jean Blanc`, `Jean Blanc blanco`).

use super::super::texts::Word;
use super::likeness::is_cognate;
use super::side::Side;

/// Words that names have parts like, and their translations, in lower case without accents.
const COMMON_WORDS: [(&[&str], &[&str]); 12] = [
    (
        &["ma", "mon", "mes"],
        &["my", "mi", "mis", "mio", "mia", "mios", "mias", "meva", "meu", "meua", "meus", "meves", "mein", "meine", "minha"],
    ),
    (&["ta", "ton", "tes"], &["your", "tu", "tus", "tuyo", "tuya", "teva", "teu", "teus", "tuo", "tua", "dein", "deine"]),
    (
        &["sa", "son", "ses"],
        &[
            "his", "her", "its", "su", "sus", "suyo", "suya", "seva", "seu", "seua", "seus", "seves", "suo", "sua", "sein",
            "seine",
        ],
    ),
    (&["bon", "bonne"], &["good", "well", "bien", "bueno", "buena", "bo", "bona", "buono", "buona", "gut"]),
    (&["grand", "grande"], &["great", "big", "tall", "large", "grande", "gran", "gross", "grosse"]),
    (
        &["petit", "petite"],
        &["small", "little", "pequeno", "pequena", "petit", "petita", "piccolo", "piccola", "klein", "kleine"],
    ),
    (&["long", "longue"], &["long", "largo", "larga", "llarg", "llarga", "lungo", "lunga", "lang", "lange"]),
    (&["blanc", "blanche"], &["white", "blanco", "blanca", "bianco", "bianca", "weiss", "branco", "branca"]),
    (&["noir", "noire"], &["black", "negro", "negra", "negre", "nero", "nera", "schwarz", "preto"]),
    (&["roi"], &["king", "rey", "rei", "re", "konig"]),
    (&["si"], &["if", "yes", "so", "se", "wenn"]),
    (&["un", "une"], &["one", "a", "an", "uno", "una", "ein", "eine"]),
];

/// The least letters of a word that shows by its likeness that it is a part of a name once more.
const LEAST_LETTERS: usize = 4;

/// Returns the part of a name with its translation beside it, and both as they stand in the result.
pub(super) fn find_debris<'a>(source: &Side<'a>, result: &Side<'a>) -> Option<(&'a str, String)> {
    source.words.iter().enumerate().find_map(|(place, word)| {
        let before = place.checked_sub(1)?;
        let is_in_name = is_capital(&source.words[before]) && is_capital(word) && is_beside(source, before);
        if !is_in_name || !is_last_of_name(source, place) {
            return None;
        }
        let kept = (1..result.words.len()).find(|at| {
            result.words[*at].text == word.text
                && result.words[at - 1].text == source.words[before].text
                && is_beside(result, at - 1)
        })?;
        let added = result.words.get(kept + 1).filter(|_| is_beside(result, kept))?;
        let is_debris = is_translation(source, place, &result.plain[kept + 1]) && !added.text.starts_with(char::is_uppercase);
        is_debris.then(|| (word.text, format!("{} {}", word.text, added.text)))
    })
}

/// Returns true if a word of the result translates a part of a name as a common word that the source does not have besides.
fn is_translation(source: &Side<'_>, place: usize, added: &str) -> bool {
    let name = source.plain[place].as_str();
    let others = || source.words.iter().zip(&source.plain).filter(|(word, _)| !is_capital(word)).map(|(_, plain)| plain.as_str());
    if let Some((words, translations)) = COMMON_WORDS.iter().find(|(words, _)| words.contains(&name)) {
        return translations.contains(&added) && !others().any(|word| words.contains(&word));
    }
    let is_alike = |word: &str| word.len() >= LEAST_LETTERS && (word == added || is_cognate(word, added));
    added.len() >= LEAST_LETTERS && is_alike(name) && !others().any(is_alike)
}

fn is_capital(word: &Word<'_>) -> bool {
    word.text.starts_with(char::is_uppercase)
}

/// Returns true if nothing but a space stands between a word and the next one.
fn is_beside(side: &Side<'_>, place: usize) -> bool {
    let (Some(word), Some(next)) = (side.words.get(place), side.words.get(place + 1)) else { return false };
    side.between(word, next) == " "
}

/// Returns true if a name ends at this word.
fn is_last_of_name(side: &Side<'_>, place: usize) -> bool {
    !(is_beside(side, place) && side.words.get(place + 1).is_some_and(is_capital))
}
