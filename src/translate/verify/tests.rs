//! The translations that the checks accept and refuse.

use proptest::prelude::*;

use super::*;

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn judged(source: &str, to: &str, result: &str) -> &'static str {
    let read = |tagged: &str| Marked::from_tagged(tagged).unwrap_or_else(|| panic!("{tagged} is well-formed"));
    let (source, result, from, to) = (read(source), read(result), lang("fr"), lang(to));
    let check =
        TranslationCheck { source: &source, result: &result, from: &from, to: &to, terms: &[], kind: SegmentKind::Paragraph };
    verify(&check).err().map_or("ok", |rejection| rejection.kind().as_str())
}

#[test]
fn number_on_one_side_only_is_refused() {
    for (source, to, result, verdict) in [
        ("Il coûte 3,5 milliards.", "en", "It costs 3.5 billion.", "ok"),
        ("Il coûte 3,5 milliards.", "en", "It costs 3,5 billion.", "number"),
        ("Il coûte 3,5 milliards.", "en", "It costs 3.5 million.", "number"),
        ("Il coûte 3,5 milliards.", "es", "Cuesta 3500 millones.", "ok"),
        ("Il y a 1 234 sportifs.", "en", "There are 1,234 athletes.", "ok"),
        ("Il y a 1\u{202f}234 sportifs.", "es", "Hay 1.234 deportistas.", "ok"),
        ("Il y a 1 234 sportifs.", "en", "There are 1.234 athletes.", "number"),
        ("En 2024 300 sportifs.", "en", "300 athletes in 2024.", "ok"),
        ("Ils sont deux.", "en", "There are 2 of them.", "ok"),
        ("Ils sont 2.", "en", "There are two of them.", "ok"),
        ("Ils sont 2.", "en", "There are three of them.", "number"),
        ("Départ à 20h30.", "en", "Start at 8:30 pm.", "ok"),
        ("Départ à 20 h 30.", "es", "Salida a las 20:30.", "ok"),
        ("Départ à 20h.", "en", "Start at 8 p.m.", "ok"),
        ("Départ à 20h30.", "en", "Start at 8:40 pm.", "number"),
        ("Il est 1er sur 12.", "en", "He is 1st of 12.", "ok"),
        ("Au XVIe siècle il dort.", "en", "In the 16th century he sleeps.", "ok"),
        ("Au XVIe siècle il dort.", "en", "In the 17th century he sleeps.", "number"),
        ("Dans les années 80 il dort.", "en", "In the 1980s he sleeps.", "ok"),
        ("Il gagne 6-4, 7-5.", "en", "He wins 6-4, 7-5.", "ok"),
        ("Il gagne 6-4, 7-5.", "en", "He wins 6-4, 7-6.", "number"),
        ("Le 3 mars 2024, 45 %.", "en", "On March 3, 2024, 45%.", "ok"),
        ("Le 03/03/2024.", "en", "On March 3, 2024.", "ok"),
        ("Le 12.03.2024.", "en", "On 12 March 2024.", "ok"),
        ("Il y a 12 500 sportifs.", "zh", "有1万2500名运动员。", "ok"),
        ("Il y a 12 500 sportifs.", "zh", "有1万2600名运动员。", "number"),
        ("Il coûte 3,5 milliards d'euros.", "zh", "耗资35亿欧元。", "ok"),
        ("Il coûte 3,5 milliards d'euros.", "ja", "費用は350億ユーロ。", "number"),
        ("Il y a 350 millions de spectateurs.", "ko", "관중은 3억 5천만 명이다.", "ok"),
        ("Ils sont 35.", "zh", "他们有三十五人。", "ok"),
        ("Départ à 20h30.", "ja", "20時30分に出発。", "ok"),
        ("Départ à 20h30.", "ko", "오후 8시 30분에 출발한다.", "ok"),
        ("Départ à 20h30.", "ko", "오후 8시 40분에 출발한다.", "number"),
        ("Départ à 9 h 30 (0930 UTC).", "es", "Salida a las 9:30 (09:30 UTC).", "ok"),
        ("La ville est à 4 800 km.", "en", "The city is 3,000 miles away.", "ok"),
        ("La ville est à 4 800 km.", "en", "The city is 4,000 miles away.", "number"),
        ("Elle est à 645 miles (1 040 km).", "es", "Está a 1040 km.", "ok"),
        ("Elle est à 645 miles (1 040 km).", "es", "Está a 645 millas (1050 km).", "number"),
        ("Il dort depuis deux décennies.", "es", "Duerme desde hace veinte años.", "ok"),
        ("Il dort 250 ans.", "es", "Duerme un cuarto de milenio.", "ok"),
        ("Il dort 250 ans.", "es", "Duerme medio milenio.", "number"),
        ("Voir https://example.org/12.", "en", "See https://example.org/12.", "ok"),
        ("Voir https://example.org/12.", "en", "See https://example.org/13.", "address"),
    ] {
        assert_eq!(judged(source, to, result), verdict, "{source} {result}");
    }
}

