//! `keep`, `drop` and `rewrite`: what a source gives, and what the operator is told.

use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// A feed of entries, each with a guid, a headline and more elements, an hour apart, newest first.
pub(crate) fn feed(entries: &[(&str, &str, &str)]) -> String {
    let items: String = (1..=20)
        .rev()
        .zip(entries)
        .map(|(hour, (guid, title, more))| {
            format!(
                "<item><guid>{guid}</guid><title>{title}</title>{more}<pubDate>01 Sep 2026 {hour:02}:00:00 +0000</pubDate></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>A</title><link>https://a.example/</link>{items}</channel></rss>")
}

/// A world of one source with these entries and keys, and one edition.
async fn world(keys: &str, entries: &[(&str, &str, &str)]) -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(feed(entries)).tagged());
    let world = World::new(&tables(&origin, keys));
    (origin, world)
}

fn tables(origin: &Origin, keys: &str) -> String {
    format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n{keys}\n[edition.jeux]\nfrom = [\"a\"]\n", origin.url("/a"))
}

/// The headlines of an edition.
pub(crate) fn titles(world: &World, file: &str) -> Vec<String> {
    let feed: serde_json::Value = serde_json::from_str(&world.output(file)).expect("JSON");
    let items = feed["items"].as_array().expect("items").iter();
    items.map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn source_gives_what_its_expressions_take() {
    let entries = [
        ("1", "Les Jeux approchent", ""),
        ("2", "Ligue 1 : Lens gagne", ""),
        ("3", "Les Jeux en boutique", "<category>Publicité</category>"),
    ];
    let (_origin, world) = world("keep = \"'Jeux' in title\"\ndrop = \"'Publicité' in categories\"", &entries).await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(titles(&world, "jeux.json"), ["Les Jeux approchent"]);
    assert_eq!((&report["entries"]["new"], &report["entries"]["dropped"]), (&1.into(), &2.into()));
}

#[tokio::test]
async fn changed_expression_takes_effect_in_the_next_run() {
    let (origin, world) = world("keep = \"'ski' in title\"", &[("1", "Le golf", ""), ("2", "Le ski", "")]).await;
    world.relais(&["run"]).await;
    assert_eq!(titles(&world, "jeux.json"), ["Le ski"]);
    world.configure("", &tables(&origin, "keep = \"'golf' in title\""));
    for _ in 0..2 {
        world.relais(&["run", "--force"]).await;
    }
    assert_eq!(titles(&world, "jeux.json"), ["Le golf"]);
    world.configure("", &tables(&origin, ""));
    world.relais(&["run", "--force"]).await;
    assert_eq!(titles(&world, "jeux.json"), ["Le golf", "Le ski"]);
}

#[tokio::test]
async fn rewritten_entry_is_published_and_identified_as_if_its_source_had_written_it_so() {
    let item = |title: &str| {
        let pixel = "<description>&lt;p&gt;Un texte.&lt;/p&gt;&lt;img src=\"https://count.example/p.gif\"&gt; Lire sur Le Journal</description>";
        format!(
            "<rss version=\"2.0\"><channel><title>A</title><item><title>{title}</title>{pixel}\
             <pubDate>01 Sep 2026 08:00:00 +0000</pubDate></item></channel></rss>"
        )
    };
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(item("EN DIRECT - Les Jeux")).tagged());
    let rules = "rewrite = [{ field = \"title\", find = '^EN DIRECT - ', replace = \"\" }, \
                 { field = \"summary\", find = '<img src=\"https://count.example/[^>]*>' }, \
                 { field = \"summary\", find = ' Lire sur Le (\\w+)$', replace = ' ($1)' }]";
    let world = World::new(&tables(&origin, rules));
    world.relais(&["run"]).await;
    let published = world.output("jeux.json");
    assert_eq!(titles(&world, "jeux.json"), ["Les Jeux"]);
    assert!(published.contains("(Journal)") && !published.contains("count.example"), "{published}");
    // It has neither guid nor link: its headline identifies it.
    origin.on("/a", Reply::ok(item("Les Jeux")).tagged());
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!((&report["entries"]["new"], &report["entries"]["changed"]), (&0.into(), &0.into()));
}

#[tokio::test]
async fn rule_that_cannot_be_evaluated_is_told_once_and_keeps_the_entry() {
    let (origin, world) = world("drop = \"'Ligue' in title and authors[0] == 'AFP'\"", &[("1", "Ligue 1", "")]).await;
    let ended = world.relais(&["run"]).await;
    assert!(ended.code == Some(3) && ended.stderr.contains("`drop` cannot be evaluated for \"Ligue 1\""), "{ended:?}");
    assert_eq!(titles(&world, "jeux.json"), ["Ligue 1"]);
    let again = world.relais(&["run", "--force"]).await;
    assert!(!again.stderr.contains("cannot be evaluated"), "{again:?}");
    origin.on("/a", Reply::ok(feed(&[("1", "Ligue 1", "<author>AFP</author>")])).tagged());
    let mended = world.relais(&["run", "--force"]).await;
    assert!(mended.code == Some(0), "{mended:?}");
}

