//! Terms that the glossary finds and restores.

use proptest::prelude::*;

use super::*;

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn read(tagged: &str) -> Marked {
    Marked::from_tagged(tagged).unwrap_or_else(|| panic!("{tagged} is well-formed"))
}

/// The segment as it is sent, and its terms as `source>target`.
fn protected(glossary: &Glossary, text: &str, to: &str) -> (String, Vec<String>) {
    let protected = glossary.protect(&read(text), &lang("fr"), &lang(to));
    let terms = protected.terms.iter().map(|term| format!("{}>{}", term.source, term.target)).collect();
    (protected.text.to_tagged(), terms)
}

#[test]
fn built_in_glossary_can_be_parsed() {
    let terms = file::parse_terms(TERMS).expect("the built-in glossary");
    let names = file::parse_names(NAMES).expect("the built-in names");
    assert!(terms.len() > 120 && names.len() > 90, "{} terms, {} names", terms.len(), names.len());
    assert_eq!(Glossary::built_in().records.len(), terms.len() + names.len());
    for lang in ["en", "es", "ca", "it", "pt"] {
        let known = terms.iter().filter(|record| record.targets.contains_key(lang)).count();
        assert!(known * 10 >= terms.len() * 8, "{lang}: {known}");
    }
    let is_inflected = |target: &str| {
        target.split(' ').any(|word| word.chars().skip(1).any(char::is_lowercase))
            && !target.ends_with(|c: char| c.is_ascii_digit())
    };
    let german = terms.iter().filter_map(|record| record.targets.get("de"));
    assert_eq!(german.filter(|target| is_inflected(target)).count(), 0, "German inflects its nouns and adjectives");
    let mut seen = std::collections::HashSet::new();
    for form in terms.iter().chain(&names).flat_map(|record| &record.forms) {
        assert!(seen.insert(matcher::folded(form)), "{form} stands twice");
    }
}

#[test]
fn terms_are_replaced_with_marks() {
    let glossary = Glossary::built_in();
    for (text, sent, terms) in [
        ("Le CIO vote.", "Le <x1/> vote.", &["CIO>IOC"][..]),
        ("L’UCI, l'AMA et d’Alibaba", "L’<x1/>, l'<x2/> et d’<x3/>", &["UCI>UCI", "AMA>WADA", "Alibaba>Alibaba"]),
        (
            "les <x1>Jeux\u{a0}olympiques</x1> d’été<x2/>",
            "les <x1><x3/></x1> d’été<x2/>",
            &["Jeux\u{a0}olympiques>Olympic Games"],
        ),
        ("Jeux olympiques d'été", "<x1/>", &["Jeux olympiques d'été>Summer Olympics"]),
        ("<x1>Jeux</x1> olympiques", "<x1>Jeux</x1> olympiques", &[]),
        ("LES JEUX OLYMPIQUES", "LES <x1/>", &["JEUX OLYMPIQUES>OLYMPIC GAMES"]),
        ("Commission Exécutive du CIO", "<x1/>", &["Commission Exécutive du CIO>IOC Executive Board"]),
        ("aux JO, au JO du 3 mai", "aux <x1/>, au JO du 3 mai", &["JO>Olympics"]),
        ("10 ANS APRÈS, LE CIO", "10 ANS APRÈS, LE <x1/>", &["CIO>IOC"]),
        ("depuis 10 ans, l’ANS", "depuis 10 ans, l’<x1/>", &["ANS>ANS"]),
        ("dix ans, un tas, la cio", "dix ans, un tas, la cio", &[]),
        ("vice-champion olympique", "<x1/>", &["vice-champion olympique>Olympic silver medallist"]),
        ("ex-champion olympique", "ex-champion olympique", &[]),
        (
            "https://example.org/CIO @CIO #CIO www.CIO.org CIO.",
            "https://example.org/CIO @CIO #CIO www.CIO.org <x1/>.",
            &["CIO>IOC"],
        ),
        ("<x65535>CIO</x65535>", "<x65535>CIO</x65535>", &[]),
        ("C<x1/>IO, <x2>C</x2>IO", "C<x1/>IO, <x2>C</x2>IO", &[]),
        ("Jack Ma et Jack Man", "<x1/> et Jack Man", &["Jack Ma>Jack Ma"]),
        ("jack ma", "jack ma", &[]),
    ] {
        let (got, found) = protected(&glossary, text, "en");
        assert_eq!((got.as_str(), found), (sent, terms.iter().map(ToString::to_string).collect()), "{text}");
    }
    assert_eq!(protected(&glossary, "Le CIO", "ja").1, [""; 0], "no Japanese is known");
    assert!(
        glossary.protect(&read("Le CIO, Jack Ma"), &lang("de"), &lang("en")).terms.len() == 1,
        "names belong to all languages"
    );
}

