//! Where a request comes from: the other end of the socket, or whom a trusted proxy names.

use std::net::IpAddr;

use openwa_core::guard::Network;
use poem::{Addr, Request, http::HeaderMap};

/// More hops than this are not looked at.
const MOST_HOPS: usize = 32;

/// Who is asking, as far as it can be believed.
#[derive(Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl ClientAddress {
    /// Anyone can write a header, so `X-Forwarded-For` is read only from a proxy that is trusted, from its end, and only
    /// as far as those who wrote it are trusted too.
    pub(crate) fn of(request: &Request, trusted: &[Network]) -> Self {
        match &request.remote_addr().0 {
            Addr::SocketAddr(address) => Self(Some(named(address.ip().to_canonical(), request.headers(), trusted))),
            _ => Self(None),
        }
    }
}

fn named(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |it: IpAddr| trusted.iter().any(|network| network.contains(it));
    let mut client = peer;
    let lines = headers.get_all("X-Forwarded-For").iter().rev().filter_map(|it| it.to_str().ok());
    for hop in lines.flat_map(|it| it.rsplit(',')).take(MOST_HOPS) {
        if !is_trusted(client) {
            break;
        }
        let Some(before) = address(hop.trim()) else { break };
        client = before;
    }
    client
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|it| it.ip());
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(with_port).map(|it: IpAddr| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_as_far_as_it_is_trusted() {
        let trusted: Vec<Network> = ["127.0.0.0/8", "10.0.0.0/8", "::1"].iter().map(|it| it.parse().unwrap()).collect();
        for (peer, lines, client) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
            ("127.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.7"], "198.51.100.1"),
            ("127.0.0.1", &["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("::1", &["[2001:db8::5]:80"], "2001:db8::5"),
            ("::1", &["[2001:db8::5]"], "2001:db8::5"),
            ("::1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, unknown, 10.0.0.7"], "10.0.0.7"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("X-Forwarded-For", line.parse().unwrap());
            }
            let found = named(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }
}
