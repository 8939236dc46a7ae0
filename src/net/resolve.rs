//! Names to addresses, checked: a connection is made to these addresses and no others, so that a name which resolves
//! differently the next time (DNS rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use thiserror::Error;

use super::guard;
use crate::model::Cidr;

/// More addresses than this of one name are not tried.
const MAX_ADDRESSES: usize = 16;

/// Looks names up. The system's own way is [`System`].
pub trait Resolve: Send + Sync {
    /// The addresses of a host name.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver (`getaddrinfo`).
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Resolve for System {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// A name that leads to private addresses only. It travels through reqwest's chain of errors and is found there again.
#[derive(Debug, Error)]
#[error("{name} resolves to {address}, and {}", guard::private(&address.to_string()))]
pub(super) struct PrivateName {
    name: String,
    address: IpAddr,
}

/// A resolver that gives public addresses only, for reqwest.
pub(super) struct Checked {
    /// Who looks up.
    pub(super) inner: Arc<dyn Resolve>,
    /// What is allowed although private.
    pub(super) allow: Arc<[Cidr]>,
    /// The host of the proxy, which the operator chose and which may well be private. No URL may name it (`client.rs`).
    pub(super) proxy: Option<String>,
}

impl reqwest::dns::Resolve for Checked {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let name = name.as_str().to_owned();
        let lookup = self.inner.resolve(&name);
        let free = self.proxy.as_deref() == Some(name.trim_end_matches('.'));
        let allow = Arc::clone(&self.allow);
        Box::pin(async move {
            let found = lookup.await?;
            let good = if free { found } else { public_only(name, found, &allow)? };
            let good = good.into_iter().take(MAX_ADDRESSES).map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(good) as reqwest::dns::Addrs)
        })
    }
}

fn public_only(
    name: String,
    found: Vec<IpAddr>,
    allow: &[Cidr],
) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(&first) = found.first() else {
        return Err(Box::new(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    };
    let good: Vec<_> = found.into_iter().filter(|&address| guard::allowed(address, allow)).collect();
    if good.is_empty() { Err(Box::new(PrivateName { name, address: first })) } else { Ok(good) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn of_a_mixed_list_only_the_public_addresses_are_left() {
        let mixed = addresses(&["169.254.169.254", "93.184.216.34", "::ffff:10.0.0.1", "2606:4700::1111", "::1"]);
        let good = public_only("mixed".to_owned(), mixed, &[]).expect("two of them are public");
        assert_eq!(good, addresses(&["93.184.216.34", "2606:4700::1111"]));
    }

    #[test]
    fn a_name_with_private_addresses_only_is_refused_by_that_name() {
        let error = public_only("intranet".to_owned(), addresses(&["10.0.0.7", "::1"]), &[]).expect_err("both are private");
        assert!(error.is::<PrivateName>());
        assert!(error.to_string().starts_with("intranet resolves to 10.0.0.7, and 10.0.0.7 is no"), "{error}");
    }

    #[test]
    fn a_name_without_addresses_is_not_called_private() {
        let error = public_only("nothing".to_owned(), Vec::new(), &[]).expect_err("there is nothing to connect to");
        assert!(error.is::<io::Error>());
    }
}
