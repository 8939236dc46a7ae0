//! Host names to checked addresses. A connection is made only to the addresses returned here, so that a name that resolves
//! differently the next time (DNS rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use thiserror::Error;

use super::address::{is_allowed, private_reason};
use crate::model::Cidr;

/// The number of addresses of one name that are tried.
const MAX_ADDRESSES: usize = 16;

/// Resolves host names. [`SystemResolver`] asks the operating system.
pub trait Resolve: Send + Sync {
    /// Returns the addresses of a host name.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver (`getaddrinfo`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// A name with private addresses only. It passes through reqwest's chain of errors, where `error` finds it again.
#[derive(Debug, Error)]
#[error("{name} resolves to {address}, and {}", private_reason(&address.to_string()))]
pub(super) struct PrivateName {
    name: String,
    address: IpAddr,
}

/// A resolver for reqwest that returns allowed addresses only.
pub(super) struct CheckedResolver {
    /// The resolver that is asked.
    pub(super) inner: Arc<dyn Resolve>,
    /// The private addresses that are allowed.
    pub(super) allow: Arc<[Cidr]>,
    /// The host of the proxy. The operator chose it, and it may be private. `client` refuses URLs that name it.
    pub(super) proxy: Option<String>,
}

impl reqwest::dns::Resolve for CheckedResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let name = name.as_str().to_owned();
        let lookup = self.inner.resolve(&name);
        let is_proxy = self.proxy.as_deref() == Some(name.trim_end_matches('.'));
        let allow = Arc::clone(&self.allow);
        Box::pin(async move {
            let found = lookup.await?;
            let good = if is_proxy { found } else { allowed_only(name, found, &allow)? };
            let good = good.into_iter().take(MAX_ADDRESSES).map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(good) as reqwest::dns::Addrs)
        })
    }
}

fn allowed_only(
    name: String,
    found: Vec<IpAddr>,
    allow: &[Cidr],
) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(&first) = found.first() else {
        return Err(Box::new(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    };
    let good: Vec<_> = found.into_iter().filter(|&address| is_allowed(address, allow)).collect();
    if good.is_empty() {
        tracing::debug!(url.host = name, "private address refused: {name} resolves to {first}");
        return Err(Box::new(PrivateName { name, address: first }));
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn private_addresses_are_removed_from_a_mixed_list() {
        let mixed = addresses(&["169.254.169.254", "93.184.216.34", "::ffff:10.0.0.1", "2606:4700::1111", "::1"]);
        let good = allowed_only("mixed".to_owned(), mixed, &[]).expect("two of them are public");
        assert_eq!(good, addresses(&["93.184.216.34", "2606:4700::1111"]));
    }

    #[test]
    fn name_with_private_addresses_only_is_refused() {
        let error = allowed_only("intranet".to_owned(), addresses(&["10.0.0.7", "::1"]), &[]).expect_err("both are private");
        assert!(error.is::<PrivateName>());
        assert!(error.to_string().starts_with("intranet resolves to 10.0.0.7, and 10.0.0.7 is not"), "{error}");
    }

    #[test]
    fn name_without_addresses_is_not_called_private() {
        let error = allowed_only("nothing".to_owned(), Vec::new(), &[]).expect_err("there is nothing to connect to");
        assert!(error.is::<io::Error>());
    }
}
