//! Mistakes, each with its place and a hint.

use super::{REST, golden, parse};

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
const BROKEN: [(&str, &str); 18] = [
    ("many", include_str!("many.toml")),
    ("fetch", include_str!("fetch.toml")),
    ("types", include_str!("types.toml")),
    ("sources", include_str!("sources.toml")),
    ("secrets", include_str!("secrets.toml")),
    ("editions", include_str!("editions.toml")),
    ("engines", include_str!("engines.toml")),
    ("wishes", include_str!("wishes.toml")),
    ("costs", include_str!("costs.toml")),
    ("unnamed", include_str!("unnamed.toml")),
    ("embedded", include_str!("embedded.toml")),
    ("notify", include_str!("notify.toml")),
    ("outputs", include_str!("outputs.toml")),
    ("s3", include_str!("s3.toml")),
    ("shape", include_str!("shape.toml")),
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

#[test]
fn second_reader_must_be_a_language_model_that_exists() {
    let engines =
        "[engine.lt]\nkind = 'libretranslate'\nurl = 'http://127.0.0.1:5000'\n[engine.llm]\nkind = 'ollama'\nmodel = 'm'\n";
    let file = |edition: &str| format!("{engines}{}", french_source(edition));
    let (_, message, hint) = only_problem(&file("langs = ['en']\nengines = ['llm']\nreview = 'lt'"));
    assert_eq!(message, "the engine \"lt\" cannot read translations");
    assert!(hint.contains("openai"), "{hint}");
    let (_, message, hint) = only_problem(&file("langs = ['en']\nengines = ['lt']\nreview = 'lln'"));
    assert_eq!((message.as_str(), hint.as_str()), ("there is no engine \"lln\"", "did you mean \"llm\"?"));
    let plan = parse(&file("langs = ['en']\nengines = ['lt']\nreview = 'llm'")).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(plan.warnings.is_empty() && plan.editions[0].review.as_deref() == Some("llm"), "{}", plan.render_warnings(false));
    let plan = parse(&file("langs = ['en']\nengines = ['llm']\nreview = 'llm'")).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(plan.render_warnings(false).contains("reads no translations"), "{}", plan.render_warnings(false));
}

#[test]
fn flex_tier_is_of_one_protocol() {
    let text = format!(
        "[engine.llm]\nkind = 'ollama'\nmodel = 'm'\nservice_tier = 'flex'\n{}",
        french_source("langs = ['en']\nengines = ['llm']")
    );
    let (line, message, _) = only_problem(&text);
    assert_eq!((line, message.as_str()), (4, "an engine of the kind \"ollama\" has no `service_tier`"));
}

#[test]
fn batch_tier_is_of_two_vendors_and_needs_an_edition_that_waits() {
    let file = |kind: &str, tier: &str, hold: &str| {
        let keys = format!("[engine.llm]\nkind = '{kind}'\nmodel = 'm'\nkey = {{ env = 'HOME' }}\nservice_tier = '{tier}'\n");
        keys + &french_source(&format!("langs = ['en']\nengines = ['llm']\nuntranslated = '{hold}'"))
    };
    let (line, message, hint) = only_problem(&file("anthropic", "flex", "hold 6h"));
    assert_eq!((line, message.as_str()), (5, "an engine of the kind \"anthropic\" has no `service_tier`"));
    assert!(hint.contains("\"batch\" only"), "{hint}");
    let (_, message, hint) = only_problem(&file("openai", "fast", "hold 6h"));
    assert!(message.contains("unknown value") && hint.contains("batch"), "{message} {hint}");
    for kind in ["openai", "anthropic"] {
        for (hold, is_warned) in [("hold 36h", false), ("hold 24h", true), ("original", true)] {
            let plan = parse(&file(kind, "batch", hold)).unwrap_or_else(|problems| panic!("{problems}"));
            let warnings = plan.render_warnings(false);
            assert_eq!(warnings.contains("is sent in batches"), is_warned, "{kind} {hold}: {warnings}");
        }
    }
}
