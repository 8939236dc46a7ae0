//! Makes the determiner before a term agree with it: `el` before `villa olímpica` becomes `la`. Of the gender of a word only what
//! its ending or a short list shows is known; what is not known is left alone.

use crate::model::Lang;

/// A grammatical gender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gender {
    Masculine,
    Feminine,
}

/// The genders of the words of a language, as far as known.
struct Genders {
    lang: &'static str,
    /// Determiners, masculine and feminine. Those of several words come first.
    determiners: &'static [(&'static str, &'static str)],
    /// Endings of nouns, singular and plural.
    masculine: &'static [&'static str],
    feminine: &'static [&'static str],
    /// Nouns whose endings do not show their gender.
    masculine_words: &'static [&'static str],
    feminine_words: &'static [&'static str],
    /// Endings of which nothing is known, although a shorter one is listed: `atleta` is of both genders.
    unknown: &'static [&'static str],
    /// Forms of the verbs that join an adjective to a noun, and participles with them.
    copulas: &'static [&'static str],
}

const GENDERS: [Genders; 3] = [
    Genders {
        lang: "es",
        determiners: &[
            ("del", "de la"),
            ("al", "a la"),
            ("el", "la"),
            ("los", "las"),
            ("un", "una"),
            ("unos", "unas"),
            ("este", "esta"),
            ("estos", "estas"),
            ("ese", "esa"),
            ("esos", "esas"),
            ("nuestro", "nuestra"),
            ("nuestros", "nuestras"),
        ],
        masculine: &["o", "os", "aje", "ajes", "ismo"],
        feminine: &["a", "as", "ción", "ciones", "sión", "siones", "dad", "dades"],
        masculine_words: &[
            "programa",
            "programas",
            "tribunal",
            "control",
            "controles",
            "récord",
            "récords",
            "comité",
            "comités",
            "esquí",
            "campeón",
            "campeones",
            "subcampeón",
            "presidente",
            "pentatlón",
            "alpes",
        ],
        feminine_words: &["llama", "llamas", "sede", "sedes", "semifinal", "semifinales", "final", "finales"],
        unknown: &["ista", "istas", "atleta", "atletas", "ma", "mas"],
        copulas: &[
            "es", "son", "era", "eran", "fue", "fueron", "ser", "será", "serán", "sería", "serían", "sido", "siendo", "sea",
            "sean", "está", "están", "estaba", "estaban", "estuvo", "estar", "estará", "estarán", "estado", "queda", "quedan",
            "quedó", "parece", "parecen", "sigue", "siguen", "todo", "todos", "mismo", "mismos", "lo", "él", "ellos",
        ],
    },
    Genders {
        lang: "ca",
        determiners: &[
            ("del seu", "de la seva"),
            ("al seu", "a la seva"),
            ("pel seu", "per la seva"),
            ("el seu", "la seva"),
            ("els seus", "les seves"),
            ("del", "de la"),
            ("dels", "de les"),
            ("al", "a la"),
            ("als", "a les"),
            ("pel", "per la"),
            ("pels", "per les"),
            ("el", "la"),
            ("els", "les"),
            ("un", "una"),
            ("uns", "unes"),
            ("aquest", "aquesta"),
            ("aquests", "aquestes"),
        ],
        masculine: &["isme", "atge", "atges", "ment", "ments", "o", "os"],
        feminine: &["a", "es", "ció", "cions", "sió", "sions", "tat", "tats"],
        masculine_words: &[
            "joc",
            "jocs",
            "comitè",
            "comitès",
            "relleu",
            "tir",
            "salt",
            "salts",
            "estadi",
            "estadis",
            "parc",
            "peveter",
            "medaller",
            "rècord",
            "rècords",
            "control",
            "controls",
            "campió",
            "campions",
            "subcampió",
            "president",
            "membre",
            "membres",
            "torneig",
            "equip",
            "congrés",
            "tribunal",
            "esquí",
            "rugbi",
            "diari",
            "quart",
            "quarts",
            "setzens",
            "vuitens",
            "alps",
            "contracte",
            "pentatló",
            "programa",
        ],
        feminine_words: &["flama", "flames", "seu", "seus", "semifinal", "semifinals", "final", "finals"],
        unknown: &["ista", "istes", "atleta", "atletes", "ma", "mes"],
        copulas: &[
            "és", "són", "era", "eren", "fou", "ser", "serà", "seran", "seria", "serien", "sigut", "sent", "sigui", "siguin",
            "està", "estan", "estava", "estaven", "estar", "estarà", "estaran", "estat", "queda", "queden", "sembla", "semblen",
            "tot", "tots", "mateix", "mateixos", "ell", "ells",
        ],
    },
    Genders {
        lang: "pt",
        determiners: &[
            ("do seu", "da sua"),
            ("ao seu", "à sua"),
            ("no seu", "na sua"),
            ("o seu", "a sua"),
            ("os seus", "as suas"),
            ("do", "da"),
            ("dos", "das"),
            ("ao", "à"),
            ("aos", "às"),
            ("no", "na"),
            ("nos", "nas"),
            ("pelo", "pela"),
            ("pelos", "pelas"),
            ("o", "a"),
            ("os", "as"),
            ("um", "uma"),
            ("este", "esta"),
            ("estes", "estas"),
        ],
        masculine: &["o", "os", "ismo"],
        feminine: &["a", "as", "ção", "ções", "são", "sões", "dade", "dades", "agem"],
        masculine_words: &["programa", "comité", "comités", "recorde", "recordes", "presidente", "esqui", "alpes", "anéis"],
        feminine_words: &["chama", "chamas", "sede", "sedes"],
        unknown: &["ista", "istas", "atleta", "atletas", "ma", "mas", "eão", "eões"],
        copulas: &[
            "é", "são", "era", "eram", "foi", "foram", "ser", "será", "serão", "seria", "sido", "sendo", "seja", "sejam", "está",
            "estão", "estava", "estavam", "estar", "estará", "fica", "ficou", "parece", "todo", "todos", "mesmo", "ele", "eles",
        ],
    },
];

