//! Makes the fingerprint of an entry from its headline and its lede. It runs for every entry that is read, so it looks at each word
//! once, and at the first words of the lede only.

use xxhash_rust::xxh3::xxh3_64;

use super::lexicon::{find, traits};
use super::words::{Word, words};
use crate::model::{MAX_STORY_TOKENS, StoryKey, StoryToken, TokenKind};

/// The most tokens of a headline.
const MAX_TITLE_TOKENS: usize = 16;
/// The most words of a headline or lede that are read.
const MAX_WORDS: usize = 60;
/// The letters by which words are compared: French changes the end of a word, seldom its beginning.
const STEM: usize = 6;
/// The words from which on what stands in quotation marks is a sentence that somebody said.
const QUOTATION: usize = 4;
/// Disciplines of two words.
const PAIRS: [(&str, &str, &str); 11] = [
    ("super", "g", "superg"),
    ("mass", "start", "massstart"),
    ("short", "track", "shorttrack"),
    ("half", "pipe", "halfpipe"),
    ("big", "air", "bigair"),
    ("ski", "cross", "skicross"),
    ("snowboard", "cross", "snowboardcross"),
    ("triple", "saut", "triplesaut"),
    ("la", "montre", "contrelamontre"),
    ("quatre", "nages", "medley"),
    ("4", "nages", "medley"),
];
/// Verbs that make "en finale" the next round. Without one, it is the round that was played.
const REACHES: [&str; 12] =
    ["accede", "accedent", "envoie", "file", "filent", "hisse", "hissent", "passe", "passent", "qualifie", "va", "vont"];
/// Acts that are told by a participle which is another word without its accent, or says something else of a thing: a race is stopped, an
/// athlete stops. Of a person they tell an act.
const ACTS_ON_PERSONS: [(&str, u32); 8] = [
    ("arrete", traits::ARREST),
    ("capture", traits::ARREST),
    ("emprisonne", traits::CHARGE),
    ("juge", traits::TRIAL),
    ("jugee", traits::TRIAL),
    ("juges", traits::TRIAL),
    ("recherche", traits::SEARCH),
    ("retrouve", traits::FOUND),
];
/// Words for persons of whom an affair tells.
const PERSONS: [&str; 36] = [
    "adolescent",
    "adolescente",
    "adolescents",
    "agresseur",
    "ado",
    "ans",
    "auteur",
    "collegien",
    "complice",
    "conducteur",
    "enfant",
    "etudiant",
    "femme",
    "fils",
    "frere",
    "fugitif",
    "garcon",
    "homme",
    "hommes",
    "individu",
    "individus",
    "jeune",
    "lyceen",
    "mari",
    "meurtrier",
    "mineur",
    "mineurs",
    "octogenaire",
    "pere",
    "ravisseur",
    "suspect",
    "suspects",
    "trentenaire",
    "tueur",
    "violeur",
    "voleur",
];
/// The rounds before a final.
const ROUNDS: u32 = traits::HEATS | traits::EIGHTHS | traits::QUARTERS | traits::SEMIS;

/// Makes the fingerprint of an entry with a headline and a lede as plain text, and a text of so many bytes.
pub fn story_key(title: &str, lede: &str, text_bytes: usize) -> StoryKey {
    let mut reader = Reader { tokens: Vec::with_capacity(MAX_STORY_TOKENS), traits: 0 };
    reader.read(title, true, MAX_TITLE_TOKENS);
    if title.trim_end().ends_with('?') {
        // Who asks explains what others have reported.
        reader.traits |= traits::FEATURE;
    }
    if has_quotation(title) {
        reader.traits |= traits::REACTION;
    }
    let own = std::mem::take(&mut reader.traits);
    reader.read(lede, false, MAX_STORY_TOKENS);
    let traits = own | traits_of_lede(own, reader.traits);
    let size = usize::BITS - text_bytes.leading_zeros();
    StoryKey::new(reader.tokens, traits, u8::try_from(size).unwrap_or(u8::MAX))
}

/// Returns the traits that a lede adds to those of its headline: whether it is about women or men, if only one of them is named; and
/// what it says that has happened.
fn traits_of_lede(own: u32, lede: u32) -> u32 {
    const SEX: u32 = traits::WOMEN | traits::MEN | traits::MIXED;
    let sex = lede & SEX;
    let field = if own & SEX == 0 && sex.is_power_of_two() { sex } else { 0 };
    field | lede & (traits::YOUTH | traits::FEATURE) | (lede & traits::ACTS) << traits::IN_LEDE
}

struct Reader {
    tokens: Vec<StoryToken>,
    traits: u32,
}

