//! feeds.toml as users see it: its plan, and all its mistakes at once with line and carets.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use relais::config::{self, Plan, Problems};
use relais::model::{BilingualMode, Budget, EngineKind, Format, Lang, Period, SourceId, Unit, UntranslatedPolicy};

/// A valid source and edition, for files that test something else.
const REST: &str = "[source.a]\nurl = \"https://a.example/feed\"\n[edition.e]\n";

fn parse(text: &str) -> Result<Plan, Problems> {
    config::parse(text, Path::new("feeds.toml"))
}

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

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
fn reference_in_docs_is_up_to_date() {
    let path = root("docs/CONFIG.md");
    let wanted = config::reference();
    if std::env::var_os("RELAIS_BLESS").is_some() {
        replace(&path, &wanted);
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/CONFIG.md is out of date: RELAIS_BLESS=1 cargo test --test suite config, and look at the difference"
    );
}

#[expect(clippy::disallowed_methods, reason = "a document of the repository, not a file of the product")]
fn replace(path: &Path, text: &str) {
    std::fs::write(path, text).expect("docs/ can be written");
}

#[test]
fn schema_has_every_key_and_no_other() {
    let schema = config::schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["$defs"]["Source"]["required"], serde_json::json!(["url"]));
    assert_eq!(schema["$defs"]["Engine"]["required"], serde_json::json!(["kind"]));
    assert_eq!(schema["$defs"]["Budget"]["properties"]["per"]["enum"], serde_json::json!(["day", "month"]));
    assert_eq!(schema["$defs"]["Fetch"]["properties"]["every"]["default"], "15m");
    assert_eq!(schema["$defs"]["Fetch"]["properties"]["concurrency"]["maximum"], 1024);
    assert_eq!(schema["$defs"]["Edition"]["properties"]["limit"]["type"], "integer");
    assert!(!schema.to_string().contains("null"), "TOML has no null: {schema:#}");
}

#[test]
fn minimal_file_makes_a_plan_with_defaults() {
    let plan = config::parse(REST, Path::new("/srv/news/feeds.toml")).expect("a plan");
    assert_eq!(plan.state.url(), "sqlite:/srv/news/relais.db");
    assert_eq!(plan.output, Path::new("/srv/news/output"));
    assert_eq!(plan.base_url, None);
    assert_eq!((plan.fetch.concurrency, plan.fetch.per_host, plan.fetch.max_bytes), (64, 1, 8 << 20));
    assert!(plan.fetch.user_agent.starts_with(concat!("relais/", env!("CARGO_PKG_VERSION"))));
    let edition = &plan.editions[0];
    assert_eq!((edition.title.as_str(), edition.from.len(), edition.limit), ("e", 1, 100));
    assert_eq!(edition.formats, Format::ALL);
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
fn secrets_are_read_from_files_beside_feeds_toml() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join(name)).expect("a file");
        file.write_all(bytes).expect("written");
    };
    put("token", b"hunter2\n");
    put("empty", b"\n");
    put("binary", b"\xff\xfe");
    put("large", &vec![b'x'; 70_000]);
    let load = |name: &str| {
        let text = format!("[source.a]\nurl = 'https://a.example/'\nauth = {{ bearer = {{ file = '{name}' }} }}\n[edition.e]\n");
        config::parse(&text, &folder.path().join("feeds.toml"))
    };
    let plan = load("token").unwrap_or_else(|problems| panic!("{problems}"));
    assert!(matches!(plan.sources[0].auth, Some(config::Auth::Bearer(_))));
    assert!(!format!("{plan:?}").contains("hunter2"));
    for (name, says) in [
        ("empty", "the file \"empty\" is empty"),
        ("binary", "the file \"binary\" is not UTF-8"),
        ("large", "the file \"large\" is too large for a secret"),
        ("absent", "the file \"absent\" does not exist"),
        (".", "cannot read the file \".\""),
    ] {
        let problems = load(name).expect_err("a problem").to_string();
        assert!(problems.contains(says), "{problems}");
    }
}

