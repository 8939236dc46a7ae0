//! Splits text into sentences: French first, and the languages beside it.
//!
//! A break stands only at white space, so that `3,5`, `www.example.org` and `10:30` cannot fall apart. Which stops end no
//! sentence is data: `abbreviations.txt`. In doubt the sentences stay together: a long segment is translated well, half a one is not.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use crate::model::Lang;

/// Quoted or bracketed text up to this many bytes stays whole, so that no engine sees a quotation mark without its other half.
const WHOLE: usize = 240;
/// No abbreviation is longer than this many characters.
const LONGEST_ABBREVIATION: usize = 16;

static RULES: LazyLock<HashMap<&'static str, Rules>> = LazyLock::new(|| read(include_str!("abbreviations.txt")));
static NO_RULES: LazyLock<Rules> = LazyLock::new(Rules::default);

/// The abbreviations of a language.
#[derive(Default)]
struct Rules {
    before: HashSet<&'static str>,
    number: HashSet<&'static str>,
    either: HashSet<&'static str>,
    starters: HashSet<&'static str>,
    /// `am 3. Oktober`: a number with a stop is an ordinal.
    ordinals: bool,
}

/// Reads the lists of `abbreviations.txt`.
fn read(lists: &'static str) -> HashMap<&'static str, Rules> {
    let mut rules: HashMap<_, Rules> = HashMap::new();
    for line in lists.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        let (Some(language), Some(kind)) = (words.next(), words.next()) else { continue };
        let rules = rules.entry(language).or_default();
        rules.ordinals = language == "de";
        match kind {
            "before" => rules.before.extend(words),
            "number" => rules.number.extend(words),
            "either" => rules.either.extend(words),
            _ => rules.starters.extend(words),
        }
    }
    rules
}

/// Cuts `text` into its sentences. White space stays at the end of the sentence before it: put together, the pieces are the
/// text. U+2028 stands for a line break of the document: two of them, or one before a bullet, end a sentence without a stop.
pub fn split_sentences<'a>(text: &'a str, lang: &Lang) -> Vec<&'a str> {
    let mut splitter = Splitter {
        text,
        rules: RULES.get(lang.primary()).unwrap_or(&NO_RULES),
        start: 0,
        first_word: text.len() - text.trim_start().len(),
        whole_until: 0,
    };
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (next, ends) = splitter.look(at, c);
        at = next;
        if ends && at < text.len() {
            pieces.push(&text[splitter.start..at]);
            (splitter.start, splitter.first_word) = (at, at);
        }
    }
    if splitter.start < text.len() {
        pieces.push(&text[splitter.start..]);
    }
    pieces
}

struct Splitter<'a> {
    text: &'a str,
    rules: &'static Rules,
    /// The start of the current sentence, and that of its first word.
    start: usize,
    first_word: usize,
    /// Up to here stands a quotation or bracket that is kept whole.
    whole_until: usize,
}

