//! The words of dates: months, days of the week, a.m. and p.m., zones.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Months in lower case without accents. A word names a month if it is a prefix of it with three letters or more. The first match
/// counts, so "jui" is June, not July.
const MONTHS: [(u32, &[&str]); 12] = [
    (1, &["january", "janvier", "januar", "janner", "enero", "gennaio", "janeiro", "januari", "ιανουαριου", "января"]),
    (2, &["february", "fevrier", "februar", "feber", "febrero", "febbraio", "fevereiro", "februari", "φεβρουαριου", "февраля"]),
    (3, &["march", "mars", "marz", "maerz", "mrz", "marzo", "marco", "maart", "mrt", "marcius", "μαρτιου", "μαω", "марта"]),
    (4, &["april", "avril", "abril", "aprile", "aprilis", "απριλιου", "апреля"]),
    (5, &["may", "mai", "mayo", "maggio", "maio", "mei", "majus", "μαιου", "мая", "маи"]),
    (6, &["june", "juin", "juni", "junio", "giugno", "junho", "junius", "ιουνιου", "ιον", "июня"]),
    (7, &["july", "juillet", "juli", "julio", "luglio", "julho", "julius", "ιουλιου", "ιολ", "июля"]),
    (8, &["august", "aout", "agosto", "augustus", "augusztus", "αυγουστου", "августа"]),
    (9, &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro", "szeptember", "σεπτεμβριου", "сентября"]),
    (10, &["october", "octobre", "oktober", "octubre", "ottobre", "outubro", "οκτωβριου", "октября"]),
    (11, &["november", "novembre", "noviembre", "novembro", "νοεμβριου", "ноября"]),
    (12, &["december", "decembre", "dezember", "diciembre", "dicembre", "dezembro", "δεκεμβριου", "декабря"]),
];

/// Days of the week from Monday, by prefixes of two letters or more. No prefix of one is a prefix of a month, except "mar", which
/// is Tuesday in three languages and March in others.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "lundi", "montag", "lunes", "lunedi", "segunda", "hetfo", "δευτερα"],
    &["tuesday", "mardi", "dienstag", "martes", "martedi", "terca", "dinsdag", "kedd", "τριτη"],
    &["wednesday", "mercredi", "mittwoch", "miercoles", "mercoledi", "quarta", "woensdag", "τεταρτη"],
    &["thursday", "jeudi", "donnerstag", "jueves", "giovedi", "quinta", "donderdag", "csutortok", "πεμπτη"],
    &["friday", "vendredi", "freitag", "viernes", "venerdi", "sexta", "vrijdag", "pentek", "παρασκευη"],
    &["saturday", "samedi", "samstag", "sonnabend", "sabado", "sabato", "zaterdag", "szombat", "σαββατο"],
    &["sunday", "dimanche", "sonntag", "domingo", "domenica", "zondag", "vasarnap", "κυριακη"],
];

/// Zone names that feeds use, in minutes east of UTC: RFC 822 §5.1, the European ones, and other common ones.
const ZONES: [(&str, i16); 55] = [
    ("z", 0),
    ("gmt", 0),
    ("utc", 0),
    ("ut", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("met", 60),
    ("mez", 60),
    ("hnec", 60),
    ("wat", 60),
    ("cest", 120),
    ("mest", 120),
    ("mesz", 120),
    ("haec", 120),
    ("eet", 120),
    ("cat", 120),
    ("sast", 120),
    ("eest", 180),
    ("msk", 180),
    ("eat", 180),
    ("pkt", 300),
    ("ist", 330),
    ("wib", 420),
    ("hkt", 480),
    ("sgt", 480),
    ("awst", 480),
    ("jst", 540),
    ("kst", 540),
    ("aest", 600),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
    ("brt", -180),
    ("nst", -210),
    ("ndt", -150),
    ("ast", -240),
    ("adt", -180),
    ("at", -240),
    ("est", -300),
    ("edt", -240),
    ("et", -300),
    ("cst", -360),
    ("cdt", -300),
    ("ct", -360),
    ("mst", -420),
    ("mdt", -360),
    ("mt", -420),
    ("pst", -480),
    ("pdt", -420),
    ("pt", -480),
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
];

/// The meaning of a word in a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A month, from 1.
    Month(u32),
    /// A day of the week, from Monday = 0.
    Weekday(u32),
    /// Tuesday, or March if no other month is named.
    TuesdayOrMarch,
    /// A zone, in minutes east of UTC.
    Zone(i32),
    /// Before noon (false) or after it (true).
    Noon(bool),
    /// No meaning.
    Nothing,
}

