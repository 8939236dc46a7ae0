//! Parallel sentences.

use std::collections::HashSet;
use std::path::Path;

use relais::model::Lang;

use super::words::words;

/// Sentences of our own, used where FLORES is not at hand.
const OWN: &str = include_str!("sentences.tsv");

/// A sentence and a good translation of it.
pub(crate) struct Pair {
    pub(crate) source: String,
    pub(crate) result: String,
}

/// Translations by one hand.
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) from: Lang,
    pub(crate) to: Lang,
    pub(crate) pairs: Vec<Pair>,
    /// Whether people made them, or an engine.
    pub(crate) is_human: bool,
}

impl Set {
    /// Whether the bounds of the project are for this set: from French to English.
    pub(crate) fn is_main(&self) -> bool {
        self.from.as_str() == "fr" && self.to.as_str() == "en"
    }
}

/// The sets, or of each only the sentences with even or odd numbers, or those of one of its quarters.
pub(crate) fn sets(half: Option<&str>, quarter: Option<usize>) -> Vec<Set> {
    let flores =
        std::env::var_os("RELAIS_SHARED").map(|shared| Path::new(&shared).join("data/flores")).filter(|path| path.is_dir());
    let mut sets = flores.map_or_else(own, |folder| flores_sets(&folder));
    if let Some(half) = half {
        for set in &mut sets {
            let mut place = 0;
            set.pairs.retain(|_| {
                place += 1;
                (place % 2 == 0) == (half == "even")
            });
        }
    }
    if let Some(quarter) = quarter {
        for set in &mut sets {
            let (mut place, all) = (0, set.pairs.len());
            set.pairs.retain(|_| {
                place += 1;
                (place - 1) * 4 / all + 1 == quarter
            });
        }
    }
    sets
}

/// The words that stand somewhere with a small letter, in whatever language: with a capital, they are no sure names.
pub(crate) fn small(sets: &[Set]) -> HashSet<String> {
    let all = sets.iter().flat_map(|set| &set.pairs).flat_map(|pair| words(&pair.source).chain(words(&pair.result)));
    all.filter(|(_, word)| word.starts_with(char::is_lowercase)).map(|(_, word)| small_letters(word)).collect()
}

/// A word in small letters without the accents that languages put on one word differently.
pub(crate) fn small_letters(word: &str) -> String {
    let plain = |c| match c {
        'à' | 'á' | 'â' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' => 'o',
        'ú' | 'ù' | 'û' => 'u',
        c => c,
    };
    word.to_lowercase().chars().map(plain).collect()
}

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a language tag")
}

/// Some lines have kept the quotation marks of a CSV file: `"Il a dit ""oui""."`.
fn without_csv_quotes(line: &str) -> String {
    let inside = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| line.contains("\"\""));
    inside.map_or_else(|| line.to_owned(), |inside| inside.replace("\"\"", "\""))
}

fn flores_sets(folder: &Path) -> Vec<Set> {
    const SETS: [(&str, &str, &str); 10] = [
        ("fr", "en", "en"),
        ("fr", "es", "es"),
        ("fr", "ca", "ca"),
        ("en", "fr", "fr"),
        ("es", "fr", "fr"),
        ("en", "es", "es"),
        ("fr", "en", "google.en"),
        ("fr", "en", "microsoft.en"),
        ("fr", "en", "bergamot-base-memory.en"),
        ("fr", "en", "bergamot-tiny.en"),
    ];
    let lines = |name: &str| {
        let text = std::fs::read_to_string(folder.join(format!("dev.{name}"))).unwrap_or_default();
        // One of the engines' files has its apostrophes escaped; a client of that engine unescapes them.
        text.lines().map(|line| without_csv_quotes(&relais::html::decode_entities(line))).collect::<Vec<_>>()
    };
    let set = |(from, to, name): (&str, &str, &str)| {
        let pairs: Vec<Pair> = lines(from).into_iter().zip(lines(name)).map(|(source, result)| Pair { source, result }).collect();
        let is_human = name == to;
        let name = if is_human { format!("{from}–{to}") } else { format!("{from}–{name}") };
        Set { name, from: lang(from), to: lang(to), pairs, is_human }
    };
    SETS.into_iter().map(set).filter(|set| !set.pairs.is_empty()).collect()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints figures")]
fn own() -> Vec<Set> {
    println!("RELAIS_SHARED names no folder with data/flores: a small set of our own instead");
    let rows: Vec<Vec<&str>> = OWN.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    let set = |to: &str, column: usize| {
        let pairs: Vec<Pair> =
            rows.iter().map(|row| Pair { source: row[0].to_owned(), result: row[column].to_owned() }).collect();
        Set { name: format!("own fr–{to}"), from: lang("fr"), to: lang(to), pairs, is_human: true }
    };
    vec![set("en", 1), set("es", 2)]
}