#[test]
fn translation_settings_are_in_the_plan() {
    let text = format!(
        "[engine.own]\nkind = 'libretranslate'\nurl = 'http://127.0.0.1:5000/'\npivot = 'ES'\ntimeout = '2m'\nin_flight = 3\n\
         [engine.model]\nkind = 'openai'\nurl = 'https://llm.example/v1'\nmodel = 'small'\n\
         budget = {{ money = 9.5, per = 'month' }}\n\
         price = {{ per_million_tokens_in = 0.15, per_million_tokens_out = 0.6, currency = 'EUR' }}\n\
         [engine.ollama]\nkind = 'ollama'\nmodel = 'mistral small:latest'\nbudget = {{ tokens = 2_000_000, per = 'day' }}\n\
         {REST}langs = ['fr', 'en']\nengines = ['model', 'own']\nbilingual = 'paragraphs'\n\
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
    assert_eq!(plan.editions[0].engines, ["model", "own"], "in the order of preference");
    assert_eq!((plan.editions[0].bilingual, plan.editions[1].bilingual), (BilingualMode::Paragraphs, BilingualMode::None));
}

#[test]
fn glossary_must_be_text_if_an_edition_translates() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join(name)).expect("a file");
        file.write_all(bytes).expect("written");
    };
    put("terms.tsv", "source\tvariants\ten\nCIO\tC.I.O.\tIOC\n".as_bytes());
    put("empty.txt", b"");
    put("latin1.tsv", b"source\ten\n\xe9preuve\tevent\n");
    put("binary.tsv", b"PK\x03\x04\0\0");
    put("large.tsv", &vec![b'x'; (4 << 20) + 1]);
    let load = |glossary: &str, edition: &str| {
        let engine = "[engine.own]\nkind = 'apertium'\nurl = 'http://localhost:2737'\n";
        let text = format!("[glossary]\n{glossary}\n{engine}{REST}{edition}");
        config::parse(&text, &folder.path().join("feeds.toml"))
    };
    let translated = "langs = ['en']\nengines = ['own']\n";
    let plan = load("file = 'terms.tsv'\nkeep = 'empty.txt'", translated).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(plan.glossary.file, Some(folder.path().join("terms.tsv")));
    assert_eq!(plan.glossary.keep, Some(folder.path().join("empty.txt")));
    let mut shown = String::new();
    for line in [
        "file = 'absent.tsv'\nkeep = 'absent.txt'",
        "file = 'latin1.tsv'",
        "file = 'binary.tsv'",
        "file = 'large.tsv'",
        "keep = ' '",
        "fiel = 'terms.tsv'",
    ] {
        shown += &load(line, translated).expect_err(line).render(false).replace(&folder.path().display().to_string(), "FOLDER");
        shown += "\n";
    }
    golden("glossary", &shown);
    load("file = 'absent.tsv'", "").expect("what nobody translates needs no glossary");
}

#[test]
fn api_key_is_sent_in_clear_text_to_local_hosts_only() {
    let load = |url: &str| {
        let engine = format!("[engine.own]\nkind = 'libretranslate'\nurl = '{url}'\nkey = {{ env = 'PATH' }}\n");
        parse(&format!("{engine}{REST}langs = ['en']\n")).map_err(|problems| problems.to_string())
    };
    for near in [
        "http://127.0.0.1:5000",
        "http://10.1.2.3",
        "http://192.168.0.9/translate",
        "http://[::1]:5000",
        "http://[::ffff:10.0.0.1]",
        "http://[fd00::1]",
        "http://[fe80::1]",
        "http://localhost:5000",
        "http://api.localhost",
        "http://libretranslate:5000",
        "http://box.local",
        "http://mt.corp.internal.",
        "http://mt.home.arpa",
        "https://translate.example.org",
    ] {
        load(near).unwrap_or_else(|problems| panic!("{near}: {problems}"));
    }
    for far in [
        "http://translate.example.org",
        "http://8.8.8.8",
        "http://134744072",
        "http://[2001:4860:4860::8888]",
        "http://[::ffff:8.8.8.8]",
        "http://localhost.example.org",
        "http://xlocalhost.example",
        "http://evil-home.arpa",
    ] {
        let problems = load(far).expect_err(far);
        assert!(problems.contains("in clear"), "{far}: {problems}");
    }
    let without = "[engine.own]\nkind = 'libretranslate'\nurl = 'http://translate.example.org'\n";
    parse(&format!("{without}{REST}langs = ['en']\n")).expect("nothing secret goes there");
}

