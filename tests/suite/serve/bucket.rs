//! An output in a bucket of an S3 server, served.

use axum::http::Method as AskedMethod;

use super::*;
use crate::support::s3::{Deed, S3, output};

/// A server of an output in a bucket, after one run.
async fn served(s3: &S3) -> (World, Origin, Running, String) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..9))).tagged());
    let world = World::new("");
    world.configure(&output("news"), &format!("{}{}", s3.table(), tables(&[("a", origin.url("/a"))])));
    let run = world.command(&["run"]).envs(s3.variables()).spawn().expect("it starts");
    let ended = crate::support::program::finish(run).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let address = free_address();
    let server = Running::of(world.command(&["serve", "--listen", &address]).envs(s3.variables()).spawn().expect("it starts"));
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    (world, origin, server, address)
}

async fn get(address: &str, path: &str) -> Response {
    let client = reqwest::Client::builder().no_gzip().no_brotli().no_zstd().no_deflate().build().expect("a client");
    client.get(format!("http://{address}{path}")).send().await.expect("it answers")
}

#[tokio::test]
async fn files_of_a_bucket_are_served_as_the_manifest_lists_them() {
    let Some(s3) = S3::start().await else { return };
    let (_world, _origin, _server, address) = served(&s3).await;
    let text = get(&address, "/manifest.json").await.text().await.expect("text");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let files = manifest["files"].as_array().expect("files");
    assert!(files.len() >= 6, "{manifest}");
    for file in files {
        let name = file["name"].as_str().expect("a name");
        let response = get(&address, &format!("/{name}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert_eq!(field(&response, "etag"), format!("\"{}\"", &file["sha256"].as_str().expect("a hash")[..32]), "{name}");
        let (_, _, bytes) = s3.get(&format!("news/{name}")).await.expect("an object");
        assert_eq!(response.bytes().await.expect("a body"), bytes, "{name}");
    }
    assert_eq!(get(&address, "/").await.status(), StatusCode::OK);
    assert_eq!(get(&address, "/secret.txt").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn object_is_read_once_for_many_requests() {
    let Some(s3) = S3::start().await else { return };
    let (_world, _origin, _server, address) = served(&s3).await;
    s3.take_asked();
    let all = (0..20).map(|_| get(&address, "/jeux.atom"));
    assert!(futures::future::join_all(all).await.iter().all(|response| response.status() == StatusCode::OK));
    let tag = field(&get(&address, "/jeux.atom").await, "etag").to_owned();
    let client = reqwest::Client::builder().no_gzip().no_brotli().no_zstd().no_deflate().build().expect("a client");
    let again = client.get(format!("http://{address}/jeux.atom")).header("if-none-match", tag);
    assert_eq!(again.send().await.expect("it answers").status(), StatusCode::NOT_MODIFIED);
    let asked = s3.take_asked();
    assert_eq!(asked.iter().filter(|asked| asked.object == "news/jeux.atom").count(), 1, "{asked:?}");
}

#[tokio::test]
async fn new_version_in_a_bucket_is_served_without_asking_for_other_files() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin, _server, address) = served(&s3).await;
    assert_eq!(get(&address, "/feed.css").await.status(), StatusCode::OK);
    origin.on("/a", Reply::ok(rss("a", &stories(0..11))).tagged());
    let run = world.command(&["run", "--force"]).envs(s3.variables()).spawn().expect("it starts");
    assert_eq!(crate::support::program::finish(run).await.code, Some(0));
    s3.take_asked();
    let changed = async {
        while !get(&address, "/jeux.atom").await.text().await.expect("text").contains("Titre 10") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), changed).await.expect("the new version is served");
    assert_eq!(get(&address, "/feed.css").await.status(), StatusCode::OK);
    let asked = s3.take_asked();
    assert!(!asked.iter().any(|asked| asked.object == "news/feed.css"), "the manifest says that it is the same: {asked:?}");
}

#[tokio::test]
async fn what_is_in_memory_is_served_while_the_bucket_cannot_be_reached_and_that_is_told_once() {
    let Some(s3) = S3::start().await else { return };
    let (_world, _origin, server, address) = served(&s3).await;
    assert_eq!(get(&address, "/jeux.atom").await.status(), StatusCode::OK);
    s3.instead(AskedMethod::GET, "news/", Some(Deed::Answer(403, "AccessDenied")));
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(get(&address, "/jeux.atom").await.status(), StatusCode::OK);
    }
    assert_eq!(get(&address, "/jeux.rss").await.status(), StatusCode::SERVICE_UNAVAILABLE, "it was never read");
    let ended = server.stop().await;
    assert_eq!(ended.stderr.matches("what is in memory is served on").count(), 1, "{}", ended.stderr);
}
