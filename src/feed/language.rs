//! What language some text is in, and whether to believe what a feed says of it.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::model::Lang;

/// The commonest function words that tell a language from its neighbours. A word may stand for several.
const WORDS: [(&str, &str); 8] = [
    (
        "fr",
        "le les des du une est et dans pour qui sur au aux avec ce cette ces par pas plus sont été être ont sa ses leur leurs nous \
         vous mais où ou il elle ils elles la de un en à que ne se son d l qu c n s j",
    ),
    (
        "en",
        "the of and to in is that for it was on with as are be this by at from his her they have has were not which but or an had \
         will their its been who would after about more said we you he she when there",
    ),
    (
        "es",
        "el los las del una es y en para que por con su sus se lo como más pero fue son este esta estos al ha han sobre entre \
         también la de un no muy desde cuando hasta",
    ),
    (
        "de",
        "der die das und ist von den mit im zu für auf nicht ein eine einer einem einen dem des sich auch als nach bei wird aus an \
         es werden wurde sind war hat haben oder aber nur noch über zum zur in so",
    ),
    (
        "it",
        "il gli della del dei delle nel nella di che è per una con sono si non alla al dal dalla più anche come ha hanno questo \
         questa ma lo la le i un e da stato sul sulla",
    ),
    (
        "pt",
        "o os as do da dos das no na nos nas um uma que e é em para com por não se mais ao aos foi são pelo pela como mas seu sua \
         também à de a ele ela ser está",
    ),
    (
        "nl",
        "de het een van en in is dat op te zijn met voor niet aan er om ook als bij door naar maar uit wordt werd was hebben heeft \
         deze die nog worden over tot ze hij of",
    ),
    (
        "ca",
        "el els les del dels una és i en per que amb al als es no més com però va van han aquest aquesta seva seu la de un ser entre \
         també són ha hi fins des molt quan sobre l d",
    ),
];
/// Text with fewer words says nothing.
const LEAST_WORDS: usize = 5;
/// Of the words of a sentence, so many in a hundred are function words of its language.
const LEAST_SHARE: usize = 20;
/// A language leads the next by so many in a hundred. Measured with these three on parallel sentences of news and travel
/// (share told rightly; told wrongly) in samples of 80, 200 and 500 characters: French 0.81, 1.00, 1.00 (0, 0, 0), English
/// 0.84, 0.98, 0.99 (0.0007, 0, 0), Spanish 0.44, 0.87, 0.97 (0.005, 0, 0), Catalan 0.57, 0.96, 1.00 (0.007, 0.001, 0). The
/// rest is undecided.
const LEAST_LEAD: usize = 120;
/// Fewer letters never outweigh what a feed says, and are not worth the dearer look.
const LEAST_LETTERS: usize = 80;
/// An entry that declares nothing is taken from its feed's language only by so many letters: at 200 characters the errors
/// above are none in French and English, and one in a thousand between Spanish and Catalan.
pub(super) const LEAST_OF_ENTRY: usize = 160;
/// More of a text says nothing more.
const MOST_BYTES: usize = 600;
/// The longest word of the table, in bytes: as many as make a number.
const LONGEST_WORD: usize = 8;

/// Slots of the table, a power of two and some three times as many as there are words.
const SLOTS: usize = 1024;

/// The words as numbers, each with a bit for every language that has it, found by their hash or behind it. A map of strings
/// takes twice as long, and this is done for every new entry.
static TABLE: LazyLock<Vec<(u64, u8)>> = LazyLock::new(|| {
    let mut table = vec![(0, 0); SLOTS];
    for (place, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            let number = word.bytes().fold(0, |number, byte| number << 8 | u64::from(byte));
            let slot = slot(&table, number);
            table[slot] = (number, table[slot].1 | 1 << place);
        }
    }
    table
});

/// Where a word is in the table, or would be.
fn slot(table: &[(u64, u8)], number: u64) -> usize {
    // Multiplicative hashing by the golden ratio; the upper bits are the mixed ones.
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let mut at = usize::try_from(hash).unwrap_or_default() % SLOTS;
    while table[at].0 != number && table[at].0 != 0 {
        at = (at + 1) % SLOTS;
    }
    at
}

