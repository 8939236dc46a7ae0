//! What needs an environment of its own, or looks at what is private to `config`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use secrecy::ExposeSecret;

use super::{Auth, Plan, Problems, parse_in};

const EDITION: &str = "[edition.all]\n";

fn with(environment: &[(&str, &str)], text: &str) -> Result<Plan, Problems> {
    let environment = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
    parse_in(&format!("{text}\n{EDITION}"), Path::new("/srv/feeds.toml"), &environment)
}

#[test]
fn secrets_come_from_the_environment_and_are_not_shown() {
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
fn a_secret_that_does_not_fit_is_refused_without_being_shown() {
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
fn the_secrets_of_a_disabled_source_are_not_looked_for() {
    let text = "[source.a]\nurl = \"https://a.example/\"\n[source.b]\nurl = \"https://b.example/\"\nenabled = false\n\
                auth = { bearer = { env = \"TOKEN\" } }\nheaders = { X-Key = { file = \"nowhere\" } }";
    let plan = with(&[], text).expect("a plan");
    assert!(plan.sources[1].auth.is_none() && plan.sources[1].headers.is_empty());
}

#[test]
fn every_default_that_the_reference_states_is_the_one_that_holds() {
    let schema = super::schema();
    let mut explicit = String::new();
    let mut stated = 0;
    for (header, table) in [("", &schema), ("[fetch]", &schema["$defs"]["Fetch"]), ("[edition.all]", &schema["$defs"]["Edition"])]
    {
        let _ = writeln!(explicit, "{header}");
        for (key, value) in table["properties"].as_object().expect("keys") {
            if !matches!(key.as_str(), "fetch" | "source" | "edition") && !value["default"].is_null() {
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
    assert_eq!(format!("{bare:#?}"), format!("{full:#?}"));
    assert!(stated > 12, "only {stated} defaults are stated");
}

#[test]
fn every_example_of_the_reference_is_accepted() {
    let schema = super::schema();
    let world = [("FEED_PASSWORD", "hunter2")];
    let mut seen = 0;
    for (group, table) in [
        ("", &schema),
        ("Fetch", &schema["$defs"]["Fetch"]),
        ("Source", &schema["$defs"]["Source"]),
        ("Edition", &schema["$defs"]["Edition"]),
    ] {
        for (key, value) in table["properties"].as_object().expect("keys") {
            let example = &value["examples"][0];
            if example.is_null() || key == "enabled" {
                assert!(matches!(key.as_str(), "fetch" | "source" | "edition" | "enabled"), "`{key}` has no example");
                continue;
            }
            let line = format!("{key} = {}\n", toml::Value::try_from(example).expect("TOML"));
            let put = |place: &str| if place == group { line.as_str() } else { "" };
            let url = if key == "url" { "" } else { "url = \"https://a.example/feed\"\n" };
            let text = format!(
                "{}[fetch]\n{}[source.lequipe]\n{url}{}[source.b]\nurl = \"https://b.example/\"\ntags = [\"olympic\"]\n[edition.all]\n{}",
                put(""),
                put("Fetch"),
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
    assert!(seen > 20, "only {seen} examples");
}
