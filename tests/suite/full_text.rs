//! Full text: the pages of entries, read politely and within a budget, and never in the way of publishing.

use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish_watched};

/// The feed `a` with these stories, its links leading to `/a/NUMBER` of `to`.
fn feed(to: &Origin, stories: &[Story]) -> Reply {
    Reply::ok(rss("a", stories).replace("https://a.example.org/", &to.url("/a/"))).tagged()
}

/// feeds.toml with that source, whose pages are read.
fn reading(origin: &Origin) -> String {
    tables(&[("a", origin.url("/feed"))]).replace("lang = \"fr\"\n", "lang = \"fr\"\nfull_text = true\n")
}

/// A page with an article of some paragraphs that begin with `text`.
fn page(head: &str, text: &str) -> String {
    let rest = "puis la foule se lève, la flamme entre dans le stade, et personne, ce soir-là, ne songe à partir";
    let article = (1..=5).map(|n| format!("<p>{text}, paragraphe {n}, {rest}.</p>")).collect::<String>();
    format!(
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>Une page</title>{head}<script>track('<div><div>')</script></head><body>\
         <nav><a href=/>Accueil</a></nav><article onclick=x()><h1>Titre</h1>{article}<img src=photo.jpg></article>\
         <div class=comments><p>Un lecteur dit.</p></div><footer>Mentions légales</footer></body></html>"
    )
}

fn html(page: String) -> Reply {
    Reply::ok(page).header("content-type", "text/html")
}

/// The items of the edition's JSON Feed, newest first.
fn items(world: &World) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

/// What an item says: what a feed gives as its summary stands there as text.
fn content(item: &Value) -> &str {
    item["content_html"].as_str().or(item["content_text"].as_str()).unwrap_or_default()
}

#[tokio::test]
async fn a_page_is_read_once_and_its_article_published() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(1..3)));
    origin.on("/a/1", html(page("", "Le récit")));
    origin.on("/a/2", html(page("", "La suite")));
    let world = World::new(&reading(&origin));
    assert_eq!(world.relais(&["run", "--dry-run"]).await.code, Some(0));
    assert!(origin.seen("/a/1").is_empty(), "a dry run publishes nothing, and so reads no page");
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((ended.code, &ended.json()["faults"]), (Some(0), &Value::Array(Vec::new())), "{ended:?}");
    let all = items(&world);
    assert!(
        content(&all[0]).contains("La suite, paragraphe 5") && content(&all[1]).contains("Le récit, paragraphe 1"),
        "{all:?}"
    );
    assert!(
        content(&all[0]).contains(&format!("src=\"{}\"", origin.url("/a/photo.jpg"))),
        "relative to the page: {}",
        content(&all[0])
    );
    let atom = world.output("jeux.atom");
    for outside in ["onclick", "track(", "Accueil", "Un lecteur", "Mentions"] {
        assert!(!atom.contains(outside), "{outside}");
    }
    assert!(origin.seen("/a/1")[0].header("accept").starts_with("text/html"));
    let before = world.outputs();
    for args in [&["run", "--force"][..], &["run"]] {
        assert_eq!(world.relais(args).await.code, Some(0));
    }
    assert!(world.outputs() == before, "nothing is written again");
    assert_eq!((origin.seen("/a/1").len(), origin.seen("/a/2").len()), (1, 1));
}

#[tokio::test]
async fn a_changed_entry_is_read_again() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(1..3)));
    origin.on("/a/1", html(page("", "Le récit")));
    origin.on("/a/2", html(page("", "La suite")));
    let world = World::new(&reading(&origin));
    world.relais(&["run"]).await;
    origin.on("/feed", feed(&origin, &[Story::new(2), Story::new(1).text("<p>Corrigé.</p>")]));
    origin.on("/a/1", html(page("", "Le récit corrigé")));
    world.relais(&["run", "--force"]).await;
    assert!(content(&items(&world)[1]).contains("Le récit corrigé, paragraphe 1"), "{}", world.output("jeux.json"));
    assert_eq!((origin.seen("/a/1").len(), origin.seen("/a/2").len()), (2, 1));
}