#[test]
fn restored_terms_fit_the_words_before_them() {
    let term = |target: &str| Term { mark: 9, source: "…".into(), target: target.into(), is_held: false };
    for (to, came, target, published) in [
        ("en", "of the <x9/>.", "IOC", "of the IOC."),
        ("en", "of the <x9/>.", "the IOC", "of the IOC."),
        ("en", "The <x1><x9/></x1>", "the IOC", "The <x1>IOC</x1>"),
        ("en", "a <x9/>", "IOC member", "an IOC member"),
        ("en", "an <x9/> rule", "UCI", "a UCI rule"),
        ("en", "a <x9/>", "host city", "a host city"),
        ("en", "<x9/>, Paris", "host city", "Host city, Paris"),
        ("en", "Yes. “<x9/>", "host city", "Yes. “Host city"),
        ("en", "the<x9/>says , no", "IOC", "the IOC says , no"),
        ("en", "the <x9/> , no", "IOC", "the IOC, no"),
        ("es", "de <x9/>", "el COI", "del COI"),
        ("es", "del <x9/>", "el COI", "del COI"),
        ("es", "el <x9/>", "el COI", "el COI"),
        ("es", "A <x9/>", "el COI", "Al COI"),
        ("ca", "l’<x9/>", "COI", "el COI"),
        ("ca", "de l'<x9/>", "COI", "del COI"),
        ("ca", "el <x9/>", "equip olímpic", "l’equip olímpic"),
        ("ca", "Del <x9/>", "AMA", "De l’AMA"),
        ("ca", "la <x9/>", "UCI", "la UCI"),
        ("ca", "de <x9/>", "Alibaba", "d’Alibaba"),
        ("fr", "du <x9/>", "UCI", "de l’UCI"),
        ("fr", "de <x9/>", "le CIO", "du CIO"),
        ("it", "della <x9/>", "AMA", "dell’AMA"),
        ("it", "l’<x9/>", "sport", "lo sport"),
        ("it", "dell’<x9/>", "CIO", "del CIO"),
        ("pt", "de <x9/>", "o COI", "do COI"),
        ("de", "des <x9/>", "das IOC", "des IOC"),
        ("ja", "は<x9/>が", "IOC", "はIOCが"),
    ] {
        let restored = restore(&read(came), &[term(target)], &lang(to)).expect("the term is there");
        assert_eq!(restored.to_tagged(), published, "{to}: {came} with {target}");
    }
}

#[test]
fn lost_or_doubled_term_is_an_error() {
    let terms = [Term { mark: 1, source: "CIO".into(), target: "IOC".into(), is_held: false }];
    let restore = |tagged| super::restore(&read(tagged), &terms, &lang("en"));
    assert_eq!(restore("The IOC"), Err(TermFault::Lost { term: "CIO".into() }));
    assert_eq!(restore("<x1/> <x1/>"), Err(TermFault::Doubled { term: "CIO".into() }));
    assert_eq!(restore("<x1>IOC</x1>"), Err(TermFault::Filled { term: "CIO".into() }));
}

#[test]
fn own_glossary_overrides_the_built_in_one() {
    let own = Glossary::parse(
        "source\tvariants\ten\tes\nCIO\t\tOlympic committee\nJO|\t\tGames\nAlibaba\t\tAli Baba\nTAS\t\t-",
        "# none\nParis",
    )
    .expect("it is one");
    let before = Glossary::built_in();
    let (fr, en, es) = (lang("fr"), lang("en"), lang("es"));
    let both = before.clone().overlay(own).expect("both together");
    assert_eq!(
        protected(&both, "Le CIO, Alibaba, Paris, TAS", "en").1,
        ["CIO>Olympic committee", "Alibaba>Ali Baba", "Paris>Paris"]
    );
    assert_eq!(
        protected(&both, "Le Comité international olympique", "en").1,
        ["Comité international olympique>International Olympic Committee"]
    );
    assert_eq!(protected(&both, "Le CIO", "es").1, ["CIO>COI"]);
    assert_ne!(both.hash_for(&fr, &en), before.hash_for(&fr, &en));
    assert_eq!(both.hash_for(&fr, &en), both.clone().hash_for(&fr, &en));
    let more = Glossary::parse("fr\ten\nx-y\tz", "").expect("it is one");
    let widened = before.clone().overlay(more).expect("both together");
    assert_ne!(widened.hash_for(&fr, &en), before.hash_for(&fr, &en));
    assert_eq!(Glossary::empty().hash_for(&fr, &es), Glossary::empty().hash_for(&fr, &en));
}

