//! Tests that need environment variables of their own, or private items of `config`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use secrecy::ExposeSecret;

use super::{Auth, Plan, Problems, parse_in};

/// Keys at the top of the file that are tables.
const TABLES: [&str; 10] = ["digest", "notify", "s3", "fetch", "serve", "engine", "glossary", "topic", "source", "edition"];

const EDITION: &str = "[edition.all]\n";

fn with(environment: &[(&str, &str)], text: &str) -> Result<Plan, Problems> {
    let environment = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
    parse_in(&format!("{text}\n{EDITION}"), Path::new("/srv/feeds.toml"), &environment)
}

#[test]
fn secrets_are_read_from_the_environment_and_not_shown() {
    let text = r#"
        [fetch]
        proxy = { env = "PROXY" }
        [source.a]
        url = "https://a.example/feed"
        auth = { user = "me", password = { env = "PASSWORD" } }
        [source.b]
        url = "https://b.example/feed"
        auth.bearer = { env = "TOKEN" }
        headers = { X-Key = { env = "TOKEN" }, Accept-Language = "fr" }
    "#;
    let world = [("PROXY", "http://me:hunter2@proxy:3128"), ("PASSWORD", "hunter2 x"), ("TOKEN", "hunter2")];
    let plan = with(&world, text).expect("a plan");
    assert_eq!(plan.fetch.proxy.as_ref().expect("a proxy").expose_secret(), "http://me:hunter2@proxy:3128");
    let Some(Auth::Basic { user, password }) = &plan.sources[0].auth else { panic!("{:?}", plan.sources[0]) };
    assert_eq!((user.as_str(), password.expose_secret()), ("me", "hunter2 x"));
    let Some(Auth::Bearer(token)) = &plan.sources[1].auth else { panic!("{:?}", plan.sources[1]) };
    assert_eq!(token.expose_secret(), "hunter2");
    let headers: Vec<_> = plan.sources[1].headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
    assert_eq!(headers, [("X-Key", "hunter2"), ("Accept-Language", "fr")]);
    assert!(plan.warnings.is_empty() && !format!("{plan:?}").contains("hunter2"));
}

#[test]
fn invalid_secret_is_refused_without_being_shown() {
    for (value, says) in
        [("", "is empty"), (" \n", "is empty"), ("hunter2\nX-Evil: 1", "cannot be sent"), ("hunter2é", "cannot be sent")]
    {
        let text = "[source.a]\nurl = \"https://a.example/\"\nauth = { bearer = { env = \"TOKEN\" } }";
        let problems = with(&[("TOKEN", value)], text).expect_err("a problem").to_string();
        assert!(problems.contains(says) && problems.contains("--> /srv/feeds.toml:3:19"), "{problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn secrets_of_a_disabled_source_are_not_read() {
    let text = "[source.a]\nurl = \"https://a.example/\"\n[source.b]\nurl = \"https://b.example/\"\nenabled = false\n\
                auth = { bearer = { env = \"TOKEN\" } }\nheaders = { X-Key = { file = \"nowhere\" } }";
    let plan = with(&[], text).expect("a plan");
    assert!(plan.sources[1].auth.is_none() && plan.sources[1].headers.is_empty());
}

#[test]
fn unreadable_api_key_is_a_warning_if_an_edition_uses_the_engine() {
    let engine = "[engine.a]\nkind = \"deepl\"\nkey = { env = \"DEEPL_KEY\" }\n[source.a]\nurl = \"https://a.example/\"\n";
    let used = format!("{engine}[edition.en]\nlangs = [\"en\"]\nengines = [\"a\"]");
    let world = [("DEEPL_KEY", "hunter2:fx")];
    let key = |plan: &Plan| plan.engines[0].key.as_ref().map(|key| key.expose_secret().to_owned());
    let plan = with(&world, &used).expect("a plan");
    assert_eq!(key(&plan).as_deref(), Some("hunter2:fx"));
    assert!(plan.warnings.is_empty() && !format!("{plan:?}").contains("hunter2"));
    for (world, says) in [
        (vec![], "no variable \"DEEPL_KEY\""),
        (vec![("DEEPL_KEY", " ")], "is empty"),
        (vec![("DEEPL_KEY", "hunter2 x")], "cannot be sent"),
    ] {
        let plan = with(&world, &used).expect("only requests to the engine need the key");
        let warnings = plan.render_warnings(false);
        assert!(warnings.contains(says) && warnings.contains("--> /srv/feeds.toml:3:7"), "{warnings}");
        assert!(plan.engines[0].key_error.as_ref().is_some_and(|error| error.contains(says)), "{:?}", plan.engines[0]);
        assert!(key(&plan).is_none() && !warnings.contains("hunter2") && !format!("{plan:?}").contains("hunter2"));
    }
    let unused = with(&[], engine).expect("the key of an unused engine may be missing");
    assert!(key(&unused).is_none() && unused.render_warnings(false).contains("no edition uses the engine `a`"));
    assert_eq!(key(&with(&world, engine).expect("a plan")).as_deref(), Some("hunter2:fx"), "to be tried out");
}

const BUCKET: &str = "output = \"s3://feeds/news/\"\n[source.a]\nurl = \"https://a.example/\"\n";

fn bucket(plan: Plan) -> super::Bucket {
    let super::Output::Bucket(bucket) = plan.output else { panic!("{:?}", plan.output) };
    *bucket
}

#[test]
fn bucket_without_a_table_is_that_of_the_environment() {
    let world = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000/"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_SKIP_SIGNATURE", "true"),
    ];
    let plan = with(&world, BUCKET).expect("a plan");
    assert!(plan.output.to_string() == "s3://feeds/news" && !format!("{plan:?}").contains("hunter2"));
    let bucket = bucket(plan);
    assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("feeds", "news"));
    assert_eq!(bucket.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    assert!(bucket.path_style && bucket.key.is_none());
    let mut names: Vec<_> = bucket.environment.into_keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "and nothing that would weaken it");
    assert!(!self::bucket(with(&[], BUCKET).expect("a plan")).path_style, "AWS has the bucket in the host");
}