impl Reader {
    /// Reads the words of a text until there are `most` tokens.
    fn read(&mut self, text: &str, is_title: bool, most: usize) {
        // A headline in capitals has no names.
        let is_shouted = !text.chars().any(char::is_lowercase);
        let mut words = words(text).take(MAX_WORDS).peekable();
        let mut before = [String::new(), String::new()];
        let (mut round, mut is_of_person) = (0, false);
        while self.tokens.len() < most {
            let Some(word) = words.next() else { break };
            let next = words.peek();
            if let Some((.., name)) = next.and_then(|next| PAIRS.iter().find(|(a, b, _)| *a == word.text && *b == next.text)) {
                self.add(name, TokenKind::Discipline, is_title);
                words.next();
            } else if word.is_number() {
                let has_unit =
                    next.is_some_and(|next| matches!(next.text.as_str(), "m" | "metre" | "metres" | "km" | "kg" | "kilos"));
                self.add_number(&word.text, has_unit.then(|| words.next()).flatten().as_ref(), is_title);
            } else {
                is_of_person = PERSONS.contains(&word.text.as_str()) || is_of_person && !word.is_start;
                if is_of_person {
                    self.traits |= act_on_person(&word, &before);
                }
                self.add_word(&word, next, &before, &mut round, (is_title, is_shouted));
            }
            before.rotate_left(1);
            before[1] = word.text;
        }
    }

    fn add_word(
        &mut self,
        word: &Word,
        next: Option<&Word>,
        before: &[String; 2],
        round: &mut u32,
        (is_title, is_shouted): (bool, bool),
    ) {
        self.traits |= trait_of_phrase(word, before);
        if is_title && word.is_start && matches!(word.text.as_str(), "comment" | "pourquoi") {
            // Who explains something does not report it.
            self.traits |= traits::FEATURE;
        }
        if let Some(found) = round_of(word, next) {
            self.traits |= found;
            *round = found;
        }
        let Some(meaning) = find(&word.text) else {
            if word.text.len() > 1 {
                let is_name = word.is_capital && !is_shouted && (!word.is_start || next.is_some_and(|next| next.is_capital));
                let kind = if is_name { TokenKind::Name } else { TokenKind::Word };
                self.add(stem(&word.text), kind, is_title);
            }
            return;
        };
        match meaning.traits {
            // The final of a semi-final.
            traits::FINALS if *round != 0 => *round = 0,
            traits::GOLD if before[1] == "vice" => self.traits |= traits::SILVER,
            0 => {}
            found => {
                self.traits |= found;
                *round = found & ROUNDS;
                let [verb, preposition] = before;
                if found & (ROUNDS | traits::FINALS) != 0 && preposition == "en" && REACHES.contains(&verb.as_str()) {
                    self.traits |= traits::QUALIFIED;
                }
            }
        }
        if let Some((name, kind)) = meaning.token {
            self.add(name, kind, is_title);
        } else if meaning.traits & traits::ACTS != 0 {
            self.add(stem(&word.text), TokenKind::Word, is_title);
        }
    }

    /// Adds a number: with a unit it is a distance or a weight class, which tell events apart.
    fn add_number(&mut self, number: &str, unit: Option<&Word>, is_title: bool) {
        let figures = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match (unit.map(|unit| unit.text.as_str()), &number[figures.len()..]) {
            (Some("km"), _) | (None, "km") => "km",
            (Some("kg" | "kilos"), _) | (None, "kg") => "kg",
            (Some(_), _) | (None, "m") => "m",
            _ => "",
        };
        if unit.is_empty() {
            if find(figures).is_none() {
                self.add(figures, TokenKind::Number, is_title);
            }
        } else {
            for figures in figures.split('-') {
                self.add(&format!("{figures}{unit}"), TokenKind::Discipline, is_title);
            }
        }
    }

    fn add(&mut self, text: &str, kind: TokenKind, is_title: bool) {
        let token = StoryToken::new(xxh3_64(text.as_bytes()), kind, is_title);
        match self.tokens.iter_mut().find(|known| known.word() == token.word()) {
            // A word that is a name once is a name.
            Some(known) if kind > known.kind() => *known = StoryToken::new(u64::from(token.word()), kind, known.is_in_title()),
            Some(_) => {}
            None => self.tokens.push(token),
        }
    }
}