impl Splitter<'_> {
    /// Looks at the character at `at`: where to go on, and whether a sentence ends there.
    fn look(&mut self, at: usize, c: char) -> (usize, bool) {
        if let Some(close) = closing(c) {
            self.whole_until = self.whole_until.max(close_of(&self.text[at..], c, close).map_or(0, |end| at + end));
        }
        if c.is_whitespace() {
            let next = self.skip_space(at);
            return (next, is_hard_break(&self.text[at..next], &self.text[next..]));
        }
        if !is_terminator(c) {
            return (at + c.len_utf8(), false);
        }
        let stops = at + run(&self.text[at..], is_terminator);
        let end = self.skip_closers(stops);
        let next = self.skip_space(end);
        let gap = &self.text[end..next];
        if is_hard_break(gap, &self.text[next..]) {
            return (next, true);
        }
        // Editors write no-break spaces between sentences (23 of 3,000 real segments held one): believed before a plain word.
        let parts = gap.chars().any(is_breaking) || !gap.is_empty() && self.is_starter(&self.text[next..]);
        (next, parts && end > self.whole_until && self.ends_sentence(at, stops..end, next))
    }

    fn skip_space(&self, from: usize) -> usize {
        from + run(&self.text[from..], char::is_whitespace)
    }

    /// Closing quotes and brackets belong to the sentence before them, as do stops behind these: `(Oui !).`
    fn skip_closers(&self, from: usize) -> usize {
        let mut at = from;
        loop {
            at +=
                run(&self.text[at..], |c| is_terminator(c) || matches!(c, '»' | '«' | '”' | '“' | '’' | '"' | '\'' | ')' | ']'));
            let space = run(&self.text[at..], char::is_whitespace);
            let mut after = self.text[at + space..].chars();
            let closer = after.next().filter(|c| space > 0 && matches!(c, '»' | ')' | ']'));
            let Some(closer) = closer.filter(|_| after.next().is_none_or(|c| c.is_whitespace() || c.is_ascii_punctuation()))
            else {
                return at;
            };
            at += space + closer.len_utf8();
        }
    }

    /// True if the stops from `at` to `closers`, and the closers behind them, end a sentence, if another would begin at `next`.
    fn ends_sentence(&self, at: usize, closers: Range<usize>, next: usize) -> bool {
        let after = self.text[next..].trim_start_matches(is_lead);
        let Some(first) = after.chars().next() else { return false };
        if first.is_lowercase() || is_terminator(first) || matches!(first, ',' | ';' | ':' | ')' | ']' | '»' | '”' | '%' | '=')
        {
            return false;
        }
        let before = &self.text[self.start..at];
        if before.ends_with(['(', '[']) && !self.text[closers.clone()].contains(is_terminator) {
            return false; // (…), [...], (!)
        }
        match &self.text[at..closers.start] {
            "." => !self.is_abbreviation(before, after),
            dots if dots.chars().all(|c| matches!(c, '.' | '…')) => !first.is_ascii_digit(),
            _ => true,
        }
    }

    /// True if the stop behind `before` belongs to its last word; `after` begins with the next one.
    fn is_abbreviation(&self, before: &str, after: &str) -> bool {
        let Some(token) = last_word(before) else { return false };
        let is_number = token.bytes().all(|b| b.is_ascii_digit());
        if self.start + before.len() - token.len() == self.first_word && (is_number && token.len() < 4 || is_roman(token)) {
            return true; // the number of a list: "1. Le CIO", "II. Paris"
        }
        let word = token.rsplit(['’', '\'', '/']).next().unwrap_or(token);
        if self.rules.before.contains(word) {
            return true;
        }
        let next = first_word(after);
        if self.rules.number.contains(word) && (next.is_empty() || is_roman(&next) || next.chars().count() == 1) {
            return true;
        }
        let before = before[..before.len() - token.len()].trim_end();
        if word.len() == 1 && before.ends_with(|c: char| c.is_ascii_digit()) {
            return false; // a unit: "à 12 h."
        }
        if self.rules.either.contains(word) || (is_number && token.len() < 4 && self.rules.ordinals) {
            return !self.is_starter(after);
        }
        let is_person = is_initials(word) && (word.chars().count() == 1 || word.contains('-'));
        is_initials(word) && (is_person && is_particle(&next) || !self.is_starter(after))
    }

    fn is_starter(&self, after: &str) -> bool {
        let word = first_word(after);
        let elided = after[word.len()..].starts_with(['’', '\'']);
        let word = word.to_lowercase() + if elided { "'" } else { "" };
        self.rules.starters.contains(word.as_str())
    }
}

/// The length of the run of such characters at the start.
fn run(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.len() - text.trim_start_matches(is).len()
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '‽')
}

fn is_breaking(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}')
}

fn is_bullet(c: char) -> bool {
    matches!(c, '-' | '–' | '—' | '•' | '·' | '*' | '‣' | '►')
}

/// True if the character may stand before the first word of a sentence.
fn is_lead(c: char) -> bool {
    c.is_whitespace() || is_bullet(c) || matches!(c, '«' | '“' | '„' | '"' | '\'' | '‘' | '’' | '(' | '[' | '¿' | '¡')
}

/// White space that ends a paragraph: two line breaks of the document, or one before an item of a list made by hand.
fn is_hard_break(gap: &str, after: &str) -> bool {
    let lines = gap.chars().filter(|c| matches!(c, '\u{2028}' | '\u{2029}')).take(2).count();
    lines == 2 || lines == 1 && after.strip_prefix(is_bullet).is_some_and(|after| after.starts_with(char::is_whitespace))
}

fn closing(c: char) -> Option<&'static [char]> {
    match c {
        '«' => Some(&['»']),
        '“' => Some(&['”']),
        '„' => Some(&['“', '”']),
        '(' => Some(&[')']),
        '[' => Some(&[']']),
        _ => None,
    }
}

