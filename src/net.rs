//! Polite and safe HTTP: rate limits per host, no private addresses, bounded bodies.
//!
//! [`Client`] fetches sources, [`ApiClient`] calls translation services. Both return bytes or an error that says whether to
//! retry. Nothing here knows about feeds, and nothing is stored.

mod address;
mod api_client;
mod body;
mod buffer;
mod cache_headers;
mod client;
mod connect;
mod deadline;
mod decompress;
mod download;
mod error;
mod guard;
mod host;
mod link_header;
mod options;
mod redact;
mod redirect;
mod request;
mod resolve;
mod trace;

pub use api_client::{ApiBody, ApiClient, ApiError, ApiFile, ApiRequest, ApiResponse};
pub use body::Body;
pub use cache_headers::RetryAfter;
pub use client::Client;
pub use download::Download;
pub use error::{ClientError, FetchError};
pub use guard::check_url;
pub use link_header::Link;
pub use options::Options;
pub use redact::{host_key, redact_url};
pub use request::{Credentials, Request, Response};
pub use resolve::{Resolve, SystemResolver};
