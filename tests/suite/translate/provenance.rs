//! The signs by which readers see that an item is translated.

use super::{LIBRE, tables, world};

#[tokio::test]
async fn provenance_changes_the_files_and_translates_nothing() {
    let (origin, server, world) = world("", "").await;
    world.relais(&["run"]).await;
    let line = "Machine translation from French by LibreTranslate.";
    for name in ["jeux.en.atom", "jeux.en.rss", "jeux.en.json"] {
        assert_eq!(world.output(name).matches(line).count(), 4 - 2 * usize::from(name.ends_with("json")), "{name}");
    }
    let (sent, updated) = (server.texts().len(), updated(&world.output("jeux.en.atom")));
    for (value, is_told) in [("category", true), ("none", false)] {
        world.configure("", &tables(&origin, &[("lt", &server, LIBRE)], &format!("provenance = \"{value}\"")));
        let ended = world.relais(&["run"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let atom = world.output("jeux.en.atom");
        assert!(!atom.contains(line), "{value}: {atom}");
        assert_eq!(atom.contains("<category term=\"Machine translation\""), is_told, "{value}: {atom}");
        assert_eq!(self::updated(&atom), updated, "no item is new or changed to its readers");
    }
    assert_eq!(server.texts().len(), sent);
}

/// The dates of change of a feed and its entries.
fn updated(atom: &str) -> Vec<String> {
    atom.split("<updated>").skip(1).filter_map(|rest| Some(rest.split_once('<')?.0.to_owned())).collect()
}
