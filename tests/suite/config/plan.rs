//! The plans of valid files.

use std::path::Path;
use std::time::Duration;

use relais::config;
use relais::model::{
    BilingualMode, Budget, EngineKind, Formality, Format, Lang, Period, ReasoningEffort, Show, SourceId, Unit, UntranslatedPolicy,
};

use super::{REST, golden, parse, root};

#[test]
fn default_file_has_no_problems_and_no_warnings() {
    let plan = config::load(&root("feeds.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(plan.warnings.is_empty(), "{}", plan.render_warnings(false));
    let [jeux] = plan.editions.as_slice() else { panic!("one edition, not {:?}", plan.editions) };
    assert!(jeux.from.len() >= 25, "{:?}", jeux.from);
    let is_general =
        |source: &&relais::config::Source| source.title.as_ref().is_some_and(|title| title.as_str().contains("– Sport"));
    assert!(plan.enabled().filter(is_general).all(|source| source.topic.as_deref() == Some("olympic")));
    assert_eq!(plan.enabled().count(), jeux.from.len(), "nothing is visited that is not published");
    let lequipe = plan.sources.iter().find(|source| source.id.as_str() == "lequipe-jo").expect("L'Équipe");
    assert_eq!(lequipe.url, "https://dwh.lequipe.fr/api/edito/rss?path=/Jo/");
    let france24 = plan.sources.iter().find(|source| source.id.as_str() == "france24-jo").expect("France 24");
    assert_eq!((france24.every, lequipe.every), (Duration::from_mins(30), Duration::from_mins(15)));
    assert!(plan.sources.iter().any(|source| source.id.as_str() == "francsjeux" && !source.enabled));
}

#[test]
fn minimal_file_makes_a_plan_with_defaults() {
    let plan = config::parse(REST, Path::new("/srv/news/feeds.toml")).expect("a plan");
    assert_eq!(plan.state.url(), "sqlite:/srv/news/relais.db");
    assert_eq!(plan.output.to_string(), "/srv/news/output");
    assert_eq!(plan.base_url, None);
    assert_eq!((plan.fetch.concurrency, plan.fetch.per_host, plan.fetch.max_bytes), (64, 1, 8 << 20));
    assert!(plan.fetch.user_agent.starts_with(concat!("relais/", env!("CARGO_PKG_VERSION"))));
    let edition = &plan.editions[0];
    assert_eq!((edition.title.as_str(), edition.from.len(), edition.limit), ("e", 1, 100));
    assert_eq!(edition.formats, Format::DEFAULT);
    assert_eq!(edition.untranslated, UntranslatedPolicy::Hold(Duration::from_hours(6)));
}

#[test]
fn sources_keep_the_order_of_the_file_without_duplicates() {
    let text = "base_url = 'https://x.example/feeds'\n\
        [source.z]\nurl = 'https://z.example/'\ntags = ['t', 't']\n[source.a]\nurl = 'https://a.example/'\nevery = '1h30m'\nzone = 'Europe/Paris'\n\
        [source.m]\nurl = 'https://m.example/'\ntags = ['t']\nenabled = false\n\
        [edition.two]\nfrom = ['a', 'tag:t', 'z']\nlangs = ['FR_ca', 'en']\nformats = ['html', 'atom']\nuntranslated = 'skip'\n\
        [edition.one]\nfrom = ['*']\n";
    let plan = parse(text).unwrap_or_else(|problems| panic!("{problems}"));
    let ids: Vec<_> = plan.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["z", "a", "m"]);
    assert_eq!(plan.sources[0].tags, ["t"]);
    assert_eq!(plan.sources[1].every, Duration::from_mins(90));
    assert_eq!([plan.sources[0].zone.name(), plan.sources[1].zone.name()], ["UTC", "Europe/Paris"]);
    let [two, one] = plan.editions.as_slice() else { panic!("two editions") };
    assert_eq!(two.id, "two");
    for edition in [two, one] {
        assert_eq!(edition.from.iter().map(SourceId::as_str).collect::<Vec<_>>(), ["z", "a"]);
    }
    assert_eq!(two.langs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["fr-CA", "en"]);
    assert_eq!(two.formats, [Format::Atom, Format::Html]);
    assert_eq!(plan.base_url.as_deref(), Some("https://x.example/feeds/"));
    assert!(plan.warnings.is_empty());
}

#[test]
fn warnings_do_not_prevent_a_plan() {
    let text = "state = 'postgres://relais:hunter2@db/relais'\n[fetch]\nproxy = 'http://me:hunter2@proxy:3128'\n\
        [source.a]\nurl = 'https://a.example/'\n[source.b]\nurl = 'https://b.example/'\n\
        [source.c]\nurl = 'https://c.example/'\nenabled = false\n[source.d]\nurl = 'https://d.example/'\nfull_text = true\n\
        [edition.e]\nfrom = ['a', 'c', 'd']\nuntranslated = 'skip'\n\
        [engine.x]\nkind = 'deepl'\nkey = { env = 'RELAIS_TEST_NOT_SET' }\n";
    let plan = parse(text).unwrap_or_else(|problems| panic!("{problems}"));
    golden("warnings", &plan.render_warnings(false));
}

#[test]
fn variety_that_the_first_engine_of_an_edition_lacks_is_a_warning() {
    let warnings = |engines: &str, langs: &str| {
        let text = format!(
            "[engine.g]\nkind = 'google'\nkey = {{ env = 'PATH' }}\n[engine.d]\nkind = 'deepl'\nkey = {{ env = 'PATH' }}\n\
             {REST}langs = [{langs}]\nengines = [{engines}]\n"
        );
        parse(&text).unwrap_or_else(|problems| panic!("{problems}")).render_warnings(false)
    };
    let told = warnings("'g', 'd'", "'fr', 'en-GB', 'pt-PT'");
    assert!(told.contains("the engine `g` does not distinguish en-GB: the edition `e` gets plain en"), "{told}");
    assert_eq!(told.matches("does not distinguish").count(), 1, "{told}");
    assert!(told.contains("write \"en\" in `langs`"), "{told}");
    assert!(!warnings("'d', 'g'", "'fr', 'en-GB', 'es-419'").contains("distinguish"), "DeepL has them");
    assert!(!warnings("'g', 'd'", "'fr-FR', 'en-US', 'zh-TW'").contains("distinguish"), "plain or listed");
}

#[test]
fn translation_settings_are_in_the_plan() {
    let text = format!(
        "[engine.own]\nkind = 'libretranslate'\nurl = 'http://127.0.0.1:5000/'\npivot = 'ES'\ntimeout = '2m'\nin_flight = 3\n\
         [engine.model]\nkind = 'openai'\nurl = 'https://llm.example/v1'\nmodel = 'small'\n\
         budget = {{ money = 9.5, per = 'month' }}\n\
         price = {{ per_million_tokens_in = 0.15, per_million_tokens_out = 0.6, currency = 'EUR' }}\n\
         [engine.ollama]\nkind = 'ollama'\nmodel = 'mistral small:latest'\nreasoning_effort = 'high'\nformality = 'more'\n\
         style = ' sober '\ninstructions = ['One.']\nlang.es-419 = {{ instructions = ['Two.'], formality = 'less' }}\nbudget = {{ tokens = 2_000_000, per = 'day' }}\n\
         {REST}langs = ['fr', 'en']\nengines = ['model', 'own']\nbilingual = 'paragraphs'\ntranslate = 'title'\n\
         [edition.f]\nlangs = ['en']\nengines = ['ollama']\n"
    );
    let plan = parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(plan.warnings.is_empty(), "{}", plan.render_warnings(false));
    let [own, model, ollama] = plan.engines.as_slice() else { panic!("three engines") };
    assert_eq!((own.id.as_str(), own.kind), ("own", EngineKind::Libretranslate));
    assert_eq!(own.url.as_deref(), Some("http://127.0.0.1:5000"), "without the stroke at the end");
    assert_eq!(own.pivot.as_ref().map(Lang::as_str), Some("es"));
    assert_eq!((own.timeout, own.in_flight), (Some(Duration::from_mins(2)), Some(3)));
    assert_eq!((model.url.as_deref(), model.model.as_deref()), (Some("https://llm.example/v1"), Some("small")));
    assert_eq!(model.budget, Some(Budget { unit: Unit::Money, limit: 9_500_000, per: Period::Month }));
    let price = model.price.as_ref().expect("a price");
    assert_eq!((price.per_million_tokens_in, price.per_million_tokens_out), (150_000, 600_000));
    assert_eq!((price.per_million_characters, price.currency.as_str()), (0, "EUR"));
    assert_eq!((ollama.url.as_deref(), ollama.model.as_deref()), (None, Some("mistral small:latest")));
    assert_eq!(ollama.budget, Some(Budget { unit: Unit::Tokens, limit: 2_000_000, per: Period::Day }));
    assert_eq!(ollama.reasoning_effort, Some(ReasoningEffort::High));
    let spanish = ollama.guidance.for_lang(&Lang::new("es-419").expect("a tag"));
    assert_eq!((spanish.instructions, spanish.formality), (vec!["One.".to_owned(), "Two.".to_owned()], Some(Formality::Less)));
    assert_eq!(ollama.guidance.general.style.as_deref(), Some("sober"));
    assert_eq!((plan.editions[0].translated(), plan.editions[1].translated()), (Show::Title, Show::Summary));
    assert_eq!(plan.editions[0].engines, ["model", "own"], "in the order of preference");
    assert_eq!((plan.editions[0].bilingual, plan.editions[1].bilingual), (BilingualMode::Paragraphs, BilingualMode::None));
}
