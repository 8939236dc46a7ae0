//! Several workers on one PostgreSQL, which are killed at any moment: never a character over the budget, nothing lost.

use std::time::Duration;

use relais::model::EngineKind;
use tokio::time::sleep;

use crate::support::engine::EngineServer;
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish};

const SOURCES: u32 = 4;
const STORIES: u32 = 12;
const KILLS: usize = 8;
/// About half of what all stories take.
const BUDGET: usize = 9_000;

/// Stories of which no sentence stands in another.
fn stories(source: u32) -> Vec<Story> {
    let story = |number: u32| {
        let n = source * 1000 + number;
        Story {
            number,
            title: format!("Le relais numéro {n} franchit la ligne avec une belle avance"),
            html: format!(
                "<p>Plus de {n} spectateurs ont suivi la course <b>depuis les tribunes</b> du stade. Les organisateurs attendent encore {} personnes demain matin.</p>",
                n + 7
            ),
        }
    };
    (0..STORIES).rev().map(story).collect()
}

fn configure(world: &World, schema: &Schema, origin: &Origin, engine: &EngineServer, budget: &str) {
    let mut tables: String =
        (0..SOURCES).map(|n| format!("[source.s{n}]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url(&format!("/{n}")))).collect();
    tables.push_str(&format!(
        "[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n{budget}\n[edition.jeux]\nstories = false\nlangs = [\"en\"]\nengines = [\"lt\"]\nlimit = 500\nuntranslated = \"original\"\nformats = [\"json\"]\n",
        engine.url()
    ));
    world.configure(&format!("state = {:?}", schema.url()), &tables);
}

fn received(engine: &EngineServer) -> usize {
    engine.texts().iter().map(|text| text.chars().count()).sum()
}

#[tokio::test]
async fn a_budget_holds_whoever_is_killed_and_the_rest_comes_when_there_is_more() {
    let Some(schema) = Schema::make().await else { return };
    let origin = Origin::start().await;
    for source in 0..SOURCES {
        origin.on(&format!("/{source}"), Reply::ok(rss(&format!("s{source}"), &stories(source))));
    }
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let worlds = [World::new(""), World::new("")];
    let budget = format!("budget = {{ characters = {BUDGET}, per = \"month\" }}");
    for world in &worlds {
        configure(world, &schema, &origin, &engine, &budget);
    }

    // Each is killed after so many more requests to the engine, or ends before.
    for kill in 0..KILLS {
        let before = engine.requests().len();
        let mut running: Vec<_> = worlds.iter().map(|world| world.start(&["run", "--force"])).collect();
        while engine.requests().len() <= before + kill % 4
            && running.iter_mut().any(|child| child.try_wait().expect("it can be asked").is_none())
        {
            sleep(Duration::from_millis(1)).await;
        }
        running.rotate_left(kill % 2);
        for mut child in running {
            child.kill().expect("SIGKILL");
            finish(child).await;
            assert!(received(&engine) <= BUDGET, "{} characters after kill {kill}", received(&engine));
        }
    }
    let ends = tokio::join!(worlds[0].relais(&["run", "--force", "--json"]), worlds[1].relais(&["run", "--force", "--json"]));
    for ended in [&ends.0, &ends.1] {
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
        assert!(received(&engine) <= BUDGET, "{} characters", received(&engine));
    }
    println!("{} of {BUDGET} characters were sent by two workers, who were killed {KILLS} times each", received(&engine));

    // The segments that killed workers had in hand are free again after a time; this is it.
    schema.run("delete from segment_claim").await;
    for world in &worlds {
        configure(world, &schema, &origin, &engine, "");
    }
    let ended = worlds[0].relais(&["run", "--force", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let feed: serde_json::Value = serde_json::from_str(&worlds[0].output("jeux.en.json")).expect("JSON");
    let items = feed["items"].as_array().expect("items");
    assert_eq!(items.len(), (SOURCES * STORIES) as usize, "nothing is lost");
    assert!(items.iter().all(|item| item["language"] != "fr"), "and all is translated");
    let all = received(&engine);
    assert!(all > BUDGET, "there was more to translate than the budget allowed: {all}");
    worlds[1].relais(&["run", "--force"]).await;
    assert_eq!(received(&engine), all, "what one worker has translated the other does not pay for");
    schema.drop().await;
}
