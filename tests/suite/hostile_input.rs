//! Feeds that attack: each hurts its own source only, and is told.

use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, finish_watched};

/// What no feed may make the program need, in KiB.
const MOST_MEMORY: u64 = 176 * 1024;

/// A source that is well, beside one with `reply`: gives the report's fault kinds, and checks that the good one is published.
async fn beside(reply: Reply) -> (Vec<String>, World, serde_json::Value) {
    let origin = Origin::start().await;
    origin.on("/good", Reply::ok(rss("good", &stories(0..2))));
    origin.on("/bad", reply);
    let world = World::new(&tables(&[("good", origin.url("/good")), ("bad", origin.url("/bad"))]));
    let (ended, peak) = finish_watched(world.start(&["run", "--json"])).await;
    assert!(peak < MOST_MEMORY, "{peak} KiB");
    let report = ended.json();
    let kinds: Vec<String> = report["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|fault| fault["kind"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(ended.code, Some(if kinds.is_empty() { 0 } else { 3 }), "{ended:?}");
    assert!(world.output("jeux.atom").contains("https://good.example.org/1"), "the others are published");
    (kinds, world, report)
}

#[tokio::test]
async fn body_of_300_megabytes_is_cut_off() {
    let (kinds, ..) = beside(Reply::generated(300 << 20)).await;
    assert_eq!(kinds, ["too-big"]);
}

#[tokio::test]
async fn compression_bomb_is_cut_off() {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        packer.write_all(&vec![b' '; 1 << 20]).expect("memory");
    }
    let bomb = packer.finish().expect("memory");
    let (kinds, ..) = beside(Reply::ok(bomb.clone()).header("content-encoding", "gzip")).await;
    assert_eq!(kinds, ["too-big"]);
    let (kinds, ..) = beside(Reply::ok(bomb)).await;
    assert_eq!(kinds, ["too-big"], "and one that comes without the header");
}

#[tokio::test]
async fn entry_of_a_megabyte_is_published() {
    let text = "<p>Un paragraphe de la cérémonie.</p>".repeat(27_000);
    let (kinds, world, _) = beside(Reply::ok(rss("big", &[Story::new(0).text(&text)]))).await;
    assert_eq!(kinds, Vec::<String>::new());
    assert!(world.output("jeux.json").len() > 900_000);
}

