//! Tells words that are spelled as no word of their language is: `Musashi` in a French text is a name, whatever stands before it.

use crate::model::Lang;

/// Letters that only foreign words of a language have, in lower case. A `^` is the beginning and a `$` the end of a
/// word.
const FOREIGN: [(&str, &str); 4] = [
    (
        "fr",
        "á í ó ú ñ ö ü ä å ø ã õ č š ž ł ß k w sh ee oo gh tz cz sz zh dh bh aa uu iy dj zz yy mc$ tt$ ff$ ss$ ll$ nn$ o$ a$ h$ b$ j$ v$ tz$ iz$ az$ oz$ uz$ chi$ zi$ ni$ ri$ li$ cchu$ \
         ey$ ay$ by$ ty$ ny$ ry$ ly$ dy$ ung$ ong$ eng$ ^dz ^mb ^nd ^ng ^nk ^ts ^sr ^vl ^zl ^hs ^mt ington$ ford$ land$ stad$ burg$ \
         son$ sen$ gen$ den$ len$ ten$ ven$ tein$ mann$ bach$ berg$ dorf$ feld$ ",
    ),
    (
        "es",
        "k w sh th ph ck tt ss mm pp bb dd ff gg zz ee oo aa sz cz zh kh gh ou y$ b$ c$ f$ g$ h$ j$ m$ p$ q$ t$ v$ ^sp ^st ^sc ^sk ^sl ^sm ^sn \
         ^mb ^nd ^ts ^dz",
    ),
    ("ca", "k w sh th ph ck tt ff zz ee oo aa sz cz zh kh gh ou o$ h$ j$ v$ q$ ^sp ^st ^sc ^sk ^sl ^sm ^sn ^mb ^nd ^ts ^dz"),
    (
        "en",
        "aa uu sz cz zh kh bh dh tz sch aj ij uj jk ku$ ki$ ka$ ko$ zi$ ji$ shi$ chi$ cci$ i$ u$ j$ ez$ ^mb ^nd ^ng ^dz ^sr ^zl ^ts",
    ),
];

/// French words that are spelled so, too.
const FRENCH: [&str; 26] = [
    "week",
    "wagon",
    "kilo",
    "ski",
    "basket",
    "football",
    "rugby",
    "handball",
    "volley",
    "tennis",
    "judo",
    "karaté",
    "taekwondo",
    "club",
    "sponsor",
    "match",
    "opéra",
    "cinéma",
    "villa",
    "radio",
    "vidéo",
    "métro",
    "vélo",
    "photo",
    "numéro",
    "météo",
];

/// Endings of French words that the list would take for foreign ones: `prison`, `chanson`.
const FRENCH_ENDINGS: [&str; 10] = ["aison", "oison", "ison", "sson", "nson", "rson", "uson", "ason", "éland", "ollen"];

/// Returns true for a word, in lower case, that is spelled as no word of the language is.
pub(super) fn is_foreign(word: &str, lang: &Lang) -> bool {
    if lang.primary() == "fr" && (FRENCH.contains(&word) || FRENCH_ENDINGS.iter().any(|ending| word.ends_with(ending))) {
        return false;
    }
    let Some((_, patterns)) = FOREIGN.iter().find(|(own, _)| *own == lang.primary()) else { return false };
    patterns.split_ascii_whitespace().any(|pattern| match (pattern.strip_prefix('^'), pattern.strip_suffix('$')) {
        (Some(start), _) => word.starts_with(start),
        (_, Some(end)) => word.ends_with(end),
        _ => word.contains(pattern),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_spelling_shows_a_name() {
        let french = Lang::new("fr").expect("a tag");
        for word in ["musashi", "utah", "assunpink", "dzong", "luno", "mara", "bright", "arizona", "otway"] {
            assert!(is_foreign(word, &french), "{word}");
        }
        for word in
            ["gauche", "église", "agriculteurs", "hexagone", "comité", "armée", "européen", "prison", "parlement", "élysée"]
        {
            assert!(!is_foreign(word, &french), "{word}");
        }
    }
}
