//! `relais models`: the catalogue, downloads, their checks, versions.

use std::path::Path;
use std::time::Duration;

use relais::translate::{InstallOutcome, ModelError, ModelFolder, ModelOrigin};

use super::{engine, french, install, lang, settings, translate};
use crate::support::catalogue::{Catalogue, in_part};
use crate::support::marian::MarianModel;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const PAIR: (&str, &str) = ("fr", "en");

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add(PAIR, "3.0", &french());
    catalogue
}

fn server(origin: &Origin) -> ModelOrigin {
    ModelOrigin::parse(&origin.url("")).expect("an origin")
}

fn installed(folder: &Path) -> Vec<String> {
    ModelFolder::new(folder).installed().expect("a folder").iter().map(|model| model.model.name()).collect()
}

/// The names of all files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            names.extend(files(&entry.path()));
        } else {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    names
}

#[tokio::test]
async fn model_of_a_server_is_fetched_once_and_translates() {
    let (catalogue, folder) = (catalogue(), tempfile::tempdir().expect("a folder"));
    let origin = catalogue.serve().await;
    let outcome = install(folder.path(), &server(&origin), PAIR).await.expect("a model");
    assert!(matches!(&outcome, InstallOutcome::Added(model) if model.name() == "fr-en-3.0-base-memory"), "{outcome:?}");
    assert_eq!(translate(&*engine(settings(folder.path())), "en", &["le chat dort"]).await, ["the cat sleeps"]);
    let before = origin.seen(&catalogue.files[0].path()).len();
    let outcome = install(folder.path(), &server(&origin), PAIR).await.expect("a model");
    assert!(matches!(outcome, InstallOutcome::Same(_)), "{outcome:?}");
    assert_eq!((before, origin.seen(&catalogue.files[0].path()).len()), (1, 1), "nothing is fetched twice");
    assert_eq!(files(folder.path()), [".guard", "lock.json", "model.fren.intgemm.alphas.bin", "vocab.fren.spm"]);
}

#[tokio::test]
async fn download_that_breaks_off_is_resumed() {
    let (catalogue, folder) = (catalogue(), tempfile::tempdir().expect("a folder"));
    let origin = catalogue.serve().await;
    let file = &catalogue.files[0];
    let (bytes, half) = (file.bytes.clone(), file.bytes.len() / 2);
    let mut times = 0;
    origin.answer(&file.path(), move |request| {
        times += 1;
        let reply = in_part(&bytes, request.header("range"));
        if times == 1 { reply.cut_after(half) } else { reply }
    });
    install(folder.path(), &server(&origin), PAIR).await.expect("a model");
    let asked: Vec<String> = origin.seen(&file.path()).iter().map(|request| request.header("range").to_owned()).collect();
    assert_eq!(asked, [String::new(), format!("bytes={half}-")]);
}

#[tokio::test]
async fn download_goes_on_in_the_next_run() {
    let (catalogue, folder) = (catalogue(), tempfile::tempdir().expect("a folder"));
    let origin = catalogue.serve().await;
    let file = &catalogue.files[0];
    let (bytes, path) = (file.bytes.clone(), file.path());
    let third = bytes.len() / 3;
    origin.queue(&path, [Reply::ok(bytes.clone()).cut_after(third), Reply::status(503)]);
    let error = install(folder.path(), &server(&origin), PAIR).await.expect_err("it breaks off");
    assert!(matches!(error, ModelError::Fetch(_)), "{error}");
    assert!(installed(folder.path()).is_empty());
    origin.answer(&path, move |request| in_part(&bytes, request.header("range")));
    install(folder.path(), &server(&origin), PAIR).await.expect("a model");
    let last = origin.seen(&path).pop().expect("a request");
    assert_eq!(last.header("range"), format!("bytes={third}-"));
}

