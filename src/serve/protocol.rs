//! The version of HTTP that a client speaks.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The first bytes of HTTP/2 with prior knowledge (RFC 9113 §3.4). No request of HTTP/1 begins like this.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// The pause before a part of the preface is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks at the first bytes of a connection, without reading them. Returns true for HTTP/2, and nothing if too little arrives in time.
pub(super) async fn speaks_http2(connection: &TcpStream, limit: Duration) -> io::Result<Option<bool>> {
    let look = async {
        let mut start = [0; PREFACE.len()];
        loop {
            let length = connection.peek(&mut start).await?;
            let has_begun = PREFACE.starts_with(&start[..length]);
            if length == 0 || !has_begun || length == PREFACE.len() {
                return Ok(length > 0 && has_begun);
            }
            sleep(PAUSE).await;
        }
    };
    timeout(limit, look).await.ok().transpose()
}
