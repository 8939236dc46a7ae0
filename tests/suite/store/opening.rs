//! Opening a store: for the first time, twice, to look, and what is wrong with it.

use std::collections::BTreeSet;
use std::fs;

use futures::future::join_all;
use relais::store::{Access, Store, StoreError};

use super::backend::{Backend, on_postgres, on_sqlite, promises};
use super::world::{at, change, entry, fresh, lease, newest, settle, sources};
use crate::support::postgres;

promises!(
    looking_at_nothing_says_so_and_makes_nothing,
    looking_shows_what_another_works_on_and_changes_nothing,
    refuses_what_a_newer_relais_made,
    tables_that_were_altered_are_damage,
    a_document_that_cannot_be_read_is_damage,
    keeps_everything_when_closed_and_opened_again,
);

async fn looking_at_nothing_says_so_and_makes_nothing(backend: &Backend) {
    for _ in 0..2 {
        let error = backend.look().await.expect_err("nothing is there yet");
        assert!(matches!(error, StoreError::Empty { .. }), "{error:?}");
        assert!(error.to_string().contains("`relais run` makes it"), "{error}");
    }
    if let Backend::Sqlite(folder) = backend {
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 0);
    }
}

async fn looking_shows_what_another_works_on_and_changes_nothing(backend: &Backend) {
    let store = backend.open().await;
    let one = change(entry("a", "one", "<p>"), 1);
    let id = one.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![one])]).await;
    let look = backend.look().await.expect("one can look while another works");
    assert_eq!(newest(&look, &["a"], None, 9).await, [id]);
    let error = look.register_sources(&sources(1), at(0)).await.expect_err("a look changes nothing");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(store.load_source_rows(&sources(1)).await.expect("sources").is_empty());
    drop(store);
    assert_eq!(newest(&look, &["a"], None, 9).await, [id]);
}

async fn refuses_what_a_newer_relais_made(backend: &Backend) {
    backend.open().await.close().await.expect("it can be closed");
    let insert = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (900, '', true,";
    backend.meddle(&format!("{insert} x'00', 0)"), &format!("{insert} '\\x00', 0)")).await;
    for access in [Access::Work, Access::Look] {
        let error = Store::open(&backend.url(), access).await.expect_err("it is from the future");
        assert!(matches!(error, StoreError::Newer { found: 900, .. }), "{error:?}");
        assert!(error.to_string().contains("newer relais"), "{error}");
    }
}

async fn tables_that_were_altered_are_damage(backend: &Backend) {
    backend.open().await.close().await.expect("it can be closed");
    let update = "update _sqlx_migrations set checksum =";
    backend.meddle(&format!("{update} x'00' where version = 3"), &format!("{update} '\\x00' where version = 3")).await;
    for access in [Access::Work, Access::Look] {
        let error = Store::open(&backend.url(), access).await.expect_err("somebody has altered it");
        assert!(matches!(&error, StoreError::Damaged { reason, .. } if reason.contains("version 3")), "{error:?}");
        assert!(error.to_string().contains("put a copy of it back"), "{error}");
    }
}

async fn a_document_that_cannot_be_read_is_damage(backend: &Backend) {
    let store = backend.open().await;
    let one = change(entry("a", "one", "<p>"), 1);
    let id = one.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![one])]).await;
    backend.meddle("update page set doc = x'00'", "update page set doc = '\\x00'").await;
    let error = store.load_entries(&[id]).await.expect_err("that is no entry");
    assert!(matches!(&error, StoreError::Damaged { reason, .. } if reason.contains("a page of entries")), "{error:?}");
}

