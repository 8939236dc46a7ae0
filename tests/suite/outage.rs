//! A network that is away: it is told in one sentence, no source is blamed, and the next run makes up for it.

use std::net::{Ipv4Addr, SocketAddr};

use relais::clock::SystemClock;
use relais::model::{Clock, SourceId};
use relais::store::{Access, Store};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const SOURCES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Hosts that can go away and come back, one for each source.
struct Network {
    addresses: Vec<SocketAddr>,
    origins: Vec<Origin>,
}

impl Network {
    async fn up() -> Self {
        let mut network = Self { addresses: Vec::new(), origins: Vec::new() };
        for name in SOURCES {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            network.addresses.push(listener.local_addr().expect("its address"));
            network.serve(name, listener);
        }
        network
    }

    fn serve(&mut self, name: &str, listener: TcpListener) {
        let address = listener.local_addr().expect("its address");
        let origin = Origin::serve(listener, address, "http");
        origin.on("/feed", Reply::ok(rss(name, &stories(0..3))).tagged());
        self.origins.push(origin);
    }

    fn tables(&self) -> String {
        let urls: Vec<(&str, String)> =
            SOURCES.iter().zip(&self.addresses).map(|(name, address)| (*name, format!("http://{address}/feed"))).collect();
        tables(&urls)
    }

    /// From now on these hosts accept no connection.
    fn take_down(&mut self) {
        self.origins.clear();
    }

    async fn bring_up(&mut self, names: &[&str]) {
        for (name, address) in SOURCES.iter().zip(self.addresses.clone()).filter(|(name, _)| names.contains(name)) {
            self.serve(name, listen_again(address).await);
        }
    }
}

/// Listens at an address that was let go a moment ago.
async fn listen_again(address: SocketAddr) -> TcpListener {
    for _ in 0..200 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
        tokio::task::yield_now().await;
    }
    TcpListener::bind(address).await.expect("the port is free again")
}

#[tokio::test]
async fn first_run_without_a_network_blames_no_source_and_the_next_one_fetches_everything() {
    let mut network = Network::up().await;
    let world = World::new(&network.tables());
    network.take_down();
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!(ended.stderr.matches("the network is away").count(), 1, "{}", ended.stderr);
    assert_eq!(ended.stderr.trim_end().lines().count(), 1, "one sentence, and nothing of sources: {}", ended.stderr);
    let status = world.relais(&["status", "--json"]).await.json();
    for source in status["sources"].as_array().expect("sources") {
        assert_eq!((&source["failures"], &source["fault"]), (&json!(0), &json!(null)), "{source}");
    }
    network.bring_up(&SOURCES).await;
    let ended = world.relais(&["run", "--json"]).await;
    let report = ended.json();
    assert_eq!((ended.code, &report["sources"]["fresh"], &report["faults"]), (Some(0), &json!(5), &json!([])), "{report}");
}

#[tokio::test]
async fn outage_leaves_output_and_back_off_as_they_were() {
    let mut network = Network::up().await;
    let world = World::new(&network.tables());
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let (before, due) = (world.outputs(), due(&world).await);
    network.take_down();
    for _ in 0..3 {
        let report = world.relais(&["run", "--force", "--json"]).await.json();
        assert_eq!(report["sources"]["broken"], 0, "{report}");
        assert_eq!(report["faults"].as_array().map(Vec::len), Some(1), "{report}");
        assert_eq!((&report["faults"][0]["network"], &report["faults"][0]["kind"]), (&json!("3 hosts"), &json!("outage")));
    }
    assert!(world.outputs() == before, "the output is as it was");
    assert_eq!(self::due(&world).await, due, "each source is as due as it was");
}

#[tokio::test]
async fn hosts_that_are_down_while_another_answers_are_blamed() {
    let mut network = Network::up().await;
    let world = World::new(&network.tables());
    network.take_down();
    network.bring_up(&["c"]).await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!((&report["sources"]["fresh"], &report["sources"]["broken"]), (&json!(1), &json!(4)), "{report}");
    let blamed = report["faults"].as_array().expect("faults").iter().filter(|fault| fault["kind"] == "connect").count();
    assert_eq!(blamed, 4, "{report}");
}

#[tokio::test]
async fn dead_hosts_that_are_due_alone_are_blamed_if_another_host_answers() {
    let mut network = Network::up().await;
    let world = World::new(&network.tables());
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    network.take_down();
    network.bring_up(&["d", "e"]).await;
    // Three of five are due, and none of them answers.
    make_due(&world, &["a", "b", "c"]).await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["sources"]["broken"], 3, "{report}");
    assert_eq!(failures(&world).await, [1, 1, 1, 0, 0], "each is visited once");
}

#[tokio::test]
async fn source_that_is_due_alone_is_not_blamed_for_the_network() {
    let mut network = Network::up().await;
    let world = World::new(&network.tables());
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let due = due(&world).await;
    network.take_down();
    make_due(&world, &["b"]).await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["faults"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!((&report["faults"][0]["kind"], &report["sources"]["broken"]), (&json!("outage"), &json!(0)), "{report}");
    assert_eq!(failures(&world).await, [0; 5]);
    let after = self::due(&world).await;
    assert_eq!((&after[0], &after[2..]), (&due[0], &due[2..]), "those that were asked are due as before");
}

#[tokio::test]
async fn source_that_is_due_alone_is_blamed_if_another_host_answers() {
    let mut network = Network::up().await;
    let world = World::new(&network.tables());
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    network.take_down();
    network.bring_up(&["a", "c", "d", "e"]).await;
    make_due(&world, &["b"]).await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(
        (&report["sources"]["broken"], &report["sources"]["same"]),
        (&json!(1), &json!(3)),
        "three others were asked: {report}"
    );
    assert_eq!(failures(&world).await, [0, 1, 0, 0, 0]);
}

/// Makes these sources due now.
async fn make_due(world: &World, sources: &[&str]) {
    let state = format!("sqlite:{}", world.path("relais.db").display());
    let store = Store::open(&state, Access::Work).await.expect("a state");
    let due: Vec<SourceId> = sources.iter().map(|id| SourceId::new(id)).collect();
    store.make_due_now(&due, SystemClock.now()).await.expect("they are due");
    store.close().await.expect("it can be closed");
}

/// The failures in a row of each source.
async fn failures(world: &World) -> Vec<u64> {
    let status = world.relais(&["status", "--json"]).await.json();
    let sources = status["sources"].as_array().expect("sources").iter();
    sources.map(|source| source["failures"].as_u64().expect("a number")).collect()
}

/// When each source is due.
async fn due(world: &World) -> Vec<serde_json::Value> {
    let status = world.relais(&["status", "--json"]).await.json();
    status["sources"].as_array().expect("sources").iter().map(|source| source["due"].clone()).collect()
}
