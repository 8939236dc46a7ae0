//! Checks who is a woman and who a man: `elle` may not become `he`, nor `joueuses` men.

use super::Rejection;
use super::concepts::{Meanings, Side};
use super::texts::ComparedTexts;
use super::tokens::Token;

/// The women and men of a text.
#[derive(Clone, Copy, Debug, Default)]
struct Persons {
    /// Words that mean them: nouns and names of peoples.
    nouns: usize,
    pronouns: usize,
    possessives: usize,
    /// Words that may mean them.
    maybe: usize,
}

impl Persons {
    fn is_said(self) -> bool {
        self.nouns + self.pronouns > 0
    }

    fn is_none(self) -> bool {
        self.nouns + self.pronouns + self.possessives + self.maybe == 0
    }
}

/// Checks that women have not become men, nor men women.
pub(super) fn check_persons(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let (source, result) = (&meanings.source, &meanings.result);
    let is_person_named = has_name(source);
    // A thing may be `elle` in one language and `it` in another.
    let is_thing = result.has("thing", "it");
    let sides = [("woman", "she", "hers"), ("man", "he", "his")];
    for (own, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
        let was = count(source, own, texts.from.primary());
        let was_other = count(source, other, texts.from.primary());
        let is = count(result, own, texts.to.primary());
        let became = count(result, other, texts.to.primary());
        let said = was.nouns > 0 || was.pronouns > 0 && !is_thing;
        let is_other = became.nouns + became.pronouns > 0 || became.possessives > 0 && !is_person_named;
        let is_pronoun_of_name = became.nouns == 0 && was.pronouns == 0 && is_person_named;
        if said && was.is_said() && was_other.is_none() && is.is_none() && is_other && !is_pronoun_of_name {
            return Err(Rejection::Person);
        }
    }
    Ok(())
}

fn count(side: &Side, (noun, pronoun, possessive): (&str, &str, &str), lang: &str) -> Persons {
    let (nouns, all) = side.count("gender", noun);
    let (possessives, maybe) = side.count("possessive", possessive);
    Persons {
        nouns: nouns + count_peoples(side, noun == "woman", lang),
        pronouns: side.count("pronoun", pronoun).0,
        possessives,
        maybe: (all - nouns) + if lang == "fr" { 0 } else { maybe - possessives },
    }
}

/// Counts names of peoples that stand for a person: `la Norvégienne`, `el mexicano`.
fn count_peoples(side: &Side, women: bool, lang: &str) -> usize {
    let is_people = |token: &Token, before: Option<&Token>| {
        let word = token.text.as_str();
        let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
        match lang {
            "fr" if token.is_capital => {
                if women {
                    ends(&["enne", "ennes", "aise", "aises", "oise", "oises", "aine", "aines", "ande", "andes", "ienne"])
                } else {
                    ends(&["ien", "iens", "ais", "ois", "ain", "ains", "and", "ands", "éen", "éens"])
                }
            }
            "es" | "ca" | "it" | "pt" => {
                let article = before.map_or("", |token| token.text.as_str());
                if women {
                    matches!(article, "la" | "las" | "les" | "una" | "le" | "a" | "as" | "uma")
                        && ends(&[
                            "ana", "anas", "esa", "esas", "ina", "inas", "ola", "olas", "ca", "cas", "ga", "gas", "esas", "ense",
                        ])
                        && !ends(&["ense", "belga"])
                } else {
                    matches!(article, "el" | "los" | "els" | "un" | "il" | "i" | "gli" | "o" | "os" | "um")
                        && ends(&[
                            "ano", "anos", "és", "eses", "ino", "inos", "ol", "oles", "án", "co", "cos", "go", "gos", "ese",
                            "esi", "ão", "ês",
                        ])
                }
            }
            _ => false,
        }
    };
    let hits = side.hits.iter().filter(|hit| hit.concept.group == "country" && hit.length == 1);
    hits.filter(|hit| is_people(&side.tokens[hit.at], hit.at.checked_sub(1).map(|at| &side.tokens[at]))).count()
}

/// Returns true if a name of a person may stand in a text: a capitalised word that no list has and that begins nothing.
fn has_name(side: &Side) -> bool {
    side.tokens.iter().enumerate().skip(1).any(|(at, token)| {
        token.is_capital && token.is_joined && !side.hits.iter().any(|hit| (hit.at..hit.at + hit.length).contains(&at))
    })
}
