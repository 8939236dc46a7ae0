//! The version of HTTP that a client speaks.

use std::io::{self, Cursor};
use std::time::Duration;

use tokio::io::{AsyncReadExt, Chain, Join, join};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpStream, UnixStream};
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

/// The stream of a connection of which the first bytes were read already.
pub(super) type Sniffed = Join<Chain<Cursor<Vec<u8>>, OwnedReadHalf>, OwnedWriteHalf>;

/// Does the same for a Unix socket, of which bytes cannot be looked at without reading them. Returns the stream with them.
pub(super) async fn sniff(stream: UnixStream, limit: Duration) -> io::Result<Option<(bool, Sniffed)>> {
    let (mut reader, writer) = stream.into_split();
    let read = async {
        let mut start = Vec::with_capacity(PREFACE.len());
        while start.len() < PREFACE.len() && PREFACE.starts_with(&start) {
            let mut rest = (&mut reader).take((PREFACE.len() - start.len()) as u64);
            if rest.read_buf(&mut start).await? == 0 {
                break;
            }
        }
        Ok::<_, io::Error>(start)
    };
    let Ok(start) = timeout(limit, read).await else { return Ok(None) };
    let start = start?;
    Ok(Some((start == PREFACE, join(Cursor::new(start).chain(reader), writer))))
}