#[test]
fn typical_failures_of_engines_are_refused() {
    let source = "Le comité a annoncé lundi que la cérémonie sera dans le stade de la ville.";
    for (to, result, verdict) in [
        ("en", "The committee announced on Monday that the ceremony will be in the city’s stadium.", "ok"),
        ("es", "El comité anunció el lunes que la ceremonia será en el estadio de la ciudad.", "ok"),
        ("en", "", "empty"),
        ("en", source, "echo"),
        ("es", source, "echo"),
        ("en", "Le comité a dit lundi que la fête est dans le stade de cette ville-là.", "language"),
        ("en", "El comité anunció el lunes que la ceremonia será en el estadio de la ciudad.", "language"),
        ("en", "The committee announced it.", "length"),
        ("en", "Here is the translation: The committee announced on Monday that the ceremony will be held.", "comment"),
        ("en", "The committee announced on Monday that the ceremony will be in the city’s stadium", "ending"),
        ("en", "The committee announced on Monday that the ceremony will be in the city’s stadium?", "ending"),
        ("en", "The committee announced on Monday (that the ceremony will be in the city’s stadium.", "unbalanced"),
        ("en", "The committee announced on Monday that the ceremony will be in the стадион.", "characters"),
        ("en", "The *comité announced on Monday that the ceremony will be in the stadium.", "characters"),
        ("en", "The committee announced on the city that the city that the city that the city that.", "repetition"),
        ("en", "<x1>The committee</x1> announced on Monday that the ceremony will be in the city’s stadium.", "marks"),
    ] {
        assert_eq!(judged(source, to, result), verdict, "{to} {result}");
    }
}

#[test]
fn what_translators_write_otherwise_is_no_fault() {
    for (source, to, result, verdict) in [
        ("Le 11e régiment défile à Lyon avec le 12e.", "es", "Los undécimos soldados y los duodécimos desfilan en Lyon.", "ok"),
        ("Le 11e régiment défile à Lyon.", "es", "El duodécimo regimiento desfila en Lyon.", "number"),
        (
            "La ligue a arrêté la saison à cause de la COVID-19.",
            "es",
            "La liga interrumpió la temporada por el coronavirus.",
            "ok",
        ),
        (
            "La ligue a arrêté la saison à cause de 19 forfaits.",
            "es",
            "La liga interrumpió la temporada por las bajas.",
            "number",
        ),
        ("La ligue souffre de la COVID-19.", "es", "La liga sufre por el COVID-12.", "number"),
        ("Le stade ouvrira dans plusieurs années.", "es", "El estadio no abrirá sino hasta dentro de varios años.", "ok"),
        ("Le stade ouvrira dans plusieurs années.", "es", "El estadio no abrirá dentro de varios años.", "negation"),
        ("Le vent souffle de 100 à 200 miles/heure.", "es", "El viento sopla a 100-200 millas/hora.", "ok"),
        ("Le vent souffle de 100 à 200 miles/heure.", "es", "El viento sopla a 100-200 kilómetros/hora.", "unit"),
        ("La Thrace a vu passer la course en mai.", "es", "Tracia vio pasar la carrera en mayo.", "ok"),
        ("Callejon del Beso (l’allée). Deux balcons se font face.", "es", "El Callejón del Beso: Dos balcones se miran.", "ok"),
        ("Les deux balcons se font face dans la rue.", "es", "El callejón antiguo: Los dos balcones se miran.", "comment"),
    ] {
        assert_eq!(judged(source, to, result), verdict, "{source} {result}");
    }
}

