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

/// One edition for each sport, with these keys besides.
const EACH: &str = "[[edition.each]]\ntags = [\"sport\"]\n";

#[tokio::test]
async fn each_tag_that_an_entry_has_gets_an_edition_of_its_own() {
    let entries = [("1", "Judo : un podium", ""), ("2", "Escrime : la finale", ""), ("3", "Judo : la finale", "")];
    let (_origin, world) = world(EACH, &entries).await;
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(titles(&world, "judo.json"), ["Judo : un podium", "Judo : la finale"]);
    assert_eq!(titles(&world, "fencing.json"), ["Escrime : la finale"]);
    let editions: BTreeSet<String> =
        world.outputs().into_iter().filter_map(|(name, ..)| Some(name.strip_suffix(".atom")?.to_owned())).collect();
    assert_eq!(editions, BTreeSet::from(["judo".to_owned(), "fencing".to_owned()]), "sports without an entry have no files");
    assert!(!world.output("index.html").contains("swimming"), "nor a line in the list");
}

#[tokio::test]
async fn edition_of_a_tag_shows_what_one_by_hand_shows() {
    let (family, alone) = (
        "[[edition.each]]\ntags = [\"sport/judo\", \"sport/fencing\"]\nlimit = 3\nkeep = \"'finale' in title\"\n",
        "[edition.judo]\nfrom = [\"tag:sport/judo\"]\nlimit = 3\nkeep = \"'finale' in title\"\ntitle = \"Judo\"\n",
    );
    let entries: Vec<(String, String)> = (0..40)
        .map(|n| (n.to_string(), format!("{} : {} {n}", ["Judo", "Escrime"][n % 2], ["finale", "podium"][n / 2 % 2])))
        .collect();
    let entries: Vec<(&str, &str, &str)> = entries.iter().map(|(id, title)| (id.as_str(), title.as_str(), "")).collect();
    let mut shown = Vec::new();
    for editions in [family, alone] {
        let (_origin, world) = world(editions, &entries).await;
        world.relais(&["run"]).await;
        shown.push(titles(&world, "judo.json"));
    }
    assert_eq!(shown[0], shown[1]);
    assert_eq!(shown[0].len(), 3);
}

#[tokio::test]
async fn edition_of_a_tag_stays_when_its_last_entry_goes() {
    let (origin, world) = world(EACH, &[("1", "Judo : un podium", ""), ("2", "Escrime : la finale", "")]).await;
    world.relais(&["run"]).await;
    origin.on("/a", Reply::ok(feed(&[("2", "Escrime : la finale", "")])).tagged());
    for _ in 0..3 {
        world.relais(&["run", "--force"]).await;
    }
    assert_eq!(titles(&world, "judo.json"), Vec::<String>::new());
}

#[tokio::test]
async fn editions_of_tags_are_named_by_their_placeholders() {
    let each = "[[edition.each]]\ntags = [\"noc\"]\nexcept = [\"noc/ITA\"]\nid = \"pays-{tag}\"\ntitle = \"{label}, en bref\"\n";
    let (_origin, world) = world(each, &[("1", "Natation : l’Allemagne et l’Italie en finale", "")]).await;
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(world.output("pays-ger.json").contains("\"title\": \"Allemagne, en bref\""), "{}", world.output("pays-ger.json"));
    assert!(!world.path("output/pays-ita.json").exists(), "it is excepted");
}

#[tokio::test]
async fn entry_is_explained_in_the_editions_of_its_tags_only() {
    let (_origin, world) = world(EACH, &[("1", "Judo : un podium", ""), ("2", "Escrime : la finale", "")]).await;
    world.relais(&["run"]).await;
    let explained = world.relais(&["explain", "Judo : un podium", "--json"]).await.json();
    let editions: Vec<&str> =
        explained["editions"].as_array().expect("a list").iter().filter_map(|edition| edition["edition"].as_str()).collect();
    assert_eq!(editions, ["judo"]);
}

#[tokio::test]
async fn mistakes_in_editions_of_tags_have_a_hint() {
    for (table, hint) in [
        ("[edition.each]\ntags = [\"sport\"]\n", "write [[edition.each]]"),
        ("[[edition.each]]\n", "write tags = [\"sport\"]"),
        ("[[edition.each]]\ntags = [\"sports\"]\n", "docs/TAGS.md says which there are"),
        ("[[edition.each]]\ntags = [\"sport/judoo\"]\n", "did you mean \"sport/judo\"?"),
        ("[[edition.each]]\ntags = [\"sport/judo\"]\nexcept = [\"sport\"]\n", "take one out, or remove [[edition.each]]"),
        ("[edition]\neach = [\"sport\"]\n", "write [[edition.each]] on its own line"),
        ("[[edition.each]]\ntags = [\"sport\"]\nid = \"x\"\n", "for example id = \"sport-{tag}\""),
        ("[[edition.each]]\ntags = [\"sport\"]\ntitle = \"Sport\"\n", "title = \"Sport: {label}\""),
        ("[[edition.each]]\ntags = [\"sport\"]\nfrom = [\"tag:noc/FRA\"]\n", "only sources in `from`"),
        ("[[edition.each]]\ntags = [\"sport\"]\nlimt = 3\n", "did you mean `limit`?"),
        ("[[edition.each]]\ntags = [\"sport\"]\n[[edition.each]]\ntags = [\"sport/judo\"]\n", "another edition has that name"),
    ] {
        let (_origin, world) = world(table, &[]).await;
        let ended = world.relais(&["check"]).await;
        assert!(ended.code == Some(2) && ended.stderr.contains(hint), "{table}: {ended:?}");
        assert_eq!(ended.stderr.matches("error:").count(), 1, "one mistake is one problem: {}", ended.stderr);
    }
}
