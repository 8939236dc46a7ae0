//! Ranges of IP addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of IP addresses as `allow_private` lists them: `127.0.0.1/32`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Returns true if `address` is in the range. An IPv4 address written as IPv6 (`::ffff:127.0.0.1`) is treated as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                range.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                range.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// A text that is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no range of addresses: write one like \"127.0.0.1/32\" or \"fd00::/8\"")]
pub struct CidrError(String);

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || CidrError(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), |p| p.parse().map_err(|_| wrong()))?;
        if prefix > widest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_contains_addresses_in_either_notation() {
        let loopback: Cidr = "127.0.0.0/8".parse().expect("a range");
        assert!(loopback.contains("127.9.9.9".parse().expect("an address")));
        assert!(loopback.contains("::ffff:127.0.0.1".parse().expect("an address")));
        assert!(!loopback.contains("128.0.0.1".parse().expect("an address")));
        let all: Cidr = "0.0.0.0/0".parse().expect("a range");
        assert!(all.contains("8.8.8.8".parse().expect("an address")) && !all.contains("::1".parse().expect("an address")));
        let one: Cidr = "::1".parse().expect("a range");
        assert!(one.contains("::1".parse().expect("an address")) && !one.contains("::2".parse().expect("an address")));
        assert!("10.0.0.0/33".parse::<Cidr>().is_err() && "localhost".parse::<Cidr>().is_err());
    }
}