#[tokio::test]
async fn without_an_edition_that_shows_it_no_page_is_read_and_without_full_text_none_is_shown() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(1..2)));
    origin.on("/a/1", html(page("", "Le récit")));
    let full = reading(&origin);
    let world = World::new(&full.replace("show = \"full\"", "show = \"summary\""));
    let check = world.relais(&["check"]).await;
    assert!(check.stderr.contains("no edition shows it") || check.stdout.contains("no edition shows it"), "{check:?}");
    world.relais(&["run"]).await;
    assert!(origin.seen("/a/1").is_empty());
    world.configure("", &full);
    world.relais(&["run"]).await;
    assert!(content(&items(&world)[0]).contains("Le récit"), "{}", world.output("jeux.json"));
    world.configure("", &full.replace("full_text = true\n", ""));
    world.relais(&["run"]).await;
    assert!(!world.output("jeux.json").contains("Le récit"), "{}", world.output("jeux.json"));
    assert!(content(&items(&world)[0]).contains("de l’article 1"));
    assert_eq!(origin.seen("/a/1").len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_costs_one_request_a_run_and_publishing_goes_on() {
    let (origin, hanging) = (Origin::start().await, Origin::start().await);
    origin.on("/feed", feed(&hanging, &stories(0..10)));
    for number in 0..10 {
        hanging.on(&format!("/a/{number}"), html(page("", "Le récit")).after(Duration::from_secs(3600)));
    }
    let world = World::new("");
    world.configure("", &reading(&origin));
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there").replace("\"5s\"", "\"1s\"");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("feeds.toml"), text).expect("it can be written");
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    assert_eq!((hanging.count(), hanging.seen("/a/9").len()), (1, 1), "the newest, and then the host is left alone");
    assert_eq!(items(&world).len(), 10);
    assert!(content(&items(&world)[0]).contains("de l’article 9"), "as the feed gives it");
    for number in 0..10 {
        hanging.on(&format!("/a/{number}"), html(page("", "Le récit")));
    }
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    assert!(items(&world).iter().all(|item| content(item).contains("Le récit")), "the next run has them all");
    assert_eq!(hanging.count(), 11);
}

