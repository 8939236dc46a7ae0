//! What the tests share: an origin, the program, small feeds.

pub(crate) mod catalogue;
pub(crate) mod chrf;
pub(crate) mod editions;
pub(crate) mod engine;
pub(crate) mod estimate;
pub(crate) mod feeds;
pub(crate) mod full_world;
pub(crate) mod marian;
pub(crate) mod origin;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod python;
pub(crate) mod s3;
pub(crate) mod tls;
pub(crate) mod unsafe_html;
