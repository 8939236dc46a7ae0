//! `relais add` and `relais opml`: sources come into feeds.toml, and leave it, and every other byte of it stays.

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

fn page(head: &str) -> Reply {
    Reply::ok(format!("<!DOCTYPE html><html><head><title>Le club</title>{head}</head><body><p>Bonjour</p></body></html>"))
        .header("content-type", "text/html; charset=utf-8")
}

fn config(world: &World) -> String {
    std::fs::read_to_string(world.path("feeds.toml")).expect("it is there")
}

/// An origin with a page of two feeds and one of comments, and a world that knows one other source.
async fn world() -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on(
        "/",
        page(
            "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/comments/feed\">\
             <link rel=\"alternate\" type=\"application/rss+xml\" title=\"Actu\" href=\"/actu.xml?a=1&amp;b=2\">\
             <LINK REL='alternate' HREF='resultats.xml' TYPE='application/atom+xml'>\
             <link rel=\"alternate\" type=\"application/rss+xml\" href=\"/gone.xml\">",
        ),
    );
    origin.on("/comments/feed", Reply::ok(rss("comments", &stories(0..1))));
    origin.on("/actu.xml?a=1&b=2", Reply::ok(rss("actu", &stories(0..3))));
    origin.on("/actu.xml", Reply::ok(rss("actu", &stories(0..3))));
    origin.on("/resultats.xml", Reply::ok(rss("resultats", &stories(0..2))));
    let world = World::new(&tables(&[("known", origin.url("/known.xml"))]));
    (origin, world)
}

#[tokio::test]
async fn the_feeds_of_a_page_are_found_and_one_is_taken() {
    let (origin, world) = world().await;
    let before = config(&world);
    let several = world.relais(&["add", &origin.url("/")]).await;
    assert_eq!(several.code, Some(2), "{several:?}");
    assert!(
        several.stderr.contains("1. ") && several.stderr.contains("Le journal actu") && several.stderr.contains("--pick"),
        "{several:?}"
    );
    let place = |text: &str| several.stderr.find(text).unwrap_or(usize::MAX);
    assert!(place("/comments/feed") > place("/resultats.xml") && !several.stderr.contains("gone.xml"), "{several:?}");
    assert_eq!(config(&world), before, "nothing is written");

    let dry =
        world.relais(&["add", &origin.url("/"), "--pick", "1", "--id", "club", "--tag", "judo", "olympic", "--dry-run"]).await;
    assert_eq!((dry.code, config(&world)), (Some(0), before.clone()), "{dry:?}");
    let added = world.relais(&["add", &origin.url("/"), "--pick", "1", "--id", "club", "--tag", "judo", "olympic"]).await;
    assert_eq!((added.code, &added.stdout), (Some(0), &dry.stdout), "{added:?}");
    let after = config(&world);
    assert_eq!(after.replace(&format!("\n{}", added.stdout), ""), before, "every other byte stays");
    assert!(after.find("[source.club]") < after.find("[edition.jeux]"), "{after}");
    for line in ["title = \"Le journal actu\"", "lang = \"fr\"", "tags = [\"judo\", \"olympic\"]"] {
        assert!(added.stdout.contains(line), "{}", added.stdout);
    }
    assert_eq!(world.relais(&["check"]).await.code, Some(0));
    let again = world.relais(&["add", &origin.url("/"), "--pick", "1"]).await;
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("[source.club]"), "{again:?}");
    let bad = world.relais(&["add", &origin.url("/"), "--pick", "2", "--id", "Not a name"]).await;
    assert_eq!((bad.code, config(&world)), (Some(2), after), "a file that would be wrong is not written: {bad:?}");
}

#[tokio::test]
async fn a_feed_itself_and_one_in_its_usual_place_are_found() {
    let origin = Origin::start().await;
    origin.on("/rss", Reply::ok(rss("a", &stories(0..1))));
    origin.on("/", page(""));
    origin.on("/none", page(""));
    let world = World::new("");
    assert_eq!(world.relais(&["add", &origin.url("/")]).await.code, Some(0));
    assert!(config(&world).contains(&format!("url = \"{}\"", origin.url("/rss"))), "{}", config(&world));
    let asked = origin.count();
    let known = world.relais(&["add", &origin.url("/rss")]).await;
    assert_eq!((known.code, origin.count()), (Some(2), asked + 1));
    let other = Origin::start().await;
    other.on("/", page(""));
    let none = world.relais(&["add", &other.url("/")]).await;
    assert_eq!(none.code, Some(3));
    assert!(none.stderr.contains("an HTML page (“Le club”)") && none.stderr.contains("no feed was found behind it"), "{none:?}");
}

#[tokio::test]
async fn a_feed_that_only_a_header_names_is_found() {
    let origin = Origin::start().await;
    origin.on(
        "/sport",
        page("").header("link", "</style.css>; rel=preload, <flux/sport.xml>; rel=\"alternate\"; type=\"application/rss+xml\""),
    );
    origin.on("/flux/sport.xml", Reply::ok(rss("sport", &stories(0..3))));
    let world = World::new(&tables(&[("known", origin.url("/known.xml"))]));
    let added = world.relais(&["add", &origin.url("/sport")]).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.stdout.contains(&origin.url("/flux/sport.xml")), "{added:?}");
}