#[test]
fn name_at_the_beginning_of_an_english_sentence_may_not_become_another() {
    let judged = |source: &str, result: &str| {
        let (source, result, from, to) = (Marked::text(source), Marked::text(result), lang("en"), lang("fr"));
        let check =
            TranslationCheck { source: &source, result: &result, from: &from, to: &to, terms: &[], kind: SegmentKind::Paragraph };
        verify(&check).err().map_or("ok", |rejection| rejection.kind().as_str())
    };
    for (source, result, verdict) in [
        ("Nadal’s record against the team is better.", "Le bilan de Nadal contre cette équipe est meilleur.", "ok"),
        ("Nadal’s record against the team is better.", "Le bilan de Felder contre cette équipe est meilleur.", "name"),
        ("Luxembourg has a long history in this sport.", "Le Luxembourg a une longue histoire dans ce sport.", "ok"),
        ("Luxembourg has a long history in this sport.", "Le Tanaka a une longue histoire dans ce sport.", "name"),
        ("Luxembourg has a long history in this sport.", "Le pays a une longue histoire dans ce sport.", "ok"),
        ("Winter’s record is better than that.", "Le bilan de Décembre est meilleur que cela.", "ok"),
    ] {
        assert_eq!(judged(source, result), verdict, "{source} {result}");
    }
}

#[test]
fn altered_name_is_refused() {
    for (source, to, result, verdict) in [
        ("Le fondateur Jack Ma a parlé à Lausanne.", "en", "The founder Jack Ma spoke in Lausanne.", "ok"),
        ("Le fondateur Jack Ma a parlé à Lausanne.", "en", "The founder Jack Mi spoke in Lausanne.", "name"),
        ("Le fondateur Jack Ma a parlé à Lausanne.", "ca", "El fundador Jack Ma meva va parlar a Lausana.", "name"),
        ("Le fondateur Jack Ma a vu sa sœur.", "es", "El fundador Jack Ma su vio a su hermana.", "ok"),
        ("Le champion Jean Blanc a parlé à Lausanne.", "es", "El campeón Jean Blanc blanco habló en Lausana.", "name"),
        ("Le champion Jean Blanc, blanc de rage, a parlé.", "es", "El campeón Jean Blanc blanco de rabia habló.", "ok"),
        ("Le fondateur Jack Ma a parlé à Lausanne.", "es", "El fundador Jack Ma habló en Lausana.", "ok"),
        ("Le fondateur Jack Ma a parlé à Lausanne.", "en", "The founder Peter Ma spoke in Lausanne.", "name"),
        ("Le fondateur Jack Ma a parlé à Lausanne.", "en", "He spoke in Lausanne yesterday at noon.", "ok"),
        ("Elle a gagné à Londres et à Pékin.", "en", "She won in London and Beijing.", "ok"),
        ("Elle a gagné à Londres et à Pékin.", "en", "She won in London and Paris.", "name"),
        ("Les Arméniens battent la Norvège.", "en", "The Armenians beat Norway.", "ok"),
        ("La course a eu lieu à Irkoutsk mardi.", "en", "The race took place in Irkutsk on Tuesday.", "ok"),
        ("Le Comité a vu le président Marchand.", "en", "The Committee saw President Merchand.", "name"),
        ("Selon le FMI, il y a un CIO.", "en", "According to the IMF, there is an IOC.", "ok"),
        ("LE FONDATEUR JACK MA A PARLÉ.", "en", "THE FOUNDER JACK MI HAS SPOKEN.", "ok"),
        ("Il cherche le Musashi.", "en", "He is looking for the Musashu.", "name"),
        ("Il vit dans le Wessex depuis un an.", "en", "He has lived in Tanaka for a year.", "name"),
        ("La Fondation Komen a payé.", "en", "The Tanaka Foundation has paid.", "name"),
        ("Les habitants des Maswa sont venus.", "en", "The inhabitants of Lindqvist came.", "name"),
        ("La Gauche demande un débat.", "en", "The Left wants a debate.", "ok"),
        ("Le Cercle de voile ouvre demain.", "en", "The Sailing Circle opens tomorrow.", "ok"),
        ("Les Jeunes Agriculteurs bloquent la route.", "en", "Young Farmers are blocking the road.", "ok"),
        ("Le Roi Tout, ou Toutankhamon, est là.", "en", "King Tut, or Tutankhamun, is here.", "ok"),
        ("Il aide les citoyens de Cuba.", "es", "Ayuda a los ciudadanos cubanos.", "ok"),
        ("Il a vu la Maryland Transportation Authority.", "es", "Vio a la Autoridad de Transporte de Maryland.", "ok"),
        ("Hier Julien Simon a doublé Marc Kervadec.", "en", "Yesterday Julien Simon overtook Marc.", "ending"),
    ] {
        assert_eq!(judged(source, to, result), verdict, "{source} {result}");
    }
}

