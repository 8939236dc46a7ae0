//! A state that an older relais made.

use std::path::{Path, PathBuf};

use relais::model::{EntryId, Lang, Original, Revision};
use relais::store::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};

use super::backend::{Backend, promises};
use super::world::{at, source};

promises!(
    every_version_is_brought_up_to_date_with_all_that_it_holds,
    what_an_older_relais_kept_is_there_after_the_tables_have_grown,
    what_people_translated_before_is_a_correction,
    looking_at_what_an_older_relais_made_says_what_to_do,
);

/// The steps by which the tables have grown, in their order, as they were released.
fn steps(database: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations").join(database);
    let files = std::fs::read_dir(&folder).expect("the migrations").map(|file| file.expect("a file").path());
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("a migration"))
    };
    let mut steps: Vec<(String, String)> = files.map(read).collect();
    steps.sort();
    steps
}

/// Makes the tables of a version.
async fn make_tables(backend: &Backend, version: usize) {
    let (steps, url) = match backend {
        Backend::Sqlite(_) => (steps("sqlite"), format!("{}?mode=rwc", backend.url())),
        Backend::Postgres(_) => (steps("postgres"), backend.url()),
    };
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&url).await.expect("a connection");
    let step = |(version, (_, sql)): (i64, (String, String))| {
        Migration::new(version, "step".into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
    };
    let migrator = Migrator::with_migrations((1..).zip(steps).take(version).map(step).collect());
    migrator.run_direct(None, &mut connection, false).await.expect("the old tables");
    connection.close().await.expect("it can be closed");
}

/// Makes the tables of a version, and a source, an original and a run in them.
async fn older(backend: &Backend, version: usize) {
    make_tables(backend, version).await;
    let rows = "insert into source (id, due_at, visited_at) values ('a', 5, 4);
        insert into entry (id, source, revision, at, first_seen, page) values (7, 'a', 8, 1, 1, 9);
        insert into rendition (entry, lang, revision, doc) values (7, '', 8, '{\"title\":\"Été\"}');
        insert into run (started) values (3);";
    backend.meddle(rows, rows).await;
}

async fn what_an_older_relais_kept_is_there_after_the_tables_have_grown(backend: &Backend) {
    older(backend, 1).await;
    assert_kept(backend).await;
}

/// Each version that was released, and the rows of its kind: what a state of that time may hold.
async fn every_version_is_brought_up_to_date_with_all_that_it_holds(backend: &Backend) {
    let versions = steps("sqlite").len();
    assert_eq!(versions, steps("postgres").len());
    assert!(versions >= 14);
    for version in 1..=versions {
        let other = backend.another().await;
        older(&other, version).await;
        let mut rows = String::new();
        if version >= 2 {
            rows += "insert into memory (key, source_lang, target_lang, engine, source, target, made, used) \
                     values ('00000000000000000000000000000001', 'fr', 'en', 'deepl', 'Oui', 'Yes', 5, 6);";
        }
        if version >= 10 {
            rows += "insert into correction (key, serial, source_lang, target_lang, source, target, origin, made) \
                     values ('00000000000000000000000000000002', 1, 'fr', 'en', 'Non', 'No', 'person', 5);";
        }
        other.meddle(&rows, &rows).await;
        assert_kept_of(&other, version).await;
        other.end().await;
    }
}

async fn assert_kept_of(backend: &Backend, version: usize) {
    let store = backend.open().await;
    assert_eq!(store.load_originals(&[EntryId(7)]).await.expect("originals").len(), 1, "version {version}");
    let memory = store.list_memory((None, None), None, 9).await.expect("a memory");
    assert_eq!(memory.len(), usize::from(version >= 2), "version {version}");
    let corrections = store.list_corrections((None, None), None, 9).await.expect("corrections");
    assert_eq!(corrections.len(), usize::from(version >= 10), "version {version}");
    store.close().await.expect("it can be closed");
    backend.look().await.unwrap_or_else(|error| panic!("version {version}: {error}"));
}

