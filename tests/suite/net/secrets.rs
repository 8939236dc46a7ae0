//! Credentials and headers: who receives them, and that no message shows them.

use relais::model::Validators;
use relais::net::{Credentials, Request};
use secrecy::SecretString;

use super::{body, broken, client};
use crate::support::origin::{Origin, Reply};

#[tokio::test]
async fn credentials_and_headers_stay_with_the_first_origin() {
    let (origin, other) = (Origin::start().await, Origin::start().await);
    origin.on("/start", Reply::redirect(302, "/same"));
    origin.on("/same", Reply::redirect(302, &other.url("/stranger").replace("http://", "http://their:choice@")));
    other.on("/stranger", Reply::redirect(302, &origin.url("/back")));
    origin.on("/back", Reply::ok("<rss/>"));
    let headers = [("X-Key".to_owned(), SecretString::from("hush")), ("accept".to_owned(), SecretString::from("text/plain"))];
    let auth = Credentials::Bearer(SecretString::from("token"));
    let url = origin.url("/start");
    let ask = Request { url: &url, validators: &Validators::default(), headers: &headers, auth: Some(&auth) };
    client().get(&ask).await.expect("an answer");

    for path in ["/start", "/same"] {
        let seen = &origin.seen(path)[0];
        assert_eq!((seen.header("x-key"), seen.header("authorization")), ("hush", "Bearer token"));
        assert_eq!(seen.header("accept"), "text/plain");
    }
    for seen in [&other.seen("/stranger")[0], &origin.seen("/back")[0]] {
        assert_eq!((seen.header("x-key"), seen.header("authorization")), ("", ""));
        assert!(seen.header("accept").starts_with("application/atom+xml"));
    }
    assert!(!format!("{ask:?}").contains("hush") && !format!("{ask:?}").contains("token"));
}

#[tokio::test]
async fn userinfo_becomes_basic_authentication_and_is_never_shown() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok("<rss/>"));
    let url = |path| origin.url(path).replace("http://", "http://ada:h%C3%BCsh@");
    let body = body(&client(), &url("/feed")).await;
    assert_eq!(body.url, origin.url("/feed"));
    assert_eq!(origin.seen("/feed")[0].header("authorization"), "Basic YWRhOmjDvHNo");

    let (_, message) = broken(&client(), &url("/nothing")).await;
    assert!(!message.contains("ada") && !message.contains("h%C3"), "{message}");

    let auth = Credentials::Basic { user: "bob".to_owned(), password: SecretString::from("x") };
    let ask = Request { url: &url("/feed"), validators: &Validators::default(), headers: &[], auth: Some(&auth) };
    client().get(&ask).await.expect("an answer");
    assert_eq!(origin.seen("/feed")[1].headers.get_all("authorization").iter().count(), 1);
    assert_eq!(origin.seen("/feed")[1].header("authorization"), "Basic Ym9iOng=");
}

#[tokio::test]
async fn error_names_an_invalid_header_without_its_value() {
    let headers = [("X-Key".to_owned(), SecretString::from("hu\nsh"))];
    let ask = Request { url: "http://127.0.0.1:1/", validators: &Validators::default(), headers: &headers, auth: None };
    let error = client().get(&ask).await.expect_err("a line break is no part of a header").to_string();
    assert!(error.contains("\"X-Key\"") && !error.contains("sh\""), "{error}");
}