/// Runs the program, and ends the test if it stands still: a run of a few pages takes a second.
async fn run_within_a_minute(world: &World) {
    let mut child = world.start(&["run"]);
    let ended = tokio::time::timeout(Duration::from_secs(60), async {
        while child.try_wait().expect("it can be asked").is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    if ended.await.is_err() {
        child.kill().expect("it can be killed");
        panic!("relais run stood still for a minute");
    }
    assert_eq!(child.wait().expect("it has ended").code(), Some(0));
}

/// Pages of sixty entries on thirty hosts, in three runs of twenty, with this state.
async fn pages_of_many_hosts_all_come(state: &str) {
    let listener = TcpListener::bind(("0.0.0.0", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let origin = Origin::serve(listener, ([127, 0, 0, 1], port).into(), "http");
    let feed = (0..60).fold(rss("a", &stories(0..60)), |feed, number| {
        origin.on(&format!("/a/{number}"), html(page("", "Le récit")));
        let host = format!("http://127.0.0.{}:{port}/a/{number}?", 2 + number % 30);
        feed.replace(&format!("https://a.example.org/{number}?"), &host)
    });
    origin.on("/feed", Reply::ok(feed).tagged());
    let world = World::new("");
    world.configure(state, &reading(&origin));
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there").replace("127.0.0.1/32", "127.0.0.0/8");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("feeds.toml"), text).expect("it can be written");
    for _ in 0..3 {
        run_within_a_minute(&world).await;
    }
    let all = items(&world);
    assert_eq!(all.iter().filter(|item| content(item).contains("Le récit")).count(), 60, "{}", world.output("jeux.json"));
}

#[tokio::test]
async fn pages_on_many_hosts_never_make_a_run_stand_still() {
    pages_of_many_hosts_all_come("").await;
}

#[tokio::test]
async fn pages_on_many_hosts_never_make_a_run_stand_still_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    pages_of_many_hosts_all_come(&format!("state = \"{}\"\n", schema.url())).await;
    schema.drop().await;
}

#[tokio::test]
async fn an_entry_without_a_link_does_not_make_a_run_stand_still() {
    let listener = TcpListener::bind(("0.0.0.0", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let origin = Origin::serve(listener, ([127, 0, 0, 1], port).into(), "http");
    let feed = (0..3).fold(rss("a", &stories(0..3)), |feed, number| {
        origin.on(&format!("/a/{number}"), html(page("", "Le récit")));
        let host = format!("http://127.0.0.{}:{port}/a/{number}?", 2 + number);
        feed.replace(&format!("https://a.example.org/{number}?"), &host)
    });
    let feed = feed.replace("</channel>", "<item><guid>sans-lien</guid><title>Sans lien</title></item></channel>");
    origin.on("/feed", Reply::ok(feed).tagged());
    let world = World::new(&reading(&origin));
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there").replace("127.0.0.1/32", "127.0.0.0/8");
    crate::daemon::write(&world.path("feeds.toml"), &text);
    run_within_a_minute(&world).await;
    assert_eq!(items(&world).len(), 4);
    assert_eq!(items(&world).iter().filter(|item| content(item).contains("Le récit")).count(), 3);
}

#[tokio::test]
async fn a_missing_page_is_asked_for_once_and_a_failing_one_three_times() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(1..5)));
    origin.on("/a/1", Reply::status(404));
    origin.on("/a/2", Reply::status(403));
    origin.on("/a/3", html("<p>Rien.".to_owned()));
    origin.on("/a/4", Reply::ok("%PDF-").header("content-type", "application/pdf"));
    let second = "[edition.encore]\nfrom = [\"*\"]\nshow = \"full\"\nformats = [\"json\"]\n";
    let world = World::new(&(reading(&origin) + second));
    world.relais(&["run"]).await;
    let asked = |number| origin.seen(&format!("/a/{number}")).len();
    assert_eq!([asked(1), asked(2), asked(3), asked(4)], [1, 1, 1, 1], "once in a run, however many editions want it");
    for _ in 0..4 {
        let ended = world.relais(&["run", "--json"]).await;
        assert_eq!(
            (ended.code, &ended.json()["faults"]),
            (Some(0), &Value::Array(Vec::new())),
            "no fault of the feed: {ended:?}"
        );
    }
    assert_eq!([asked(1), asked(2), asked(3), asked(4)], [1, 3, 1, 1]);
    assert!(items(&world).iter().all(|item| content(item).contains("de l’article")));
}

#[tokio::test]
async fn a_run_reads_twenty_pages_of_a_source_the_newest_first() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(0..25)));
    for number in 0..25 {
        origin.on(&format!("/a/{number}"), html(page("", "Le récit")));
    }
    let second = "[edition.encore]\nfrom = [\"*\"]\nshow = \"full\"\nformats = [\"json\"]\n";
    let world = World::new(&(reading(&origin) + second));
    world.relais(&["run"]).await;
    let read = |range: std::ops::Range<u32>| range.map(|n| origin.seen(&format!("/a/{n}")).len()).sum::<usize>();
    assert_eq!((read(0..5), read(5..25)), (0, 20), "two editions share the budget, and what was read");
    world.relais(&["run"]).await;
    assert_eq!((read(0..5), read(5..25)), (5, 20));
    assert!(items(&world).iter().all(|item| content(item).contains("Le récit")));
}

