//! Language detection, and the choice between the detected and the declared language.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::model::Lang;

/// The most common function words that distinguish a language from its neighbours. A word may belong to several languages.
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
/// The number of words below which function words decide nothing.
const MIN_WORDS: usize = 5;
/// The share of function words that a language needs, in percent of all words.
const MIN_SHARE: usize = 20;
/// The lead over the next language, in percent of its count. Measured with these three constants on parallel sentences of news
/// and travel (share detected correctly; wrongly) in samples of 80, 200 and 500 characters: French 0.81, 1.00, 1.00 (0, 0, 0), English
/// 0.84, 0.98, 0.99 (0.0007, 0, 0), Spanish 0.44, 0.87, 0.97 (0.005, 0, 0), Catalan 0.57, 0.96, 1.00 (0.007, 0.001, 0). The
/// rest is undecided.
const MIN_LEAD: usize = 120;
/// The number of letters below which a declared language is never overruled, and the slower detector is not tried.
const MIN_LETTERS: usize = 80;
/// The number of letters from which an entry without a declared language may differ from its feed: at 200 characters there are
/// no errors in French and English (see above), and one in a thousand between Spanish and Catalan.
pub(super) const MIN_ENTRY_LETTERS: usize = 160;
/// The length of the text that is examined, in bytes.
const MAX_SAMPLE: usize = 600;
/// The longest word of the table, in bytes: a word is packed into a `u64`.
const MAX_WORD: usize = 8;

/// The number of slots of the table: a power of two, and about three times the number of words.
const SLOTS: usize = 1024;

/// A hash table with open addressing: the words as numbers, each with a bit for every language that has it. A `HashMap` of
/// strings takes twice as long, and this runs for every new entry.
static TABLE: LazyLock<Vec<(u64, u8)>> = LazyLock::new(|| {
    let mut table = vec![(0, 0); SLOTS];
    for (place, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            let number = word.bytes().fold(0, |number, byte| number << 8 | u64::from(byte));
            let slot = find_slot(&table, number);
            table[slot] = (number, table[slot].1 | 1 << place);
        }
    }
    table
});

/// Returns the slot of a word in the table, or the free one where it belongs.
fn find_slot(table: &[(u64, u8)], number: u64) -> usize {
    // Multiplicative hashing with the golden ratio: the upper bits are well mixed.
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let mut at = usize::try_from(hash).unwrap_or_default() % SLOTS;
    while table[at].0 != number && table[at].0 != 0 {
        at = (at + 1) % SLOTS;
    }
    at
}

/// Returns the language of a text, by its function words, else by its letters; nothing if that is not certain.
pub fn detect_language(text: &str) -> Option<Lang> {
    let sample = &text[..text.floor_char_boundary(MAX_SAMPLE)];
    if let Some(lang) = detect_by_function_words(sample) {
        return Lang::new(lang);
    }
    if count_letters(sample) < MIN_LETTERS {
        return None;
    }
    let info = whatlang::detect(sample).filter(whatlang::Info::is_reliable)?;
    Lang::new(two_letter_code(info.lang().code()))
}

/// Returns the language of an entry: the one declared for it, else that of its source, unless its text is clearly in another.
///
/// The declared language stays if the text is in the same one (`fr-CA` stays `fr-CA`), too short, or undecided.
pub(super) fn settle(declared: Option<&Lang>, source: Option<&Lang>, sample: &str) -> Option<Lang> {
    let Some(expected) = declared.or(source) else { return detect_language(sample) };
    if count_letters(&sample[..sample.floor_char_boundary(MAX_SAMPLE)]) < MIN_LETTERS {
        return Some(expected.clone());
    }
    let detected = detect_language(sample).filter(|detected| detected.primary() != two_letter_code(expected.primary()));
    Some(detected.unwrap_or_else(|| expected.clone()))
}

/// Returns the language of a feed, as [`settle`] does, but a feed in several languages keeps its declared one. That is overruled
/// only if more of its entries are in the other language than in the declared one.
pub(super) fn settle_feed<'t>(
    declared: Option<&Lang>,
    source: Option<&Lang>,
    sample: &str,
    entries: impl Iterator<Item = Cow<'t, str>>,
) -> Option<Lang> {
    let settled = settle(declared, source, sample)?;
    let Some(said) = declared.or(source).filter(|said| **said != settled) else { return Some(settled) };
    let own = two_letter_code(said.primary());
    let (mut same, mut other) = (0, 0);
    for text in entries {
        let detected = detect_by_function_words(&text[..text.floor_char_boundary(MAX_SAMPLE)]);
        same += usize::from(detected == Some(own));
        other += usize::from(detected == Some(settled.primary()));
    }
    Some(if same > 0 && same >= other { said.clone() } else { settled })
}

