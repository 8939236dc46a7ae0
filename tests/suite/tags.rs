//! Automatic tags: the lists, judged on labelled headlines, and what editions make of them.

use std::collections::BTreeSet;

use relais::select::{Tag, find_tags};

use crate::rules::{feed, titles};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const HEADLINES: &str = include_str!("../tags/headlines.tsv");

/// The labelled headlines of a half: before or after "hard".
fn headlines(is_hard: bool) -> Vec<(BTreeSet<&'static str>, &'static str)> {
    let (plain, hard) = HEADLINES.split_once("# hard\n").expect("two halves");
    let lines = if is_hard { hard } else { plain }.lines().filter(|line| !line.starts_with('#'));
    let tags = |tags: &'static str| tags.split(' ').filter(|tag| *tag != "-").collect();
    lines.map(|line| line.split_once('\t').expect("tags")).map(|(names, title)| (tags(names), title)).collect()
}

/// Precision and recall of the tags of these headlines.
fn measure(headlines: &[(BTreeSet<&'static str>, &'static str)]) -> (f64, f64) {
    let (mut hits, mut false_alarms, mut misses) = (0, 0, 0);
    for (wanted, title) in headlines {
        let found: BTreeSet<&str> = find_tags(title, "").into_iter().map(Tag::name).collect();
        if found != *wanted {
            println!("{title}: {found:?}, not {wanted:?}");
        }
        hits += found.intersection(wanted).count();
        false_alarms += found.difference(wanted).count();
        misses += wanted.difference(&found).count();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred headlines")]
    let part = |of: usize| hits as f64 / (hits + of) as f64;
    (part(false_alarms), part(misses))
}

#[test]
fn tags_are_precise_and_few_are_missed() {
    let all = [headlines(false), headlines(true)].concat();
    let tags: BTreeSet<&str> = all.iter().flat_map(|(tags, _)| tags.iter().copied()).collect();
    assert!(all.len() >= 150 && tags.iter().all(|tag| Tag::named(tag).is_some()), "labels are tags of the lists");
    for (half, headlines) in [("plain", headlines(false)), ("hard", headlines(true))] {
        let (precision, recall) = measure(&headlines);
        println!("{half}: precision {precision:.3}, recall {recall:.3}");
        assert!(precision >= 0.95 && recall >= 0.95, "{half}: precision {precision:.3}, recall {recall:.3}");
    }
}

async fn world(editions: &str, entries: &[(&str, &str, &str)]) -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(feed(entries)).tagged());
    let world = World::new(&format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n{editions}", origin.url("/a")));
    (origin, world)
}

#[tokio::test]
async fn edition_takes_the_entries_with_one_of_its_tags() {
    let entries = [
        ("1", "Judo : un podium", ""),
        ("2", "Escrime : la finale", ""),
        ("3", "Natation : la France en finale", ""),
        ("4", "Ligue 1", ""),
    ];
    let editions = "[edition.tatamis]\nfrom = [\"tag:sport/judo\", \"tag:noc/FRA\"]\n[edition.pistes]\nfrom = [\"a\", \"tag:sport/fencing\"]\n\
                    [edition.bref]\nkeep = \"'sport/judo' in tags\"\n";
    let (_origin, world) = world(editions, &entries).await;
    world.relais(&["run"]).await;
    assert_eq!(titles(&world, "tatamis.json"), ["Judo : un podium", "Natation : la France en finale"]);
    assert_eq!(titles(&world, "pistes.json"), ["Escrime : la finale"]);
    assert_eq!(titles(&world, "bref.json"), ["Judo : un podium"]);
}

#[tokio::test]
async fn tag_that_no_list_has_is_an_error_that_names_the_nearest() {
    let (_origin, world) = world("[edition.e]\nfrom = [\"tag:sport/judoo\"]\n", &[]).await;
    let ended = world.relais(&["check"]).await;
    assert!(ended.code == Some(2) && ended.stderr.contains("did you mean \"tag:sport/judo\"?"), "{ended:?}");
}