async fn assert_kept(backend: &Backend) {
    for _ in 0..2 {
        let store = backend.open().await;
        let originals = store.load_originals(&[EntryId(7)]).await.expect("originals");
        assert_eq!(originals.len(), 1);
        let (id, revision, Original { title, .. }) = &originals[0];
        assert_eq!((*id, *revision, title.as_str()), (EntryId(7), Revision(8), "Été"));
        assert_eq!(store.find_translation_rows(&[EntryId(7)], &Lang::new("en").expect("a tag")).await.expect("translations"), []);
        let sources = store.load_source_rows(&[source("a")]).await.expect("sources");
        assert_eq!(sources.iter().map(|row| row.due.millis()).collect::<Vec<_>>(), [5]);
        assert_eq!(store.load_last_run().await.expect("a run").expect("there is one").1.millis(), 3);
        assert_eq!(store.list_memory((None, None), None, 9).await.expect("a memory"), []);
        assert_eq!(store.load_spending(at(0)).await.expect("spending"), []);
        store.close().await.expect("it can be closed");
    }
    backend.look().await.expect("one can look now");
}

async fn what_people_translated_before_is_a_correction(backend: &Backend) {
    make_tables(backend, 8).await;
    let row = |key: u8, engine: &str| {
        format!(
            "insert into memory (key, source_lang, target_lang, engine, source, target, made, used) values ('{key:032x}', 'fr', 'en', '{engine}', 'Oui', 'Yes', 5, 6);"
        )
    };
    let rows = row(1, "import:theirs") + &row(2, "deepl");
    backend.meddle(&rows, &rows).await;
    let store = backend.open().await;
    let corrections = store.list_corrections((None, None), None, 9).await.expect("corrections");
    assert_eq!(corrections.len(), 1);
    assert_eq!((corrections[0].target.as_deref(), corrections[0].origin.as_str()), (Some("Yes"), "import:theirs"));
    assert!(store.last_correction_serial().await.expect("a number") > 0, "renditions learn of it");
    let memory = store.list_memory((None, None), None, 9).await.expect("a memory");
    assert_eq!(memory.iter().map(|row| row.engine.as_str()).collect::<Vec<_>>(), ["deepl"]);
}

async fn looking_at_what_an_older_relais_made_says_what_to_do(backend: &Backend) {
    older(backend, 1).await;
    let error = backend.look().await.expect_err("its tables are not those that are read");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("an older relais made it; `relais run` brings it up to date"), "{error}");
}

/// The hashes of the migrations that users have: a state knows by their checksums with which it was made.
const RELEASED: [(&str, &str, &str); 14] = [
    ("0001_first.sql", "cd70bd211dc2", "c655c1f4e1d6"),
    ("0002_translation.sql", "3bb8b48cb8e1", "71f956846591"),
    ("0003_servers.sql", "f211d41ad8fc", "4fa26135e2fc"),
    ("0004_refusals.sql", "a777ea3c6294", "b5a4bd3e2786"),
    ("0005_engines.sql", "4dd588a37e4a", "0d18563d0f9e"),
    ("0006_articles.sql", "4dcaf2048695", "a4fe119bc1d4"),
    ("0007_stories.sql", "982ce2b10178", "982ce2b10178"),
    ("0008_rule_facts.sql", "342fce4a07e4", "3a3e888b8acc"),
    ("0009_cached_tokens.sql", "bf3d11eb517b", "c05af812d78f"),
    ("0010_corrections.sql", "49c544a35696", "f45793220b8d"),
    ("0011_changes.sql", "b1cd6cfcfab2", "f5e2e61af841"),
    ("0012_readings.sql", "94ef23b20bb0", "478b6115a20c"),
    ("0013_output_leases.sql", "3f3716def583", "476467f7039b"),
    ("0014_archives.sql", "01c59cc09152", "ec996766558d"),
];

#[test]
fn migration_that_was_released_is_never_changed() {
    use sha2::{Digest as _, Sha256};
    let hash = |text: &str| Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>();
    let (sqlite, postgres) = (steps("sqlite"), steps("postgres"));
    for (at, (name, of_sqlite, of_postgres)) in RELEASED.into_iter().enumerate() {
        let now = (sqlite[at].0.as_str(), hash(&sqlite[at].1), postgres[at].0.as_str(), hash(&postgres[at].1));
        assert_eq!(now, (name, of_sqlite.to_owned(), name, of_postgres.to_owned()), "add a migration instead");
    }
}