/// Finds the quotation mark or bracket that closes `text`, which begins with `open`, if it is near.
fn close_of(text: &str, open: char, close: &[char]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at <= WHOLE) {
        if c == open {
            depth += 1;
        } else if close.contains(&c) {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The last word of a text, with the stops inside it; nothing for one that is too long to be an abbreviation.
fn last_word(before: &str) -> Option<&str> {
    let start = before
        .char_indices()
        .rev()
        .take(LONGEST_ABBREVIATION + 1)
        .find(|&(_, c)| c.is_whitespace() || matches!(c, '(' | '[' | '«' | '“' | '„' | '"' | '…'))
        .map_or_else(
            || (before.chars().take(LONGEST_ABBREVIATION + 1).count() <= LONGEST_ABBREVIATION).then_some(0),
            |(at, c)| Some(at + c.len_utf8()),
        )?;
    Some(&before[start..]).filter(|word| !word.is_empty())
}

fn first_word(after: &str) -> String {
    after.chars().take_while(|c| c.is_alphabetic()).take(LONGEST_ABBREVIATION).collect()
}

fn is_roman(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X' | b'L'))
}

/// Words that begin sentences and family names: "J. Le Guen".
fn is_particle(word: &str) -> bool {
    matches!(word, "Le" | "La" | "De" | "Du" | "Des" | "Van" | "Von" | "El" | "Di" | "Da")
}

/// `J`, `J.-C`, `U.S.A`, `Ph.D`: letters, each with its stop. A hyphen joins the names of one person.
fn is_initials(word: &str) -> bool {
    let mut parts = word.split(['.', '-']).filter(|part| !part.is_empty()).peekable();
    let stops = word.contains('.');
    parts.peek().is_some()
        && parts.all(|part| {
            let letters = part.chars().count();
            part.chars().all(char::is_alphabetic) && (letters == 1 || letters == 2 && stops)
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    /// Hard cases of our own; `|` stands where a sentence ends.
    const CASES: &[(&str, &str)] = &[
        ("fr", "M. Dupont a parlé. |Mme. Martin s'est tue."),
        ("fr", "Le Dr. Petit et Mgr. Roux sont venus. |Me. Blanc aussi."),
        ("fr", "Il est né en 44 av. J.-C. à Rome. |Sa mère aussi."),
        ("fr", "C'était avant J.-C. |Les Grecs couraient déjà."),
        ("fr", "Les J.O. de Paris ont coûté cher. |Ils ont plu."),
        ("fr", "Il a suivi les J.O. |Il les a aimés."),
        ("fr", "L'équipe des U.S.A. a gagné. |La Chine suit."),
        ("fr", "Selon l'art. 5 du règlement, c'est non. |Voir p. 12 et n° 3."),
        ("fr", "C'est du grand art. |Le musée ouvre demain."),
        ("fr", "Voir vol. IV, chap. 2. |Puis fig. 7."),
        ("fr", "Un budget de 3,5 milliards, soit 3.500 millions. |Rien de moins."),
        ("fr", "Lisez www.francsjeux.com. |Ou https://example.org/a.b?c=d. |Merci."),
        ("fr", "Écrivez à jean.dupont@example.org. |Il répondra."),
        ("fr", "« Nous sommes prêts. » |Le maire est content."),
        ("fr", "« Nous sommes prêts. » explique-t-il. |Le maire sourit."),
        ("fr", "« Nous sommes prêts. Nous attendons. » explique-t-il."),
        ("fr", "« Nous sommes prêts », explique-t-il. |Le maire sourit."),
        ("fr", "« Est-ce possible\u{a0}? » demande-t-elle. |Oui\u{a0}!"),
        ("fr", "Est-ce possible\u{a0}? |Oui\u{a0}! |Bien sûr."),
        ("fr", "Est-ce possible ? |Oui ! |Bien sûr."),
        ("fr", "Il hésite... puis accepte. |Fin."),
        ("fr", "Il hésite… |Puis il accepte."),
        ("fr", "Il a dit (sans rire...) que non. |Puis il est parti."),
        ("fr", "Elle part.\u{a0}|Le public reste avec M.\u{a0}Bach. |Fin."),
        ("fr", "La fin du livre […]. |Le reste manque. |Il a vu la mer. |Paris aussi."),
        ("fr", "Le texte […] Paris 2024 est long."),
        ("fr", "Il a gagné (!) Paris s'en souvient."),
        ("fr", "La natation, le judo, etc. |Le reste suit."),
        ("fr", "La natation, le judo, etc. ont plu. |Fin."),
        ("fr", "T. Bach et J.-P. Rives y étaient. |P. de Coubertin non."),
        ("fr", "J. Le Guen bat M. de La Tour et L. Van Damme. |Les autres suivent."),
        ("fr", "La France est dans le groupe A. |Les Bleus jouent mardi."),
        ("fr", "1. Le CIO décide. |2. Paris accepte."),
        ("fr", "Départ à 10:30. |Arrivée à 12 h. |Repos."),
        ("fr", "Il est parti en 2024. |12 athlètes ont suivi."),
        ("fr", "Il l'a dit. |(Deux fois.) |Puis il est parti."),
        ("fr", "Il l'a dit (deux fois !). |Puis il est parti."),
        ("fr", "— Bonjour. |— Salut."),
        ("fr", "Quoi ?! |Non !!! |Si."),
        ("fr", "Il crie : « Allez ! Allez ! » |La foule répond."),
        ("fr", "Réunion le 3 sept. à Lausanne. |Ils étaient sept. |Le vote suit."),
        ("fr", "La Sté. Générale et la Cie. du Nord paient. |Ils en ont les moyens, p. ex. Lille."),
        ("fr", "Titre\u{2028}\u{2028}|Texte sans point\u{2028}\u{2028}|Fin"),
        ("fr", "Au menu :\u{2028}|– le judo\u{2028}|– la boxe"),
        ("fr", "Vers\u{2028}coupé en deux."),
        ("fr", "Il vit au 12 bd. Raspail. |C’est loin. |L’art. L. 123 le dit."),
        ("fr", "\"Je pars.\" |\"Moi aussi.\" |Ils partent."),
        ("fr", "Le n. 3 mondial, c.-à-d. Marc, perd 6-4, 7-5. |Bravo."),
        ("en", "Mr. Smith of the U.S. Olympic Committee agreed. |He left at 5 p.m. Monday."),
        ("en", "He lives in the U.S. |He trains there."),
        ("en", "No. 3 won. |No. |He lost, e.g. to Bolt Jr. in Rio."),
        ("en", "“We are ready.” |The mayor smiled."),
        ("en", "\"Are you sure?\" he asked. |\"Yes!\" |John said so (vol. 2, p. 7)."),
        ("es", "El Sr. Pérez ganó en EE. UU. ayer. |¿Quién lo diría? |¡Nadie!"),
        ("es", "Véase la pág. 12 y el art. 3. |Los JJ. OO. de París."),
        ("de", "Am 3. Oktober gewann Dr. Müller, z. B. in Bonn. |Das war Nr. 5."),
        ("de", "„Wir sind bereit.“ |Der Trainer lachte. |Er ist 25. |Das ist jung."),
        ("it", "Il sig. Rossi e l'on. Bianchi, ecc. sono qui. |L'art. 3 lo dice."),
        ("pt", "O Sr. Silva e a Sra. Costa ganharam. |A pág. 5 diz tudo."),
        ("ca", "El Sr. Puig va guanyar 3.500 euros. |L'art. 5 ho diu, p. ex. així."),
    ];

    fn split(language: &str, case: &str) -> String {
        split_sentences(&case.replace('|', ""), &lang(language)).join("|")
    }

    #[test]
    fn hard_cases() {
        let wrong: Vec<_> = CASES
            .iter()
            .map(|(language, case)| (split(language, case), *case))
            .filter(|(got, case)| got != case)
            .map(|(got, case)| format!("got  {got}\nwant {case}"))
            .collect();
        assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
    }

    #[test]
    fn a_long_quotation_is_cut_and_a_short_one_is_not() {
        let long = format!("« {}» Fin.", "Nous avons gagné la course. ".repeat(20));
        assert!(split_sentences(&long, &lang("fr")).len() > 15);
        assert_eq!(split_sentences("(Un. Deux. Trois.) Fin.", &lang("fr")), ["(Un. Deux. Trois.) ", "Fin."]);
    }

    #[test]
    fn the_lists_are_whole() {
        for language in ["fr", "en", "es", "de", "it", "pt", "ca"] {
            let rules = &RULES[language];
            for list in [&rules.before, &rules.number, &rules.either, &rules.starters] {
                assert!(list.len() > 5, "{language}");
                assert!(list.iter().all(|word| word.chars().count() <= LONGEST_ABBREVIATION), "{language}");
            }
        }
        assert_eq!(RULES.len(), 7, "each line begins with a language");
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(
            text in "([A-Zéa-z]{1,4}|[.!?…»«“”()\"'’ \u{a0}\u{2028}0-9-]){0,60}",
            language in prop::sample::select(vec!["fr", "en", "de", "xx"]),
        ) {
            let pieces = split_sentences(&text, &lang(language));
            prop_assert_eq!(pieces.concat(), text.as_str());
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
            for piece in pieces.iter().rev().skip(1) {
                prop_assert!(piece.ends_with(char::is_whitespace) && !piece.ends_with('\u{202f}'), "{:?}", pieces);
            }
        }

        #[test]
        fn any_text_is_cut_without_loss(text in any::<String>()) {
            prop_assert_eq!(split_sentences(&text, &lang("fr")).concat(), text);
        }
    }
}
