//! The pages of an edition, as a reader gets them: order, sections, languages, pictures, and templates of the operator.

use std::path::Path;

use relais::model::EngineKind;

use crate::support::engine::EngineServer;
use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// The output of a run over one feed, whose edition has more keys.
async fn published(stories: &[Story], keys: &str) -> World {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", stories)));
    let world = World::new(&(tables(&[("a", origin.url("/a"))]) + keys));
    runs(&world).await;
    world
}

async fn runs(world: &World) {
    let ended = world.relais(&["run"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
}

fn names(world: &World) -> Vec<String> {
    let names = world.outputs().into_iter().map(|(name, ..)| name);
    names.filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "html")).collect()
}

fn titled(number: u32, title: &str) -> Story {
    Story { title: title.to_owned(), ..Story::new(number) }
}

/// The headlines of a page, in their order.
fn headlines(page: &str) -> Vec<String> {
    let title =
        |rest: &str| rest.split_once("</h3>").map(|(title, _)| title.rsplit_once("</a>").map_or(title, |(a, _)| a).to_owned());
    let text = |title: String| title.rsplit('>').next().unwrap_or_default().to_owned();
    page.split("<h3").skip(1).filter_map(title).map(text).collect()
}

#[tokio::test]
async fn edition_has_as_many_pages_as_it_needs_and_they_lead_to_each_other() {
    let world = published(&stories(0..12), "page_size = 5\n").await;
    assert_eq!(names(&world), ["index.html", "jeux.2.html", "jeux.3.html", "jeux.html"]);
    let [first, second, third] = ["jeux.html", "jeux.2.html", "jeux.3.html"].map(|name| world.output(name));
    let seen: Vec<String> = [&first, &second, &third].into_iter().flat_map(|page| headlines(page)).collect();
    let expected: Vec<String> = (0..12).rev().map(|number| Story::new(number).title).collect();
    assert_eq!(seen, expected, "every item stands on one page");
    assert!(first.contains("<link rel=\"next\" href=\"jeux.2.html\">") && !first.contains("rel=\"prev\""), "{first}");
    assert!(second.contains("<a href=\"jeux.html\" rel=\"prev\">") && second.contains("<a href=\"jeux.3.html\" rel=\"next\">"));
    assert!(second.contains("<link rel=\"canonical\" href=\"https://relais.example.org/jeux.2.html\">"));
    assert!(!third.contains("rel=\"next\""), "{third}");
}

#[tokio::test]
async fn page_that_an_edition_does_not_need_any_more_is_removed() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..12))));
    let with = |keys: &str| tables(&[("a", origin.url("/a"))]) + keys;
    let world = World::new(&with("page_size = 5\n"));
    runs(&world).await;
    world.configure("", &with("page_size = 5\nlimit = 8\n"));
    runs(&world).await;
    assert_eq!(names(&world), ["index.html", "jeux.2.html", "jeux.html"]);
    assert!(!world.output("manifest.json").contains("jeux.3.html"));
    let before = world.outputs();
    runs(&world).await;
    assert_eq!(world.outputs(), before, "nothing is written in a world that has not changed");
}

#[tokio::test]
async fn days_and_times_are_those_of_the_zone_of_the_edition() {
    // The feed says 23:30 in summer time of Paris.
    let world = published(&stories([0, 1410]), "zone = \"Asia/Seoul\"\n").await;
    let page = world.output("jeux.html");
    assert!(page.contains(">2 septembre 2026, 06:30</time>") && page.contains(">mardi 1 septembre 2026</time>"), "{page}");
    assert!(page.contains("Fuseau horaire : Asia/Seoul"), "{page}");
}

#[tokio::test]
async fn further_items_of_one_source_in_a_row_are_a_list_of_headlines() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..6))));
    origin.on("/b", Reply::ok(rss("b", &[titled(9, "Une autre source")])));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    runs(&world).await;
    let page = world.output("jeux.html");
    let title = |number| Story::new(number).title;
    assert_eq!(headlines(&page), ["Une autre source".to_owned(), title(5), title(4), title(3)]);
    assert!(page.contains("Aussi chez Le journal a <small>3</small>") && page.contains(&title(0)), "{page}");
}