#[tokio::test]
async fn twenty_thousand_nested_elements_become_text() {
    let text = format!("{}le fond{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
    let (kinds, world, _) = beside(Reply::ok(rss("deep", &[Story::new(0).text(&text)]))).await;
    assert_eq!(kinds, Vec::<String>::new());
    assert!(world.output("jeux.atom").contains("le fond"));
    let xml = format!("<rss version=\"2.0\"><channel>{}x{}</channel></rss>", "<a>".repeat(20_000), "</a>".repeat(20_000));
    let (kinds, ..) = beside(Reply::ok(xml)).await;
    assert_eq!(kinds, Vec::<String>::new(), "an empty feed, whatever its depth");
}

#[tokio::test]
async fn inline_elements_that_each_paragraph_opens_again_become_text() {
    let text = format!("{}{}", "<b a=n>".repeat(200), "<p>x".repeat(100_000));
    let (kinds, world, _) = beside(Reply::ok(rss("deep", &[Story::new(0).text(&text)]))).await;
    assert_eq!(kinds, Vec::<String>::new());
    assert!(!world.output("jeux.html").contains("<b a"), "the memory that it took was looked at");
}

#[tokio::test]
async fn summaries_of_a_megabyte_are_cut_to_a_few_sentences() {
    let origin = Origin::start().await;
    let text = "<p>Le public attend depuis longtemps devant les portes.</p>".repeat(17_000);
    let long: Vec<Story> = stories(0..7).into_iter().map(|story| story.text(&text)).collect();
    origin.on("/one", Reply::ok(rss("one", &long)));
    origin.on("/two", Reply::ok(rss("two", &long)));
    let tables = tables(&[("one", origin.url("/one")), ("two", origin.url("/two"))]);
    let world =
        World::new(&tables.replace("\"full\"", "\"summary\"").replace("[edition.jeux]", "[edition.jeux]\nstories = false"));
    let (ended, peak) = finish_watched(world.start(&["run", "--json"])).await;
    assert_eq!(ended.json()["editions"][0]["items"], 14, "{ended:?}");
    assert!(peak < MOST_MEMORY, "{peak} KiB");
    for format in ["atom", "rss", "json", "html"] {
        let text = world.output(&format!("jeux.{format}"));
        assert!(text.contains("devant les portes. …") && text.len() < 14 * 5_000, "{format}: {} bytes", text.len());
    }
}

/// The peak of a run over ten sources with an entry of `html` each, which are shown whole as far as an edition may be large.
async fn peak_of_ten(html: &str) -> u64 {
    let origin = Origin::start().await;
    let names: Vec<String> = (0..10).map(|number| format!("s{number}")).collect();
    for (number, name) in (0..).zip(&names) {
        origin.on(&format!("/{name}"), Reply::ok(rss(name, &[Story::new(number).text(html)])));
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let world = World::new(&tables(&sources));
    let (ended, peak) = finish_watched(world.start(&["run", "--json"])).await;
    let report = ended.json();
    assert_eq!(report["entries"]["new"], 10, "{report}");
    assert!(report["editions"][0]["items"].as_u64().is_some_and(|items| items > 5), "{report}");
    peak
}

#[tokio::test]
async fn ten_megabytes_of_deep_markup_stay_below_the_bound() {
    let deep = format!("{}{}{}", "<div>".repeat(200), "<p>x".repeat(10), "</div>".repeat(200)).repeat(430);
    let peak = peak_of_ten(&deep).await;
    assert!(peak < MOST_MEMORY, "{peak} KiB");
}

#[tokio::test]
async fn ten_megabytes_of_inline_markup_stay_below_the_bound() {
    let peak = peak_of_ten(&format!("{}{}", "<b a=n>".repeat(200), "<p>x".repeat(250_000))).await;
    assert!(peak < MOST_MEMORY, "{peak} KiB");
}

#[tokio::test]
async fn ten_megabytes_of_honest_markup_stay_below_the_bound() {
    let paragraph = "<p>Un <b>mot</b> et <a href=\"https://a.example/x\">un lien</a>.</p>";
    let peak = peak_of_ten(&paragraph.repeat(12_000)).await;
    assert!(peak < MOST_MEMORY, "{peak} KiB");
}

#[tokio::test]
async fn entities_neither_explode_nor_fetch() {
    let levels: String = (1..30).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY l0 \"ha\">{levels}]><rss version=\"2.0\"><channel><item><title>&l29;</title><guid>1</guid></item></channel></rss>"
    );
    let (_, world, _) = beside(Reply::ok(bomb)).await;
    assert!(world.output("jeux.json").len() < 20_000, "it stays small");
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><rss version=\"2.0\"><channel><item><title>a &x; b</title><guid>1</guid></item></channel></rss>";
    let (_, world, _) = beside(Reply::ok(outside)).await;
    assert!(!world.output("jeux.json").contains("root:"), "no file is read");
}

#[tokio::test]
async fn input_that_makes_other_parsers_panic_is_parsed() {
    let body = format!(
        "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel><item><title>Un titre</title><author>Rédaction des Jeux\u{a0}contact@ex.fr</author><itunes:duration>{}</itunes:duration></item></channel></rss>",
        "9".repeat(23)
    );
    let (kinds, world, report) = beside(Reply::ok(body)).await;
    assert_eq!(kinds, Vec::<String>::new(), "{report}");
    assert!(world.output("jeux.json").contains("Rédaction des Jeux"));
}

#[tokio::test]
async fn scripts_reach_no_output() {
    let html = "<p onmouseover=\"x()\">Texte<script>alert(1)</script><img src=x onerror=alert(1)><a href=\"javascript:alert(1)\">ici</a><svg onload=alert(1)></p>]]&gt;";
    let story = Story { title: "&lt;script&gt;alert(1)&lt;/script&gt; Titre".to_owned(), ..Story::new(0).text(html) };
    let (kinds, world, _) = beside(Reply::ok(rss("x", &[story]))).await;
    assert_eq!(kinds, Vec::<String>::new());
    for format in ["atom", "rss", "json", "html"] {
        let text = world.output(&format!("jeux.{format}"));
        for danger in ["alert(1)", "onerror", "onmouseover", "javascript:"] {
            assert!(!text.contains(danger), "{format}: {danger}");
        }
        // A page has one script: its own, which its policy names by a hash.
        assert_eq!(text.matches("<script").count(), usize::from(format == "html"), "{format}");
    }
}

#[tokio::test]
async fn million_empty_items_cost_only_their_source() {
    let xml = format!("<rss version=\"2.0\"><channel><title>t</title>{}</channel></rss>", "<item/>".repeat(1_000_000));
    let (kinds, _, report) = beside(Reply::ok(xml)).await;
    assert_eq!(kinds, Vec::<String>::new());
    assert_eq!(report["entries"]["new"], 2, "{report}");
}

#[tokio::test]
async fn server_that_never_ends_times_out() {
    let drip = Reply::ok(vec![b' '; 100_000]).dripped(10, std::time::Duration::from_millis(50));
    let (kinds, ..) = beside(drip).await;
    assert_eq!(kinds, ["timeout"]);
}

#[tokio::test]
async fn private_addresses_are_not_visited_unless_allowed() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new("");
    let tables = tables(&[("a", origin.url("/a"))]);
    world.configure("", &tables);
    let text = std::fs::read_to_string(world.path("feeds.toml"))
        .expect("it is there")
        .replace("allow_private = [\"127.0.0.1/32\"]\n", "");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("feeds.toml"), text).expect("it can be written");
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3));
    assert_eq!(ended.json()["faults"][0]["kind"], "private-address");
    assert!(ended.stderr.contains("allow_private"), "the operator reads what to do: {}", ended.stderr);
    assert_eq!(origin.count(), 0, "no request was made");
}