/// The language that a text is in, if that is sure: by its function words, else by its letters.
pub fn detect_language(text: &str) -> Option<Lang> {
    let sample = &text[..text.floor_char_boundary(MOST_BYTES)];
    if let Some(lang) = by_words(sample) {
        return Lang::new(lang);
    }
    if letters(sample) < LEAST_LETTERS {
        return None;
    }
    let info = whatlang::detect(sample).filter(whatlang::Info::is_reliable)?;
    Lang::new(two_letters(info.lang().code()))
}

/// The language of an entry: as declared at its own level, else as its source says, unless its text is surely in another.
///
/// What is declared stays when the text is of the same language (`fr-CA` stays `fr-CA`), too short, or undecided.
pub(super) fn settle(declared: Option<&Lang>, source: Option<&Lang>, sample: &str) -> Option<Lang> {
    let said = declared.or(source);
    let Some(said) = said else { return detect_language(sample) };
    if letters(&sample[..sample.floor_char_boundary(MOST_BYTES)]) < LEAST_LETTERS {
        return Some(said.clone());
    }
    let heard = detect_language(sample).filter(|heard| heard.primary() != two_letters(said.primary()));
    Some(heard.unwrap_or_else(|| said.clone()))
}

/// The language of a feed, as [`settle`] has it: but a feed in several languages keeps what it says of itself. It is overruled
/// only where more of its entries are heard in the other language than in its own.
pub(super) fn settle_feed<'t>(
    declared: Option<&Lang>,
    source: Option<&Lang>,
    sample: &str,
    entries: impl Iterator<Item = Cow<'t, str>>,
) -> Option<Lang> {
    let settled = settle(declared, source, sample)?;
    let Some(said) = declared.or(source).filter(|said| **said != settled) else { return Some(settled) };
    let own = two_letters(said.primary());
    let (mut same, mut other) = (0, 0);
    for text in entries {
        let heard = by_words(&text[..text.floor_char_boundary(MOST_BYTES)]);
        same += usize::from(heard == Some(own));
        other += usize::from(heard == Some(settled.primary()));
    }
    Some(if same > 0 && same >= other { said.clone() } else { settled })
}

/// The language of an entry that says nothing of its own: that of its feed, unless a text of some length is surely in another.
pub(super) fn settle_entry(feed: Option<&Lang>, sample: &str) -> Option<Lang> {
    if letters(sample) < LEAST_OF_ENTRY {
        return feed.cloned();
    }
    if feed.is_some_and(|feed| WORDS.iter().all(|(lang, _)| *lang != two_letters(feed.primary()))) {
        // The dearer look at every entry of a Russian feed would cost more than reading it.
        return by_words(&sample[..sample.floor_char_boundary(MOST_BYTES)]).and_then(Lang::new).or_else(|| feed.cloned());
    }
    settle(feed, None, sample)
}

/// How many words a text has, and how many of them are function words of the languages that have a table here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionWords {
    words: usize,
    counts: [usize; WORDS.len()],
}

impl FunctionWords {
    /// Counts those of a text. A word may belong to several languages.
    pub fn of(text: &str) -> Self {
        let table: &[(u64, u8)] = &TABLE;
        let (mut words, mut counts) = (0_usize, [0_usize; WORDS.len()]);
        let (mut number, mut length) = (0_u64, 0_usize);
        for c in text.chars().chain([' ']) {
            if c.is_alphabetic() {
                let mut bytes = [0; 4];
                let small = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
                for byte in small.encode_utf8(&mut bytes).bytes() {
                    number = number << 8 | u64::from(byte);
                    length += 1;
                }
            } else if length > 0 {
                words += 1;
                if length <= LONGEST_WORD {
                    let languages = table[slot(table, number)].1;
                    for (place, count) in counts.iter_mut().enumerate() {
                        *count += usize::from(languages >> place & 1);
                    }
                }
                (number, length) = (0, 0);
            }
        }
        Self { words, counts }
    }

    /// All words: runs of letters.
    pub fn words(&self) -> usize {
        self.words
    }

    /// The function words of a language; nothing if it has no table.
    pub fn of_language(&self, lang: &Lang) -> Option<usize> {
        let place = WORDS.iter().position(|(tag, _)| *tag == lang.primary())?;
        Some(self.counts[place])
    }
}

