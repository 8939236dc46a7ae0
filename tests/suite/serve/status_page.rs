//! The status page.

use super::*;
use crate::support::engine::{EngineServer, words};
use relais::model::EngineKind;

/// Returns the parts of a page behind each of these texts, up to the next tag.
fn text_behind<'a>(page: &'a str, text: &str) -> &'a str {
    let at = page.find(text).unwrap_or_else(|| panic!("{text} is missing in {page}"));
    page[at + text.len()..].split('<').next().unwrap_or_default()
}

#[tokio::test]
async fn source_is_shown_with_its_health_its_week_and_its_next_visit() {
    let served = Served::start("", "").await;
    let response = served.get("/status", &[]).await;
    assert_eq!(field(&response, "content-type"), "text/html; charset=utf-8");
    assert_eq!(field(&response, "cache-control"), "no-store");
    assert!(field(&response, "content-security-policy").contains("frame-ancestors 'none'"));
    let page = response.text().await.expect("text");
    assert!(page.contains("Nothing needs you; run 1 began"), "{page}");
    assert!(page.contains("<b>a</b> <span class=\"soft\" dir=\"auto\">Le journal a</span>"), "{page}");
    assert_eq!(text_behind(&page, "<li class=\"row is-good\">\n<p class=\"who\"><b>"), "a");
    assert!(page.contains("7 days: 1 visits, 0 failed; 9 new entries, by day 0, 0, 0, 0, 0, 0, 9"), "{page}");
    assert!(page.contains("</time>: its usual interval"), "{page}");
    assert!(page.contains("<a href=\"jeux.html\">jeux</a>"), "{page}");
    assert!(!page.contains("<script"), "it works without a script");
}

#[tokio::test]
async fn source_that_fails_comes_first_with_the_reason_and_since_when() {
    let origin = Origin::start().await;
    for name in ["one", "two", "three"] {
        origin.on(&format!("/{name}"), Reply::ok(rss(name, &stories(0..3))).tagged());
    }
    let world = World::new(&tables(&["one", "two", "three"].map(|name| (name, origin.url(&format!("/{name}"))))));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    origin.on("/two", Reply::status(500));
    for _ in 0..3 {
        world.relais(&["run", "--force"]).await;
    }
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let page = reqwest::get(format!("http://{address}/status")).await.expect("it answers").text().await.expect("text");
    assert!(page.contains("1 source needs your attention"), "{page}");
    let places = ["two", "one", "three"].map(|name| page.find(&format!("<b>{name}</b>")).expect("it is listed"));
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("<span class=\"mark\">could not be read</span> for <time"), "{page}");
    assert!(page.contains("it has failed repeatedly and is asked less often"), "{page}");
    assert!(page.contains("4 visits, 3 failed; 3 new entries"), "{page}");
    assert!(page.contains("<summary>2 work</summary>"), "{page}");
}

#[tokio::test]
async fn engine_is_shown_with_its_budget_and_what_waits_is_to_be_reviewed() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..4))).tagged());
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    engine.translate_with(words::english);
    let world = World::new(&format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
         budget = {{ characters = 100, per = \"month\" }}\n[edition.jeux]\nfrom = [\"*\"]\nlangs = [\"fr\", \"en\"]\nengines = [\"lt\"]\n",
        origin.url("/a"),
        engine.url()
    ));
    world.relais(&["run"]).await;
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let page = reqwest::get(format!("http://{address}/status")).await.expect("it answers").text().await.expect("text");
    assert!(page.contains("<h3>lt</h3>") && page.contains("<meter ") && page.contains("of 100 characters a month"), "{page}");
    assert!(page.contains("waiting for a translation</b>") && page.contains("fr → en"), "{page}");
    assert!(page.contains("<td>en</td>"), "{page}");
    assert!(page.contains("In the last seven days the memory had "), "{page}");
}

#[tokio::test]
async fn thousand_sources_fill_a_page_that_folds_those_that_work() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))).tagged());
    let sources: String = (0..1000).map(|n| format!("[source.s{n}]\nurl = \"{}?{n}\"\n", origin.url("/a"))).collect();
    let world = World::new(&(sources + "[edition.jeux]\nfrom = [\"*\"]\n"));
    world.relais(&["run"]).await;
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let page = reqwest::get(format!("http://{address}/status")).await.expect("it answers").text().await.expect("text");
    assert!(page.contains("<details><summary>1000 work</summary>"), "folded");
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
}

#[tokio::test]
async fn page_is_there_before_the_first_run() {
    let world = World::new("[source.a]\nurl = \"http://127.0.0.1:9/\"\n[edition.jeux]\nfrom = [\"*\"]\n");
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let page = reqwest::get(format!("http://{address}/status")).await.expect("it answers").text().await.expect("text");
    assert!(page.contains("nothing has run yet") && page.contains("1 not visited yet"), "{page}");
}

#[tokio::test]
async fn texts_of_others_are_escaped() {
    let origin = Origin::start().await;
    let feed = rss("a", &stories(0..3)).replace("Le journal a", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; fils");
    origin.on("/a", Reply::ok(feed).tagged());
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let page = reqwest::get(format!("http://{address}/status")).await.expect("it answers").text().await.expect("text");
    assert!(page.contains("<b>a</b>") && !page.contains("<script"), "{page}");
}