/// Returns the language of an entry that declares none: that of its feed, unless a text of some length is clearly in another.
pub(super) fn settle_entry(feed: Option<&Lang>, sample: &str) -> Option<Lang> {
    if count_letters(sample) < MIN_ENTRY_LETTERS {
        return feed.cloned();
    }
    if feed.is_some_and(|feed| WORDS.iter().all(|(lang, _)| *lang != two_letter_code(feed.primary()))) {
        // The slower detector on every entry of a Russian feed would cost more than parsing it.
        return detect_by_function_words(&sample[..sample.floor_char_boundary(MAX_SAMPLE)])
            .and_then(Lang::new)
            .or_else(|| feed.cloned());
    }
    settle(feed, None, sample)
}

/// The number of words of a text, and of the function words of each language that has a list here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionWords {
    words: usize,
    counts: [usize; WORDS.len()],
}

impl FunctionWords {
    /// Counts the words of a text. A word may belong to several languages.
    pub fn count(text: &str) -> Self {
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
                if length <= MAX_WORD {
                    let languages = table[find_slot(table, number)].1;
                    for (place, count) in counts.iter_mut().enumerate() {
                        *count += usize::from(languages >> place & 1);
                    }
                }
                (number, length) = (0, 0);
            }
        }
        Self { words, counts }
    }

    /// Returns the number of all words (runs of letters).
    pub fn words(&self) -> usize {
        self.words
    }

    /// Returns the number of function words of a language, or nothing if it has no list.
    pub fn of_language(&self, lang: &Lang) -> Option<usize> {
        let place = WORDS.iter().position(|(tag, _)| *tag == lang.primary())?;
        Some(self.counts[place])
    }
}

/// Returns the language of a text by its function words, or nothing if that is not certain.
fn detect_by_function_words(text: &str) -> Option<&'static str> {
    let FunctionWords { words, counts } = FunctionWords::count(text);
    let (place, most) = counts.iter().copied().enumerate().max_by_key(|(_, count)| *count)?;
    let next = counts.iter().copied().enumerate().filter(|(other, _)| *other != place).map(|(_, count)| count).max()?;
    let sure = words >= MIN_WORDS && most * 100 >= words * MIN_SHARE && most * 100 >= next * MIN_LEAD && most >= next + 2;
    sure.then_some(WORDS[place].0)
}

fn count_letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

/// Returns the two-letter code of a language, which BCP 47 requires where there is one (RFC 5646 §2.2.1), else the code itself.
fn two_letter_code(code: &str) -> &str {
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
    fn language_is_detected_in_a_sentence() {
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
    fn declared_language_stays_unless_the_text_is_clearly_in_another() {
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
    fn feed_in_two_languages_keeps_its_declared_language() {
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
    fn every_function_word_is_in_the_table() {
        let words = || WORDS.iter().flat_map(|(_, words)| words.split_ascii_whitespace());
        assert!(words().all(|word| word.len() <= MAX_WORD));
        let distinct: std::collections::HashSet<&str> = words().collect();
        assert_eq!(TABLE.iter().filter(|(word, _)| *word != 0).count(), distinct.len());
    }

    /// Runs on the parallel sentences that `RELAIS_SHARED` names, if it is set, and prints the figures given above.
    #[test]
    fn real_sentences_keep_their_declared_language() {
        let Some(shared) = std::env::var_os("RELAIS_SHARED") else { return };
        for lang in ["fr", "en", "es", "ca"] {
            let file = std::path::Path::new(&shared).join(format!("data/flores/dev.{lang}"));
            let text: Vec<char> = std::fs::read_to_string(file).expect("sentences").replace('\n', " ").chars().collect();
            for size in [80, 200, 500] {
                let samples: Vec<String> = text.chunks_exact(size).map(|sample| sample.iter().collect()).collect();
                let count = |is: &dyn Fn(&str) -> bool| samples.iter().filter(|sample| is(sample)).count();
                let right = count(&|sample| detect_by_function_words(sample) == Some(lang));
                let wrong = count(&|sample| detect_by_function_words(sample).is_some_and(|told| told != lang));
                let detected_right = count(&|sample| detect_language(sample).is_some_and(|told| told.as_str() == lang));
                let detected_wrong = count(&|sample| detect_language(sample).is_some_and(|told| told.as_str() != lang));
                let own = tag(lang);
                let overruled = count(&|sample| settle(Some(&own), None, sample).as_ref() != Some(&own));
                #[expect(clippy::print_stdout, reason = "the figures")]
                {
                    println!(
                        "{lang} {size}: {} samples, words {right} right {wrong} wrong, detected {detected_right} right {detected_wrong} wrong, {overruled} overruled",
                        samples.len()
                    );
                }
                assert!(overruled * 100 <= samples.len() * 2, "{lang} {size}: {overruled} of {}", samples.len());
            }
        }
    }
}