impl Genders {
    fn of(lang: &Lang) -> Option<&'static Self> {
        GENDERS.iter().find(|genders| genders.lang == lang.primary())
    }

    /// Returns the gender of the first noun of a term, if it is known.
    fn of_term(&self, term: &str) -> Option<Gender> {
        let head = term.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let is_acronym = head.chars().skip(1).any(char::is_uppercase);
        let head = head.to_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| head.len() > ending.len() && head.ends_with(ending));
        if is_acronym || term.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        if self.masculine_words.contains(&&*head) {
            return Some(Gender::Masculine);
        }
        if self.feminine_words.contains(&&*head) {
            return Some(Gender::Feminine);
        }
        match (ends(self.feminine), ends(self.masculine)) {
            _ if self.unknown.iter().any(|ending| head.ends_with(ending)) => None,
            (true, _) => Some(Gender::Feminine),
            (_, true) => Some(Gender::Masculine),
            _ => None,
        }
    }

    /// Finds the determiner that a text ends with: its length in bytes, its gender, and its form in the other gender.
    fn determiner(&self, before: &str) -> Option<(usize, Gender, &'static str)> {
        let seen = before.strip_suffix([' ', '\u{a0}'])?.to_lowercase();
        let ends = |word: &str| {
            seen.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '’' || c == '\''))
        };
        // The longest one: `de la` holds `la`.
        let found = self.determiners.iter().flat_map(|(masculine, feminine)| {
            [(*masculine, Gender::Masculine, *feminine), (*feminine, Gender::Feminine, *masculine)]
        });
        let found = found.filter(|(word, ..)| ends(word)).max_by_key(|(word, ..)| word.len());
        found.map(|(word, gender, other)| (word.len(), gender, other))
    }
}

/// Gives the determiner at the end of `before` the gender of the term that follows it, if both are known.
pub(super) fn agree(before: &mut String, term: &str, to: &Lang) {
    let Some(genders) = Genders::of(to) else { return };
    let (Some(gender), Some((length, own, other))) = (genders.of_term(term), genders.determiner(before)) else { return };
    let start = before.len().checked_sub(length + before.chars().next_back().map_or(0, char::len_utf8));
    // In other scripts lower case may have another length: then the place is not known.
    let Some(start) = start.filter(|start| gender != own && before.is_char_boundary(*start)) else { return };
    super::articles::replace_end(before, start, other, " ");
}