#[tokio::test]
async fn sources_go_to_other_readers_and_come_back_the_same() {
    let (origin, world) = world().await;
    assert_eq!(world.relais(&["add", &origin.url("/"), "--all", "--tag", "olympic"]).await.code, Some(0));
    let exported = world.relais(&["opml", "export"]).await;
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let file = world.path("sources.opml");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(&file, &exported.stdout).expect("it can be written");
    let name = file.to_str().expect("a name");
    let same = config(&world);
    let nothing = world.relais(&["opml", "import", name]).await;
    assert_eq!((nothing.code, config(&world)), (Some(0), same), "all are there: {nothing:?}");

    let other = World::new("");
    assert_eq!(other.relais(&["opml", "import", name]).await.code, Some(0));
    let of = |text: &str| {
        let mut urls: Vec<String> = text.lines().filter(|line| line.starts_with("url = ")).map(str::to_owned).collect();
        urls.sort();
        urls
    };
    assert_eq!(of(&config(&other)), of(&config(&world)));
    assert_eq!(config(&other).matches("tags = [\"olympic\"]").count(), 4);
    let with_edition = config(&other) + "[edition.all]\nfrom = [\"*\"]\n";
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(other.path("feeds.toml"), with_edition).expect("it can be written");
    assert_eq!(other.relais(&["check"]).await.code, Some(0));
    let again = other.relais(&["opml", "export"]).await;
    assert_eq!(again.stdout.matches("xmlUrl").count(), exported.stdout.matches("xmlUrl").count());
    let broken = other.relais(&["opml", "import", "feeds.toml"]).await;
    assert_eq!(broken.code, Some(2), "{broken:?}");
}

#[tokio::test]
async fn a_probe_tells_of_each_source_and_keeps_nothing() {
    let origin = Origin::start().await;
    let asking = rss("good", &stories(0..3)).replace(
        "<language>fr</language>",
        "<language>fr</language><ttl>30</ttl><skipHours><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
    );
    origin.on("/good", Reply::ok(asking).header("cache-control", "max-age=300"));
    origin.on("/broken", Reply::ok(rss("b", &stories(0..2)).replace("</channel>", "").replace("<pubDate>", "<pubdat>")));
    origin.on("/moved", Reply::redirect(301, "/good"));
    origin.on("/page", page(""));
    origin.on("/gone", Reply::status(410));
    let names = ["good", "broken", "moved", "page", "gone"];
    let sources: Vec<(&str, String)> = names.iter().map(|name| (*name, origin.url(&format!("/{name}")))).collect();
    let world = World::new(&tables(&sources));
    let probed = world.relais(&["check", "--probe"]).await;
    assert_eq!(probed.code, Some(3), "{probed:?}");
    let line = |name: &str| probed.stdout.lines().find(|line| line.starts_with(&format!("{name} "))).expect(name);
    let good = line("good");
    assert!(good.contains("rss 2.0") && good.contains("fr") && good.contains("days ago"), "{good}");
    assert!(good.contains("asks: every 30 min, not at 2 h UTC, not on Sun, fresh for 300 s"), "{good}");
    assert!(line("broken").contains("2 without a date; repaired: "), "{}", line("broken"));
    assert!(line("moved").contains(&format!("has moved to {}", origin.url("/good"))), "{}", line("moved"));
    assert!(line("page").contains("an HTML page (“Le club”)") && line("gone").contains("410"), "{}", probed.stdout);
    assert!(!world.path("relais.db").exists() && !world.path("output").exists(), "nothing is kept");
    let one = world.relais(&["check", "--probe", "--source", "good"]).await;
    assert_eq!((one.code, one.stdout.contains("broken")), (Some(0), false), "{one:?}");
    assert_eq!(world.relais(&["check", "--source", "good"]).await.code, Some(2));
}

#[tokio::test]
async fn address_without_a_scheme_is_tried_with_http_after_https() {
    let origin = Origin::start().await;
    origin.on("/rss.xml", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("known", origin.url("/known.xml"))]));
    let url = origin.url("/rss.xml");
    let added = world.relais(&["add", url.trim_start_matches("http://"), "--tag", "olympic"]).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(config(&world).contains(&format!("url = \"{url}\"")), "{added:?}");
}

#[tokio::test]
async fn address_without_a_scheme_and_without_a_feed_tells_both_attempts() {
    let origin = Origin::start().await;
    let world = World::new("");
    let none = world.relais(&["add", origin.url("/none").trim_start_matches("http://")]).await;
    assert_eq!(none.code, Some(3), "{none:?}");
    assert!(none.stderr.contains("with https: ") && none.stderr.contains("with http: "), "{none:?}");
}

#[tokio::test]
async fn source_with_a_tag_that_no_edition_takes_is_not_added() {
    let origin = Origin::start().await;
    origin.on("/rss.xml", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("known", origin.url("/known.xml"))]));
    let before = config(&world);
    let refused = world.relais(&["add", &origin.url("/rss.xml"), "--tag", "judo"]).await;
    assert_eq!((refused.code, config(&world)), (Some(2), before), "{refused:?}");
    assert!(refused.stderr.contains("no edition takes the tag judo") && refused.stderr.contains("olympic"), "{refused:?}");
}

#[tokio::test]
async fn source_without_a_tag_that_no_edition_takes_is_added_and_mentioned() {
    let origin = Origin::start().await;
    origin.on("/rss.xml", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("known", origin.url("/known.xml"))]));
    let added = world.relais(&["add", &origin.url("/rss.xml")]).await;
    assert!(added.code == Some(0) && added.stderr.contains("the tags that editions take are olympic"), "{added:?}");
}