#[test]
fn text_that_needs_no_translation_may_stay() {
    for (source, to, result, verdict) in [
        ("Teddy Riner", "en", "Teddy Riner", "ok"),
        ("Le Monde", "en", "Le Monde", "ok"),
        ("Podium", "en", "Podium", "ok"),
        ("He said that the Games will be held in the city.", "en", "He said that the Games will be held in the city.", "ok"),
        ("Quelle course !", "en", "Quelle course !", "echo"),
        ("Voici la traduction du livre.", "en", "Here is the translation of the book.", "ok"),
        ("Il a dit oui (et non).", "en", "He said yes (and no).", "ok"),
        ("a) le ski ; b) le judo :", "en", "a) skiing; b) judo:", "ok"),
        ("Il sourit :)", "en", "He smiles :)", "ok"),
    ] {
        assert_eq!(judged(source, to, result), verdict, "{source} {result}");
    }
}

#[test]
fn meaning_that_was_turned_round_is_refused() {
    for (source, to, good, bad, kind) in [
        (
            "Le bus part mardi à midi.",
            "en",
            "The bus leaves on Tuesday at noon.",
            "The bus leaves on Wednesday at noon.",
            "meaning",
        ),
        ("La foire ouvre en mai.", "en", "The fair opens in May.", "The fair opens in June.", "meaning"),
        ("Le sentier fait 10 km.", "en", "The trail is 10 km long.", "The trail is 10 miles long.", "unit"),
        ("Le billet coûte 7 500 €.", "en", "The ticket costs €7,500.", "The ticket costs $7,500.", "unit"),
        ("Il a mangé trois pommes.", "en", "He ate three apples.", "He ate four apples.", "number"),
        ("Départ à 20h30.", "en", "Start at 8:30 p.m.", "Start at 8:30 a.m.", "number"),
        ("Le musée n'ouvre pas demain.", "en", "The museum does not open tomorrow.", "The museum opens tomorrow.", "negation"),
        ("Le musée ouvre demain.", "es", "El museo abre mañana.", "El museo no abre mañana.", "negation"),
        ("Le chien suédois a gagné.", "en", "The Swedish dog won.", "The Danish dog won.", "meaning"),
        ("Lyon a gagné le match.", "en", "Lyon won the match.", "Lyon lost the match.", "meaning"),
        ("La joueuse est tombée.", "es", "La jugadora se cayó.", "El jugador se cayó.", "person"),
        (
            "Le train a plus de dix ans.",
            "de",
            "Der Zug ist mehr als zehn Jahre alt.",
            "Der Zug ist weniger als zehn Jahre alt.",
            "meaning",
        ),
        ("Paul Morel dépasse Jean Vidal.", "en", "Paul Morel overtakes Jean Vidal.", "Jean Vidal overtakes Paul Morel.", "roles"),
        ("Il a dit « oui à tout prix ».", "en", "He said “yes at all costs”.", "He said yes at all costs.", "quotes"),
    ] {
        assert_eq!(judged(source, to, good), "ok", "{good}");
        assert_eq!(judged(source, to, bad), kind, "{bad}");
    }
}

