//! What docs/monitoring asks of the metrics.

use std::collections::BTreeSet;

use super::*;
use crate::support::engine::{EngineServer, words};
use relais::model::EngineKind;

/// The names that begin with `relais_` in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("relais_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_that_the_rules_and_the_dashboard_name_exists_and_the_dashboard_shows_all() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..4))).tagged());
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    engine.translate_with(words::english);
    let world = World::new(&format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
         budget = {{ characters = 100_000, per = \"month\" }}\nprice = {{ per_million_characters = 20.0, currency = \"EUR\" }}\n\
         [edition.jeux]\nfrom = [\"*\"]\nlangs = [\"fr\", \"en\"]\nengines = [\"lt\"]\n",
        origin.url("/a"),
        engine.url()
    ));
    world.relais(&["run"]).await;
    let address = free_address();
    let _server = Running::serve(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    let text = reqwest::get(format!("http://{address}/metrics")).await.expect("it answers").text().await.expect("text");
    let told: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect();
    let asked = |file: &str| names(&std::fs::read_to_string(file).expect("a file of the documentation"));
    let (rules, dashboard) = (asked("docs/monitoring/alerts.yml"), asked("docs/monitoring/grafana.json"));
    assert!(rules.len() >= 8, "{rules:?}");
    assert!(rules.is_subset(&told), "{:?}", rules.difference(&told));
    assert_eq!(dashboard, told.iter().filter(|name| name.starts_with("relais_")).cloned().collect());
}
