//! The links between the files of an output: each leads to a file that is there, and each file can be reached from index.html.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use crate::support::full_world::{DIGESTS, EDITIONS, FullWorld, day, files, listed_files, run_at};

/// The address at which the output is served.
const BASE: &str = "https://relais.example.org/";

/// The addresses in the attributes `href` and `src` of markup, and in the `link` elements of RSS.
fn in_markup(text: &str) -> Vec<String> {
    let after = |start: &str, end: char| -> Vec<String> {
        text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.replace("&amp;", "&"))).collect()
    };
    [after(" href=\"", '"'), after(" src=\"", '"'), after("<link>", '<')].concat()
}

/// The addresses in the members of a JSON document that are called `url` or `…_url`, whatever the depth.
fn in_json(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(address) if name == "url" || name.ends_with("_url") => found.push(address.to_owned()),
                    _ => in_json(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| in_json(value, found)),
        _ => {}
    }
}

/// The links of a file within the output, as names of files.
fn links(name: &str, bytes: &[u8]) -> BTreeSet<String> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let addresses = match name.rsplit('.').next() {
        Some("json") => {
            let mut found = Vec::new();
            in_json(&serde_json::from_str(text).expect("JSON"), &mut found);
            found
        }
        Some("atom" | "rss" | "html" | "opml") => in_markup(text),
        _ => Vec::new(),
    };
    let own = Url::parse(BASE).and_then(|base| base.join(name)).expect("an address");
    let within = |address: String| {
        let mut url = own.join(&address).ok()?;
        url.set_fragment(None);
        let path = url.as_str().strip_prefix(BASE)?.to_owned();
        Some(if path.is_empty() { "index.html".to_owned() } else { path })
    };
    addresses.into_iter().filter_map(within).collect()
}

/// Checks the links of an output. Returns how many there are.
fn check(files: &BTreeMap<String, Vec<u8>>, listed: &BTreeMap<String, String>) -> usize {
    let links: BTreeMap<&String, BTreeSet<String>> = files.iter().map(|(name, bytes)| (name, links(name, bytes))).collect();
    let lead_nowhere = |(name, links): (&&String, &BTreeSet<String>)| -> Vec<String> {
        let lost = links.iter().filter(|link| !listed.contains_key(*link));
        lost.map(|link| format!("{name} links to {link}")).collect()
    };
    let broken: Vec<String> = links.iter().flat_map(lead_nowhere).collect();
    assert!(broken.is_empty(), "which is not there: {broken:#?}");
    let (mut reached, mut ahead) = (BTreeSet::new(), vec!["index.html".to_owned()]);
    while let Some(name) = ahead.pop() {
        if let Some(links) = links.get(&name) {
            ahead.extend(links.iter().filter(|link| !reached.contains(*link)).cloned());
        }
        reached.insert(name);
    }
    // A mail is for whoever sends it.
    let lost: Vec<&String> =
        listed.keys().filter(|name| !reached.contains(*name) && name.rsplit('.').next() != Some("eml")).collect();
    assert!(lost.is_empty(), "no link leads to {lost:?}");
    links.values().map(BTreeSet::len).sum()
}

/// Publishes for three months, with an address of the output or without one, and checks all links.
async fn all_links_lead_somewhere(top: &str) {
    let full = FullWorld::new(top).await;
    for days in [28..=34, 62..=64] {
        full.run_days(days).await;
    }
    let (files, listed) = (files(&full.world), listed_files(&full.world));
    for name in [
        "jeux.en.html",
        "jeux.fr.2.html",
        "jeux.fr.ninjs.json",
        "judo.en.rss",
        "fencing.fr.json",
        "court.json",
        "archive/jeux.en-2026-10.rss",
        "archive/tout-2026-12.json",
        "digest/morning.fr.html",
        "digest/evening.atom",
        "digest/morning.en.eml",
        "sources.opml",
        "feed.css",
    ] {
        assert!(listed.contains_key(name), "{name}: {:?}", listed.keys());
    }
    let links = check(&files, &listed);
    assert!(links > 200, "only {links} links were found");
}

#[tokio::test]
async fn every_link_of_a_full_output_leads_to_a_file_and_every_file_is_linked() {
    all_links_lead_somewhere("").await;
}

#[tokio::test]
async fn links_of_an_output_without_an_address_are_relative_and_lead_to_files() {
    // The comment keeps the support of the tests from stating one.
    all_links_lead_somewhere("# no base_url = here\n").await;
}

#[tokio::test]
async fn links_hold_when_editions_formats_and_archives_go() {
    let full = FullWorld::new("").await;
    full.run_days(28..=34).await;
    let only_atom = EDITIONS[0].replace("\"atom\", \"rss\", \"json\", \"html\", \"ninjs\"", "\"atom\", \"html\"");
    let without_archive = EDITIONS[1].replace("archive = true\n", "");
    for (after, tables) in
        [(0, vec![&*only_atom, &*without_archive, EDITIONS[2], DIGESTS[0]]), (1, vec![&*only_atom, DIGESTS[0]])]
    {
        full.configure("keep_ended = \"0s\"\n", &tables);
        run_at(&full.world, day(35 + after)).await;
        check(&files(&full.world), &listed_files(&full.world));
    }
}

#[tokio::test]
async fn index_lists_archives_and_digests_of_each_language() {
    let full = FullWorld::new("").await;
    full.run_days(28..=34).await;
    let index = full.world.output("index.html");
    for link in [
        "<a href=\"archive/jeux.fr-2026-10.atom\" type=\"application/atom+xml\">octobre 2026</a>",
        "<a href=\"archive/jeux.en-2026-11.atom\" type=\"application/atom+xml\">novembre 2026</a>",
        "<a href=\"archive/tout-2026-11.atom\" type=\"application/atom+xml\">novembre 2026</a>",
        "<a href=\"digest/morning.en.html\">Résumé du jour</a>",
        "<a href=\"digest/evening.html\">Résumé du jour</a> · <a href=\"digest/evening.atom\"",
    ] {
        assert_eq!(index.matches(link).count(), 1, "{link}: {index}");
    }
    let newest = |lang: &str| [11, 10].map(|month| index.find(&format!("archive/jeux.{lang}-2026-{month}.atom")));
    assert!(newest("fr")[0] < newest("fr")[1] && newest("fr")[1] < newest("en")[0], "the newest month first, by language");
}
