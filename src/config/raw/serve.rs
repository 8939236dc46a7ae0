//! The `[serve]` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;
use super::RawSecret;

/// Rules for `relais serve` and `relais daemon --listen`. Every key is optional.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Serve")]
pub(crate) struct RawServe {
    /// The token with which `/status`, `/status.json` and `/metrics` may be read: as a bearer token, or as the password of any user. Without it
    /// they can be read if the server listens on an address of this machine only (`127.0.0.1`, `::1`) and the request says of no proxy
    /// that it came through it, and by nobody otherwise. Set it where a reverse proxy passes these paths on.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "RELAIS_ADMIN" }))]
    pub(crate) admin: Option<Located<RawSecret>>,
    /// The address to listen on, unless `--listen` names one: `127.0.0.1:8585`, or a Unix socket for a reverse proxy on this machine,
    /// `unix:/run/relais/relais.sock`. A daemon with this key serves as one with `--listen` does. A socket that systemd passes
    /// (`relais.socket`) comes before both.
    #[schemars(example = &"unix:/run/relais/relais.sock")]
    pub(crate) listen: Option<Located<String>>,
    /// The mode of the Unix socket, in octal digits: who may connect. Default: `0660`.
    #[schemars(example = &"0666")]
    pub(crate) socket_mode: Option<Located<String>>,
    /// The addresses of reverse proxies, as ranges. What they say of their clients (`Forwarded`, or `X-Forwarded-For`, `-Proto` and
    /// `-Host`) counts in the log, and in the `Link` headers of an output without `base_url`. Others are not believed. A proxy that
    /// connects through the Unix socket always is.
    #[schemars(example = ["127.0.0.1/32"])]
    pub(crate) trusted_proxies: Vec<Located<String>>,
    /// The path below which everything is served, where a reverse proxy passes the paths of readers on as they are. It begins with a
    /// `/`.
    #[schemars(example = &"/news")]
    pub(crate) base_path: Option<Located<String>>,
}