#[tokio::test]
async fn items_of_a_sport_can_be_chosen_without_a_script() {
    let titles = [
        "Judo : un titre pour la France",
        "Judo : le Japon en or",
        "Ski alpin : une victoire de la France",
        "Ski alpin : la descente annulée",
        "Le CIO se réunit",
    ];
    let stories: Vec<Story> = (0..5).rev().map(|number| titled(number, titles[number as usize])).collect();
    let page = published(&stories, "").await.output("jeux.html");
    assert!(page.contains("<input type=\"radio\" name=\"section\" id=\"s1\"><span>Judo <small>2</small></span>"), "{page}");
    assert!(page.contains("body:has(#s1:checked) .item:not(.s1)"), "{page}");
    let judo = page.split("<article").filter(|card| card.split('>').next().is_some_and(|tag| tag.contains(" s1"))).count();
    assert_eq!(judo, 2, "{page}");
}

#[tokio::test]
async fn page_shows_pictures_only_if_the_edition_says_so() {
    let story = [Story::new(1).text("<p>Texte <img src=\"https://a.example.org/p.jpg\" alt=\"Le stade\"></p>")];
    let page = published(&story, "").await.output("jeux.html");
    assert!(!page.contains("<img") && page.contains("<span class=\"alt\">Le stade</span>"), "{page}");
    let page = published(&story, "images = true\n").await.output("jeux.html");
    assert!(page.contains("<img loading=\"lazy\" src=\"https://a.example.org/p.jpg\" alt=\"Le stade\">"), "{page}");
}

#[tokio::test]
async fn search_engines_may_list_pages_of_headlines_and_no_others() {
    for (show, is_listed) in [("title", true), ("summary", false), ("full", false)] {
        let origin = Origin::start().await;
        origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
        let world = World::new(&format!(
            "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[edition.jeux]\nshow = \"{show}\"\n",
            origin.url("/a")
        ));
        runs(&world).await;
        assert_eq!(!world.output("jeux.html").contains("content=\"noindex\""), is_listed, "{show}");
        assert!(!world.output("index.html").contains("noindex"));
    }
}

/// A world whose edition is translated into English.
async fn translated(keys: &str) -> (World, EngineServer) {
    let origin = Origin::start().await;
    let story = Story::new(1).text("<p>Le comité a voté hier soir.</p><p>La décision est prise.</p>");
    origin.on("/a", Reply::ok(rss("a", &[story])));
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let world = World::new(&format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
         [edition.jeux]\nlangs = [\"fr\", \"en\"]\nengines = [\"lt\"]\nshow = \"full\"\n{keys}",
        origin.url("/a"),
        engine.url()
    ));
    runs(&world).await;
    (world, engine)
}

#[tokio::test]
async fn languages_of_an_edition_lead_to_each_other() {
    let (world, _engine) = translated("").await;
    let page = world.output("jeux.en.html");
    assert!(page.contains("<a href=\"jeux.fr.html\" lang=\"fr\" hreflang=\"fr\" dir=\"ltr\">français</a>"), "{page}");
    assert!(page.contains("<strong lang=\"en\" dir=\"ltr\">English</strong>"), "{page}");
    assert!(page.contains("<link rel=\"alternate\" hreflang=\"fr\" href=\"https://relais.example.org/jeux.fr.html\">"), "{page}");
}

#[tokio::test]
async fn translated_item_shows_the_headline_of_its_source_below_its_own() {
    let (world, _engine) = translated("").await;
    let page = world.output("jeux.en.html");
    let original = format!("<p class=\"original\" lang=\"fr\" dir=\"ltr\">{}</p>", Story::new(1).title);
    assert!(page.contains(&original) && page.contains("Machine translation from French by LibreTranslate."), "{page}");
    assert!(!page.contains("<summary>Original text"), "the edition does not show it");
    assert!(!world.output("jeux.fr.html").contains("class=\"original\""));
}

#[tokio::test]
async fn original_text_stands_in_a_box_where_the_edition_shows_both() {
    let (world, _engine) = translated("bilingual = \"paragraphs\"\n").await;
    let page = world.output("jeux.en.html");
    let (translation, original) = page.split_once("<summary>Original text (French)</summary>").expect("a box");
    assert!(original.contains("<p>La décision est prise.</p>") && !translation.contains("La décision est prise."), "{page}");
    assert_eq!(headlines(&page).len(), 1);
    assert!(!headlines(&page)[0].contains(" | "), "{page}");
    assert!(world.output("jeux.en.atom").contains("La décision est prise."), "the feed has them one below the other");
}

#[tokio::test]
async fn list_of_sources_says_which_cannot_be_read() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    origin.on("/b", Reply::status(404));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    world.relais(&["run"]).await;
    let page = world.output("index.html");
    assert!(page.contains("<span class=\"state\">fonctionne</span>"), "{page}");
    assert!(page.contains("<li class=\"fails\">") && page.contains("illisible depuis le "), "{page}");
}

