//! The files of the output, as a reader of the feeds gets them.

use crate::support::feeds::{Story, rss, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// The output of a run over one feed with one article.
async fn published(html: &str) -> World {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &[Story::new(1).text(html)])));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    world
}

#[tokio::test]
async fn page_fits_the_html_of_articles() {
    let html = "<p>Voir<button>ici</button> <img src=\"https://a.example.org/p.jpg\"></p><table><tr><td>1</td></tr></table>";
    let page = published(html).await.output("jeux.html");
    assert!(page.contains("<p>Voir ici <img alt=\"\" src=\"https://a.example.org/p.jpg\"></p>"), "{page}");
    assert!(page.contains(" tabindex=\"0\"><table>") && !page.contains("<button"), "{page}");
}

#[tokio::test]
async fn feed_keeps_the_html_of_articles_as_it_is() {
    let html = "<p>Voir <img src=\"https://a.example.org/p.jpg\"></p><table><tbody><tr><td>1</td></tr></tbody></table>";
    let json: serde_json::Value = serde_json::from_str(&published(html).await.output("jeux.json")).expect("JSON");
    assert_eq!(json["items"][0]["content_html"], html);
}
