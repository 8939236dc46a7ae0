//! The address of a PostgreSQL database: one host or several, of which one accepts writes.
//!
//! sqlx knows addresses of one host. Those of several are split here, and what relais reads itself is taken out of them.

use std::fmt::{self, Write};

use url::Url;

use super::Access;

/// The most hosts of an address.
const MAX_HOSTS: usize = 16;
/// The key that names the hosts to read from, as libpq has it.
const TARGET_SESSION: &str = "target_session_attrs";
/// The key that says that connections come from a pool that lends them for one transaction (`pool_mode` of `PgBouncer`).
const POOL_MODE: &str = "pool_mode";
/// The name under which the server lists our connections.
const APPLICATION_NAME: (&str, &str) = ("application_name", "relais");

/// The sessions that are wanted (`target_session_attrs`, <https://www.postgresql.org/docs/current/libpq-connect.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetSession {
    Any,
    ReadWrite,
    ReadOnly,
    PreferStandby,
}

impl TargetSession {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "any" => Some(Self::Any),
            "read-write" | "primary" => Some(Self::ReadWrite),
            "read-only" | "standby" => Some(Self::ReadOnly),
            "prefer-standby" => Some(Self::PreferStandby),
            _ => None,
        }
    }

    /// Returns true if a session that accepts writes, or accepts none, is one of these.
    pub(super) fn takes(self, accepts_writes: bool) -> bool {
        match self {
            Self::Any => true,
            Self::ReadWrite => accepts_writes,
            Self::ReadOnly | Self::PreferStandby => !accepts_writes,
        }
    }
}

/// The address of a database; it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// One address for each host, of the form that sqlx reads. Never empty.
    pub(super) hosts: Vec<Url>,
    /// True if the connections come from a pool that lends them for one transaction.
    pub(super) is_pooled: bool,
    read_from: Option<TargetSession>,
}

impl Server {
    /// Parses `postgres://USER@HOST:PORT,HOST:PORT/DATABASE?KEY=VALUE`. The error holds no password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no `//` before its host")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        let user = if authority.contains('@') { format!("{user}@") } else { String::new() };
        let mut server = Self { hosts: Vec::new(), is_pooled: false, read_from: None };
        for host in hosts.split(',') {
            if host.is_empty() && hosts.contains(',') {
                return Err("one of its hosts is empty".to_owned());
            }
            let url = Url::parse(&format!("{scheme}://{user}{host}{rest}")).map_err(|error| error.to_string())?;
            server.hosts.push(url);
        }
        if server.hosts.len() > MAX_HOSTS {
            return Err(format!("it has more than {MAX_HOSTS} hosts"));
        }
        server.take_own_keys()?;
        Ok(server)
    }

    /// Takes the keys that relais reads itself out of the addresses.
    fn take_own_keys(&mut self) -> Result<(), String> {
        let keys: Vec<(String, String)> = self.hosts[0].query_pairs().into_owned().collect();
        for (key, value) in &keys {
            match (key.as_str(), value.as_str()) {
                (TARGET_SESSION, value) => {
                    let hint = "write any, read-write, primary, read-only, standby or prefer-standby";
                    let wanted = TargetSession::parse(value).ok_or_else(|| format!("`{TARGET_SESSION}` is unknown: {hint}"))?;
                    self.read_from = Some(wanted);
                }
                (POOL_MODE, "transaction") => self.is_pooled = true,
                (POOL_MODE, "session") => {}
                (POOL_MODE, _) => return Err(format!("`{POOL_MODE}` is unknown: write transaction or session")),
                _ => {}
            }
        }
        let is_named = keys.iter().any(|(key, _)| key == APPLICATION_NAME.0);
        let kept = keys.iter().filter(|(key, _)| key != TARGET_SESSION && key != POOL_MODE);
        let kept: Vec<(&str, &str)> = kept.map(|(key, value)| (key.as_str(), value.as_str())).collect();
        for url in &mut self.hosts {
            let mut query = url.query_pairs_mut();
            query.clear().extend_pairs(&kept);
            if !is_named {
                query.append_pair(APPLICATION_NAME.0, APPLICATION_NAME.1);
            }
            if self.is_pooled {
                // What was prepared on one connection does not exist on the next.
                query.append_pair("statement-cache-capacity", "0");
            }
        }
        Ok(())
    }

    /// Returns the sessions that are wanted for a purpose: who writes needs one that accepts writes, which of one host is found out by
    /// writing.
    pub(super) fn target_session(&self, access: Access) -> TargetSession {
        match access {
            Access::Look => self.read_from.unwrap_or(TargetSession::Any),
            Access::Work | Access::Note if self.hosts.len() > 1 => TargetSession::ReadWrite,
            Access::Work | Access::Note => TargetSession::Any,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the PostgreSQL database {:?} on ", self.hosts[0].path().trim_start_matches('/'))?;
        for (at, url) in self.hosts.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}", HostName(url))?;
        }
        Ok(())
    }
}

/// Shows host and port of an address.
pub(super) struct HostName<'a>(pub(super) &'a Url);

impl fmt::Display for HostName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.host_str().filter(|host| !host.is_empty()).unwrap_or("this machine"))?;
        match self.0.port() {
            Some(port) => {
                f.write_char(':')?;
                write!(f, "{port}")
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        let server = Server::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        server.hosts.into_iter().map(String::from).collect()
    }

    #[test]
    fn address_of_several_hosts_is_split() {
        assert_eq!(
            hosts("postgres://u:p@a:5433,b,[::1]:5434/news?sslmode=require&target_session_attrs=primary"),
            [
                "postgres://u:p@a:5433/news?sslmode=require&application_name=relais",
                "postgres://u:p@b/news?sslmode=require&application_name=relais",
                "postgres://u:p@[::1]:5434/news?sslmode=require&application_name=relais",
            ]
        );
        assert_eq!(hosts("postgres:///news?host=/run/postgresql").len(), 1);
        for wrong in ["postgres://a,,b/news", "postgres://a:x,b/news", "postgres://a,b/news?pool_mode=statement"] {
            assert!(Server::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn writers_take_the_host_that_accepts_writes_and_readers_the_one_that_is_named() {
        let server = |text: &str| Server::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let two = server("postgres://a,b/news?target_session_attrs=prefer-standby");
        assert_eq!(two.target_session(Access::Work), TargetSession::ReadWrite);
        assert_eq!(two.target_session(Access::Look), TargetSession::PreferStandby);
        let one = server("postgres://a/news");
        assert_eq!(one.target_session(Access::Work), TargetSession::Any);
        assert!(TargetSession::ReadWrite.takes(true) && !TargetSession::ReadWrite.takes(false));
        assert!(!TargetSession::ReadOnly.takes(true) && TargetSession::Any.takes(false));
    }

    #[test]
    fn connections_of_a_pool_for_transactions_keep_no_statements() {
        let server = Server::parse("postgres://a/news?pool_mode=transaction").unwrap_or_else(|error| panic!("{error}"));
        assert!(server.is_pooled && server.hosts[0].query().is_some_and(|query| query.contains("statement-cache-capacity=0")));
    }
}
