//! One article, one item: whatever its source renames, and however many feeds have it.

use serde_json::Value;

use crate::support::feeds::tables;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// An article of a feed.
#[derive(Clone)]
struct Article {
    link: String,
    guid: String,
    title: String,
    /// The minute of its date.
    minute: u32,
    text: String,
}

/// Articles with these numbers, newest first, at `site`. Each has a guid of its own on that site.
fn articles(site: &str, numbers: impl IntoIterator<Item = u32>) -> Vec<Article> {
    let article = |number: u32| Article {
        link: format!("{site}/{number}"),
        guid: format!("{site}/?p={number}"),
        title: format!("Titre {number}"),
        minute: number,
        text: format!(
            "<p>Le relais numéro {number} a réuni quinze mille spectateurs autour du bassin de la ville hier soir.</p>"
        ),
    };
    numbers.into_iter().map(article).collect()
}

fn feed(articles: &[Article]) -> Reply {
    let items: String = articles
        .iter()
        .map(|Article { link, guid, title, minute, text }| {
            format!(
                "<item><title>{title}</title><link>{link}</link><guid isPermaLink=\"false\">{guid}</guid>\
                 <pubDate>01 Sep 2026 08:{minute:02}:00 GMT</pubDate><description><![CDATA[{text}]]></description></item>"
            )
        })
        .collect();
    Reply::ok(format!("<rss version=\"2.0\"><channel><title>Le journal</title>{items}</channel></rss>"))
}

async fn run(world: &World) -> Value {
    world.relais(&["run", "--force", "--json"]).await.json()
}

fn items(world: &World) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

fn fields(world: &World, name: &str) -> Vec<String> {
    items(world).iter().map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
}

/// A world with one source that serves `before`, after its first run.
async fn world_after(origin: &Origin, before: &[Article]) -> World {
    origin.on("/a", feed(before));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    run(&world).await;
    world
}

/// Runs over `before`, then twice over `after`. Returns the ids after the first run and after the last, and the report of the second.
async fn ids_before_and_after(before: &[Article], after: &[Article]) -> (Vec<String>, Vec<String>, Value) {
    let origin = Origin::start().await;
    let world = world_after(&origin, before).await;
    let ids = fields(&world, "id");
    origin.on("/a", feed(after));
    let report = run(&world).await;
    run(&world).await;
    (ids, fields(&world, "id"), report)
}

#[tokio::test]
async fn site_that_moves_does_not_double_its_articles() {
    let before = articles("http://journal.example", [3, 2, 1]);
    for site in ["https://journal.example", "https://www.journal.example", "https://autre.example"] {
        let (ids, after, report) = ids_before_and_after(&before, &articles(site, [3, 2, 1])).await;
        assert_eq!(ids, after, "{site}");
        assert_eq!((&report["entries"]["new"], &report["entries"]["withdrawn"]), (&0.into(), &0.into()), "{site}: {report}");
    }
}

#[tokio::test]
async fn article_whose_address_is_corrected_is_not_doubled() {
    let before = articles("https://journal.example", [3, 2, 1]);
    let mut after = before.clone();
    (after[1].link, after[1].guid) = ("https://journal.example/corrige".to_owned(), "https://journal.example/corrige".to_owned());
    let (ids, after, report) = ids_before_and_after(&before, &after).await;
    assert_eq!(ids, after);
    assert_eq!((&report["entries"]["new"], &report["entries"]["changed"]), (&0.into(), &1.into()), "{report}");
}

#[tokio::test]
async fn renamed_article_keeps_its_id_when_it_changes_again() {
    let origin = Origin::start().await;
    let world = world_after(&origin, &articles("http://journal.example", [2, 1])).await;
    let ids = fields(&world, "id");
    let mut moved = articles("https://journal.example", [2, 1]);
    origin.on("/a", feed(&moved));
    run(&world).await;
    moved[0].text = "<p>Corrigé.</p>".to_owned();
    (moved[0].title, moved[0].minute) = ("Un autre titre".to_owned(), 59);
    origin.on("/a", feed(&moved));
    let report = run(&world).await;
    assert_eq!(fields(&world, "id"), ids);
    assert_eq!(fields(&world, "title")[0], "Un autre titre");
    assert_eq!((&report["entries"]["new"], &report["entries"]["changed"]), (&0.into(), &1.into()), "{report}");
}

#[tokio::test]
async fn article_that_gets_its_first_address_back_keeps_its_id() {
    let origin = Origin::start().await;
    let (http, https) = (articles("http://journal.example", [2, 1]), articles("https://journal.example", [2, 1]));
    let world = world_after(&origin, &http).await;
    let ids = fields(&world, "id");
    for feed_now in [&https, &http, &https] {
        origin.on("/a", feed(feed_now));
        run(&world).await;
        assert_eq!(fields(&world, "id"), ids);
    }
}

#[tokio::test]
async fn article_that_only_moves_is_not_shown_as_changed() {
    let origin = Origin::start().await;
    let world = world_after(&origin, &articles("http://journal.example", [2, 1])).await;
    origin.on("/a", feed(&articles("https://journal.example", [2, 1])));
    run(&world).await;
    let item = &items(&world)[0];
    assert_eq!(item["url"], "https://journal.example/2");
    assert!(item["date_modified"].is_null() || item["date_modified"] == item["date_published"], "{item}");
}

