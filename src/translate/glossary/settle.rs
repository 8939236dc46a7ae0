//! Puts the terms of an answer right. An engine that saw them as words has translated them, left them, or altered them; of one that
//! was sent marks, the marks are there.

use std::collections::HashMap;
use std::ops::Range;

use super::super::{Outgoing, Term};
use super::matcher;
use super::restore::{PlacedTerm, TermFault, check_doubled, has_spaces, place_terms};
use crate::model::{Lang, Marked, Piece};

/// Letters of a word that may differ at its end when it is inflected.
const INFLECTION: usize = 2;

/// An answer with its terms put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledTerms {
    /// The answer. Those of the terms that were found are as the glossary has them.
    pub text: Marked,
    /// The marks of the terms that the answer says in other words.
    pub altered: Vec<u16>,
}

/// Puts the terms of an answer to `sent` right: a mark becomes the term; a term that the engine left in its language, and a name of which it
/// altered a part, are replaced; capitals are those of the glossary. What the engine calls otherwise stays, and is told.
pub fn settle(answer: &Marked, sent: &Outgoing, to: &Lang) -> Result<SettledTerms, TermFault> {
    let terms = &sent.terms;
    check_doubled(answer, terms)?;
    let source = sent.in_words().plain();
    let mut line = AnswerLine { pieces: answer.pieces().to_vec(), placed: HashMap::new(), source: &source, to };
    let has_mark = |mark: u16| answer.pieces().contains(&Piece::Single(mark));
    let (marked, mut words): (Vec<&Term>, Vec<&Term>) = terms.iter().partition(|term| has_mark(term.mark));
    for term in marked {
        line.placed.insert(term.mark, PlacedTerm::new(term));
    }
    // The longest first, or "Olympic" would be found in "Olympic Games".
    words.sort_by_key(|term| std::cmp::Reverse(term.target.len()));
    for find in [AnswerLine::find_target, AnswerLine::find_source, AnswerLine::find_altered_name] {
        words.retain(|term| !find(&mut line, term));
    }
    let is_said = |term: &&Term| line.has_inflected(term) || line.has_same(term, terms);
    let altered = words.iter().filter(|term| !is_said(term)).map(|term| term.mark).collect();
    Ok(SettledTerms { text: place_terms(&line.pieces, &line.placed, to), altered })
}

/// An answer in which terms are found one after the other: each becomes its mark, so that it is not found again.
struct AnswerLine<'a> {
    pieces: Vec<Piece>,
    placed: HashMap<u16, PlacedTerm>,
    /// The source as words.
    source: &'a str,
    to: &'a Lang,
}

impl AnswerLine<'_> {
    /// Finds the translation of a term, with or without its article.
    fn find_target(&mut self, term: &Term) -> bool {
        let without_article = term.target.split_once(' ').filter(|(article, _)| article.len() <= 3).map(|(_, rest)| rest);
        [Some(term.target.as_str()), without_article].into_iter().flatten().any(|target| {
            let is_name = term.is_name();
            let written = self.take(term.mark, |line, spaced| {
                find_word(line, target, spaced, |written| matcher::is_written(target, written, is_name, false))
            });
            let Some(written) = written else { return false };
            let text = raise_capitals(&written, target);
            self.placed.insert(term.mark, PlacedTerm::kept(text));
            true
        })
    }

    /// Finds a term that the engine has left as it was.
    fn find_source(&mut self, term: &Term) -> bool {
        if term.is_name() {
            return false;
        }
        let source = term.source.as_str();
        let is_found = |written: &str| matcher::is_written(source, written, false, false);
        let found = self.take(term.mark, |line, spaced| find_word(line, source, spaced, is_found)).is_some();
        if found {
            self.placed.insert(term.mark, PlacedTerm::new(term));
        }
        found
    }

    /// Finds a name with other capitals, or of several words of which the engine has kept some: `Jack Mi` for `Jack Ma`.
    fn find_altered_name(&mut self, term: &Term) -> bool {
        if !term.is_name() {
            return false;
        }
        let (name, source) = (term.source.as_str(), self.source);
        let find = |line: &str, spaced| find_word(line, name, spaced, |_| true).or_else(|| find_altered_run(line, name, source));
        let found = self.take(term.mark, find).is_some();
        if found {
            self.placed.insert(term.mark, PlacedTerm::new(term));
        }
        found
    }

    /// Replaces the first place that `find` finds with a mark. Returns what stood there.
    fn take(&mut self, mark: u16, find: impl Fn(&str, bool) -> Option<Range<usize>>) -> Option<String> {
        let spaced = has_spaces(self.to);
        let (at, range) = self.pieces.iter().enumerate().find_map(|(at, piece)| match piece {
            Piece::Text(line) => Some((at, find(line, spaced)?)),
            _ => None,
        })?;
        let Piece::Text(line) = self.pieces[at].clone() else { return None };
        let parts = [Piece::Text(line[..range.start].to_owned()), Piece::Single(mark), Piece::Text(line[range.end..].to_owned())];
        self.pieces.splice(at..=at, parts);
        Some(line[range].to_owned())
    }

    /// Returns true if the answer has the translation of a term in an inflected form.
    fn has_inflected(&self, term: &Term) -> bool {
        let wanted: Vec<&str> = words(&term.target).map(|range| &term.target[range]).collect();
        self.pieces.iter().any(|piece| {
            let Piece::Text(line) = piece else { return false };
            let found: Vec<&str> = words(line).map(|range| &line[range]).collect();
            !term.is_name()
                && !wanted.is_empty()
                && line.contains(char::is_alphabetic)
                && found.windows(wanted.len()).any(|run| run.iter().zip(&wanted).all(|(a, b)| is_inflected(a, b)))
        })
    }

    /// Returns true if another place of the same term was found: the answer may say "it" for the second one.
    fn has_same(&self, term: &Term, terms: &[Term]) -> bool {
        terms.iter().any(|other| other.target == term.target && self.placed.contains_key(&other.mark))
    }
}