#[test]
fn idioms_are_not_taken_for_what_their_words_mean() {
    for (source, to, result) in [
        ("Il n'y a pas que le sport.", "en", "There is more to life than sport."),
        ("Le maire viendra sans doute.", "en", "The mayor will probably come."),
        ("Or le maire ne viendra plus.", "en", "But the mayor will no longer come."),
        ("Il a marché pas à pas.", "en", "He walked step by step."),
        ("Le record est de 9''58.", "en", "The record is 9.58 seconds."),
        ("Elle court en 4'02''95.", "en", "She runs it in 4:02.95."),
        ("Le parc ferme à 22 heures.", "en", "The park closes at 10 p.m."),
        ("Les deux ponts sont fermés.", "en", "Both bridges are closed."),
    ] {
        assert_eq!(judged(source, to, result), "ok", "{source} {result}");
    }
}

#[test]
fn part_too_many_or_too_few_is_refused() {
    for (source, result, verdict) in [
        ("« Il part demain », a dit la dame.", "“He leaves tomorrow.”", "omission"),
        ("« Il part demain », a dit la dame.", "“He leaves tomorrow,” the lady said.", "ok"),
        ("Le maire ouvre le parc mercredi.", "Only shops were left in January.", "addition"),
        ("Le maire ouvre le parc mercredi.", "The mayor opens the park on Wednesday.", "ok"),
        ("Le parc est ouvert.", "The park is open. Guests were rather tired afterwards.", "addition"),
        ("Il vient du parc, où il a dormi sous un arbre.", "He comes from the park. He slept under a tree.", "ok"),
        ("Il attend depuis dix ans à Metz une réponse de sa ville.", "He waits for an answer.", "omission"),
        ("Boxe : deux arbitres écartés", "Boxe: deux arbitres écartés", "echo"),
        ("Une chose est sûre, il viendra.", "One thing is clear: he will come.", "ok"),
    ] {
        assert_eq!(judged(source, "en", result), verdict, "{source} {result}");
    }
}

#[test]
fn elements_hold_what_they_held() {
    for (source, result, verdict) in [
        ("De <x1>Metz</x1> à <x2>Nancy</x2>.", "From <x1>Metz</x1> to <x2>Nancy</x2>.", "ok"),
        ("De <x1>Metz</x1> à <x2>Nancy</x2>.", "From <x2>Metz</x2> to <x1>Nancy</x1>.", "marks"),
        ("Le <x1>toit</x1> du <x2>stade</x2>.", "The <x2>stadium</x2>’s <x1>roof</x1>.", "ok"),
        ("Voir <x1>la carte</x1>.", "See <x1></x1> the map.", "marks"),
        ("Une salle de 48 m<x1>2</x1>.", "A room of 48 <x1>m2</x1>.", "marks"),
    ] {
        assert_eq!(judged(source, "en", result), verdict, "{source} {result}");
    }
}

#[test]
fn missing_name_of_the_list_is_refused() {
    let terms = [
        Term { mark: 1, source: "huitièmes de finale".into(), target: "round of 16".into(), is_held: false },
        Term { mark: 2, source: "UCI".into(), target: "UCI".into(), is_held: false },
    ];
    let source = Marked::text("L’UCI suit les huitièmes de finale.");
    let (from, to) = (lang("fr"), lang("en"));
    let judged = |result: &str| {
        let result = Marked::text(result);
        verify(&TranslationCheck {
            source: &source,
            result: &result,
            from: &from,
            to: &to,
            terms: &terms,
            kind: SegmentKind::Paragraph,
        })
    };
    assert_eq!(judged("The UCI follows the round of 16."), Ok(()), "16 is the term's");
    assert_eq!(judged("The UCI follows the eighth-finals."), Ok(()), "a term may be said in other words");
    assert_eq!(judged("The union follows the round of 16."), Err(Rejection::Term("UCI".into())));
}

