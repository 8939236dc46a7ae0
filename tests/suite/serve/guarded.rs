//! Editions that not everybody may read.

use super::*;

const TOKEN: &str = "0123456789abcdef0123";

/// A server of the edition `jeux` for everybody, and of `bureau` for those with a token or the password of `desk`.
async fn guarded(more: &str) -> Served {
    let world = World::new("");
    write(&world.path("tokens.txt"), &format!("# those who may\n{TOKEN} the desk in London\nanother-token-of-a-reader\n"));
    write(&world.path("password.txt"), "open sesame\n");
    let auth = "[edition.bureau]\nfrom = [\"*\"]\nformats = [\"atom\", \"html\"]\narchive = true\n\
                auth = { tokens = { file = \"tokens.txt\" }, user = \"desk\", password = { file = \"password.txt\" } }\n";
    Served::start_in(world, "base_url = \"https://news.example/\"\n", &format!("{auth}{more}")).await
}

#[tokio::test]
async fn guarded_edition_is_refused_without_a_token_or_password() {
    let served = guarded("").await;
    let response = served.get("/bureau.atom", &[]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(field(&response, "www-authenticate").starts_with("Basic realm="));
    assert_eq!(field(&response, "cache-control"), "no-store");
    for path in ["/token/0123456789abcdef0124/bureau.atom", "/token//bureau.atom", "/token/x/bureau.html"] {
        assert_eq!(served.get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let manifest = served.world.output("manifest.json");
    let document = manifest.split('"').find(|name| name.starts_with("archive/bureau")).expect("an archive");
    assert_eq!(served.get(&format!("/{document}"), &[]).await.status(), StatusCode::UNAUTHORIZED, "its archive too");
    assert_eq!(served.get("/jeux.atom", &[]).await.status(), StatusCode::OK, "another edition is for everybody");
}

#[tokio::test]
async fn token_in_the_address_or_a_login_opens_a_guarded_edition() {
    let served = guarded("").await;
    let by_token = served.get(&format!("/token/{TOKEN}/bureau.atom"), &[]).await;
    assert_eq!(by_token.status(), StatusCode::OK);
    assert_eq!(field(&by_token, "cache-control"), "private, max-age=60");
    assert!(field(&by_token, "vary").contains("authorization"));
    assert_eq!((field(&by_token, "access-control-allow-origin"), field(&by_token, "referrer-policy")), ("", "no-referrer"));
    let links = field(&by_token, "link");
    assert!(links.starts_with(&format!("<https://news.example/token/{TOKEN}/bureau.atom>; rel=\"self\"")), "{links}");
    let login = |user: &str, password: &str| {
        let client = reqwest::Client::new();
        client.get(format!("http://{}/bureau.atom", served.address)).basic_auth(user, Some(password)).send()
    };
    for (user, password, status) in
        [("desk", "open sesame", 200), ("anybody", TOKEN, 200), ("desk", "open", 401), ("boss", "open sesame", 401)]
    {
        assert_eq!(login(user, password).await.expect("it answers").status().as_u16(), status, "{user}");
    }
}

#[tokio::test]
async fn page_below_a_token_keeps_it_in_its_links() {
    let served = guarded("").await;
    let page = served.get(&format!("/token/{TOKEN}/bureau.html"), &[]).await.text().await.expect("text");
    assert!(page.contains("href=\"bureau.atom\""), "relative, and so below the token: {page}");
    assert_eq!(served.get(&format!("/token/{TOKEN}/feed.css"), &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn guarded_edition_is_told_to_nobody() {
    let served = guarded("").await;
    assert!(!served.get("/", &[]).await.text().await.expect("text").contains("bureau"));
    assert_eq!(served.get("/manifest.json", &[]).await.status(), StatusCode::NOT_FOUND);
    assert!(served.world.output("manifest.json").contains("\"auth\": \"bureau\""), "whoever serves the folder can see it");
}

#[tokio::test]
async fn edition_stays_guarded_when_feeds_toml_names_it_no_more() {
    let served = guarded("").await;
    served.world.configure("base_url = \"https://news.example/\"\n", &tables(&[("a", served.origin.url("/a"))]));
    assert_eq!(served.world.relais(&["run"]).await.code, Some(0));
    assert!(served.world.path("output/bureau.atom").exists(), "its last version");
    let address = free_address();
    let _server = Running::serve(&served.world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    for path in ["bureau.atom".to_owned(), format!("token/{TOKEN}/bureau.atom")] {
        let response = reqwest::get(format!("http://{address}/{path}")).await.expect("it answers");
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn no_token_is_logged() {
    let served = guarded("").await;
    let address = free_address();
    let process = Running::serve(&served.world, &["-vv", "--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    for path in [format!("/token/{TOKEN}/bureau.atom"), "/token/a-wrong-token-of-somebody/bureau.atom".to_owned()] {
        let _ = reqwest::get(format!("http://{address}{path}")).await.expect("it answers");
    }
    let ended = process.stop().await;
    assert!(ended.stderr.contains("refused bureau.atom to 127.0.0.1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("GET /token/…/bureau.atom"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(TOKEN) && !ended.stderr.contains("a-wrong-token"), "{}", ended.stderr);
}

#[tokio::test]
async fn token_that_is_added_opens_the_edition_of_a_running_daemon() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))).tagged());
    let world = World::new(&(busy(&[("a", origin.url("/a"))]) + "auth = { tokens = { file = \"tokens.txt\" } }\n"));
    write(&world.path("tokens.txt"), "one-token-of-sixteen\n");
    let address = free_address();
    let _daemon = Running::start_with(&world, &["--listen", &address]);
    published(&world, "Titre 2").await;
    let status = async |token: &str| {
        let response = reqwest::get(format!("http://{address}/token/{token}/jeux.atom")).await;
        response.expect("it answers").status().as_u16()
    };
    until("the manifest is written", || world.path("output/manifest.json").exists()).await;
    let listed = async {
        while status("one-token-of-sixteen").await != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listed).await.expect("it is served");
    assert_eq!(status("two-token-of-sixteen").await, 404);
    write(&world.path("tokens.txt"), "two-token-of-sixteen\n");
    let changed = async {
        while status("two-token-of-sixteen").await != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), changed).await.expect("the new token is read");
    assert_eq!(status("one-token-of-sixteen").await, 404, "the old one is void");
}

#[tokio::test]
async fn auth_that_cannot_be_used_is_refused_without_being_shown() {
    for (auth, message) in [
        ("auth = { tokens = \"0123456789abcdef0123\" }", "the list of tokens is written in the file"),
        ("auth = {}", "`auth` takes `tokens`, or a `user` with a `password`, or both"),
        ("auth = { user = \"desk\" }", "`auth` takes `tokens`, or a `user` with a `password`, or both"),
        ("auth = { tokens = { file = \"short.txt\" } }", "line 2 of the list of tokens begins with none"),
        ("auth = { tokens = { file = \"none.txt\" } }", "does not exist"),
        (
            "hub = \"https://hub.example/\"\nauth = { tokens = { file = \"good.txt\" } }",
            "an edition with `auth` cannot have a `hub`",
        ),
    ] {
        let world = World::new(&format!("[source.a]\nurl = \"https://a.example/\"\n[edition.jeux]\nfrom = [\"*\"]\n{auth}\n"));
        write(&world.path("short.txt"), "0123456789abcdef0123\nhunter2\n");
        write(&world.path("good.txt"), "0123456789abcdef0123\n");
        let checked = world.relais(&["check"]).await;
        assert_eq!(checked.code, Some(2), "{auth}: {checked:?}");
        assert!(checked.stderr.contains(message), "{auth}: {}", checked.stderr);
        assert!(!checked.stderr.contains("0123456789abcdef") && !checked.stderr.contains("hunter2"), "{}", checked.stderr);
    }
}
