//! A PostgreSQL of several hosts, and connections that are lost or lent.

use relais::store::{Access, Store, StoreError};

use super::world::{at, sources};
use crate::support::postgres::{Schema, server};

/// The address of a schema with another list of hosts and more keys.
fn address(schema: &Schema, hosts: &str, keys: &str) -> String {
    let url = schema.url();
    let (user, rest) = url.split_once('@').expect("a user");
    let rest = &rest[rest.find('/').expect("a database")..];
    format!("{user}@{hosts}{rest}&{keys}")
}

/// Host and port of the server.
fn host() -> String {
    let url = server();
    let rest = url.split_once('@').expect("a user").1.to_owned();
    rest.split('/').next().expect("a host").to_owned()
}

#[tokio::test]
async fn host_that_does_not_answer_is_passed_over() {
    let Some(schema) = Schema::make().await else { return };
    let url = address(&schema, &format!("127.0.0.1:1,{}", host()), "target_session_attrs=read-write");
    let store = Store::open(&url, Access::Work).await.expect("the second host serves");
    store.register_sources(&sources(2), at(0)).await.expect("it accepts writes");
    store.close().await.expect("closed");
    schema.drop().await;
}

#[tokio::test]
async fn reader_that_wants_a_standby_is_told_what_each_host_is() {
    let Some(schema) = Schema::make().await else { return };
    let one = address(&schema, &host(), "target_session_attrs=standby");
    let error = Store::open(&one, Access::Look).await.expect_err("there is no standby").to_string();
    assert!(error.contains("none of its hosts serves") && error.contains("accepts writes"), "{error}");
    let prefers = address(&schema, &host(), "target_session_attrs=prefer-standby");
    let error = Store::open(&prefers, Access::Look).await.expect_err("there are no tables");
    assert!(matches!(error, StoreError::Empty { .. }), "{error}");
    let wrong = address(&schema, &host(), "target_session_attrs=best");
    let error = Store::open(&wrong, Access::Look).await.expect_err("there is no such word").to_string();
    assert!(error.contains("prefer-standby"), "{error}");
    schema.drop().await;
}

#[tokio::test]
async fn operations_after_a_lost_connection_have_a_new_one() {
    let Some(schema) = Schema::make().await else { return };
    let name = format!("lost_{}", schema.name());
    let store =
        Store::open(&address(&schema, &host(), &format!("application_name={name}")), Access::Work).await.expect("a store");
    let ids = sources(1);
    let looks = futures::future::join_all((0..8).map(|_| store.load_source_rows(&ids))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    schema.run(&format!("select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{name}'")).await;
    let lost = store.load_source_rows(&ids).await.expect_err("its connection is lost");
    assert!(matches!(lost, StoreError::Unreachable { .. }), "{lost}");
    for _ in 0..8 {
        store.load_source_rows(&ids).await.expect("all the others were replaced at once");
    }
    store.close().await.expect("closed");
    schema.drop().await;
}

#[tokio::test]
async fn connections_that_are_lent_for_a_transaction_leave_nothing_in_the_session() {
    let Some(schema) = Schema::make().await else { return };
    let name = format!("lent_{}", schema.name());
    let url = address(&schema, &host(), &format!("pool_mode=transaction&application_name={name}"));
    let store = Store::open(&url, Access::Work).await.expect("a store");
    let ids = sources(3);
    store.register_sources(&ids, at(0)).await.expect("registered");
    for _ in 0..20 {
        assert_eq!(store.load_source_rows(&ids).await.expect("rows").len(), 3);
    }
    let read = Store::open(&url, Access::Look).await.expect("a store to look at");
    assert_eq!(read.load_source_rows(&ids).await.expect("rows").len(), 3);
    let error = read.register_sources(&sources(4), at(0)).await.expect_err("it only reads").to_string();
    assert!(error.contains("read-only"), "{error}");
    read.close().await.expect("closed");
    store.close().await.expect("closed");
    schema.drop().await;
}