#[test]
fn error_of_a_file_names_the_line() {
    let long = "x".repeat(201);
    for (terms, names, message) in [
        (
            "CIO\tIOC",
            "",
            "line 1 of the glossary: the first column is \"CIO\", neither \"source\" nor a language; it begins with a line like source<tab>variants<tab>en<tab>es",
        ),
        (
            "# c\nsource\tvariants\tnote",
            "",
            "line 2 of the glossary: no column is named by a language (en, es, pt-BR); it begins with a line like source<tab>variants<tab>en<tab>es",
        ),
        (
            "source\ten\ten",
            "",
            "line 1 of the glossary: there are two columns en; it begins with a line like source<tab>variants<tab>en<tab>es",
        ),
        (
            "source\ten\nCIO IOC",
            "",
            "line 2 of the glossary: there is one column only; columns are separated by tabs, not by spaces",
        ),
        (
            "source\ten\n\n\tIOC",
            "",
            "line 3 of the glossary: the first column is empty; write the term there, or # before the line",
        ),
        (
            "",
            "Paris\nCIO=IOC",
            "line 2 of the list of names: a name stands alone; what changes from language to language belongs in the glossary",
        ),
        ("", &long, "line 1 of the list of names: a name has at most 200 characters; one name a line"),
    ] {
        assert_eq!(Glossary::parse(terms, names).map(|_| ()).map_err(|error| error.to_string()), Err(message.to_owned()));
    }
    let many = format!("source\ten\n{}", "a\tb\n".repeat(60_000));
    assert!(matches!(Glossary::parse(&many, ""), Err(GlossaryError::TooLarge { .. })));
}

/// The lists that lie beside the checkout have the columns of other tools.
#[test]
fn shared_lists_can_be_parsed() {
    let Some(shared) = std::env::var_os("RELAIS_SHARED") else { return };
    let file = |name: &str| std::fs::read_to_string(std::path::Path::new(&shared).join("data").join(name)).expect("a list");
    let glossary = Glossary::parse(&file("glossary.tsv"), &file("donottranslate.txt")).expect("they are a glossary");
    assert!(glossary.records.len() > 330, "{}", glossary.records.len());
    assert_eq!(protected(&glossary, "Le CIO et Jack Ma", "en").1, ["CIO>IOC", "Jack Ma>Jack Ma"]);
}

fn segments() -> impl Strategy<Value = Marked> {
    let word = prop::sample::select(vec![
        "le ",
        "CIO",
        "du ",
        "l’",
        "Jeux olympiques",
        "JEUX",
        " ",
        "\u{a0}",
        "Jack Ma",
        ". ",
        "été",
        "-",
        "TAS",
        "İ",
        "🥇",
        "x",
    ]);
    let piece = prop_oneof![
        6 => word.prop_map(|word| Piece::Text(word.to_owned())),
        1 => (1_u16..4).prop_map(Piece::Single),
        1 => (1_u16..4).prop_map(Piece::Open),
        1 => (1_u16..4).prop_map(Piece::Close),
    ];
    prop::collection::vec(piece, 0..14).prop_map(Marked::new)
}

proptest! {
    #[test]
    fn protected_text_is_restored_unchanged(text in segments()) {
        let glossary = Glossary::built_in();
        let protected = glossary.protect(&text, &lang("fr"), &lang("en"));
        let back = Marked::new(protected.text.pieces().iter().map(|piece| match piece {
            Piece::Single(number) => protected.terms.iter().find(|term| term.mark == *number)
                .map_or(piece.clone(), |term| Piece::Text(term.source.clone())),
            piece => piece.clone(),
        }));
        prop_assert_eq!(&back, &text, "each term stands where it stood");
        let restored = restore(&protected.text, &protected.terms, &lang("en")).expect("all marks are there");
        prop_assert_eq!(restored.marks(), text.marks());
        let plain = restored.plain().to_lowercase();
        for term in &protected.terms {
            prop_assert!(plain.contains(&term.target.to_lowercase()), "{} in {plain}", term.target);
        }
    }

    #[test]
    fn search_of_any_text_never_panics(text in any::<String>(), terms in any::<String>()) {
        let glossary = Glossary::built_in();
        glossary.protect(&Marked::text(text), &lang("fr"), &lang("ca"));
        let _ = Glossary::parse(&terms, "");
        let _ = Glossary::parse(&format!("source\ten\n{terms}"), &terms);
    }
}