/// Finds `wanted` in a line as a whole word, whatever its capitals, spaces and apostrophes, if what is written there is accepted.
fn find_word(line: &str, wanted: &str, spaced: bool, is_accepted: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let (folded, places) = matcher::fold(line);
    let wanted = matcher::folded(wanted);
    if wanted.is_empty() {
        return None;
    }
    let is_word = |c: Option<char>| spaced && c.is_some_and(char::is_alphanumeric);
    folded.match_indices(&wanted).find_map(|(at, _)| {
        let range = *places.get(at)?..*places.get(at + wanted.len())?;
        let alone = !is_word(line[..range.start].chars().next_back()) && !is_word(line[range.end..].chars().next());
        (alone && is_accepted(&line[range.clone()])).then_some(range)
    })
}

/// Finds a run of as many words as a name has, of which one is a word of the name in its place, and the others have capitals where
/// those of the name have. A word of the source is not altered: `Marie Dupont` is not `Marie Barsacq`, of whom the answer may say
/// only `Barsacq`.
fn find_altered_run(line: &str, name: &str, source: &str) -> Option<Range<usize>> {
    let wanted: Vec<&str> = words(name).map(|range| &name[range]).collect();
    let found: Vec<Range<usize>> = words(line).collect();
    let is_capital = |word: &str| !word.starts_with(char::is_lowercase);
    let is_known = |word: &str| words(source).any(|range| &source[range] == word);
    let is_near = |word: &str, own: &str| word == own || is_capital(word) == is_capital(own) && !is_known(word);
    let is_kept = |word: &str, own: &str| word == own && is_capital(word) && word.chars().nth(1).is_some();
    if wanted.len() < 2 {
        return None;
    }
    let run = found.windows(wanted.len()).find(|run| {
        let pairs = || run.iter().map(|range| &line[range.clone()]).zip(wanted.iter().copied());
        let is_joined = |pair: &[Range<usize>]| matches!(&line[pair[0].end..pair[1].start], " " | "-" | "\u{a0}" | "’" | "'");
        pairs().all(|(word, own)| is_near(word, own))
            && pairs().any(|(word, own)| is_kept(word, own))
            && run.windows(2).all(is_joined)
    })?;
    Some(run.first()?.start..run.last()?.end)
}

/// Returns what is written with a capital wherever `target` has one: `Carta olímpica` becomes `Carta Olímpica`.
fn raise_capitals(written: &str, target: &str) -> String {
    if written.chars().count() != target.chars().count() {
        return written.to_owned();
    }
    written.chars().zip(target.chars()).map(|(own, target)| if target.is_uppercase() { target } else { own }).collect()
}

/// Returns true if a word is a form of `other`. An acronym has no other form.
fn is_inflected(one: &str, other: &str) -> bool {
    if other.chars().skip(1).any(char::is_uppercase) {
        return one == other;
    }
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let longest = one.chars().count().max(other.chars().count());
    one == other || shared >= 4 && shared + INFLECTION >= longest
}