/// Returns the meaning of a word.
pub(super) fn meaning(word: &str) -> Meaning {
    match word {
        "오전" | "午前" | "上午" => return Meaning::Noon(false),
        "오후" | "午後" | "下午" => return Meaning::Noon(true),
        _ => {}
    }
    let plain = fold(word);
    match plain.as_str() {
        "mar" => return Meaning::TuesdayOrMarch,
        "am" => return Meaning::Noon(false),
        "pm" => return Meaning::Noon(true),
        // These are words of French and English too ("heures et", "10:00 at"): zones only in capitals.
        "at" | "et" | "ct" | "mt" | "pt" | "est" | "met" if word.bytes().any(|b| b.is_ascii_lowercase()) => {
            return Meaning::Nothing;
        }
        _ => {}
    }
    let zone = |(name, offset): &(&str, i16)| (*name == plain).then_some(Meaning::Zone(i32::from(*offset)));
    if let Some(zone) = ZONES.iter().find_map(zone) {
        return zone;
    }
    let letters = plain.chars().count();
    let begins = |names: &[&str]| names.iter().any(|name| name.starts_with(plain.as_str()));
    if letters >= 3
        && let Some((month, _)) = MONTHS.iter().find(|(_, names)| begins(names))
    {
        return Meaning::Month(*month);
    }
    match (0..).zip(&WEEKDAYS).find(|(_, names)| letters >= 2 && begins(names)) {
        Some((day, _)) => Meaning::Weekday(day),
        None => Meaning::Nothing,
    }
}

/// Converts to lower case without accents.
fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let plain: String = DecomposingNormalizerBorrowed::new_nfd().normalize(word).chars().filter(|c| !accent(c)).collect();
    plain.to_lowercase().replace('ς', "σ").replace('ß', "ss")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_weekday_is_taken_for_a_month() {
        for (number, names) in (0..).zip(&WEEKDAYS) {
            for name in *names {
                assert_eq!(meaning(name), Meaning::Weekday(number), "{name}");
                let short: String = name.chars().take(3).collect();
                let says = meaning(&short);
                assert!(matches!(says, Meaning::Weekday(_) | Meaning::TuesdayOrMarch), "{short}: {says:?}");
            }
        }
    }

    #[test]
    fn months_are_known_in_full_and_by_three_letters() {
        for (number, names) in &MONTHS {
            for name in *names {
                assert_eq!(meaning(name), Meaning::Month(*number), "{name}");
                let short: String = name.chars().take(3).collect();
                let says = meaning(&short);
                let both = short == "jui" || short == "ιου" || says == Meaning::TuesdayOrMarch;
                assert!(says == Meaning::Month(*number) || both, "{short}: {says:?}");
            }
        }
    }

    #[test]
    fn accents_and_case_are_ignored() {
        for (word, month) in
            [("FÉVR", 2), ("fe\u{301}vrier", 2), ("Août", 8), ("März", 3), ("Ιούλ", 7), ("július", 7), ("março", 3)]
        {
            assert_eq!(meaning(word), Meaning::Month(month), "{word}");
        }
        assert_eq!(meaning("sáb"), Meaning::Weekday(5));
        assert_eq!((meaning("ET"), meaning("et")), (Meaning::Zone(-300), Meaning::Nothing));
    }
}
