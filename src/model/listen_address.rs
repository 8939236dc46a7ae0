//! The address that a server listens on.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// The beginning of the path of a Unix socket.
const UNIX: &str = "unix:";

/// The address that a server listens on: `127.0.0.1:8585`, or `unix:/run/relais/relais.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address and port.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// A text that is no such address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address to listen on: write one like 127.0.0.1:8585, [::1]:8585 or unix:/run/relais/relais.sock")]
pub struct ListenAddressError(String);

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ListenAddressError(text.to_owned());
        match text.strip_prefix(UNIX) {
            Some(path) if path.starts_with('/') && !path.contains('\0') => Ok(Self::Unix(path.into())),
            Some(_) => Err(wrong()),
            None => text.parse().map(Self::Tcp).map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_a_port_of_an_address_or_the_path_of_a_socket() {
        for (text, shown) in [
            ("127.0.0.1:8585", "http://127.0.0.1:8585"),
            ("[::1]:80", "http://[::1]:80"),
            ("unix:/run/a.sock", "unix:/run/a.sock"),
        ] {
            assert_eq!(text.parse::<ListenAddress>().expect("an address").to_string(), shown);
        }
        for text in ["", "8585", "localhost", "unix:", "unix:a.sock", "/run/a.sock", "127.0.0.1"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }
}
