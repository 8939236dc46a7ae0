//! The guard of editions that not everybody may read: by a token in the address, or by a user name and a password.
//!
//! The token stands in the path, before the name of the file, so that the relative links of a page (its other pages, languages and
//! feeds) keep it; in a query it would be lost with the first click.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use headers::authorization::Basic;
use headers::{Authorization, HeaderMapExt};
use secrecy::ExposeSecret;

use crate::config::{EditionAuth, Plan};

/// The path below which tokens stand.
const BELOW: &str = "token/";

/// The editions that not everybody may read, by name.
#[derive(Default)]
pub(super) struct Guards(HashMap<String, Guard>);

/// The hashes of what opens an edition: they have one length, and are compared in constant time.
struct Guard {
    tokens: Vec<blake3::Hash>,
    login: Option<blake3::Hash>,
}

impl Guards {
    /// Guards the editions of a plan that have an `auth`.
    pub(super) fn new(plan: &Plan) -> Self {
        let guard = |auth: &EditionAuth| Guard {
            tokens: auth.tokens.iter().map(|token| hash(token.expose_secret())).collect(),
            login: auth.login.as_ref().map(|(user, password)| login_hash(user, password.expose_secret())),
        };
        let editions = plan.editions.iter().filter_map(|edition| Some((edition, edition.auth.as_ref()?)));
        Self(editions.map(|(edition, auth)| (edition.id.clone(), guard(auth))).collect())
    }

    /// Returns true if everybody may read everything.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true if there is a guard of this name.
    pub(super) fn has(&self, edition: &str) -> bool {
        self.0.contains_key(edition)
    }

    /// Returns true if a request may read an edition. All that could open it is compared, whichever fits.
    pub(super) fn admits(&self, edition: &str, token: Option<&str>, request: &HeaderMap) -> bool {
        let Some(guard) = self.0.get(edition) else { return false };
        let mut is_open = token.is_some_and(|token| guard.has_token(token));
        if request.get_all(AUTHORIZATION).iter().count() == 1
            && let Some(sent) = request.typed_get::<Authorization<Basic>>()
        {
            is_open |= guard.has_token(sent.password());
            is_open |= guard.login.is_some_and(|login| login == login_hash(sent.username(), sent.password()));
        }
        is_open
    }
}

impl Guard {
    /// Compares with every token, so that the time does not tell which one was near.
    fn has_token(&self, sent: &str) -> bool {
        let sent = hash(sent);
        let mut is_found = false;
        for token in &self.tokens {
            is_found |= *token == sent;
        }
        is_found
    }
}

fn hash(text: &str) -> blake3::Hash {
    blake3::hash(text.as_bytes())
}

/// No user name holds a colon (RFC 7617 §2).
fn login_hash(user: &str, password: &str) -> blake3::Hash {
    hash(&format!("{user}:{password}"))
}

/// Splits a path without its first `/` into the token that it begins with, if it does, and the name of a file.
pub(super) fn split_token(path: &str) -> (Option<&str>, &str) {
    let split = path.strip_prefix(BELOW).and_then(|rest| rest.split_once('/'));
    split.map_or((None, path), |(token, name)| (Some(token), name))
}

/// Returns a path as logs may show it.
pub(super) fn without_token(path: &str) -> std::borrow::Cow<'_, str> {
    match path.find(BELOW) {
        None => path.into(),
        Some(at) => {
            let (before, rest) = path.split_at(at + BELOW.len());
            let name = rest.split_once('/').map_or("", |(_, name)| name);
            format!("{before}…/{name}").into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guards() -> Guards {
        let guard = Guard {
            tokens: vec![hash("a-token-of-sixteen"), hash("another-of-sixteen")],
            login: Some(login_hash("desk", "pass")),
        };
        Guards(HashMap::from([("jeux".to_owned(), guard)]))
    }

    fn basic(user: &str, password: &str) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.typed_insert(Authorization::basic(user, password));
        fields
    }

    #[test]
    fn token_in_the_address_or_as_a_password_opens_an_edition() {
        let (guards, none) = (guards(), HeaderMap::new());
        assert!(guards.admits("jeux", Some("another-of-sixteen"), &none));
        assert!(guards.admits("jeux", None, &basic("anybody", "a-token-of-sixteen")));
        assert!(guards.admits("jeux", None, &basic("desk", "pass")));
    }

    #[test]
    fn nothing_else_opens_an_edition() {
        let (guards, none) = (guards(), HeaderMap::new());
        for token in [None, Some(""), Some("a-token-of-sixtee"), Some("pass"), Some("desk:pass")] {
            assert!(!guards.admits("jeux", token, &none), "{token:?}");
        }
        for (user, password) in [("", "pass"), ("desk", ""), ("desk", "Pass"), ("a-token-of-sixteen", "")] {
            assert!(!guards.admits("jeux", None, &basic(user, password)), "{user}");
        }
        let mut twice = basic("desk", "pass");
        twice.append(AUTHORIZATION, "Basic eDp5".parse().expect("a value"));
        assert!(!guards.admits("jeux", None, &twice));
        assert!(!guards.admits("autre", Some("a-token-of-sixteen"), &none), "an edition without a guard is not asked for");
    }

    #[test]
    fn token_stands_before_the_name_of_the_file() {
        assert_eq!(split_token("token/abc/jeux.atom"), (Some("abc"), "jeux.atom"));
        assert_eq!(split_token("token/abc/archive/jeux.atom"), (Some("abc"), "archive/jeux.atom"));
        assert_eq!(split_token("token/abc/"), (Some("abc"), ""));
        assert_eq!(split_token("jeux.atom"), (None, "jeux.atom"));
        assert_eq!(split_token("token/abc"), (None, "token/abc"));
    }

    #[test]
    fn logs_show_no_token() {
        assert_eq!(without_token("/news/token/abc/jeux.atom"), "/news/token/…/jeux.atom");
        assert_eq!(without_token("/token/abc"), "/token/…/");
        assert_eq!(without_token("/jeux.atom"), "/jeux.atom");
    }
}