#[tokio::test]
async fn server_without_parts_and_a_stale_part_are_fetched_whole() {
    let (catalogue, folder) = (catalogue(), tempfile::tempdir().expect("a folder"));
    let origin = catalogue.serve().await;
    let file = &catalogue.files[0];
    let hash = file.record["attachment"]["hash"].as_str().expect("a hash");
    let part = folder.path().join(".download").join(format!("{hash}.part"));
    std::fs::create_dir_all(part.parent().expect("a folder")).expect("a folder");
    for (stale, reply) in [
        // What is there does not go with the rest.
        (vec![7_u8; 100], None),
        // What is there is longer than the file.
        (vec![7_u8; file.bytes.len() + 5], None),
        // The server knows no parts.
        (file.bytes[..100].to_vec(), Some(Reply::ok(file.bytes.clone()))),
    ] {
        write(&part, &stale);
        if let Some(reply) = reply {
            origin.on(&file.path(), reply);
        }
        ModelFolder::new(folder.path()).remove(&lang("fr"), &lang("en")).expect("a folder");
        install(folder.path(), &server(&origin), PAIR).await.expect("a model");
        assert_eq!(installed(folder.path()), ["fr-en-3.0-base-memory"]);
        std::fs::create_dir_all(part.parent().expect("a folder")).expect("a folder");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file");
}

#[tokio::test]
async fn wrong_files_are_refused_and_the_model_before_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = catalogue().serve().await;
    install(folder.path(), &server(&old), PAIR).await.expect("a model");
    let mut newer = Catalogue::default();
    newer.add(PAIR, "3.1", &french());
    let path = newer.files[0].path();
    let (bytes, other) = (newer.files[0].bytes.clone(), french().without_end().quantised());
    let zeros = zstd::encode_all(&vec![0_u8; 64 << 20][..], 3).expect("bytes");
    for (case, reply) in [
        ("other bytes of the same length", Reply::ok(bytes.iter().map(|byte| byte ^ 1).collect::<Vec<_>>())),
        ("another file", Reply::ok(zstd::encode_all(&other[..], 3).expect("bytes"))),
        ("more bytes", Reply::ok([&bytes[..], b"more"].concat())),
        ("no file", Reply::status(404)),
        ("endless bytes", Reply::generated(1 << 30)),
        ("a small file that grows", Reply::ok(zeros)),
        ("an empty file", Reply::ok("")),
    ] {
        let origin = newer.serve().await;
        origin.on(&path, reply);
        let error = install(folder.path(), &server(&origin), PAIR).await.expect_err(case);
        assert!(matches!(error, ModelError::WrongFile { .. } | ModelError::Fetch(_)), "{case}: {error}");
        assert_eq!(installed(folder.path()), ["fr-en-3.0-base-memory"], "{case}");
        assert_eq!(translate(&*engine(settings(folder.path())), "en", &["le chat"]).await, ["the cat"], "{case}");
    }
}

#[tokio::test]
async fn file_that_grows_beyond_its_record_is_refused() {
    // The record is that of the attachment, so that only the decompressed file is another one.
    let folder = tempfile::tempdir().expect("a folder");
    let mut catalogue = catalogue();
    for (field, value) in [("decompressedSize", serde_json::json!(100)), ("decompressedHash", serde_json::json!("0".repeat(64)))]
    {
        let before = catalogue.files[0].record[field].clone();
        catalogue.files[0].record[field] = value;
        let origin = catalogue.serve().await;
        let error = install(folder.path(), &server(&origin), PAIR).await.expect_err("another file");
        assert!(matches!(error, ModelError::WrongFile { .. }), "{error}");
        catalogue.files[0].record[field] = before;
    }
    assert!(installed(folder.path()).is_empty());
}

#[tokio::test]
async fn new_version_replaces_the_old_one_once_it_works() {
    let folder = tempfile::tempdir().expect("a folder");
    install(folder.path(), &server(&catalogue().serve().await), PAIR).await.expect("a model");
    let running = engine(settings(folder.path()));
    // It has the right hashes, and cannot be run: its vocabulary is that of another model.
    let mut broken = Catalogue::default();
    broken.add_file(PAIR, "3.1", "model", "model.bin", &french().quantised());
    broken.add_file(PAIR, "3.1", "vocab", "vocab.spm", &MarianModel::word_for_word(&[]).vocabulary());
    let error = install(folder.path(), &server(&broken.serve().await), PAIR).await.expect_err("it cannot be run");
    assert!(matches!(error, ModelError::Unusable { .. }), "{error}");
    assert_eq!(installed(folder.path()), ["fr-en-3.0-base-memory"]);
    for (version, old) in [("3.2", "fr-en-3.0-base-memory"), ("3.3", "fr-en-3.2-base-memory")] {
        let mut newer = Catalogue::default();
        newer.add(PAIR, version, &french());
        let outcome = install(folder.path(), &server(&newer.serve().await), PAIR).await.expect("a model");
        assert!(matches!(&outcome, InstallOutcome::Replaced { old: name, .. } if name == old), "{outcome:?}");
        if version == "3.2" {
            // Whoever has begun with the old version can still read it.
            assert_eq!(translate(&*running, "en", &["le chat"]).await, ["the cat"]);
        }
    }
    let versions = std::fs::read_dir(folder.path().join("fr-en")).expect("a folder").count();
    assert_eq!(versions, 2, "the version before the last is gone");
}