#[test]
fn additions_of_models_around_a_text_are_removed() {
    for (source, answer, tidied) in [
        ("Raison initiale à MIL.", "Raó #inicial a <x1>*MIL</x1>.", "Raó inicial a <x1>MIL</x1>."),
        ("Un dièse # là.", "Un #sostingut # aquí.", "Un #sostingut # aquí."),
        ("Un deux", "a # b C#dur ** #1 x*y", "a # b C#dur ** #1 x*y"),
        ("Le vote.", "  “The vote.” \n", "The vote."),
        ("Le vote.", "\"The <x1>vote</x1>.\"", "The <x1>vote</x1>."),
        ("« Le vote. »", "“The vote.”", "“The vote.”"),
        ("« Oui », dit-il.", "“Yes,” he says.", "“Yes,” he says."),
        ("Oui et non", "“Yes” and “no”", "“Yes” and “no”"),
        (" Le vote", "The vote ", "The vote"),
        ("Le <x1/>", "“<x1/>”", "<x1/>"),
    ] {
        let read = |tagged: &str| Marked::from_tagged(tagged).expect("well-formed");
        assert_eq!(super::tidy(&read(source), &read(answer)).to_tagged(), tidied, "{answer}");
    }
}

#[test]
fn every_rejection_has_a_kind_with_a_name_and_a_message() {
    let all = [
        Rejection::Empty,
        Rejection::Marks,
        Rejection::Characters("U+0007".into()),
        Rejection::Comment("translation:".into()),
        Rejection::Echo,
        Rejection::Language(lang("fr")),
        Rejection::Length { percent: 30 },
        Rejection::Term("IOC".into()),
        Rejection::Number("12".into()),
        Rejection::Address("a.example.org".into()),
        Rejection::Name { was: "Ma".into(), became: "Mi".into(), is_altered: true },
        Rejection::Ending,
        Rejection::Unbalanced('('),
        Rejection::Repetition("the city".into()),
        Rejection::Unit("10".into()),
        Rejection::Meaning { was: "mardi".into(), became: "wednesday".into() },
        Rejection::Negation,
        Rejection::Person,
        Rejection::Quotes,
        Rejection::Addition,
        Rejection::Omission,
        Rejection::Roles("Jack Ma".into(), "Jack Mi".into()),
    ];
    let kinds: std::collections::HashSet<_> = all.iter().map(Rejection::kind).collect();
    assert_eq!(kinds.len(), all.len());
    assert!(kinds.iter().all(|kind| RejectionKind::from_name(kind.as_str()) == Some(*kind)));
    assert!(all.iter().all(|rejection| !rejection.to_string().is_empty()));
}

proptest! {
    #[test]
    fn verification_of_any_text_never_panics(source in any::<String>(), result in any::<String>(), to in prop::sample::select(vec!["en", "es", "de", "zh"])) {
        let (source, result, from, to) = (Marked::text(source), Marked::text(result), lang("fr"), lang(to));
        for kind in [SegmentKind::Title, SegmentKind::Paragraph] {
            let _ = verify(&TranslationCheck { source: &source, result: &result, from: &from, to: &to, terms: &[], kind });
        }
        let _ = super::tidy(&source, &result);
    }

    #[test]
    fn text_is_accepted_as_its_own_translation_in_its_language(
        words in prop::collection::vec("[A-Za-zéà]{2,9}|[0-9]{1,4}|3,5|1 234|20h30|XVIe|\\(oui\\)|«\u{a0}non\u{a0}»", 1..25),
    ) {
        let text = Marked::text(format!("Le {}.", words.join(" ")));
        let fr = lang("fr");
        let check = TranslationCheck { source: &text, result: &text, from: &fr, to: &fr, terms: &[], kind: SegmentKind::Paragraph };
        prop_assert_eq!(verify(&check), Ok(()));
    }

    #[test]
    fn changed_number_is_refused(number in 2_u32..9_000_000, other in 2_u32..9_000_000, to in prop::sample::select(vec!["en", "es", "ca"])) {
        prop_assume!(number != other);
        let french = |number: u32| format!("Ils sont {number} dans la ville.");
        let result = |number: u32| match to {
            "en" => format!("There are {number} of them in town."),
            "es" => format!("Son {number} en la ciudad."),
            _ => format!("Són {number} a la ciutat."),
        };
        prop_assert_eq!(judged(&french(number), to, &result(number)), "ok");
        let is_decade = |short: u32, long: u32| (10..100).contains(&short) && long % 100 == short;
        prop_assume!(!is_decade(number, other) && !is_decade(other, number));
        prop_assert_eq!(judged(&french(number), to, &result(other)), "number");
    }
}
