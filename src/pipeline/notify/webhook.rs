//! Posts events to a server, signed as Standard Webhooks 1.0 asks (<https://www.standardwebhooks.com/>, "Spec").

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

use super::{Failure, judge_response};
use crate::model::{OutboxEvent, Time};
use crate::net::{ApiBody, ApiClient, ApiRequest};

/// Posts an event. `key` is the secret in base64, without its prefix.
pub(super) async fn send(
    client: &ApiClient,
    (url, key): (&SecretString, Option<&SecretString>),
    event: &OutboxEvent,
    now: Time,
    timeout: Duration,
) -> Result<(), Failure> {
    let url = Url::parse(url.expose_secret()).map_err(|_| Failure::Later("its address cannot be read".to_owned(), None))?;
    let seconds = now.millis().div_euclid(1000);
    let mut headers = vec![
        ("webhook-id", event.id.as_str().into()),
        ("webhook-timestamp", seconds.to_string().into()),
        ("relais-event", event.news.kind.as_str().into()),
    ];
    if let Some(key) = key {
        let signature = sign(key.expose_secret(), &event.id, seconds, &event.news.feed);
        headers.push(("webhook-signature", signature.ok_or_else(unusable_key)?.into()));
    }
    let body = ApiBody::Json(event.news.feed.clone().into_bytes());
    judge_response(client.call(ApiRequest { url, headers: &headers, body, timeout, hides_path: true }).await)
}

fn unusable_key() -> Failure {
    Failure::Later("its secret is not base64".to_owned(), None)
}

/// Signs id, time and body with HMAC-SHA256.
fn sign(key: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(key).ok()?;
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature that the reference library for Python (standardwebhooks 1.1.0) makes of the same.
    #[test]
    fn signature_is_the_one_of_the_reference_library() {
        let key = "YSBrZXkgb2YgdGhlIHRlc3RzLCAzMiBieXRlcyBsb25n";
        let signature = sign(key, "msg_0123", 1_795_514_400, "{\"title\":\"Été\"}");
        assert_eq!(signature.as_deref(), Some("v1,GbQp38ICjVWMOWEvuj+sFiirS0Xfs2pgAOUZox6MMzw="));
        assert_eq!(sign("not base64!", "msg_0123", 0, ""), None);
    }
}
