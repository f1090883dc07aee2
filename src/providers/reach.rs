//! Whom a manifest may reach: its own hosts with credentials, public addresses without, nobody else.
//!
//! Names are resolved here and not before, so that a name cannot point elsewhere between the check and the connection.
//! Checking names alone was rejected: anybody's name may point at this machine.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::manifest::{Manifest, Place};

/// Longest URL.
const MOST_CHARS: usize = 8192;

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The provider's own: credentials may go there.
    Own,
    /// Somebody's: only a file may be fetched, without credentials.
    Foreign,
}

/// Whom one manifest may reach.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    place: Place,
    base: Url,
    hosts: BTreeSet<String>,
}

impl Reach {
    /// None where the base is no URL, which [`Manifest::parse`] refuses.
    pub(crate) fn of(manifest: &Manifest) -> Option<Reach> {
        let base = Url::parse(&manifest.base).ok()?;
        Some(Reach { place: manifest.place, base, hosts: manifest.hosts.iter().cloned().collect() })
    }

    /// A server of the user's own at that address, which may be private.
    pub(crate) fn local(base: Url) -> Reach {
        Reach { place: Place::Local, base, hosts: BTreeSet::new() }
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// A path below the base, or a URL out of a reply.
    ///
    /// # Errors
    /// A clause saying why it is not asked.
    pub(crate) fn judge(&self, target: &str) -> Result<(Url, Owner), String> {
        if MOST_CHARS < target.len() {
            return Err("a URL is too long".to_owned());
        }
        let text = match target.strip_prefix('/') {
            Some(_) => format!("{}{target}", self.base.as_str().trim_end_matches('/')),
            None => target.to_owned(),
        };
        let url = Url::parse(&text).map_err(|error| format!("it gives what is no URL: {error}"))?;
        let host = url.host().ok_or("it gives a URL without a host")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it gives a URL with a password in it".to_owned());
        }
        let same_door = url.port_or_known_default() == self.base.port_or_known_default();
        let is_base = url.scheme() == self.base.scheme() && url.host() == self.base.host() && same_door;
        let is_listed = url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(|host| self.hosts.contains(host));
        if is_base || is_listed {
            return Ok((url, Owner::Own));
        }
        if url.scheme() != "https" {
            return Err(format!("it gives a URL of `{}`, which is not https", url.host_str().unwrap_or_default()));
        }
        let literal = match host {
            url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
            url::Host::Domain(_) => None,
        };
        if let Some(address) = literal.filter(|address| !is_public(*address)) {
            return Err(format!("it gives the private address {address}"));
        }
        Ok((url, Owner::Foreign))
    }
}

/// Whether an address is one of the public network.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (18..20).contains(&b);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || 240 <= a
        || shared
        || benchmark
        || (a, b, c) == (192, 0, 0))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // Addresses that carry another one are as private as that one: mapped, compatible, NAT64 and 6to4.
    let carried = match parts {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = carried {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // 2000::/3 is all that is given out, less documentation.
    (0x2000..0x4000).contains(&parts[0]) && !(parts[0] == 0x2001 && parts[1] == 0xdb8)
}

/// Resolves names to public addresses only.
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                let told = format!("{} has no public address", name.as_str());
                return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, told).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    fn reach(hosts: &[&str]) -> Reach {
        let manifest = Catalog::built_in().manifest("runway").expect("built in").as_ref().clone();
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Reach::of(&Manifest { hosts, ..manifest }).expect("a base")
    }

    #[test]
    fn credentials_go_to_the_manifests_hosts_only() {
        let reach = reach(&["eu.runway.example"]);
        let owner = |url: &str| reach.judge(url).map(|(_, owner)| owner);
        assert_eq!(owner("/v1/tasks/1"), Ok(Owner::Own));
        assert_eq!(owner("https://api.dev.runwayml.com/v1"), Ok(Owner::Own));
        assert_eq!(owner("https://eu.runway.example/x"), Ok(Owner::Own));
        for foreign in [
            "https://cdn.example.com/x.mp4",
            "https://api.dev.runwayml.com.evil.example/",
            "https://api.dev.runwayml.com:8443/",
            "https://x.eu.runway.example/",
            "https://8.8.8.8/x",
            "//evil.example/x",
        ] {
            assert!(owner(foreign) != Ok(Owner::Own) || foreign.starts_with("//"), "{foreign}");
        }
        // A path that looks like another host stays a path below the base.
        let (url, _) = reach.judge("//evil.example/x").expect("a path");
        assert_eq!(url.host_str(), Some("api.dev.runwayml.com"));
    }

    #[test]
    fn private_addresses_and_other_schemes_are_not_asked() {
        let reach = reach(&[]);
        for bad in [
            "http://api.dev.runwayml.com/v1",
            "http://example.com/x",
            "file:///etc/passwd",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://0x7f000001/",
            "https://user:pw@example.com/",
            "data:text/plain,x",
            "ftp://example.com/",
            "not a url",
        ] {
            assert!(reach.judge(bad).is_err(), "{bad}");
        }
        assert!(reach.judge(&format!("https://example.com/{}", "x".repeat(9000))).is_err());
    }

    #[test]
    fn what_is_public() {
        for public in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for private in [
            "10.1.2.3",
            "127.0.0.1",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.1.1.1",
            "224.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "2001:db8::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
    }
}
