//! Topic rules: the rule for the Olympic Games, judged on labelled headlines.

use relais::select::{Topic, TopicFacts};

use crate::daemon::write;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const HEADLINES: &str = include_str!("../topic/headlines.tsv");

/// Returns the labelled headlines: true for those about the Games.
fn headlines() -> Vec<(bool, &'static str)> {
    let lines = HEADLINES.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').expect("a label")).map(|(label, title)| (label == "olympic", title)).collect()
}

#[test]
fn olympic_rule_is_precise_and_misses_little() {
    let topic = Topic::parse(include_str!("../../topics/olympic.toml")).expect("a rule");
    let (mut hits, mut false_alarms, mut misses) = (0, 0, 0);
    for (is_olympic, title) in headlines() {
        let facts = TopicFacts { title, ..TopicFacts::default() };
        let judged = topic.judge(&facts);
        assert_eq!(judged.is_about, topic.is_about(&facts), "{title}");
        if judged.is_about != is_olympic {
            println!("{title}: {judged:?}");
        }
        match (is_olympic, judged.is_about) {
            (true, true) => hits += 1,
            (true, false) => misses += 1,
            (false, true) => false_alarms += 1,
            (false, false) => {}
        }
    }
    let (hits, false_alarms, misses) = (f64::from(hits), f64::from(false_alarms), f64::from(misses));
    let (precision, recall) = (hits / (hits + false_alarms), hits / (hits + misses));
    assert!(precision >= 0.98 && recall >= 0.95, "precision {precision:.3}, recall {recall:.3}");
}

#[tokio::test]
async fn topic_test_shows_what_matched_in_each_line_that_the_rule_gets_wrong() {
    let world = World::new("[source.a]\nurl = \"https://a.example/\"\n");
    let lines = "olympic\tLes JO d’hiver\nother\tJO : le rendez-vous\n# a note\nolympic\tUne histoire de neige\n";
    write(&world.path("lines.tsv"), lines);
    let ended = world.relais(&["topic", "test", "lines.tsv"]).await;
    insta::assert_snapshot!(ended.stdout, @r"
    3 lines
    precision  0.500  (1 of 2 that it takes)
    recall     0.500  (1 of 2 that it should take)

    line 2, other: JO : le rendez-vous
      score 2: JO +2 “JO”

    line 4, olympic: Une histoire de neige
      score 0: no signal
    ");
}

#[tokio::test]
async fn rule_that_cannot_be_compiled_is_told_with_its_line() {
    let world = World::new("[source.a]\nurl = \"https://a.example/\"\n");
    write(&world.path("lines.tsv"), "ski\tUne descente\n");
    for (rule, wrong) in [
        ("threshold = 1\n[[signal]]\nid = \"a\"\nweight = 1\npattern = '(ski'\n", "rule.toml:5"),
        ("threshold = 1\n[[signal]]\nid = \"a\"\nweight = 1\npattern = 'été'\n", "ASCII"),
        ("threshold = 1\n[[signal]]\nid = \"a\"\nweight = 1\npattern = 'a?'\n", "empty text"),
        ("threshold = 1\n[[signal]]\nid = \"a\"\nwieght = 1\npattern = 'a'\n", "wieght"),
        ("[[signal]]\nid = \"a\"\nweight = 1\npattern = 'a'\n", "threshold"),
    ] {
        write(&world.path("rule.toml"), rule);
        let ended = world.relais(&["topic", "test", "lines.tsv", "--rule", "rule.toml"]).await;
        assert!(ended.code == Some(2) && ended.stderr.contains(wrong), "{rule}: {ended:?}");
    }
}

/// A feed with these headlines, newest first, an hour apart.
fn feed(headlines: &[&str]) -> String {
    let items: String = (1..=20)
        .rev()
        .zip(headlines)
        .map(|(hour, title)| {
            format!(
                "<item><guid>{title}</guid><link>https://a.example/{hour}</link><title>{title}</title>\
                 <pubDate>01 Sep 2026 {hour:02}:00:00 +0000</pubDate></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>A</title><link>https://a.example/</link>{items}</channel></rss>")
}

async fn world(topic: &str, headlines: &[&str]) -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(feed(headlines)).tagged());
    let world = World::new(&format!(
        "{topic}[source.a]\nurl = \"{}\"\nlang = \"fr\"\ntopic = \"games\"\n[edition.jeux]\nfrom = [\"a\"]\n",
        origin.url("/a")
    ));
    (origin, world)
}

fn rule(word: &str) -> String {
    format!("threshold = 1\n[[signal]]\nid = \"{word}\"\nweight = 1\npattern = '\\b{word}\\b'\n")
}

fn titles(world: &World) -> Vec<String> {
    let feed: serde_json::Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let items = feed["items"].as_array().expect("items").iter();
    items.map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn source_with_the_built_in_topic_publishes_what_is_about_the_games() {
    let headlines = ["Ligue 1 : Lens gagne", "Les JO d’hiver approchent", "Publié au JO du 3 mars"];
    let (_origin, world) = world("", &headlines).await;
    let plan = std::fs::read_to_string(world.path("feeds.toml")).expect("a file");
    write(&world.path("feeds.toml"), &plan.replace("\"games\"", "\"olympic\""));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((titles(&world), &ended.json()["entries"]["new"]), (vec!["Les JO d’hiver approchent".to_owned()], &1.into()));
}

#[tokio::test]
async fn changed_rule_judges_again_what_the_feed_still_lists() {
    let (_origin, world) =
        world("[topic.games]\nfile = \"games.toml\"\n", &["Le golf à Pau", "Le ski à Vars", "Le golf à Nice", "Le ski à Tignes"])
            .await;
    write(&world.path("games.toml"), &rule("ski"));
    world.relais(&["run"]).await;
    assert_eq!(titles(&world), ["Le ski à Vars", "Le ski à Tignes"]);
    write(&world.path("games.toml"), &rule("golf"));
    for _ in 0..2 {
        world.relais(&["run", "--force"]).await;
    }
    assert_eq!(titles(&world), ["Le golf à Pau", "Le golf à Nice"], "what is about something else now is taken back");
}

#[tokio::test]
async fn article_that_turns_to_the_topic_appears() {
    let (origin, world) = world("[topic.games]\nfile = \"games.toml\"\n", &["Le golf à Pau", "Le ski à Vars"]).await;
    write(&world.path("games.toml"), &rule("ski"));
    world.relais(&["run"]).await;
    origin.on("/a", Reply::ok(feed(&["Le golf et le ski à Pau", "Le ski à Vars"])).tagged());
    world.relais(&["run", "--force"]).await;
    assert_eq!(titles(&world), ["Le golf et le ski à Pau", "Le ski à Vars"]);
}

#[tokio::test]
async fn check_tells_what_is_wrong_with_a_topic() {
    let (_origin, world) = world("", &[]).await;
    let unknown = world.relais(&["check"]).await;
    assert!(unknown.code == Some(2) && unknown.stderr.contains("no topic \"games\""), "{unknown:?}");
    let plan = std::fs::read_to_string(world.path("feeds.toml")).expect("a file");
    write(&world.path("feeds.toml"), &plan.replace("[source.a]", "[topic.games]\nfile = \"games.toml\"\n[source.a]"));
    let missing = world.relais(&["check"]).await;
    assert!(missing.code == Some(2) && missing.stderr.contains("games.toml"), "{missing:?}");
    write(&world.path("games.toml"), &rule("(ski"));
    let broken = world.relais(&["check"]).await;
    assert!(broken.code == Some(2) && broken.stderr.contains("games.toml:5"), "{broken:?}");
}