/// Returns the words of a line as byte ranges.
fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| {
        let start = word.as_ptr().addr() - line.as_ptr().addr();
        start..start + word.len()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn term(mark: u16, source: &str, target: &str) -> Term {
        Term { mark, source: source.to_owned(), target: target.to_owned(), is_held: false }
    }

    fn outgoing(text: &str, terms: Vec<Term>) -> Outgoing {
        let context = crate::translate::SegmentContext::default();
        Outgoing { text: Marked::text(text), terms, kind: crate::model::SegmentKind::Paragraph, context }
    }

    fn settled(to: &str, answer: &str, term: Term) -> (String, bool) {
        let answer = Marked::from_tagged(answer).expect("well-formed");
        let sent = outgoing("Un texte de Marie Dupont", vec![term]);
        let settled = settle(&answer, &sent, &Lang::new(to).expect("a tag")).expect("no doubled term");
        (settled.text.to_tagged(), settled.altered.is_empty())
    }

    #[test]
    fn term_that_came_as_a_word_is_put_right() {
        for (to, answer, source, target, expected) in [
            ("es", "El COI vota.", "CIO", "COI", "El COI vota."),
            ("es", "El CIO vota.", "CIO", "COI", "El COI vota."),
            ("es", "El CIO vota.", "CIO", "el COI", "El COI vota."),
            ("ca", "El AMA vota.", "AMA", "AMA", "L’AMA vota."),
            ("ca", "El UCI vota, el CIO no.", "CIO", "AMA", "El UCI vota, l’AMA no."),
            ("en", "The CIO and a CIO member", "CIO", "IOC", "The IOC and a CIO member"),
            ("es", "La Carta olímpica data de 1908.", "Charte olympique", "Carta Olímpica", "La Carta Olímpica data de 1908."),
            ("en", "A Gold Medal at last", "médaille d’or", "gold medal", "A Gold Medal at last"),
            ("ca", "La medalla d'or", "médaille d’or", "medalla d’or", "La medalla d'or"),
            ("es", "<x1>Los JO</x1> empiezan.", "JO", "Juegos Olímpicos", "<x1>Los Juegos Olímpicos</x1> empiezan."),
            ("de", "im olympischen Dorf", "village olympique", "olympisches Dorf", "im olympischen Dorf"),
            ("es", "Ayer Jack Mi habló.", "Jack Ma", "Jack Ma", "Ayer Jack Ma habló."),
            ("es", "Contra Marchand habló.", "Léon Marchand", "Léon Marchand", "Léon Marchand habló."),
            ("es", "Ayer jack ma habló.", "Jack Ma", "Jack Ma", "Ayer Jack Ma habló."),
            ("es", "Cerrar <x9/> en mayo", "village olympique", "villa olímpica", "Cerrar villa olímpica en mayo"),
        ] {
            assert_eq!(settled(to, answer, term(9, source, target)), (expected.to_owned(), true), "{answer}: {target}");
        }
    }

    #[test]
    fn term_in_other_words_stays_and_is_told() {
        for (to, answer, source, target) in [
            ("es", "El pueblo olímpico abre.", "village olympique", "villa olímpica"),
            ("es", "Un coi raro.", "CIO", "COI"),
            ("es", "El COIN vota.", "CIO", "COI"),
            ("es", "Las medallas.", "tableau des médailles", "medallero"),
            ("es", "Ayer Juan Mi habló.", "Jack Ma", "Jack Ma"),
            ("es", "Marie Dupont y Barsacq", "Marie Barsacq", "Marie Barsacq"),
        ] {
            assert_eq!(settled(to, answer, term(9, source, target)), (answer.to_owned(), false), "{answer}: {target}");
        }
    }

    #[test]
    fn second_place_of_a_term_may_be_a_pronoun() {
        let answer = Marked::text("The IOC votes, and it pays.");
        let terms = [term(1, "CIO", "IOC"), term(2, "CIO", "IOC")];
        let sent = outgoing("", terms.to_vec());
        let settled = settle(&answer, &sent, &Lang::new("en").expect("a tag")).expect("settled");
        assert_eq!((settled.text, settled.altered), (answer, Vec::new()));
    }

    proptest! {
        #[test]
        fn marks_of_an_answer_stay_and_none_is_added(text in "[A-Za-zé’ .-]{0,40}", target in "[A-Za-zé’ -]{1,9}", source in "[A-Za-zé ]{1,9}") {
            let answer = Marked::new([Piece::Open(1), Piece::Text(text), Piece::Close(1), Piece::Single(2)]);
            for to in ["es", "ca", "ja"] {
                let to = Lang::new(to).expect("a tag");
                for term in [term(9, &source, &target), term(9, &source, &source)] {
                    let settled = settle(&answer, &outgoing("Un texte", vec![term]), &to).expect("settled");
                    prop_assert_eq!(settled.text.marks(), answer.marks());
                }
            }
        }
    }
}