#[tokio::test]
async fn a_page_at_a_private_address_is_not_asked_for() {
    let origin = Origin::start().await;
    // Not every system lets us listen there; without it the test sees less, and never sees what is not so.
    let inside = TcpListener::bind(("127.0.0.2", 0)).await.ok();
    let inside = inside.and_then(|tcp| Some((tcp.local_addr().ok()?, tcp))).map(|(at, tcp)| Origin::serve(tcp, at, "http"));
    let Some(inside) = inside else { return };
    inside.on("/a/1", html(page("", "Le secret")));
    inside.on("/a/2", html(page("", "Le secret")));
    let outside = origin.url("/a/2");
    let links = rss("a", &stories(1..3))
        .replace("https://a.example.org/2", &outside)
        .replace("https://a.example.org/", &inside.url("/a/"));
    origin.on("/feed", Reply::ok(links));
    origin.on("/a/2", Reply::redirect(302, &inside.url("/a/2")));
    let world = World::new(&reading(&origin));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    assert_eq!((origin.seen("/a/2").len(), inside.count()), (1, 0));
    assert!(!world.output("jeux.json").contains("Le secret"));
    assert_eq!(items(&world).len(), 2);
}

#[tokio::test]
async fn hostile_pages_cost_their_own_text_only() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(0..6)));
    let deep = format!("{}le fond{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
    origin.on("/a/0", html(page("", &deep)));
    origin.on("/a/1", html(page("", &format!("<p {}>", (0..100_000).map(|n| format!("a{n} ")).collect::<String>()))));
    origin.on("/a/2", html(page("", &"<p>x<br>".repeat(200_000))));
    origin.on("/a/3", Reply::generated(300 << 20).header("content-type", "text/html"));
    origin.on(
        "/a/4",
        html(page("<script>alert(1)</script>", "<img src=x onerror=alert(1)><a href='javascript:alert(1)'>Récit</a>")),
    );
    origin.on("/a/5", html(page("", "Le récit")));
    let world = World::new(&reading(&origin));
    let (ended, peak) = finish_watched(world.start(&["run", "--json"])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(peak < 150 * 1024, "{peak} KiB");
    let all = items(&world);
    assert!(content(&all[0]).contains("Le récit") && content(&all[1]).contains("Récit"), "{all:?}");
    assert!(all[2..].iter().all(|item| content(item).contains("de l’article")), "{all:?}");
    for danger in ["alert(1)", "onerror", "javascript:"] {
        assert!(!world.output("jeux.atom").contains(danger), "{danger}");
    }
}

#[tokio::test]
async fn an_entry_links_to_the_page_that_an_amp_page_was_made_of() {
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(1..4)));
    let amp = page(&format!("<link rel=canonical href={}>", origin.url("/actu/1")), "Le récit").replace("<html>", "<html amp>");
    origin.on("/a/1", html(amp));
    origin.on("/a/2", html(page("<link rel=canonical href=https://elsewhere.example.org/2>", "La suite")));
    origin.on("/a/3", html(page("<link rel=canonical href='/actu/3?utm_source=x&p=1'>", "La fin")));
    let world = World::new(&tables(&[("a", origin.url("/feed"))]));
    world.relais(&["run"]).await;
    let ids: Vec<Value> = items(&world).iter().map(|item| item["id"].clone()).collect();
    world.configure("", &reading(&origin));
    world.relais(&["run"]).await;
    let all = items(&world);
    let links: Vec<&str> = all.iter().filter_map(|item| item["url"].as_str()).collect();
    assert_eq!(links, [origin.url("/actu/3?p=1"), origin.url("/a/2"), origin.url("/actu/1")]);
    assert_eq!(all.iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), ids, "who an entry is does not change");
}

#[tokio::test]
async fn what_is_worse_than_the_feed_is_not_taken() {
    let origin = Origin::start().await;
    let own = "<p>Le texte entier, tel que le donne la source, avec tous ses paragraphes et toutes ses phrases.</p>".repeat(12);
    let wall = Story { title: "Perrot, Jeanmonnot et Fillon Maillet dominent le biathlon".to_owned(), ..Story::new(2) };
    origin.on("/feed", feed(&origin, &[wall, Story::new(1).text(&own)]));
    origin.on("/a/1", html(page("", "Le récit")));
    origin.on("/a/2", html(page("", "Nous et nos partenaires utilisons des traceurs, que vous pouvez accepter ou refuser")));
    let world = World::new(&reading(&origin));
    world.relais(&["run"]).await;
    let all = items(&world);
    assert!(content(&all[0]).contains("de l’article 2"), "a page that speaks of something else: {all:?}");
    assert!(content(&all[1]).contains("tel que le donne la source"), "a page that says no more: {all:?}");
}