/// The language of a text by its function words, if that is sure.
fn by_words(text: &str) -> Option<&'static str> {
    let FunctionWords { words, counts } = FunctionWords::of(text);
    let (place, most) = counts.iter().copied().enumerate().max_by_key(|(_, count)| *count)?;
    let next = counts.iter().copied().enumerate().filter(|(other, _)| *other != place).map(|(_, count)| count).max()?;
    let sure = words >= LEAST_WORDS && most * 100 >= words * LEAST_SHARE && most * 100 >= next * LEAST_LEAD && most >= next + 2;
    sure.then_some(WORDS[place].0)
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

/// ISO 639-3 as BCP 47 wants it: the two-letter code where there is one (RFC 5646 §2.2.1). What has none here stays.
fn two_letters(code: &str) -> &str {
    match code {
        "fra" | "fre" => "fr",
        "eng" => "en",
        "spa" => "es",
        "deu" | "ger" => "de",
        "ita" => "it",
        "por" => "pt",
        "nld" | "dut" => "nl",
        "cat" => "ca",
        "rus" => "ru",
        "ukr" => "uk",
        "cmn" | "zho" | "chi" => "zh",
        "jpn" => "ja",
        "kor" => "ko",
        "ara" => "ar",
        "tur" => "tr",
        "pol" => "pl",
        "ces" | "cze" => "cs",
        "slk" | "slo" => "sk",
        "slv" => "sl",
        "ron" | "rum" => "ro",
        "hun" => "hu",
        "fin" => "fi",
        "swe" => "sv",
        "dan" => "da",
        "nob" | "nor" => "no",
        "ell" | "gre" => "el",
        "heb" => "he",
        "hrv" => "hr",
        "srp" => "sr",
        "bul" => "bg",
        "epo" => "eo",
        "lat" => "la",
        "vie" => "vi",
        "ind" => "id",
        "hin" => "hi",
        "pes" | "fas" | "per" => "fa",
        "tha" => "th",
        "lit" => "lt",
        "lav" => "lv",
        "est" => "et",
        "mkd" | "mac" => "mk",
        "bel" => "be",
        "kat" | "geo" => "ka",
        "hye" | "arm" => "hy",
        "ben" => "bn",
        "urd" => "ur",
        "aze" => "az",
        "afr" => "af",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: &str = "Le comité a annoncé lundi que la cérémonie d’ouverture des Jeux serait tenue dans le stade de la ville, \
                          et non sur le fleuve comme à Paris.";
    const ENGLISH: &str = "The committee said on Monday that the opening ceremony of the Games would be held in the stadium of the \
                           city, and not on the river as it was in Paris.";

    fn tag(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    #[test]
    fn languages_are_heard() {
        for (text, lang) in [
            (FRENCH, Some("fr")),
            (ENGLISH, Some("en")),
            (
                "El comité dijo el lunes que la ceremonia de apertura de los Juegos se celebrará en el estadio y no en el río.",
                Some("es"),
            ),
            (
                "Das Komitee sagte am Montag, dass die Eröffnung der Spiele im Stadion der Stadt und nicht auf dem Fluss ist.",
                Some("de"),
            ),
            (
                "Il comitato ha detto che la cerimonia di apertura dei Giochi si terrà nello stadio della città e non sul fiume.",
                Some("it"),
            ),
            (
                "O comité disse que a cerimónia de abertura dos Jogos será no estádio da cidade e não no rio, como foi em Paris.",
                Some("pt"),
            ),
            (
                "Het comité zei dat de opening van de Spelen in het stadion van de stad is en niet op de rivier zoals in Parijs.",
                Some("nl"),
            ),
            (
                "El comitè va dir que la cerimònia dels Jocs es farà amb els atletes a l’estadi i no al riu, com és el cas de París.",
                Some("ca"),
            ),
            (
                "Комитет сообщил в понедельник, что церемония открытия Игр пройдёт на стадионе города, а не на реке, как это было раньше.",
                Some("ru"),
            ),
            ("Teddy Riner, Léon Marchand", None),
            ("", None),
        ] {
            assert_eq!(detect_language(text).as_ref().map(Lang::as_str), lang, "{text}");
        }
    }

    #[test]
    fn what_is_declared_stays_unless_the_text_is_surely_another() {
        let (fr, ca, us) = (tag("fr"), tag("fr-CA"), tag("en-US"));
        for (declared, source, text, settled) in [
            (None, Some(&us), FRENCH, Some("fr")),
            (Some(&us), Some(&fr), FRENCH, Some("fr")),
            (Some(&ca), Some(&us), FRENCH, Some("fr-CA")),
            (Some(&ca), None, ENGLISH, Some("en")),
            (Some(&us), None, "Le comité a annoncé que la ville sera dans les Jeux", Some("en-US")),
            (
                Some(&us),
                None,
                "Riner Marchand Ledecky Bolt Duplantis Biles Phelps Dujardin Estanguet Bach Coubertin Samaranch Rogge",
                Some("en-US"),
            ),
            (None, Some(&fr), "", Some("fr")),
            (None, None, FRENCH, Some("fr")),
            (None, None, "Riner", None),
        ] {
            assert_eq!(settle(declared, source, text).as_ref().map(Lang::as_str), settled, "{declared:?} {source:?} {text}");
        }
    }

    #[test]
    fn a_feed_in_two_languages_keeps_what_it_says_and_its_entries_are_heard_one_by_one() {
        let (fr, us, ru) = (tag("fr"), tag("en-US"), tag("ru"));
        let told = |declared: &Lang, texts: &[&'static str]| {
            let sample = texts.concat();
            let texts = texts.iter().map(|text| Cow::Borrowed(*text));
            settle_feed(Some(declared), None, &sample, texts).map(|lang| lang.to_string()).expect("a language")
        };
        assert_eq!(told(&fr, &[ENGLISH, FRENCH]), "fr", "one each");
        assert_eq!(told(&fr, &[ENGLISH, FRENCH, ENGLISH, ENGLISH]), "en");
        assert_eq!(told(&us, &[FRENCH, FRENCH]), "fr");
        let twice = ENGLISH.repeat(2);
        assert_eq!(settle_entry(Some(&fr), &twice), Some(tag("en")));
        assert_eq!(settle_entry(Some(&ru), &twice), Some(tag("en")));
        assert_eq!(settle_entry(Some(&fr), "The breaking news of the day"), Some(fr.clone()), "too short to tell");
        assert_eq!(settle_entry(Some(&us), &FRENCH.repeat(2)), Some(fr.clone()));
        assert_eq!(settle_entry(None, &FRENCH.repeat(2)), Some(fr));
    }

    #[test]
    fn every_word_of_the_table_can_be_found() {
        let words = || WORDS.iter().flat_map(|(_, words)| words.split_ascii_whitespace());
        assert!(words().all(|word| word.len() <= LONGEST_WORD));
        let distinct: std::collections::HashSet<&str> = words().collect();
        assert_eq!(TABLE.iter().filter(|(word, _)| *word != 0).count(), distinct.len());
    }

    /// Parallel sentences, where they lie beside the checkout (`RELAIS_SHARED`): the figures above are what this prints.
    #[test]
    fn real_texts_are_settled_rightly() {
        let Some(shared) = std::env::var_os("RELAIS_SHARED") else { return };
        for lang in ["fr", "en", "es", "ca"] {
            let file = std::path::Path::new(&shared).join(format!("data/flores/dev.{lang}"));
            let text: Vec<char> = std::fs::read_to_string(file).expect("sentences").replace('\n', " ").chars().collect();
            for size in [80, 200, 500] {
                let samples: Vec<String> = text.chunks_exact(size).map(|sample| sample.iter().collect()).collect();
                let count = |is: &dyn Fn(&str) -> bool| samples.iter().filter(|sample| is(sample)).count();
                let right = count(&|sample| by_words(sample) == Some(lang));
                let wrong = count(&|sample| by_words(sample).is_some_and(|told| told != lang));
                let heard_right = count(&|sample| detect_language(sample).is_some_and(|told| told.as_str() == lang));
                let heard_wrong = count(&|sample| detect_language(sample).is_some_and(|told| told.as_str() != lang));
                let own = tag(lang);
                let overruled = count(&|sample| settle(Some(&own), None, sample).as_ref() != Some(&own));
                #[expect(clippy::print_stdout, reason = "the figures")]
                {
                    println!(
                        "{lang} {size}: {} samples, words {right} right {wrong} wrong, heard {heard_right} right {heard_wrong} wrong, {overruled} overruled",
                        samples.len()
                    );
                }
                assert!(overruled * 100 <= samples.len() * 2, "{lang} {size}: {overruled} of {}", samples.len());
            }
        }
    }
}