#[test]
fn unreadable_file_is_one_problem_with_a_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let path = folder.path().join(name);
        std::fs::OpenOptions::new().create(true).append(true).open(&path).expect("a file").write_all(bytes).expect("written");
        path
    };
    let mut shown = String::new();
    for path in [
        folder.path().join("absent.toml"),
        folder.path().to_owned(),
        put("utf16.toml", b"\xff\xfes\0"),
        put("latin1.toml", b"# a\n# \xe9t\xe9\n"),
        put("large.toml", &vec![b'#'; 16 * 1024 * 1024 + 10]),
    ] {
        let problems = config::load(&path).expect_err("a problem");
        assert_eq!((problems.list().len(), problems.errors()), (1, 1));
        shown += &problems.render(false).replace(&folder.path().display().to_string(), "FOLDER");
    }
    golden("unreadable", &shown);
    let marked = put("marked.toml", format!("\u{feff}{REST}").as_bytes());
    config::load(&marked).expect("a byte order mark does no harm");
}

#[test]
fn excerpt_is_coloured_only_on_request() {
    let problems = parse("evry = 1\n").expect_err("problems");
    assert!(problems.render(true).contains("\u{1b}["));
    assert!(!problems.render(false).contains('\u{1b}') && !problems.to_string().contains('\u{1b}'));
}

#[test]
fn problem_has_line_column_and_hint() {
    let problems = parse(&format!("# é\r\n[fetch]\r\n\"evry\" = '15m'\r\n{REST}")).expect_err("a problem");
    let [problem] = problems.list() else { panic!("{problems}") };
    assert_eq!((problem.line, problem.column, problem.span.clone()), (3, 1, 15..21));
    assert_eq!(problem.message, "unknown key `evry` in [fetch]");
    assert_eq!(problem.hint.as_deref(), Some("did you mean `every`?"));
    let shown = "error: unknown key `evry` in [fetch]\n --> feeds.toml:3:1\n  |\n3 | \"evry\" = '15m'\n  | ^^^^^^\n  |\n  = hint: did you mean `every`?\n";
    assert_eq!(problems.render(false), shown);
}

/// The only problem of a file.
fn only_problem(text: &str) -> (usize, String, String) {
    let problems = parse(text).expect_err("a problem");
    let [problem] = problems.list() else { panic!("{problems}") };
    (problem.line, problem.message.clone(), problem.hint.clone().unwrap_or_default())
}

/// A French source, and an edition with these keys.
fn french_source(edition: &str) -> String {
    format!("[source.a]\nurl = 'https://a.example/'\nlang = 'fr-CA'\n[edition.jeux]\n{edition}\n")
}

#[test]
fn language_that_nothing_translates_into_is_refused() {
    let (line, message, hint) = only_problem(&french_source("langs = ['fr', 'en']"));
    assert_eq!(line, 5);
    assert_eq!(message, "nothing translates the edition `jeux` into en: its source `a` is in fr-CA");
    assert!(hint.contains("engines") && hint.contains("untranslated"), "{hint}");
}

#[test]
fn edition_without_engines_may_sort_or_show_other_languages() {
    for edition in ["langs = ['fr']", "langs = ['en']\nuntranslated = 'skip'", "langs = ['en']\nuntranslated = 'original'", ""] {
        parse(&french_source(edition)).unwrap_or_else(|problems| panic!("{problems}"));
    }
}

#[test]
fn root_of_the_file_system_is_no_output() {
    for root in ["/", "//", "/./", "/srv/..", "/srv/../../"] {
        let (line, message, _) = only_problem(&format!("output = '{root}'\n{REST}"));
        assert_eq!((line, message.as_str()), (1, "`output` is the root of the file system"), "{root}");
    }
    parse(&format!("output = '/srv'\n{REST}")).expect("a folder");
}

#[test]
fn invalid_id_gets_a_proposal_that_is_free() {
    let text = "[source.'Équipe']\nurl = 'https://a.example/'\n[source.equipe]\nurl = 'https://b.example/'\n[edition.e]\n";
    let (line, message, hint) = only_problem(text);
    assert_eq!((line, message.as_str()), (1, "\"Équipe\" is not a valid name for a source"));
    assert!(hint.starts_with("write [source.equipe-2]: "), "{hint}");
}

#[test]
fn duplicate_table_is_told_with_both_places() {
    let (line, message, hint) = only_problem(&format!("{REST}\n[source.a]\nurl = 'https://b.example/'\n"));
    assert_eq!((line, message.as_str()), (5, "the table `[source.a]` is there twice"));
    assert_eq!(hint, "the first is at feeds.toml:1:1: remove one of them, or give it another name");
}

#[test]
fn duplicate_key_is_told_with_both_places() {
    let (line, message, hint) = only_problem("[source.a]\nurl = 'https://a.example/'\nurl = 'https://b.example/'\n[edition.e]\n");
    assert_eq!((line, message.as_str()), (3, "the key `url` is there twice"));
    assert_eq!(hint, "the first is at feeds.toml:2:1: remove one of them");
}