#[test]
fn unreadable_key_of_a_bucket_is_a_warning() {
    let text = format!("{BUCKET}[s3]\naccess_key = {{ env = \"ID\" }}\nsecret_key = {{ env = \"KEY\" }}");
    let plan = with(&[("ID", "id")], &text).expect("only publishing needs the key");
    let warnings = plan.render_warnings(false);
    assert!(warnings.contains("no variable \"KEY\"") && !warnings.contains("hunter2"), "{warnings}");
    assert!(bucket(plan).key_error.is_some_and(|error| error.contains("no variable \"KEY\"")));
    let plan = with(&[("ID", "id"), ("KEY", "hunter2")], &text).expect("a plan");
    assert!(!format!("{plan:?}").contains("hunter2"));
    let (id, key) = bucket(plan).key.expect("a key");
    assert_eq!((id.expose_secret(), key.expose_secret()), ("id", "hunter2"));
}

#[test]
fn defaults_in_the_reference_are_the_real_defaults() {
    let schema = super::schema();
    let mut explicit = String::new();
    let mut stated = 0;
    for (header, table) in [
        ("", &schema),
        ("[s3]", &schema["$defs"]["S3"]),
        ("[fetch]", &schema["$defs"]["Fetch"]),
        ("[edition.all]", &schema["$defs"]["Edition"]),
    ] {
        let _ = writeln!(explicit, "{header}");
        for (key, value) in table["properties"].as_object().expect("keys") {
            if !TABLES.contains(&key.as_str()) && !value["default"].is_null() {
                let _ = writeln!(explicit, "{key} = {}", toml::Value::try_from(&value["default"]).expect("TOML"));
                stated += 1;
            }
        }
    }
    let source = "[source.a]\nurl = \"https://a.example/feed\"\n";
    let path = Path::new("/srv/feeds.toml");
    let bare = parse_in(&format!("{source}{EDITION}"), path, &|_| None).expect("a plan");
    let mut full = parse_in(&format!("{explicit}{source}"), path, &|_| None).unwrap_or_else(|problems| panic!("{problems}"));
    full.warnings.clear();
    // It is that of the text, which differs.
    full.fingerprint.clone_from(&bare.fingerprint);
    assert_eq!(format!("{bare:#?}"), format!("{full:#?}"));
    assert!(stated > 12, "only {stated} defaults are stated");
}

