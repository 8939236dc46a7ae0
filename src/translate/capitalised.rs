//! Tells names from common nouns that are written with a capital, by the words around them: `la Gauche`, `les Jeunes Agriculteurs`
//! have a determiner, and `Tiger Woods` has none.

use std::ops::Range;

use crate::model::Lang;

/// The determiners of French, and of the other languages whose texts are translated. One letter stands before an apostrophe.
const DETERMINERS: [(&str, &str); 7] = [
    ("fr", "le la les l un une des du au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs"),
    ("en", "the"),
    ("es", "el la los las un una del al"),
    ("ca", "el la els les l un una del dels al als"),
    ("it", "il lo la i gli le l un una del della dei al"),
    ("pt", "o a os as um uma do da dos das ao"),
    ("de", "der die das"),
];

/// Determiners of the plural, after which a noun of French, Spanish or Catalan has an ending for it.
const PLURALS: [&str; 22] = [
    "les", "des", "aux", "ces", "mes", "tes", "ses", "nos", "vos", "leurs", "los", "las", "els", "dels", "als", "unos", "unas",
    "uns", "unes", "estos", "estas", "aquests",
];

/// Titles after which a word with a capital is a person's name.
const TITLES: [&str; 12] = ["m", "mm", "mme", "mmes", "mlle", "dr", "pr", "me", "mr", "mrs", "ms", "sr"];

/// The determiner before capitalised words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Determiner {
    None,
    Singular,
    Plural,
}

/// Capitalised words that stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CapitalisedRun {
    /// The words, as bytes of the line.
    words: Vec<Range<usize>>,
    /// The determiner that stands before them.
    determiner: Determiner,
    /// True if a title stands before them: `Mme Dupont`.
    is_titled: bool,
    /// True if the first one begins a sentence, which gives any word a capital. `Jean-Olivier` shows that it is a name.
    begins: bool,
}

impl CapitalisedRun {
    /// Returns the run of capitalised words in a line that the word at byte `at` belongs to. `begins` tells that the line begins a
    /// sentence. Determiners are those of `lang`, or of any language if it is not known.
    pub(super) fn around(line: &str, at: usize, begins: bool, lang: Option<&Lang>) -> Option<Self> {
        let words: Vec<Range<usize>> = word_ranges(line);
        let place = words.iter().position(|word| word.start == at && has_capital(&line[word.clone()]))?;
        let is_beside = |one: usize, other: usize| {
            let mut between = line[words[one].end..words[other].start].chars();
            between.next().is_some_and(is_joint)
                && between.next().is_none()
                && has_capital(&line[words[one].clone()])
                && has_capital(&line[words[other].clone()])
        };
        let (mut first, mut last) = (place, place);
        while first > 0 && is_beside(first - 1, first) {
            first -= 1;
        }
        while last + 1 < words.len() && is_beside(last, last + 1) {
            last += 1;
        }
        let lower = |word: usize| line[words[word].clone()].to_lowercase();
        let start = words[first].start;
        let has_own = first < place && is_determiner(&lower(first), lang);
        first += usize::from(has_own);
        let near = first.checked_sub(1).filter(|_| !has_own).filter(|before| is_near(&line[words[*before].end..start]));
        let determiner = if has_own { Some(lower(first - 1)) } else { near.map(lower).filter(|word| is_determiner(word, lang)) };
        let before = line[..start].trim_end();
        let is_first = if before.is_empty() { begins } else { before.ends_with(['.', '!', '?', ':', '…', '«', '“', '"']) };
        let is_compound = first < last && line[words[first].end..].starts_with('-');
        let is_titled = near.is_some_and(|word| TITLES.contains(&&*lower(word)));
        Some(Self {
            words: words[first..=last].to_vec(),
            determiner: match determiner {
                None => Determiner::None,
                Some(word) if PLURALS.contains(&&*word) => Determiner::Plural,
                Some(_) => Determiner::Singular,
            },
            is_titled,
            begins: is_first && !is_titled && !has_own && !is_compound,
        })
    }

    /// Returns true if the word at byte `at` has its determiner as a common noun has it. After a noun with its determiner a person
    /// may be named: `le Suédois Sebastian Samuelsson`.
    pub(super) fn is_determined_at(&self, at: usize) -> bool {
        self.is_determined() && (self.words.len() < 3 || self.words.first().is_some_and(|first| first.start == at))
    }

