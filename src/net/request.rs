//! The request for a source, and the response to it.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use super::body::Body;
use crate::model::Validators;

/// The credentials that a server asks for.
#[derive(Clone)]
pub enum Credentials {
    /// A user name and a password (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token (RFC 6750).
    Bearer(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

/// A GET request. `headers` and `auth` are sent to the origin of `url` alone: a redirect to another origin drops them.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address. A user name and password in it are sent as Basic authentication unless `auth` is set.
    pub url: &'a str,
    /// The validators of the last response, for a conditional request.
    pub validators: &'a Validators,
    /// Further headers. They override our own `Accept` and `User-Agent`.
    pub headers: &'a [(String, SecretString)],
    /// The credentials, if the source needs any.
    pub auth: Option<&'a Credentials>,
}

/// A successful response.
#[derive(Debug)]
pub enum Response {
    /// A body.
    Body(Body),
    /// 304: the last body is still current.
    NotModified {
        /// The validators for the next request: a 304 may bring newer ones (RFC 9111 §4.3.4).
        validators: Validators,
        /// The new address, as in [`Body::moved`].
        moved: Option<String>,
        /// The freshness lifetime, as in [`Body::fresh_for`].
        fresh_for: Option<Duration>,
    },
}
