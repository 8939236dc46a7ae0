//! Topic rules: the rule for the Olympic Games, judged on labelled headlines.

use relais::select::{Topic, TopicFacts};

use crate::daemon::write;
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