#[test]
fn every_example_of_the_reference_is_valid() {
    let schema = super::schema();
    let world = [
        ("FEED_PASSWORD", "hunter2"),
        ("DEEPL_KEY", "hunter2"),
        ("RELAIS_ADMIN", "hunter2"),
        ("DESK_TOKENS", "0123456789abcdef"),
    ];
    let mut seen = 0;
    for group in ["", "S3", "Fetch", "Serve", "Engine", "Budget", "Price", "Glossary", "Source", "Edition"] {
        let table = if group.is_empty() { &schema } else { &schema["$defs"][group] };
        for (key, value) in table["properties"].as_object().expect("keys") {
            let example = &value["examples"][0];
            if example.is_null() || key == "enabled" {
                assert!(key == "enabled" || TABLES.contains(&key.as_str()), "`{key}` has no example");
                continue;
            }
            let line = format!("{key} = {}\n", toml::Value::try_from(example).expect("TOML"));
            let put = |place: &str| if place == group { line.as_str() } else { "" };
            let url = if (group, key.as_str()) == ("Source", "url") { "" } else { "url = \"https://a.example/feed\"\n" };
            let text = format!(
                "{}[s3]\n{}[fetch]\n{}[serve]\n{}[glossary]\n{}{}[source.lequipe]\n{url}{}[source.b]\nurl = \"https://b.example/\"\ntags = [\"olympic\"]\n[edition.all]\n{}",
                put(""),
                put("S3"),
                put("Fetch"),
                put("Serve"),
                put("Glossary"),
                engines(group, key, &line),
                put("Source"),
                put("Edition")
            );
            let environment = |name: &str| world.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
            if let Err(problems) = parse_in(&text, Path::new("/srv/feeds.toml"), &environment) {
                panic!("{line}{problems}");
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} examples");
}

#[test]
fn commented_examples_of_the_default_file_are_valid() {
    let default = include_str!("../../feeds.toml");
    let (mut text, mut within) = (String::new(), false);
    for line in default.lines() {
        // An example is a commented table, up to the next line that is not a comment.
        let bare = line.strip_prefix("# ");
        within = bare.is_some_and(|bare| within || bare.starts_with('['));
        text += bare.filter(|_| within).unwrap_or(line);
        text.push('\n');
    }
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["glossary.tsv", "donottranslate.txt"] {
        std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join(name)).expect("a file");
    }
    let environment = |name: &str| (name == "DEEPL_KEY").then(|| OsString::from("hunter2"));
    let plan = parse_in(&text, &folder.path().join("feeds.toml"), &environment).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(plan.warnings.is_empty(), "{}", plan.render_warnings(false));
    assert_eq!(plan.engines.iter().map(|engine| engine.id.as_str()).collect::<Vec<_>>(), ["deepl", "local", "own"]);
    let games = plan.editions.iter().find(|edition| edition.id == "games").expect("the English edition");
    assert_eq!(games.engines, ["deepl", "own", "local"]);
    assert!(plan.glossary.file.is_some() && plan.glossary.keep.is_some());
}

/// Returns the engine tables for an example of `group`: of the kind that supports the key.
fn engines(group: &str, key: &str, line: &str) -> String {
    let value = line.trim_end();
    let (kind, rest) = match (group, key) {
        ("Engine", "kind" | "key") => ("deepl", "key = { env = \"DEEPL_KEY\" }\n".to_owned()),
        ("Engine", "model") => ("ollama", line.to_owned()),
        ("Engine", "reasoning_effort") => ("ollama", format!("{line}model = \"m\"\n")),
        ("Engine", "service_tier") => ("openai", format!("{line}model = \"m\"\nkey = {{ env = \"DEEPL_KEY\" }}\n")),
        ("Engine", "region") => ("azure", format!("{line}key = {{ env = \"DEEPL_KEY\" }}\n")),
        ("Engine", "url") => ("apertium", line.to_owned()),
        ("Engine", "models" | "auto_download") => ("firefox", line.to_owned()),
        ("Engine", _) => ("deepl", format!("{line}key = {{ env = \"DEEPL_KEY\" }}\n")),
        ("Budget", "money") => (
            "ollama",
            format!(
                "model = \"m\"\nprice = {{ per_million_characters = 1, currency = \"EUR\" }}\nbudget = {{ {value}, per = \"day\" }}\n"
            ),
        ),
        ("Budget", "per") => ("ollama", format!("model = \"m\"\nbudget = {{ characters = 1, {value} }}\n")),
        ("Budget", _) => ("ollama", format!("model = \"m\"\nbudget = {{ {value}, per = \"day\" }}\n")),
        ("Price", "currency") => ("ollama", format!("model = \"m\"\nprice = {{ per_million_characters = 1, {value} }}\n")),
        ("Price", "per_million_characters") => ("ollama", format!("model = \"m\"\nprice = {{ {value}, currency = \"EUR\" }}\n")),
        ("Price", _) => {
            let other = if key.ends_with("in") { "per_million_tokens_out" } else { "per_million_tokens_in" };
            ("ollama", format!("model = \"m\"\nprice = {{ {value}, {other} = 1, currency = \"EUR\" }}\n"))
        }
        _ => ("ollama", "model = \"m\"\n".to_owned()),
    };
    let more = "[engine.libretranslate]\nkind = \"libretranslate\"\nurl = \"https://l.example/\"\n[engine.llm]\nkind = \"ollama\"\nmodel = \"m\"\n";
    format!("[engine.deepl]\nkind = \"{kind}\"\n{rest}{more}")
}