/// The part of feeds.toml above the carets of a message.
fn marked(message: &str) -> String {
    let lines: Vec<&str> = message.lines().collect();
    let carets = lines.iter().position(|line| line.contains('^')).expect("carets");
    let (start, length) = (lines[carets].find('^').expect("a caret"), lines[carets].matches('^').count());
    lines[carets - 1].chars().skip(start).take(length).collect()
}

#[tokio::test]
async fn check_marks_the_mistake_in_a_rule() {
    let (origin, world) = world("", &[]).await;
    for (keys, says, place) in [
        ("keep = \"'Jeux' in titel\"", "did you mean `title`?", "titel"),
        ("drop = 'title is matching(\"(a\")'", "the pattern is not valid: unclosed group", "\"(a\""),
        ("drop = \"title\"", "gives a string, not true or false", "title"),
        ("keep = \"\"", "the expression is empty", "\"\""),
        ("rewrite = [{ field = \"titel\", find = 'x' }]", "did you mean \"title\"?", "\"titel\""),
        ("rewrite = [{ field = \"title\", find = '[a' }]", "the pattern is not valid", "[a"),
        ("rewrite = [{ field = \"title\", find = '(a)', replace = 'b $2' }]", "`find` has no group `2`", "$2"),
        ("rewrite = [{ field = \"title\" }]", "a rule of `rewrite` has no `find`", "[{ field = \"title\" }]"),
    ] {
        world.configure("", &tables(&origin, keys));
        let ended = world.relais(&["check"]).await;
        assert!(ended.code == Some(2) && ended.stderr.contains(says), "{keys}: {ended:?}");
        assert_eq!(marked(&ended.stderr), place, "{keys}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn edition_shows_what_its_expressions_take() {
    let entries = [("1", "Les Jeux en direct", ""), ("2", "Ligue 1", ""), ("3", "Les Jeux", "<author>AFP</author>")];
    let (origin, world) = world("", &entries).await;
    let keys = "[edition.bref]\nkeep = \"'jeux' in title | fold\"\ndrop = \"title is endingwith('direct')\"\n";
    world.configure("", &(tables(&origin, "") + keys));
    world.relais(&["run"]).await;
    assert_eq!(titles(&world, "bref.json"), ["Les Jeux"]);
    assert_eq!(titles(&world, "jeux.json").len(), 3, "another edition of the same source is not concerned");
    // A changed entry is judged anew, and so is every entry by a changed expression.
    origin.on("/a", Reply::ok(feed(&[entries[0], ("2", "Ligue 1 et les Jeux", ""), entries[2]])).tagged());
    world.relais(&["run", "--force"]).await;
    assert_eq!(titles(&world, "bref.json"), ["Ligue 1 et les Jeux", "Les Jeux"]);
    world.configure("", &(tables(&origin, "") + "[edition.bref]\nkeep = \"'AFP' in authors\"\n"));
    world.relais(&["run"]).await;
    assert_eq!(titles(&world, "bref.json"), ["Les Jeux"]);
}

#[tokio::test]
async fn age_in_an_edition_is_counted_from_its_newest_entry() {
    let (origin, world) = world("", &[("1", "A", ""), ("2", "B", ""), ("3", "C", "")]).await;
    world.configure("", &(tables(&origin, "") + "[edition.bref]\nkeep = \"age < 2\"\n"));
    world.relais(&["run"]).await;
    assert_eq!(titles(&world, "bref.json"), ["A", "B"], "although all of them are old by now");
}

#[tokio::test]
async fn edition_whose_rule_cannot_be_evaluated_tells_so_and_keeps_the_entry() {
    let (origin, world) = world("", &[("1", "Ligue 1", "")]).await;
    let keys = "[edition.bref]\ndrop = \"'Ligue' in title and authors[0] == 'AFP'\"\n";
    world.configure("", &(tables(&origin, "") + keys));
    let ended = world.relais(&["run"]).await;
    assert!(ended.code == Some(3) && ended.stderr.contains("`drop` cannot be evaluated for \"Ligue 1\""), "{ended:?}");
    assert_eq!(titles(&world, "bref.json"), ["Ligue 1"]);
    let again = world.relais(&["run"]).await;
    assert!(!again.stderr.contains("cannot be evaluated"), "{again:?}");
}