async fn keeps_everything_when_closed_and_opened_again(backend: &Backend) {
    let store = backend.open().await;
    let one = change(entry("a", "one", "<p>"), 1);
    let id = one.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![one])]).await;
    store.close().await.expect("it can be closed");
    let look = backend.look().await.expect("one can look when nobody works");
    assert_eq!(newest(&look, &["a"], None, 9).await, [id]);
    if let Backend::Sqlite(folder) = backend {
        let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
        let files: BTreeSet<_> = files.collect();
        assert_eq!(files, BTreeSet::from(["relais.db".into(), "relais.db.lock".into()]), "looking leaves nothing");
    }
    look.close().await.expect("it can be closed");
    let store = backend.open().await;
    assert_eq!(newest(&store, &["a"], None, 9).await, [id]);
}

#[tokio::test]
async fn a_second_worker_on_one_sqlite_file_is_told_to_wait() {
    on_sqlite(async |backend| {
        let store = backend.open().await;
        let error = Store::open(&backend.url(), Access::Work).await.expect_err("one works already");
        assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
        let file = fs::canonicalize(backend.file()).expect("the file is there");
        assert_eq!(error.to_string(), format!("another relais works on {}: wait for it or stop it", file.display()));
        let other = backend.file().with_file_name("link.db");
        std::os::unix::fs::symlink(backend.file(), &other).expect("a link");
        let error = Store::open(&format!("sqlite:{}", other.display()), Access::Work).await.expect_err("the same file");
        assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
        drop(store);
        backend.open().await;
    })
    .await;
}

#[tokio::test]
async fn the_leases_of_a_killed_run_are_void_on_sqlite() {
    on_sqlite(async |backend| {
        let store = backend.open().await;
        store.register_sources(&sources(2), at(0)).await.expect("sources are registered");
        assert_eq!(store.lease_due_sources(&sources(2), &lease("a", 0, 600), false, 9).await.expect("a claim").len(), 2);
        drop(store);
        let store = backend.open().await;
        assert_eq!(store.lease_due_sources(&sources(2), &lease("b", 1, 600), false, 9).await.expect("a claim").len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_may_open_an_empty_postgresql_at_once() {
    on_postgres(async |backend| {
        let stores = join_all((0..4).map(|_| backend.open())).await;
        stores[0].register_sources(&sources(1), at(0)).await.expect("the tables are there");
    })
    .await;
}

#[tokio::test]
async fn says_which_folder_is_missing_and_makes_none() {
    on_sqlite(async |backend| {
        let file = backend.file().with_file_name("missing").join("relais.db");
        let error = Store::open(&format!("sqlite:{}", file.display()), Access::Work).await.expect_err("no such folder");
        assert!(matches!(&error, StoreError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("missing does not exist; make it"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damage_and_stays() {
    on_sqlite(async |backend| {
        let text = "this is the diary of somebody, and no database at all. ".repeat(99);
        fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(backend.file())
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .expect("a file");
        for access in [Access::Work, Access::Look] {
            let error = Store::open(&backend.url(), access).await.expect_err("no database");
            assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        }
        assert_eq!(fs::read_to_string(backend.file()).expect("the file"), text);
    })
    .await;
}

#[tokio::test]
async fn an_odd_file_name_is_a_file_name() {
    on_sqlite(async |backend| {
        let file = backend.file().with_file_name("l’été #1 100%20 & plus.db");
        let store = Store::open(&format!("sqlite:{}", file.display()), Access::Work).await.expect("a store");
        store.close().await.expect("it can be closed");
        assert!(file.is_file());
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_is_named_without_its_password() {
    // Nothing listens there: the port is bound, and not listened at.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("its number").port();
    drop(socket);
    let url = format!("postgres://relais:s3cr3t@127.0.0.1:{port}/news");
    let error = Store::open(&url, Access::Work).await.expect_err("nobody is there");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("\"news\" on 127.0.0.1:{port}")), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named_with_what_to_do() {
    on_postgres(async |_| {
        let server = postgres::server();
        let (server, _) = server.rsplit_once('/').expect("an address with a database");
        let error = Store::open(&format!("{server}/relais_no_such"), Access::Look).await.expect_err("there is none");
        assert!(error.to_string().contains("`createdb`"), "{error}");
    })
    .await;
}
