//! The whole of relais without a network: a dozen French Olympic feeds written for this demo, served on 127.0.0.1, read,
//! merged and published into a folder.
//!
//!     cargo run --example demo
//!
//! The feeds are what one meets: RSS 2.0, Atom, RDF, JSON Feed, legacy charsets, a broken one, a slow one, a page where a feed
//! should be, one that is gone. The second run shows what it costs when nothing has changed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a demo prints")]

#[path = "../../tests/suite/support/origin.rs"]
mod origin;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use origin::{Origin, Reply};
use relais::clock::SystemClock;
use relais::config;
use relais::model::{Report, Visit};
use relais::pipeline::{self, Progress, RunRequest, Scope};

/// A feed of the demo: its name, its media type, its bytes.
type Feed = (&'static str, &'static str, &'static [u8]);

const FEEDS: [Feed; 12] = [
    ("flambeau-jo", "application/rss+xml", include_bytes!("feeds/flambeau-jo.xml")),
    ("flambeau-une", "application/rss+xml", include_bytes!("feeds/flambeau-une.xml")),
    ("gazette", "application/atom+xml", include_bytes!("feeds/gazette.atom")),
    ("cimes", "application/rdf+xml", include_bytes!("feeds/cimes.rdf")),
    ("podium", "application/feed+json", include_bytes!("feeds/podium.json")),
    ("veloce", "text/xml", include_bytes!("feeds/veloce.latin1.xml")),
    ("handisport", "text/xml", include_bytes!("feeds/handisport.cp1252.xml")),
    ("casse", "text/xml", include_bytes!("feeds/casse.xml")),
    ("radio", "application/rss+xml", include_bytes!("feeds/radio-podcast.xml")),
    ("dates", "application/rss+xml", include_bytes!("feeds/dates.xml")),
    ("accueil", "text/html; charset=utf-8", include_bytes!("feeds/accueil.html")),
    ("lente", "application/rss+xml", include_bytes!("feeds/lente.xml")),
];

#[tokio::main]
async fn main() -> ExitCode {
    let folder = Path::new("output").join("demo");
    let origin = Origin::start().await;
    for (name, kind, body) in FEEDS {
        let reply = Reply::ok(body).header("content-type", kind).tagged();
        origin.on(&format!("/{name}"), if name == "lente" { reply.after(Duration::from_secs(2)) } else { reply });
    }
    origin.on("/fermee", Reply::status(410));
    match demo(&origin, &folder).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(origin: &Origin, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // The origin's port is another each time, and sources are known by their address: so each demo starts over.
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let plan = config::parse(&feeds_toml(origin), &folder.join("feeds.toml")).map_err(|problems| problems.render(false))?;
    println!("An origin with {} French Olympic feeds answers on {}\n", FEEDS.len() + 1, origin.url("/"));
    let progress = |event: Progress<'_>| {
        if let Progress::Visited(visit) = event {
            println!("  {}", line(visit));
        }
    };
    let run = |scope: Scope| {
        let process = std::process::id();
        pipeline::run(RunRequest { plan: plan.clone(), clock: &SystemClock, scope, process, progress: &progress, warn: None })
    };
    let first = Box::pin(run(Scope::default())).await?;
    println!("\n{}\n", sum(&first.report));
    println!("The same again: nothing has changed, so nothing is read, and no file is touched.\n");
    let second = Box::pin(run(Scope { force: true, ..Scope::default() })).await?;
    println!("\n{}\n", sum(&second.report));
    let shown = std::path::absolute(folder.join("output"))?;
    println!("Look at {}", shown.join("index.html").display());
    println!("and at jeux.html, jeux.atom, jeux.rss, jeux.json, sources.opml beside it.");
    Ok(())
}

/// One line for a visit.
fn line(visit: &Visit) -> String {
    let said = match (visit.outcome.failure(), visit.outcome.found()) {
        (Some((kind, message)), _) => format!("{kind}: {message}"),
        (None, Some(found)) => format!(
            "{} entries{}",
            found.new,
            if found.dropped > 0 { format!(" ({} unusable)", found.dropped) } else { String::new() }
        ),
        (None, None) => "unchanged".to_owned(),
    };
    format!("{:<13} {:>5} ms  {said}", visit.source.as_str(), visit.duration_ms)
}

/// What a run did, in two lines.
fn sum(report: &Report) -> String {
    let written: u32 = report.editions.iter().map(|edition| edition.written).sum();
    let items: u32 = report.editions.iter().map(|edition| edition.items).sum();
    format!(
        "Run {}: {} sources ({} fresh, {} the same, {} in trouble), {} new entries.\nOne edition of {items} items; {written} of its files written.",
        report.run,
        report.sources.due,
        report.sources.fresh,
        report.sources.same,
        report.sources.broken + report.sources.gone + report.sources.later,
        report.entries.new,
    )
}

/// The configuration of the demo: what a user would write, but for the addresses.
fn feeds_toml(origin: &Origin) -> String {
    let mut text = "base_url = \"https://relais.example/\"\n\
                    [fetch]\nallow_private = [\"127.0.0.1/32\"]\nhost_interval = \"0s\"\nper_host = 8\n"
        .to_owned();
    for name in FEEDS.iter().map(|(name, ..)| *name).chain(["fermee"]) {
        text.push_str(&format!(
            "[source.{name}]\nurl = \"{}\"\nlang = \"fr\"\ntags = [\"olympic\"]\n",
            origin.url(&format!("/{name}"))
        ));
    }
    text.push_str(
        "[edition.jeux]\ntitle = \"Jeux olympiques : la presse de la démo\"\nfrom = [\"tag:olympic\"]\nshow = \"full\"\n",
    );
    text
}