#[tokio::test]
async fn site_that_moves_after_an_update_of_relais_does_not_double_its_articles() {
    let origin = Origin::start().await;
    let world = world_after(&origin, &articles("http://journal.example", [3, 2, 1])).await;
    let ids = fields(&world, "id");
    forget_article_keys(&world).await;
    origin.on("/a", feed(&articles("https://journal.example", [3, 2, 1])));
    let report = run(&world).await;
    assert_eq!(fields(&world, "id"), ids);
    assert_eq!(report["entries"]["new"], 0, "{report}");
}

#[tokio::test]
async fn copy_that_comes_after_an_update_of_relais_is_shown_once() {
    let origin = Origin::start().await;
    origin.on("/b", feed(&[]));
    origin.on("/a", feed(&articles("https://journal.example", [2, 1])));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    run(&world).await;
    forget_article_keys(&world).await;
    origin.on("/b", feed(&articles("https://journal.example", [2])));
    run(&world).await;
    assert_eq!(fields(&world, "title"), ["Titre 2", "Titre 1"]);
}

/// Makes the entries of a world as an older version stored them.
async fn forget_article_keys(world: &World) {
    use sqlx::Connection;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", world.path("relais.db").display());
    let mut connection = sqlx::AnyConnection::connect(&url).await.expect("a connection");
    let done =
        sqlx::query("update entry set address = null, headline = null").execute(&mut connection).await.expect("it is changed");
    assert!(done.rows_affected() > 0);
    connection.close().await.expect("it can be closed");
}

#[tokio::test]
async fn source_does_not_take_over_the_entry_of_another() {
    let origin = Origin::start().await;
    origin.on("/a", feed(&articles("http://journal.example", [3, 2, 1])));
    origin.on("/b", feed(&articles("https://autre.example", [9, 8])));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    run(&world).await;
    let (ids, urls) = (fields(&world, "id"), fields(&world, "url"));
    // The article vanishes from its feed in the same run in which the other feed has it, with another text.
    origin.on("/a", feed(&articles("http://journal.example", [3, 1])));
    let mut taken = articles("https://journal.example", [2]);
    taken[0].text = "<p>Un texte étranger.</p>".to_owned();
    taken.extend(articles("https://autre.example", [8]));
    origin.on("/b", feed(&taken));
    run(&world).await;
    let place = urls.iter().position(|url| url == "http://journal.example/2").expect("it was published");
    assert!(!fields(&world, "id").contains(&ids[place]), "its id is not given to another text");
}

#[tokio::test]
async fn article_in_two_feeds_is_shown_once_however_its_address_is_written() {
    let own = articles("https://journal.example/2026", [1]);
    for address in [
        "http://journal.example/2026/1",
        "https://www.journal.example/2026/1/",
        "https://m.journal.example:443/2026/1",
        "https://journal.example/2026/1#ens_id=1",
        "https://journal.example/2026/1?ref=accueil",
        "https://journal.example/2026/1/amp",
        "https://journal.example/2026/1?utm_source=rss&xtor=RSS-1",
    ] {
        let origin = Origin::start().await;
        origin.on("/a", feed(&own));
        origin.on("/b", feed(&[Article { link: address.to_owned(), guid: "7".to_owned(), ..own[0].clone() }]));
        let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
        run(&world).await;
        assert_eq!(fields(&world, "title"), ["Titre 1"], "{address}");
    }
}

#[tokio::test]
async fn newest_article_that_is_taken_back_goes_after_two_visits() {
    let origin = Origin::start().await;
    let all = articles("https://journal.example", [4, 3, 2, 1]);
    let world = world_after(&origin, &all).await;
    origin.on("/a", feed(&all[1..]));
    run(&world).await;
    assert_eq!(fields(&world, "title").len(), 4, "it may have been an old copy of the feed");
    let report = run(&world).await;
    assert_eq!(fields(&world, "title"), ["Titre 3", "Titre 2", "Titre 1"]);
    assert_eq!(report["entries"]["withdrawn"], 1, "{report}");
    origin.on("/a", feed(&all));
    run(&world).await;
    assert_eq!(fields(&world, "title").len(), 4, "it is back");
}

#[tokio::test]
async fn newest_article_that_is_taken_back_goes_when_the_server_confirms_it() {
    let origin = Origin::start().await;
    let all = articles("https://journal.example", [4, 3, 2, 1]);
    origin.on("/a", feed(&all).tagged());
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    run(&world).await;
    origin.on("/a", feed(&all[1..]).tagged());
    for _ in 0..2 {
        run(&world).await;
    }
    assert_eq!(fields(&world, "title"), ["Titre 3", "Titre 2", "Titre 1"]);
    let before = world.outputs();
    let report = run(&world).await;
    assert_eq!((&report["sources"]["same"], &report["entries"]["withdrawn"]), (&1.into(), &0.into()), "{report}");
    assert_eq!(world.outputs(), before);
}

#[tokio::test]
async fn old_copy_of_a_feed_withdraws_nothing() {
    let origin = Origin::start().await;
    let all = articles("https://journal.example", [5, 4, 3, 2, 1]);
    let world = world_after(&origin, &all[1..]).await;
    // The newest entry pushes the oldest out, and a cache sends the body of before again.
    for body in [&all[..4], &all[1..], &all[1..], &all[..4]] {
        origin.on("/a", feed(body));
        run(&world).await;
        assert!(fields(&world, "title").contains(&"Titre 5".to_owned()));
    }
}