/// Returns true if `term` can stand in the place of `was`, which an engine has made of it, so that the sentence around it stays
/// right: both have one gender, or nothing but a determiner before them shows it.
pub(in crate::translate) fn can_replace(before: &str, was: &str, after: &str, term: &str, to: &Lang) -> bool {
    if to.primary() == "en" {
        return true;
    }
    let head = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_lowercase();
    if head(was) == head(term) {
        return true;
    }
    let Some(genders) = Genders::of(to) else { return false };
    let is_plural = |text: &str| head(text).ends_with('s');
    let determiner = genders.determiner(before);
    let own = determiner.map(|(_, own, _)| own).or_else(|| genders.of_term(was));
    match (own, genders.of_term(term)) {
        _ if is_plural(was) != is_plural(term) => false,
        (Some(own), Some(gender)) if own == gender => true,
        (Some(_), Some(_)) => !shows_gender(genders, before, determiner.is_some(), after),
        _ => false,
    }
}

/// Returns true if words around a noun may show its gender, besides a determiner right before it.
fn shows_gender(genders: &Genders, before: &str, has_determiner: bool, after: &str) -> bool {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>()
    };
    let (before, after) = (words(before), words(after));
    let is_copula = |word: &String| genders.copulas.contains(&word.as_str());
    let is_adjective = |word: &String| word.chars().count() > 3 && word.ends_with(['o', 'a', 't', 's', 'd']);
    let next = after.first().is_some_and(is_adjective);
    // An adjective before the noun agrees with it, too; prepositions and possessives are short.
    let previous = !has_determiner && before.last().is_some_and(is_adjective);
    next || previous || before.iter().chain(&after).any(is_copula)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    #[test]
    fn determiner_gets_the_gender_of_the_term() {
        for (to, before, term, expected) in [
            ("es", "Cierra el ", "villa olímpica", "Cierra la "),
            ("es", "El ", "villa olímpica", "La "),
            ("es", "cerca del ", "villa olímpica", "cerca de la "),
            ("es", "la ", "relevo de la antorcha", "el "),
            ("es", "de la ", "relevo de la antorcha", "del "),
            ("es", "el ", "AMA", "el "),
            ("es", "el ", "atleta", "el "),
            ("es", "su ", "villa olímpica", "su "),
            ("ca", "del seu ", "vila olímpica", "de la seva "),
            ("ca", "El ", "flama olímpica", "La "),
            ("ca", "les ", "jocs d’hivern", "els "),
            ("pt", "no ", "vila olímpica", "na "),
            ("en", "the ", "Olympic Village", "the "),
        ] {
            let mut before = before.to_owned();
            agree(&mut before, term, &lang(to));
            assert_eq!(before, expected, "{to}: {term}");
        }
    }

    #[test]
    fn term_of_another_gender_is_placed_only_where_nothing_else_shows_the_gender() {
        for (to, before, was, after, term, can) in [
            ("es", "El ", "pueblo olímpico", " abre lunes.", "villa olímpica", true),
            ("es", "El ", "pueblo olímpico", " está cerrado.", "villa olímpica", false),
            ("es", "El ", "pueblo olímpico", " nuevo abre.", "villa olímpica", false),
            ("es", "El nuevo ", "pueblo olímpico", " abre.", "villa olímpica", false),
            ("es", "El ", "relieve de la llama", " está listo.", "relevo de la antorcha", true),
            ("es", "Los ", "pueblos olímpicos", " abren.", "villa olímpica", false),
            ("es", "La ", "ceremonia de abertura", " fue larga.", "ceremonia de apertura", true),
            ("es", "El ", "pueblo", " abre.", "xyz", false),
            ("ca", "Els atletes deixen el ", "poble olímpic", ".", "vila olímpica", true),
            ("ca", "El ", "poble olímpic", " ha estat obert.", "vila olímpica", false),
            ("de", "Das ", "Olympiadorf", " öffnet.", "olympisches Dorf", false),
            ("en", "The ", "olympic town", " is open.", "Olympic Village", true),
        ] {
            assert_eq!(can_replace(before, was, after, term, &lang(to)), can, "{to}: {before}{was}{after}");
        }
    }
}
