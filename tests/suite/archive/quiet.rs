//! What happens to an archive without news: by the clock, or by another configuration.

use super::*;

fn document(world: &World, name: &str) -> String {
    world.output(&format!("archive/jeux-{name}"))
}

/// The time so many minutes after midnight of a day of October 2026 or later.
fn minutes(number: u32, minutes: u64) -> Time {
    day(number).minus(DAY / 2).plus(Duration::from_mins(minutes))
}

fn is_of(name: &str, format: &str) -> bool {
    name.rsplit('.').next() == Some(format)
}

fn set(months: &[&str]) -> BTreeSet<String> {
    months.iter().map(|month| (*month).to_owned()).collect()
}

#[tokio::test]
async fn quiet_edition_closes_its_month_as_soon_as_it_is_over() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=20).await;
    // Nothing that the edition depends on changes from here on. The last run before the first of November leaves a basis for the next one.
    run_at(&world, minutes(31, 24 * 60 - 5)).await;
    assert!(!document(&world, "2026-10.atom").contains("<fh:archive"), "the month is not over");
    run_at(&world, minutes(32, 5)).await;
    for name in ["2026-10.atom", "2026-10.rss"] {
        let closed = document(&world, name);
        assert!(closed.contains("<fh:archive") && !closed.contains("next-archive"), "{name}: {closed}");
    }
    let before = archive(&world);
    run_days(&world, &origin, 40..=60).await;
    let closed =
        |files: &[(String, Vec<u8>)]| files.iter().filter(|(name, _)| name.contains("2026-10")).cloned().collect::<Vec<_>>();
    assert_eq!(closed(&archive(&world)), closed(&before), "what comes later does not change it");
    let Some(walked) = walk(&world, "jeux.atom", &[]).await else { return };
    // On the fortieth day the source lists six entries, and the feed has room for five.
    assert_eq!(ids(&walked).len(), 2 * (20 + 60 - 37) - 1, "{walked}");
    assert_eq!(walked["unlinked"], serde_json::json!(["archive/jeux-2026-10.atom"]));
}

#[tokio::test]
async fn month_waits_a_week_for_the_next_entry_that_it_may_link_to_it() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=31).await;
    run_at(&world, day(35)).await;
    assert!(!document(&world, "2026-10.atom").contains("<fh:archive"), "an entry may come on the fifth");
    run_at(&world, day(39)).await;
    assert!(document(&world, "2026-10.atom").contains("<fh:archive"));
}

#[tokio::test]
async fn quiet_edition_drops_what_is_older_than_keep_for() {
    let origin = Origin::start().await;
    let world = world(&origin, "keep_for = \"30d\"\n");
    run_days(&world, &origin, 1..=35).await;
    // The last entry of October was published on the thirty-first at noon.
    run_at(&world, day(61).minus(Duration::from_mins(5))).await;
    assert_eq!(months(&world), set(&["2026-10", "2026-11"]));
    run_at(&world, day(61).plus(Duration::from_mins(5))).await;
    assert_eq!(months(&world), set(&["2026-11"]));
    assert!(!document(&world, "2026-11.atom").contains("prev-archive"), "nothing links to what is gone");
    assert!(!world.output("manifest.json").contains("2026-10"));
}

#[tokio::test]
async fn run_after_the_month_is_closed_writes_nothing() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=20).await;
    run_at(&world, day(32)).await;
    let (files, documents) = (world.outputs_of(""), world.outputs_of("archive"));
    run_at(&world, day(32).plus(Duration::from_hours(1))).await;
    run_at(&world, day(34)).await;
    assert_eq!((world.outputs_of(""), world.outputs_of("archive")), (files, documents));
}

#[tokio::test]
async fn edition_that_gets_a_format_gets_its_whole_archive_in_it() {
    let origin = Origin::start().await;
    let world = world(&origin, "formats = [\"atom\"]\n");
    run_days(&world, &origin, 1..=40).await;
    let before = archive(&world);
    configure(&world, &origin, "limit = 5\narchive = true\nformats = [\"atom\", \"json\", \"rss\"]\n");
    run_at(&world, day(40).plus(Duration::from_hours(1))).await;
    for feed in ["jeux.json", "jeux.rss"] {
        let Some(walked) = walk(&world, feed, &[]).await else { return };
        assert_eq!(ids(&walked).len(), 80, "{feed}: {walked}");
    }
    let atom: Vec<_> = archive(&world).into_iter().filter(|(name, _)| is_of(name, "atom")).collect();
    assert_eq!(atom.first(), before.first(), "the closed month is as it was");
}

#[tokio::test]
async fn format_that_goes_takes_its_documents_and_leaves_the_archive() {
    let origin = Origin::start().await;
    let world = world(&origin, "keep_for = \"5y\"\n");
    run_days(&world, &origin, 1..=40).await;
    configure(&world, &origin, "keep_for = \"5y\"\nlimit = 5\narchive = true\nformats = [\"atom\"]\n");
    run_at(&world, day(41)).await;
    assert!(names(&world).iter().any(|name| is_of(name, "json")), "readers that have the address still find it");
    run_at(&world, day(41 + 91)).await;
    assert!(names(&world).iter().all(|name| is_of(name, "atom")), "{:?}", names(&world));
    run_days(&world, &origin, 140..=142).await;
    let Some(walked) = walk(&world, "jeux.atom", &[]).await else { return };
    assert_eq!(ids(&walked).len(), 2 * (40 + 142 - 137) - 1, "{walked}");
}

#[tokio::test]
async fn edition_without_a_format_for_an_archive_is_not_read_again() {
    let origin = Origin::start().await;
    let world = world(&origin, "formats = [\"html\"]\n");
    run_days(&world, &origin, 1..=3).await;
    let before = world.outputs();
    run_at(&world, day(3).plus(Duration::from_hours(1))).await;
    assert_eq!((world.outputs(), names(&world)), (before, Vec::new()));
}
