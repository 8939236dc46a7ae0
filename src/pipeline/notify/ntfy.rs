//! Publishes events to a topic of an ntfy server, as JSON (<https://docs.ntfy.sh/publish/>, "Publish as JSON").

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use super::{Failure, judge_response};
use crate::model::{NewsKind, OutboxEvent};
use crate::net::{ApiBody, ApiClient, ApiRequest};

/// The longest message in bytes: a longer one would become an attachment ("Limitations": 4,096).
const LONGEST_MESSAGE: usize = 3_500;

/// An event, and how it is shown.
pub(super) struct Message<'a> {
    pub(super) event: &'a OutboxEvent,
    pub(super) priority: Option<u8>,
    pub(super) tags: &'a [String],
}

#[derive(Serialize)]
struct Body<'a> {
    topic: &'a str,
    title: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
}

/// Publishes a message. `url` is the address of the topic.
pub(super) async fn send(
    client: &ApiClient,
    (url, token): (&SecretString, Option<&SecretString>),
    message: &Message<'_>,
    timeout: Duration,
) -> Result<(), Failure> {
    let unreadable = || Failure::Later("its address names no topic".to_owned(), None);
    let topic = Url::parse(url.expose_secret()).map_err(|_| unreadable())?;
    let (server, topic) = split_topic(topic).ok_or_else(unreadable)?;
    let body = serde_json::to_vec(&body(&topic, message)).map_err(|error| Failure::Refused(error.to_string()))?;
    let mut headers = Vec::new();
    if let Some(token) = token {
        headers.push(("authorization", format!("Bearer {}", token.expose_secret()).into()));
    }
    let request = ApiRequest { url: server, headers: &headers, body: ApiBody::Json(body), timeout, hides_path: true };
    judge_response(client.call(request).await)
}

/// Splits the address of a topic into that of its server and its name.
fn split_topic(mut url: Url) -> Option<(Url, String)> {
    let topic = url.path_segments()?.next_back().filter(|topic| !topic.is_empty())?.to_owned();
    let topic = percent_encoding::percent_decode_str(&topic).decode_utf8().ok()?.into_owned();
    url.path_segments_mut().ok()?.pop().push("");
    Some((url, topic))
}

fn body<'a>(topic: &'a str, message: &'a Message<'_>) -> Body<'a> {
    let Message { event, priority, tags } = message;
    let news = &event.news;
    let text = match (news.kind, news.summary.trim()) {
        (NewsKind::Withdrawn, _) => "Its source has withdrawn it.",
        // A message without a text would be shown as "triggered".
        (_, "") => news.url.as_deref().unwrap_or(&news.title),
        (_, summary) => &summary[..summary.floor_char_boundary(LONGEST_MESSAGE)],
    };
    Body { topic, title: &news.title, message: text, click: news.url.as_deref(), priority: *priority, tags }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ItemNews, Time};

    fn shown(kind: NewsKind, summary: &str) -> serde_json::Value {
        let news = ItemNews {
            kind,
            title: "Titre".to_owned(),
            url: Some("https://a.example/1".to_owned()),
            summary: summary.to_owned(),
            feed: String::new(),
        };
        let event = OutboxEvent { seq: 1, id: "msg_1".to_owned(), queued: Time::EPOCH, refusals: 0, news };
        serde_json::to_value(body("desk", &Message { event: &event, priority: None, tags: &[] })).expect("JSON")
    }

    #[test]
    fn topic_is_the_last_part_of_the_address() {
        let split = |url: &str| split_topic(Url::parse(url).expect("an address")).map(|(url, topic)| (String::from(url), topic));
        assert_eq!(split("https://ntfy.example/desk"), Some(("https://ntfy.example/".to_owned(), "desk".to_owned())));
        assert_eq!(split("https://x.example/ntfy/a-b"), Some(("https://x.example/ntfy/".to_owned(), "a-b".to_owned())));
        assert_eq!(split("https://ntfy.example/"), None);
    }

    #[test]
    fn message_is_never_empty_and_never_an_attachment() {
        assert_eq!(shown(NewsKind::New, " ")["message"], "https://a.example/1");
        assert_eq!(shown(NewsKind::Withdrawn, "x")["message"], "Its source has withdrawn it.");
        let long = shown(NewsKind::New, &"é".repeat(4000));
        let message = long["message"].as_str().expect("a text");
        assert!(message.len() <= LONGEST_MESSAGE && message.starts_with('é'), "{}", message.len());
    }
}