#[tokio::test]
async fn folder_of_another_relais_is_a_catalogue() {
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    install(first.path(), &server(&catalogue().serve().await), PAIR).await.expect("a model");
    let origin = ModelOrigin::parse(&format!("file://{}", first.path().display())).expect("an origin");
    install(second.path(), &origin, PAIR).await.expect("a model");
    assert_eq!(translate(&*engine(settings(second.path())), "en", &["le chat"]).await, ["the cat"]);
}

#[tokio::test]
async fn private_server_is_not_asked_unless_it_is_allowed() {
    let (catalogue, folder) = (catalogue(), tempfile::tempdir().expect("a folder"));
    let origin = catalogue.serve().await;
    let strict = relais::net::Client::new(relais::net::Options::default()).expect("a client");
    let wanted = (&lang("fr"), &lang("en"), None);
    let folder = ModelFolder::new(folder.path());
    let error = relais::translate::install_model(&folder, &server(&origin), wanted, &strict, &|_, _| (), &|_| Ok(())).await;
    assert!(error.expect_err("a private address").to_string().contains("is not fetched"));
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn two_changes_at_a_time_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalogue = catalogue();
    let origin = catalogue.serve().await;
    let bytes = catalogue.files[0].bytes.clone();
    origin.on(&catalogue.files[0].path(), Reply::ok(bytes).after(Duration::from_millis(300)));
    let from = server(&origin);
    let (first, second) = tokio::join!(install(folder.path(), &from, PAIR), install(folder.path(), &from, PAIR));
    assert!(first.is_ok());
    assert!(matches!(second, Err(ModelError::Busy { .. })), "{second:?}");
}

#[tokio::test]
async fn command_lists_adds_and_removes() {
    let catalogue = catalogue();
    let origin = catalogue.serve().await;
    let world = World::new(&format!(
        "[engine.local]\nkind = \"firefox\"\nurl = \"{}\"\n[source.a]\nurl = \"https://a.example/\"\nlang = \"fr\"\n\
         [edition.e]\nfrom = [\"*\"]\nlangs = [\"en\"]\nengines = [\"local\"]\n",
        origin.url("")
    ));
    let available = world.relais(&["models", "list", "--available"]).await;
    assert!(available.code == Some(0) && available.stdout.contains("fr-en") && available.stdout.contains("3.0"), "{available:?}");
    let none = world.relais(&["models", "list"]).await;
    assert!(none.code == Some(0) && none.stderr.contains("relais models add fr-en"), "{none:?}");
    let added = world.relais(&["models", "add", "fr-en"]).await;
    assert!(added.code == Some(0) && added.stderr.contains("added fr-en-3.0-base-memory"), "{added:?}");
    assert!(world.path("models/lock.json").is_file(), "beside the state");
    let translated = world.relais(&["translate", "--from", "fr", "--to", "en", "le chat noir dort ici"]).await;
    assert_eq!((translated.code, translated.stdout.as_str()), (Some(0), "the cat black sleeps here\n"), "{translated:?}");
    let model = files(&world.path("models")).into_iter().find(|name| name.starts_with("model.")).expect("a model");
    let place = ModelFolder::new(world.path("models")).installed().expect("models").remove(0).folder;
    write(&place.join(model), b"cut");
    let damaged = world.relais(&["models", "list"]).await;
    assert!(damaged.code == Some(3) && damaged.stdout.contains("damaged"), "{damaged:?}");
    let again = world.relais(&["models", "add", "fr-en"]).await;
    assert!(again.code == Some(0), "{again:?}");
    let removed = world.relais(&["models", "remove", "fr-en"]).await;
    assert!(removed.code == Some(0) && removed.stderr.contains("removed fr-en-3.0-base-memory"), "{removed:?}");
    for (args, code, told) in [
        (&["models", "remove", "fr-en"][..], 2, "there is no model fr-en"),
        (&["models", "add", "fr-de"], 3, "has no model from fr into de"),
        (&["models", "add", "french"], 2, "not a pair of languages"),
        (&["models", "add", "fr-en", "--from", "ftp://x"], 2, "neither http, https nor file"),
    ] {
        let ended = world.relais(args).await;
        assert!(ended.code == Some(code) && ended.stderr.contains(told), "{args:?}: {ended:?}");
    }
}
