//! `relais parse` as a user sees it.

use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(world: &World, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(world.path(name), bytes).expect("it can be written");
}

const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Les Jeux</title><id>tag:a</id><updated>2026-09-01T10:00:00+02:00</updated>
<link href="/actu"/><author><name>Rédaction</name></author>
<entry><title type="text">Le CIO &amp; l'&lt;AMA&gt;</title><id>tag:a,1</id><link href="/1?utm_source=x"/><updated>2026-09-01T10:00:00+02:00</updated>
<content type="html">&lt;p&gt;Un &lt;b&gt;texte&lt;/b&gt; &lt;script&gt;x&lt;/script&gt;&lt;img src="i.jpg"&gt;&lt;/p&gt;</content></entry></feed>"#;

#[tokio::test]
async fn feed_is_printed_normalised() {
    let world = World::new("");
    write(&world, "feed.xml", ATOM);
    let ended = world.relais(&["parse", "feed.xml", "--url", "https://a.example.org/feeds/all"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    insta::with_settings!({ snapshot_path => "../golden", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("parse_atom", ended.stdout);
    });
}

#[tokio::test]
async fn other_content_is_explained_in_one_sentence_with_exit_code_3() {
    let world = World::new("");
    for (name, body, said) in [
        ("empty", "", "the response is empty"),
        ("page", "<html><title>Accueil</title></html>", "an HTML page (“Accueil”)"),
        ("json", "{\"a\":1}", "JSON that is no JSON Feed"),
        ("challenge", "<html><title>Just a moment...</title></html>", "keeps programs out"),
    ] {
        write(&world, name, body);
        let ended = world.relais(&["parse", name]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{name}");
        assert!(ended.stderr.contains(said) && ended.stderr.lines().count() == 1, "{name}: {}", ended.stderr);
    }
    assert_eq!(world.relais(&["parse", "nowhere.xml"]).await.code, Some(2));
}

#[tokio::test]
async fn batch_prints_one_line_per_file() {
    let world = World::new("");
    write(&world, "a.xml", ATOM);
    write(&world, "b.html", "<html></html>");
    write(
        &world,
        "manifest.jsonl",
        "{\"file\":\"a.xml\",\"url\":\"https://a.example.org/\",\"content_type\":\"\"}\n{\"file\":\"b.html\"}\n{\"file\":\"c.xml\"}\n",
    );
    let ended = world.relais(&["parse", "--batch", "."]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["file"], &lines[0]["entries"][0]["url"]), (&"a.xml".into(), &"https://a.example.org/1".into()));
    assert!(lines[1]["error"].as_str().is_some_and(|error| error.contains("HTML page")) && lines[1].get("entries").is_none());
    assert!(lines[2]["error"].as_str().is_some_and(|error| error.contains("cannot be read")));
}

#[tokio::test]
async fn address_is_fetched_by_the_rules_of_the_configuration() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(ATOM).header("content-type", "application/atom+xml"));
    let url = origin.url("/feed");
    let world = World::new("[source.a]\nurl = \"https://example.org/\"\n[edition.e]\ntitle = \"E\"\nfrom = [\"a\"]\n");
    let ended = world.relais(&["parse", &url]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["entries"][0]["url"], origin.url("/1"));
    let outside = world.relais(&["-c", "nowhere.toml", "parse", &url]).await;
    assert_eq!(outside.code, Some(3), "without a configuration no private address is allowed: {outside:?}");
}
