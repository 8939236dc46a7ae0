//! The HTTP server: the published files, health checks, and, of a daemon, the callbacks of hubs (WebSub).
//!
//! Anybody may send requests: their size is limited, and responses reveal nothing of the configuration.

mod console;
mod files;
mod forwarded;
mod freshness;
mod guard;
mod health;
mod host_header;
mod listen;
mod metrics;
mod protocol;
mod requests;
mod response;
mod routes;
mod service;
mod signature;
mod slots;
mod socket;
mod state;
pub mod status;
mod websub;

pub use console::Console;
pub use files::{Files, SharedFiles};
pub use freshness::Freshness;
pub use health::{Health, Unhealthy};
pub use listen::{ListenError, Listener};
pub use routes::{Role, Site};
pub use state::{PushReceiver, ServerState};