#[test]
fn edition_that_no_source_feeds_is_refused() {
    let (_, message, _) = only_problem("[source.a]\nurl = 'https://a.example/'\nenabled = false\n[edition.e]\n");
    assert_eq!(message, "the edition `e` takes no source");
}

/// Files with mistakes, under the name of their snapshot.
const BROKEN: [(&str, &str); 14] = [
    ("many", include_str!("config/many.toml")),
    ("fetch", include_str!("config/fetch.toml")),
    ("types", include_str!("config/types.toml")),
    ("sources", include_str!("config/sources.toml")),
    ("secrets", include_str!("config/secrets.toml")),
    ("editions", include_str!("config/editions.toml")),
    ("engines", include_str!("config/engines.toml")),
    ("costs", include_str!("config/costs.toml")),
    ("unnamed", include_str!("config/unnamed.toml")),
    ("later", include_str!("config/later.toml")),
    ("shape", include_str!("config/shape.toml")),
    ("empty", ""),
    ("syntax", "[source.a]\nurl = \"https://a.example/\nlang = \"fr\"\n"),
    ("syntax-secret", "[source.a]\nauth = { user = \"me\", password = \"hunter2 }\n"),
];

#[test]
fn all_mistakes_are_reported_at_once() {
    for (name, text) in BROKEN {
        let problems = parse(text).expect_err(name);
        let shown = problems.render(false);
        assert!(!shown.contains("hunter2"), "{name} shows a secret:\n{shown}");
        assert!(!format!("{problems:?}").contains("hunter2"), "{name} holds a secret");
        golden(name, &shown);
    }
}

/// Compares with tests/golden/config-NAME.snap; `INSTA_UPDATE=always` writes it.
fn golden(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("config-{name}"), shown));
}

#[test]
fn at_most_200_problems_are_shown() {
    let text = (0..30_000).map(|n| format!("k{n} = 1")).collect::<Vec<_>>().join("\n");
    let problems = parse(&text).expect_err("problems");
    assert!(problems.list().len() <= 201, "{}", problems.list().len());
    assert!(problems.to_string().contains("more problems are not shown"));
}

#[test]
fn excessive_nesting_is_refused() {
    let deep = |part: &str| format!("{}{{ ", part.repeat(70) + "a = ").repeat(78);
    for text in [
        deep("a.") + "b = 1" + &" }".repeat(78),
        "[source.a]\nheaders.".to_owned() + &deep("a.") + "b = 1" + &" }".repeat(78),
        "a.".repeat(400_000) + "a = 1",
        format!("[{}a]", "a.".repeat(400_000)),
        "a = ".to_owned() + &"[".repeat(500_000),
        "a = { a = ".repeat(50_000),
    ] {
        let problems = parse(&text).expect_err("a problem");
        assert!(problems.to_string().len() < 2_000, "{problems}");
    }
}

/// Text that is likely to be almost a feeds.toml.
fn almost() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[fetch]",
        "[source.a]",
        "[source.b]",
        "[[source]]",
        "[edition.e]",
        "[source]",
        "[engine.x]",
        "[glossary]",
        "kind",
        "\"deepl\"",
        "key",
        "engines",
        "budget",
        "price",
        "url",
        "every",
        "tags",
        "from",
        "langs",
        "auth",
        "headers",
        "formats",
        "limit",
        "state",
        "output",
        "proxy",
        "password",
        " = ",
        "=",
        ".",
        "\n",
        "\r\n",
        "\"https://a.example/\"",
        "\"15m\"",
        "[\"*\"]",
        "[",
        "]",
        "{",
        "}",
        "{ env = \"X\" }",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "1",
        "true",
        "1979-05-27",
        "-1",
        "1e9",
        "é",
        "五",
        "\u{0}",
        "\u{1b}",
        "\t",
        "\u{202e}",
        "\u{feff}",
        ",",
        " ",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_plan_or_problems(text in prop_oneof![".{0,200}", "(?s).{0,200}", almost()]) {
        match parse(&text) {
            Ok(plan) => drop(plan.render_warnings(true)),
            Err(problems) => {
                prop_assert!(problems.errors() > 0);
                let shown = problems.render(false);
                prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
                for problem in problems.list() {
                    prop_assert!(text.len() >= problem.span.start);
                }
            }
        }
    }
}