/// Returns the trait of a phrase that ends with this word.
fn trait_of_phrase(word: &Word, [first, second]: &[String; 2]) -> u32 {
    match (first.as_str(), second.as_str(), word.text.as_str()) {
        (_, "en", "direct") | ("minute", "par", "minute") | ("", "", "direct") => traits::LIVE,
        ("le", "point", "sur") | ("l" | "qu", "on", "sait") | ("que", "sait", "on") | ("il", "faut", "savoir") => {
            traits::FEATURE | traits::SUMMARY
        }
        // Athletes find their form again, or the podium.
        (_, "retrouve", "mort" | "morts" | "sans" | "vivant" | "sain") | (_, "corps", "retrouve") => traits::FOUND,
        ("garde", "a", "vue") => traits::ARREST,
        ("mis" | "mise" | "mises", "en", "examen")
        | ("place" | "placee" | "places" | "placees" | "mis" | "mise" | "maintenu" | "maintenue", "en", "detention") => {
            traits::CHARGE
        }
        ("comparait" | "comparu" | "comparaitre" | "renvoye" | "renvoyee", "devant", "la" | "le" | "les" | "une") => {
            traits::TRIAL
        }
        ("minute", "de", "silence") | (_, "marche" | "marches", "blanche" | "blanches") => traits::TRIBUTE,
        (_, "quelle", "heure") | (_, "ou", "voir" | "regarder") => traits::PREVIEW,
        _ => 0,
    }
}

/// Returns what a participle says that was done to a person. Nobody is arrested who stops ("s'est arrêté").
fn act_on_person(word: &Word, [first, second]: &[String; 2]) -> u32 {
    if first == "s" || second == "s" || word.text.ends_with('e') && !word.is_participle && !word.text.ends_with("ee") {
        return 0;
    }
    ACTS_ON_PERSONS.iter().find(|(participle, _)| *participle == word.text).map_or(0, |(_, act)| *act)
}

/// Returns the round of "quart de finale" and "huitième de finale"; alone, these words say something else.
fn round_of(word: &Word, next: Option<&Word>) -> Option<u32> {
    let found = match word.text.as_str() {
        "quart" => traits::QUARTERS,
        "huitieme" => traits::EIGHTHS,
        _ => return None,
    };
    next.filter(|next| next.text == "de").map(|_| found)
}

/// Returns the part of a word by which it is compared.
fn stem(word: &str) -> &str {
    let singular = word.strip_suffix(['s', 'x']).unwrap_or(word);
    let begin = singular.char_indices().nth(STEM).map_or(singular, |(end, _)| &singular[..end]);
    begin.strip_suffix('e').filter(|begin| begin.len() > 2).unwrap_or(begin)
}