#[tokio::test]
async fn what_a_feed_is_asked_with_goes_to_pages_of_its_own_server_only() {
    let (origin, other) = (Origin::start().await, Origin::start().await);
    let feed = rss("a", &stories(1..3))
        .replace("https://a.example.org/1", &origin.url("/a/1"))
        .replace("https://a.example.org/2", &other.url("/a/2"));
    origin.on("/feed", Reply::ok(feed));
    origin.on("/a/1", html(page("", "Le récit")));
    other.on("/a/2", html(page("", "La suite")));
    let secrets = "full_text = true\nheaders = { X-Key = { env = \"KEY\" } }\nauth = { bearer = { env = \"KEY\" } }\n";
    let world = World::new(&reading(&origin).replace("full_text = true\n", secrets));
    let mut command = world.command(&["run"]);
    let ended = crate::support::program::finish(command.env("KEY", "hush").spawn().expect("the program starts")).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (at_home, abroad) = (&origin.seen("/a/1")[0], &other.seen("/a/2")[0]);
    assert_eq!((at_home.header("x-key"), at_home.header("authorization")), ("hush", "Bearer hush"));
    assert_eq!((abroad.header("x-key"), abroad.header("authorization")), ("", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_and_postgresql_keep_articles_alike() {
    let Some(schema) = Schema::make().await else { return };
    let origin = Origin::start().await;
    origin.on("/feed", feed(&origin, &stories(1..4)));
    origin.on("/a/1", html(page("", "Le récit")));
    origin.on("/a/2", Reply::status(403));
    let (file, server) = (World::new(&reading(&origin)), World::new(""));
    server.configure(&format!("state = \"{}\"", schema.url()), &reading(&origin));
    for world in [&file, &server] {
        for _ in 0..4 {
            assert_eq!(world.relais(&["run"]).await.code, Some(0));
        }
    }
    let asked = |number| origin.seen(&format!("/a/{number}")).len();
    assert_eq!([asked(1), asked(2), asked(3)], [2, 6, 2]);
    let bytes = |world: &World| world.outputs().into_iter().map(|(name, bytes, ..)| (name, bytes)).collect::<Vec<_>>();
    assert!(bytes(&server) == bytes(&file), "the database makes no difference");
    schema.drop().await;
}

#[tokio::test]
async fn a_page_that_is_not_for_programs_is_not_asked_for() {
    let origin = Origin::start().await;
    origin.on("/robots.txt", Reply::ok("User-agent: relais\nDisallow: /a/2\n\nUser-agent: *\nDisallow: /\n"));
    origin.on("/feed", feed(&origin, &stories(1..3)));
    origin.on("/a/1", html(page("", "Le récit")));
    origin.on("/a/2", html(page("", "La suite")));
    let world = World::new(&reading(&origin));
    for _ in 0..2 {
        let ended = world.relais(&["run", "--force", "--json"]).await;
        assert_eq!((ended.code, &ended.json()["faults"]), (Some(0), &Value::Array(Vec::new())), "{ended:?}");
    }
    assert_eq!((origin.seen("/a/1").len(), origin.seen("/a/2").len(), origin.seen("/robots.txt").len()), (1, 0, 1));
    let all = items(&world);
    assert!(content(&all[0]).contains("article 2") && content(&all[1]).contains("Le récit"), "{all:?}");
    // One that cannot say what it asks for is left alone, and its entries are published as the feed gives them.
    let down = Origin::start().await;
    down.on("/robots.txt", Reply::status(500));
    down.on("/feed", feed(&down, &stories(1..3)));
    let world = World::new(&reading(&down));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    assert_eq!((down.count(), items(&world).len()), (1, 2));
}
