//! A state that an older relais made.

use relais::model::{EntryId, Lang, Original, Revision};
use relais::store::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr};

use super::backend::{Backend, promises};
use super::world::{at, source};

promises!(
    what_an_older_relais_kept_is_there_after_the_tables_have_grown,
    what_people_translated_before_is_a_correction,
    looking_at_what_an_older_relais_made_says_what_to_do,
);

/// The steps by which the tables have grown, before corrections had one.
macro_rules! steps {
    ($database:literal) => {
        [
            include_str!(concat!("../../../src/store/migrations/", $database, "/0001_first.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0002_translation.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0003_servers.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0004_refusals.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0005_engines.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0006_articles.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0007_stories.sql")),
            include_str!(concat!("../../../src/store/migrations/", $database, "/0008_rule_facts.sql")),
        ]
    };
}

/// Makes the tables of a version.
async fn make_tables(backend: &Backend, version: usize) {
    let steps = match backend {
        Backend::Sqlite(_) => steps!("sqlite"),
        Backend::Postgres(_) => steps!("postgres"),
    };
    let url = match backend {
        Backend::Sqlite(_) => format!("{}?mode=rwc", backend.url()),
        Backend::Postgres(_) => backend.url(),
    };
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&url).await.expect("a connection");
    let step = |(version, sql): (i64, &'static str)| {
        Migration::new(version, "step".into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let migrator = Migrator::with_migrations((1..).zip(steps).take(version).map(step).collect());
    migrator.run_direct(None, &mut connection, false).await.expect("the old tables");
    connection.close().await.expect("it can be closed");
}

/// Makes the tables of version 1, and a source, an original and a run in them.
async fn older(backend: &Backend) {
    make_tables(backend, 1).await;
    let rows = "insert into source (id, due_at, visited_at) values ('a', 5, 4);
        insert into entry (id, source, revision, at, first_seen, page) values (7, 'a', 8, 1, 1, 9);
        insert into rendition (entry, lang, revision, doc) values (7, '', 8, '{\"title\":\"Été\"}');
        insert into run (started) values (3);";
    backend.meddle(rows, rows).await;
}

async fn what_an_older_relais_kept_is_there_after_the_tables_have_grown(backend: &Backend) {
    older(backend).await;
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
    older(backend).await;
    let error = backend.look().await.expect_err("its tables are not those that are read");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("an older relais made it; `relais run` brings it up to date"), "{error}");
}