    /// Returns the words, as bytes of the line.
    pub(super) fn words(&self) -> &[Range<usize>] {
        &self.words
    }

    fn is_determined(&self) -> bool {
        self.determiner != Determiner::None
    }

    /// Returns true if the determiner is one of the plural.
    pub(super) fn is_plural(&self) -> bool {
        self.determiner == Determiner::Plural
    }

    /// Returns the bytes of the person's name that the word at byte `at` is a part of. A single word is none, unless it has a title;
    /// nor is the first word of a sentence, which may be any word (`Poulet Yassa`).
    pub(super) fn person(&self, at: usize) -> Option<Range<usize>> {
        let skipped = usize::from(self.is_determined() || self.begins);
        if skipped > 0 && self.words.len() < 3 {
            return None;
        }
        let name = &self.words[skipped..];
        let is_long = self.words.len() > 1 || self.is_titled;
        (is_long && name.iter().any(|word| word.start == at)).then(|| name[0].start..name[name.len() - 1].end)
    }
}

fn is_determiner(word: &str, lang: Option<&Lang>) -> bool {
    let lists = DETERMINERS.iter().filter(|(own, _)| lang.is_none_or(|lang| lang.primary() == *own));
    lists.flat_map(|(_, words)| words.split(' ')).any(|own| own == word)
}

/// Returns true for what stands between a determiner or a title and its noun.
fn is_near(between: &str) -> bool {
    matches!(between, " " | "\u{a0}" | "’" | "'" | ". " | ".\u{a0}")
}

/// Returns true for what stands between the words of a name.
pub(super) fn is_joint(c: char) -> bool {
    matches!(c, ' ' | '-' | '\u{a0}' | '\u{202f}')
}

pub(super) fn has_capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

/// Returns the words of a line, as bytes.
pub(super) fn word_ranges(line: &str) -> Vec<Range<usize>> {
    let words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let start = |word: &str| word.as_ptr().addr() - line.as_ptr().addr();
    words.map(|word| start(word)..start(word) + word.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The run around the last of the words that are `was`.
    fn run(line: &str, was: &str) -> (CapitalisedRun, usize) {
        let at = word_ranges(line).into_iter().rfind(|word| &line[word.clone()] == was).map(|word| word.start);
        let at = at.expect("the word is there");
        (CapitalisedRun::around(line, at, true, None).expect("a run"), at)
    }

    #[test]
    fn noun_with_a_determiner_is_no_name() {
        for (line, word, is_determined) in [
            ("La Gauche demande un débat.", "Gauche", true),
            ("L'Église ouvre.", "Église", true),
            ("une victoire des Fidjiennes", "Fidjiennes", true),
            ("Les Jeunes Agriculteurs bloquent", "Agriculteurs", true),
            ("Le Suédois Sebastian Samuelsson", "Suédois", true),
            ("Le Suédois Sebastian Samuelsson", "Samuelsson", false),
            ("selon Marchand", "Marchand", false),
            ("prix d'Amérique", "Amérique", false),
            ("Caroline Garcia gagne", "Garcia", false),
        ] {
            let (run, at) = run(line, word);
            assert_eq!(run.is_determined_at(at), is_determined, "{line}");
        }
    }

    #[test]
    fn person_has_a_name_of_several_words_or_a_title() {
        for (line, word, person) in [
            ("Hier, Tiger Woods a joué", "Woods", Some("Tiger Woods")),
            ("avec Jean-Olivier Pain ici", "Olivier", Some("Jean-Olivier Pain")),
            ("Le Suédois Sebastian Samuelsson gagne", "Samuelsson", Some("Sebastian Samuelsson")),
            ("Tiger Woods a joué", "Woods", None),
            ("Anne Lise Rousset a gagné", "Rousset", Some("Lise Rousset")),
            ("Jean-Olivier Pain est là", "Pain", Some("Jean-Olivier Pain")),
            ("selon M. Woods", "Woods", Some("Woods")),
            ("selon Woods", "Woods", None),
            ("La Gauche demande", "Gauche", None),
            ("Le Grand Stade attend", "Stade", None),
            ("En Semaine olympique", "Semaine", None),
        ] {
            let (run, at) = run(line, word);
            assert_eq!(run.person(at).map(|name| &line[name]), person, "{line}");
        }
    }
}
