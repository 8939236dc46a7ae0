//! The sockets that the server listens on: an address, a Unix socket, or what systemd hands over (`sd_listen_fds(3)`).

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::forwarded::Peer;
use crate::model::ListenAddress;

/// A socket that is bound.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection that was accepted.
pub(super) enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A socket file of our own: it is removed in the end, unless another process has put its own there.
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Socket {
    /// Binds an address. A Unix socket gets this mode; one that a process has left behind is replaced.
    pub(super) async fn bind(address: &ListenAddress, mode: u32) -> io::Result<(Self, Option<SocketFile>)> {
        match address {
            ListenAddress::Tcp(address) => Ok((Self::Tcp(TcpListener::bind(address).await?), None)),
            ListenAddress::Unix(path) => {
                remove_left_behind(path)?;
                // Until it has its mode nobody but the owner may connect: that takes the right to write.
                let socket = UnixListener::bind(path)?;
                let file = SocketFile::of(path)?;
                fs::set_permissions(path, Permissions::from_mode(mode))?;
                Ok((Self::Unix(socket), Some(file)))
            }
        }
    }

    /// Takes the socket that systemd has bound for this process, if it has.
    pub(super) fn take_passed() -> io::Result<Option<Self>> {
        let mut passed = ListenFd::from_env();
        if passed.len() == 0 {
            return Ok(None);
        }
        if let Ok(Some(socket)) = passed.take_tcp_listener(0) {
            socket.set_nonblocking(true)?;
            return Ok(Some(Self::Tcp(TcpListener::from_std(socket)?)));
        }
        match passed.take_unix_listener(0)? {
            Some(socket) => {
                socket.set_nonblocking(true)?;
                Ok(Some(Self::Unix(UnixListener::from_std(socket)?)))
            }
            None => Ok(None),
        }
    }

    /// Returns the address, as it is bound.
    pub(super) fn address(&self) -> io::Result<ListenAddress> {
        match self {
            Self::Tcp(socket) => Ok(ListenAddress::Tcp(socket.local_addr()?)),
            Self::Unix(socket) => {
                let path = socket.local_addr()?.as_pathname().map(Path::to_owned);
                Ok(ListenAddress::Unix(path.unwrap_or_else(|| "(without a name)".into())))
            }
        }
    }

    /// Waits for a connection.
    pub(super) async fn accept(&self) -> io::Result<(Connection, Peer)> {
        match self {
            Self::Tcp(socket) => {
                let (connection, from) = socket.accept().await?;
                Ok((Connection::Tcp(connection), Peer::Ip(from.ip())))
            }
            Self::Unix(socket) => Ok((Connection::Unix(socket.accept().await?.0), Peer::Unix)),
        }
    }
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), inode: inode(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if inode(&self.path).is_ok_and(|now| now == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn inode(path: &Path) -> io::Result<u64> {
    Ok(fs::symlink_metadata(path)?.ino())
}

/// Removes a socket on which nobody listens any more. Anything else stays, and binding fails.
fn remove_left_behind(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket && StdUnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        fs::remove_file(path)?;
    }
    Ok(())
}
