//! What a failed request to an S3 server means, and what to do about it. The servers' words are cut short and lose their control
//! characters; no error has a secret, because requests are signed and do not contain it.

use std::error::Error as StdError;
use std::fmt;

use object_store::client::{HttpError, HttpErrorKind};

/// The most characters of what a server says.
const MAX_DETAIL: usize = 300;

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectFailure {
    /// There are no credentials: none were configured, and this machine has no role.
    NoCredentials,
    /// The server refused the credentials.
    Refused,
    /// The credentials are good, but do not allow this.
    Denied,
    /// There is no such bucket.
    NoBucket,
    /// The bucket is in another region.
    Region,
    /// The bucket or the account is full.
    Full,
    /// The server cannot be reached, or did not answer in time.
    Unreachable,
    /// Anything else.
    Other,
}

impl fmt::Display for ObjectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCredentials => "there are no credentials",
            Self::Refused => "the server refused the credentials",
            Self::Denied => "permission was denied",
            Self::NoBucket => "there is no such bucket",
            Self::Region => "the bucket is in another region",
            Self::Full => "there is no room",
            Self::Unreachable => "the server did not answer",
            Self::Other => "the request failed",
        })
    }
}

impl ObjectFailure {
    /// Returns what an operator can do.
    pub(in crate::sink) fn hint(self) -> &'static str {
        match self {
            Self::NoCredentials => "set access_key and secret_key in [s3], or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            Self::Refused => "check access_key and secret_key in [s3] or the environment, and the clock of this machine",
            Self::Denied => "allow this key to list the bucket, and to read, write and delete its objects",
            Self::NoBucket => "make the bucket, or name another one as `output`; check `endpoint` and `path_style` in [s3]",
            Self::Region => "set `region` in [s3]",
            Self::Full => "make room or raise the quota of the bucket; the objects that are there are kept",
            Self::Unreachable => "check `endpoint` in [s3] and the network; the objects that are there are kept",
            Self::Other => "the objects that are there are kept",
        }
    }

    /// Classifies an error, and returns what the server said, or else the innermost cause.
    pub(super) fn classify(error: &object_store::Error, has_credentials: bool) -> (Self, String) {
        let texts: Vec<String> = chain(error).map(ToString::to_string).collect();
        let whole = texts.first().map_or("", String::as_str);
        if !has_credentials && (whole.contains("/latest/") || whole.contains("169.254.169.254")) {
            return (Self::NoCredentials, "this machine has no role, either".to_owned());
        }
        // The inner ones repeat less.
        let answer = texts.iter().rev().find_map(|text| Answer::find(text));
        if let Some(answer) = answer {
            return (answer.failure(), answer.detail());
        }
        let kind = chain(error).find_map(|cause| cause.downcast_ref::<HttpError>()).map(HttpError::kind);
        let failure = match kind {
            _ if whole.contains("redirect without LOCATION") => Self::Region,
            Some(HttpErrorKind::Connect | HttpErrorKind::Timeout | HttpErrorKind::Request | HttpErrorKind::Interrupted) => {
                Self::Unreachable
            }
            _ => Self::Other,
        };
        (failure, shorten(texts.last().map_or("", String::as_str)))
    }
}

fn chain<'e>(error: &'e object_store::Error) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error as &'e (dyn StdError + 'static)), |error| (*error).source())
}

/// The status and the XML body of an answer (Amazon S3 API reference, "Error responses").
struct Answer<'t> {
    status: u16,
    code: &'t str,
    message: &'t str,
}

impl<'t> Answer<'t> {
    /// Finds it in the text of an error: the library has no other form of it.
    fn find(text: &'t str) -> Option<Self> {
        let rest = text.split_once("status code: ").map(|(_, rest)| rest);
        let (status, body) = match rest {
            Some(rest) => (rest.get(..3)?.parse().ok()?, rest),
            // 200 with an error in the body.
            None => (200, text.split_once("error response: ").map(|(_, rest)| rest)?),
        };
        Some(Self { status, code: element(body, "Code"), message: element(body, "Message") })
    }

