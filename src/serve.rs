//! The HTTP server of a daemon: health checks, and callbacks for hubs (WebSub).
//!
//! Anybody may send requests: their size is limited, and responses reveal nothing of the configuration.

mod health;
mod host_header;
mod listen;
mod response;
mod routes;
mod signature;
mod slots;
mod state;
mod websub;

pub use health::{Health, Unhealthy};
pub use listen::{ListenError, Listener};
pub use state::{PushReceiver, ServerState};