#[tokio::test]
async fn feed_names_a_style_sheet_that_is_there() {
    let world = published(&stories(0..1), "").await;
    for name in ["jeux.atom", "jeux.rss"] {
        assert!(world.output(name).contains("<?xml-stylesheet type=\"text/css\" href=\"feed.css\"?>"), "{name}");
    }
    let style = world.output("feed.css");
    assert!(style.contains(":root:lang(fr) { --notice: \"Ceci est un flux."), "{style}");
}

/// A world whose pages are made of templates of its own.
async fn with_templates(files: &[(&str, &str)]) -> (World, Origin) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new("");
    std::fs::create_dir(world.path("templates")).expect("a folder");
    for (name, text) in files {
        write_template(&world, name, text);
    }
    world.configure("templates = \"templates\"", &tables(&[("a", origin.url("/a"))]));
    (world, origin)
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write_template(world: &World, name: &str, text: &str) {
    std::fs::write(world.path("templates").join(name), text).expect("written");
}

const CARD: &str = "<article class=\"item\"><h3>{{ item.title }}</h3>{% include \"mine.html\" %}</article>";

#[tokio::test]
async fn template_of_the_operator_takes_the_place_of_the_built_in_one() {
    let (world, _origin) = with_templates(&[
        ("card.html", CARD),
        ("mine.html", "<p>vu dans {{ item.source }}</p>"),
        ("style.css", "p { color: red }"),
    ])
    .await;
    runs(&world).await;
    let page = world.output("jeux.html");
    assert!(page.contains("<p>vu dans Le journal a</p>") && page.contains("<style>p { color: red }</style>"), "{page}");
    assert!(page.contains("<h1><a href=\"jeux.html\">"), "the other templates are the built-in ones");
    let before = world.outputs();
    runs(&world).await;
    assert_eq!(world.outputs(), before);
    write_template(&world, "mine.html", "<p>lu dans {{ item.source }}</p>");
    runs(&world).await;
    assert!(world.output("jeux.html").contains("<p>lu dans Le journal a</p>"), "a change is published");
}

#[tokio::test]
async fn template_with_an_error_keeps_the_last_good_pages_and_is_told_once() {
    let (world, _origin) = with_templates(&[("card.html", CARD), ("mine.html", "")]).await;
    runs(&world).await;
    let good = world.output("jeux.html");
    for (wrong, place) in
        [("a\n{{ item.titel }}", "mine.html: line 2: undefined value"), ("{% if %}", "mine.html: line 1: syntax error")]
    {
        write_template(&world, "mine.html", wrong);
        let ended = world.relais(&["run"]).await;
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains(place), "{ended:?}");
        assert_eq!(world.output("jeux.html"), good);
        assert_eq!(world.relais(&["run"]).await.stderr, "", "told once");
    }
    write_template(&world, "mine.html", "<i>bon</i>");
    assert!(world.relais(&["run"]).await.stderr.contains("mended"));
    assert!(world.output("jeux.html").contains("<i>bon</i>"));
}

#[tokio::test]
async fn template_that_is_mended_is_told_of_an_edition_with_languages_too() {
    let (world, origin) = with_templates(&[("card.html", CARD), ("mine.html", "{{ item.titel }}")]).await;
    let languages = format!("{}langs = [\"fr\"]\n", tables(&[("a", origin.url("/a"))]));
    world.configure("templates = \"templates\"", &languages);
    let ended = world.relais(&["run"]).await;
    assert!(ended.code == Some(3) && ended.stderr.contains("edition jeux.fr: cannot make pages"), "{ended:?}");
    write_template(&world, "mine.html", "{% if %}");
    let ended = world.relais(&["run"]).await;
    assert!(ended.stderr.contains("edition index: ") && ended.stderr.contains("syntax error"), "{ended:?}");
    write_template(&world, "mine.html", "<i>bon</i>");
    let ended = world.relais(&["run"]).await;
    for name in ["jeux.fr", "index"] {
        let line = format!("edition {name}: it is published again");
        assert_eq!(ended.stderr.matches(&line).count(), 1, "{ended:?}");
    }
    assert_eq!(world.relais(&["run"]).await.stderr, "", "told once");
}

#[tokio::test]
async fn check_reports_a_template_with_an_error() {
    let (world, _origin) = with_templates(&[("edition.html", "{% for %}")]).await;
    let ended = world.relais(&["check"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("edition.html: line 1"), "{ended:?}");
}