    fn failure(&self) -> ObjectFailure {
        match (self.code, self.status) {
            ("NoSuchBucket" | "InvalidBucketName", _) => ObjectFailure::NoBucket,
            ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _) | (_, 301 | 307) => {
                ObjectFailure::Region
            }
            (
                "QuotaExceeded"
                | "XMinioAdminBucketQuotaExceeded"
                | "XMinioStorageFull"
                | "InsufficientStorage"
                | "EntityTooLarge"
                | "QuotaExceededException",
                _,
            )
            | (_, 413 | 507) => ObjectFailure::Full,
            (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "InvalidToken"
                | "ExpiredToken"
                | "RequestTimeTooSkewed"
                | "InvalidSecurity"
                | "NotSignedUp",
                _,
            )
            | (_, 401) => ObjectFailure::Refused,
            // Servers have other words for a full bucket, too.
            (_, 403) if says_full(self.message) || says_full(self.code) => ObjectFailure::Full,
            (_, 403) => ObjectFailure::Denied,
            (_, 404) if self.code.is_empty() => ObjectFailure::NoBucket,
            (_, 408 | 429 | 500..) => ObjectFailure::Unreachable,
            _ => ObjectFailure::Other,
        }
    }

    fn detail(&self) -> String {
        let said = [self.code, self.message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
        if said.is_empty() { format!("HTTP {}", self.status) } else { shorten(&format!("HTTP {}, {said}", self.status)) }
    }
}

fn says_full(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("quota") || lower.contains("storage full") || lower.contains("insufficient storage")
}

/// Returns the text of the first element of a name; empty if there is none.
fn element<'t>(body: &'t str, name: &str) -> &'t str {
    let text = body.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    text.map_or("", |(text, _)| text.trim())
}

fn shorten(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_DETAIL).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (ObjectFailure, String) {
        let answer = Answer::find(text).expect("an answer");
        (answer.failure(), answer.detail())
    }

    fn answered(status: &str, code: &str, message: &str) -> ObjectFailure {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        told(&format!("Error performing PUT http://x/ - Server returned non-2xx status code: {status}: {body}")).0
    }

    #[test]
    fn answers_of_servers_are_told_apart() {
        assert_eq!(answered("403 Forbidden", "SignatureDoesNotMatch", "The request signature"), ObjectFailure::Refused);
        assert_eq!(answered("403 Forbidden", "AccessDenied", "Access Denied."), ObjectFailure::Denied);
        assert_eq!(answered("403 Forbidden", "AccessDenied", "Bucket size quota is reached"), ObjectFailure::Full, "Garage");
        assert_eq!(answered("400 Bad Request", "XMinioAdminBucketQuotaExceeded", "Bucket quota"), ObjectFailure::Full, "MinIO");
        assert_eq!(answered("507 Insufficient Storage", "", ""), ObjectFailure::Full);
        assert_eq!(answered("404 Not Found", "NoSuchBucket", "The specified bucket does not exist"), ObjectFailure::NoBucket);
        assert_eq!(answered("301 Moved Permanently", "PermanentRedirect", "must be addressed"), ObjectFailure::Region);
        assert_eq!(answered("503 Service Unavailable", "SlowDown", "Please reduce"), ObjectFailure::Unreachable);
    }

    #[test]
    fn words_of_a_server_are_short_and_one_line() {
        let (_, detail) =
            told(&format!("status code: 403 Forbidden: <Code>A</Code><Message>b\n\u{1b}[31m{}</Message>", "x".repeat(9000)));
        assert!(detail.starts_with("HTTP 403, A: b") && detail.chars().count() <= MAX_DETAIL, "{detail}");
        assert!(!detail.contains(char::is_control));
    }
}
