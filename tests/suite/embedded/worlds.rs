//! Whole runs with the embedded engine.

use crate::init::{allow_loopback, bare, config, put};
use crate::support::catalogue::Catalogue;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

fn rss(title: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Sport</title><link>https://s.example/</link><item><guid>1</guid><title>{title}</title>\
         <link>https://s.example/1</link><description>&lt;p&gt;le &lt;b&gt;chat&lt;/b&gt; dort ici.&lt;/p&gt;</description></item></channel></rss>"
    )
}

fn tables(origin: &Origin, models: &str, more: &str) -> String {
    format!(
        "[engine.local]\nkind = \"firefox\"\nurl = \"{models}\"\n{more}\n[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[edition.e]\nfrom = [\"*\"]\n\
         langs = [\"en\"]\nengines = [\"local\"]\nformats = [\"json\"]\nuntranslated = \"original\"\n",
        origin.url("/feed")
    )
}

#[tokio::test]
async fn run_without_a_model_tells_the_command_and_one_with_auto_download_gets_it() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("le comité olympique a voté hier")).header("content-type", "application/rss+xml"));
    let mut catalogue = Catalogue::default();
    catalogue.add(("fr", "en"), "3.0", &super::french());
    let models = catalogue.serve().await;
    let world = World::new(&tables(&origin, &models.url(""), ""));
    let ended = world.relais(&["run"]).await;
    assert!(ended.code == Some(3) && ended.stderr.contains("relais models add fr-en"), "{ended:?}");
    assert_eq!(models.count(), 0, "nothing is fetched without leave");
    world.configure("", &tables(&origin, &models.url(""), "auto_download = true"));
    let ended = world.relais(&["run", "--force"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let feed = world.output("e.en.json");
    assert!(feed.contains("the committee olympic has voted yesterday") && feed.contains("the <b>cat</b> sleeps here."), "{feed}");
    let asked = models.count();
    let again = world.relais(&["run", "--force"]).await;
    assert!(again.code == Some(0) && models.count() == asked, "{again:?}");
}

#[tokio::test]
async fn model_that_cannot_be_had_is_a_fault_and_the_run_goes_on() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("le chat dort")).header("content-type", "application/rss+xml"));
    let nobody = Origin::start().await;
    let world = World::new(&tables(&origin, &nobody.url(""), "auto_download = true"));
    let ended = world.relais(&["run"]).await;
    assert!(ended.code == Some(3) && ended.stderr.contains("the engine `local` cannot get a model"), "{ended:?}");
    assert!(world.output("e.en.json").contains("le chat dort"));
}

#[tokio::test]
async fn translated_edition_needs_neither_account_nor_server() {
    let (origin, world) = (Origin::start().await, bare());
    let feed = "<rss version=\"2.0\"><channel><title>Sport</title><link>https://s.example/</link><item><guid>1</guid>\
                <title>le comité olympique a voté hier</title><link>https://s.example/1</link></item></channel></rss>";
    origin.on("/a", Reply::ok(feed).header("content-type", "application/rss+xml"));
    let mut catalogue = Catalogue::default();
    catalogue.add(("fr", "en"), "3.0", &super::french());
    let models = catalogue.serve().await;
    put(
        &world,
        "abos.opml",
        &format!("<opml><body><outline text='A' xmlUrl='{}' language='fr'/></body></opml>", origin.url("/a")),
    );
    let ended = world.relais(&["init", "--opml", "abos.opml", "--translate", "en", "--no-run"]).await;
    assert!(ended.code == Some(0) && ended.stdout.starts_with("feeds.toml written: 1 source, 2 editions"), "{ended:?}");
    // The catalogue and the feed are on this machine.
    allow_loopback(&world);
    let text = config(&world).replace("kind = \"firefox\"", &format!("kind = \"firefox\"\nurl = \"{}\"", models.url("")));
    put(&world, "feeds.toml", &text);
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let translated = world.output("translated.en.json");
    assert!(translated.contains("the committee olympic has voted yesterday"), "{translated}");
    assert!(translated.contains("News (en)") && world.output("news.json").contains("le comité olympique"), "{translated}");
}
