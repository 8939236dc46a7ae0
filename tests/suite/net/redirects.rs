//! Redirects: which ones are followed, and what they mean for the source.

use relais::model::BreakKind;

use super::{body, broken, client};
use crate::support::origin::{Origin, Reply};

#[tokio::test]
async fn source_has_moved_only_if_every_redirect_was_permanent() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok("<rss/>"));
    origin.on("/for-good", Reply::redirect(301, "/again#top"));
    origin.on("/again", Reply::redirect(308, &origin.url("/feed")));
    origin.on("/for-now", Reply::redirect(307, "feed"));
    origin.on("/mixed", Reply::redirect(302, "/for-good"));
    for (path, moved) in [("/for-good", Some(origin.url("/feed"))), ("/for-now", None), ("/mixed", None), ("/feed", None)] {
        let body = body(&client(), &origin.url(path)).await;
        assert_eq!((body.url, body.moved), (origin.url("/feed"), moved), "{path}");
    }
}

#[tokio::test]
async fn redirect_loops_and_broken_locations_are_errors() {
    let origin = Origin::start().await;
    origin.on("/self", Reply::redirect(302, "/self"));
    origin.on("/a", Reply::redirect(302, "/b"));
    origin.on("/b", Reply::redirect(302, "/a"));
    origin.on("/mute", Reply::status(302));
    origin.on("/wrong", Reply::redirect(302, "http://"));
    origin.on("/long", Reply::redirect(302, &"x".repeat(9_000)));
    for n in 0..20 {
        origin.on(&format!("/{n}"), Reply::redirect(302, &format!("/{}", n + 1)));
    }
    for (path, says) in [
        ("/self", "in a loop"),
        ("/a", "in a loop"),
        ("/0", "redirect after 10 others"),
        ("/mute", "answers 302 Found without a Location"),
        ("/wrong", "is not a URL"),
        ("/long", "longer than 8192 bytes"),
    ] {
        let (kind, message) = broken(&client(), &origin.url(path)).await;
        assert_eq!((kind, message.contains(says)), (BreakKind::Redirect, true), "{path}: {message}");
    }
    assert_eq!(origin.seen("/10").len(), 1);
    assert!(origin.seen("/11").is_empty());
}

#[tokio::test]
async fn location_may_be_utf8_or_latin1() {
    let origin = Origin::start().await;
    origin.on("/utf8", Reply::status(302).header("location", "/d\u{e9}p\u{ea}ches"));
    origin.on("/latin1", Reply::status(302).header("location", b"/d\xe9p\xeaches"));
    origin.on("/d%C3%A9p%C3%AAches", Reply::ok("utf8"));
    origin.on("/d%E9p%EAches", Reply::ok("latin1"));
    assert_eq!(body(&client(), &origin.url("/utf8")).await.bytes, b"utf8");
    assert_eq!(body(&client(), &origin.url("/latin1")).await.bytes, b"latin1");
}
