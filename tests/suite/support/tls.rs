//! An origin that speaks https (HTTP/2 and 1.1), with a certificate for 127.0.0.1 that only [`CA`] vouches for.
//!
//! The certificates in `tls/` hold until 2126; the key that signed them is thrown away.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::origin::Origin;

/// The certificate to trust.
pub(crate) const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/support/tls/ca.pem");

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    taken: Arc<AtomicUsize>,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, from)) = self.tcp.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                self.taken.fetch_add(1, Ordering::Relaxed);
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// Starts one on a free port of 127.0.0.1.
pub(crate) async fn start() -> Origin {
    start_counting(Arc::default()).await
}

/// The same, with a count of the connections that it takes.
pub(crate) async fn start_counting(taken: Arc<AtomicUsize>) -> Origin {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/cert.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    let mut config = config.expect("they belong together");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("127.0.0.1 has a free port");
    let address = tcp.local_addr().expect("a bound socket has an address");
    Origin::serve(Tls { tcp, acceptor: TlsAcceptor::from(Arc::new(config)), taken }, address, "https")
}