/// Returns true if a headline quotes a sentence.
fn has_quotation(title: &str) -> bool {
    let mut parts = title.split(['«', '»', '“', '”', '"']);
    parts.next();
    parts.step_by(2).any(|quoted| quoted.split_whitespace().count() >= QUOTATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits_of(title: &str) -> u32 {
        story_key(title, "", 0).traits
    }

    fn kind_of(title: &str, word: &str) -> Option<TokenKind> {
        let key = story_key(title, "", 0);
        let own = StoryToken::new(xxh3_64(word.as_bytes()), TokenKind::Word, true).word();
        key.tokens.iter().find(|token| token.word() == own).map(|token| token.kind())
    }

    #[test]
    fn rounds_are_told_apart() {
        assert_eq!(traits_of("Handball : la demi-finale perdue"), traits::SEMIS);
        assert_eq!(traits_of("Un quart de finale sans suspense"), traits::QUARTERS);
        assert_eq!(traits_of("Finale du relais"), traits::FINALS);
        assert_eq!(traits_of("Marchand file en finale"), traits::FINALS | traits::QUALIFIED);
    }

    #[test]
    fn distances_and_weight_classes_are_disciplines() {
        for (title, word) in [
            ("Record sur 200 m papillon", "200m"),
            ("Record sur 200m papillon", "200m"),
            ("Le 4x100 mètres", "4x100m"),
            ("Le 1 500 m", "1500m"),
            ("Les moins de 60 kg", "60kg"),
            ("Le super-G annulé", "superg"),
        ] {
            assert_eq!(kind_of(title, word), Some(TokenKind::Discipline), "{title}");
        }
    }

    #[test]
    fn names_and_numbers_are_told_from_words() {
        let title = "Le village accueille Marchand et trois nageurs";
        assert_eq!(kind_of(title, "marcha"), Some(TokenKind::Name));
        assert_eq!(kind_of(title, "3"), Some(TokenKind::Number));
        assert_eq!(kind_of(title, "villag"), Some(TokenKind::Word));
    }

    #[test]
    fn live_reports_and_previews_have_traits() {
        for title in ["En direct : la descente", "DIRECT. La descente", "La descente minute par minute"] {
            assert_eq!(traits_of(title) & traits::LIVE, traits::LIVE, "{title}");
        }
        assert_eq!(traits_of("Descente : à quelle heure et où voir la course"), traits::PREVIEW);
    }

    #[test]
    fn explanations_are_features() {
        for title in [
            "Vendée Globe : comment Marceau a conquis le public",
            "Pourquoi la descente est annulée",
            "Annecy : ce que l’on sait de l’incendie",
            "Relais : ce qu'il faut savoir de la finale",
        ] {
            assert_eq!(traits_of(title) & traits::FEATURE, traits::FEATURE, "{title}");
        }
        assert_eq!(traits_of("Marceau raconte comment il a gagné") & traits::FEATURE, 0);
    }

    #[test]
    fn acts_of_an_affair_are_told_in_headline_and_lede() {
        for (text, act) in [
            ("Une adolescente retrouvée morte", traits::FOUND),
            ("Un homme retrouvé mort", traits::FOUND),
            ("Des fouilles près du canal", traits::SEARCH),
            ("Un suspect en garde à vue", traits::ARREST),
            ("Le suspect mis en examen", traits::CHARGE),
            ("Le procès s’ouvre", traits::TRIAL),
            ("L’autopsie est faite", traits::AUTOPSY),
            ("Une marche blanche à Carpentras", traits::TRIBUTE),
        ] {
            assert_eq!(traits_of(text), act, "{text}");
            assert_eq!(story_key("L’affaire du canal", text, 0).traits, act << traits::IN_LEDE, "{text}");
        }
        assert_eq!(traits_of("Marceau retrouve la première marche du podium") & traits::ACTS, 0);
    }

    #[test]
    fn each_act_is_told_by_its_participles_and_nouns() {
        for (texts, act) in [
            (["Une adolescente retrouvée", "Un homme de 30 ans retrouvé", "La découverte du corps"], traits::FOUND),
            (["Un bois ratissé", "Une maison perquisitionnée", "Un suspect recherché"], traits::SEARCH),
            (["Un homme arrêté", "Deux femmes arrêtées", "L’arrestation du suspect"], traits::ARREST),
            (["Un suspect écroué", "Une mère incarcérée", "Son inculpation"], traits::CHARGE),
            (["Un homme jugé", "Une mère condamnée", "Son acquittement"], traits::TRIAL),
            (["Un corps autopsié", "L’autopsie du corps", "Des autopsies"], traits::AUTOPSY),
            (["La lycéenne inhumée", "L’enterrement", "Ses obsèques"], traits::TRIBUTE),
        ] {
            for text in texts {
                assert_eq!(traits_of(text) & traits::ACTS, act, "{text}");
            }
        }
        assert_eq!(traits_of("Un homme placé en détention provisoire") & traits::ACTS, traits::CHARGE);
        assert_eq!(traits_of("Le suspect comparaît devant la cour d’assises") & traits::ACTS, traits::TRIAL);
    }

    #[test]
    fn participle_tells_an_act_only_of_a_person() {
        for text in [
            "Le cross arrêté à cause d’un feu",
            "À 23 ans, l’homme s’est arrêté à dix portes de la ligne",
            "Un jeune joueur de 30 ans arrête sa carrière",
            "Un suspect. Le match est arrêté",
            "Un dossier jugé recevable",
            "L’homme recherche son chien",
        ] {
            assert_eq!(traits_of(text) & traits::ACTS, 0, "{text}");
        }
    }

    #[test]
    fn questions_are_features() {
        assert_eq!(traits_of("Pourquoi la descente est-elle annulée ?"), traits::FEATURE);
        assert_eq!(traits_of("Descente : le point sur la météo"), traits::FEATURE | traits::SUMMARY);
    }

    #[test]
    fn sentence_in_quotation_marks_is_a_reaction() {
        assert_eq!(traits_of("Marchand : « Je ne réalise pas encore »"), traits::REACTION);
        assert_eq!(traits_of("Le « roi » Marchand"), 0);
    }

    #[test]
    fn sex_is_told_by_the_lede_if_the_headline_does_not() {
        let of = |title: &str, lede: &str| story_key(title, lede, 0).traits;
        assert_eq!(of("La poursuite", "Dix femmes au départ"), traits::WOMEN);
        assert_eq!(of("La poursuite", "Les femmes après les hommes"), 0);
        assert_eq!(of("La poursuite dames", "Les hommes partent demain"), traits::WOMEN);
    }

    #[test]
    fn key_is_bounded_whatever_the_text() {
        let text: String = (0..5000).map(|n| format!("mot{n} ")).collect();
        let key = story_key(&text, &text, usize::MAX);
        assert_eq!(key.tokens.len(), MAX_STORY_TOKENS);
        assert_eq!(key.tokens.iter().filter(|token| token.is_in_title()).count(), MAX_TITLE_TOKENS);
    }
}
