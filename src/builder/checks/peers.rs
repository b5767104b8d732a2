//! The peers that a client tells apart.

use super::{Mistakes, names::is_scheme};
use crate::{
    BuildError,
    label::{MAX_PEERS, OTHER, is_same_peer},
};
use http::uri::Authority;
use std::net::Ipv6Addr;

pub(super) fn check(peers: &[String], mistakes: &mut Mistakes) {
    if peers.len() > MAX_PEERS {
        mistakes.add(BuildError::TooManyPeers { most: MAX_PEERS });
        return;
    }
    for (index, peer) in peers.iter().enumerate() {
        let twice = || {
            let first = peers[..index]
                .iter()
                .find(|first| is_same_peer(first, peer))?;
            Some(format!("it is listed twice, first as {first:?}"))
        };
        if let Some(reason) = fault(peer).or_else(twice) {
            mistakes.add(BuildError::InvalidPeer {
                peer: peer.clone(),
                reason,
            });
        }
    }
}

/// What is wrong with a peer, and what to write instead.
///
/// A name that is no host is fine: a [`Peer`](crate::Peer) in a request's extensions may say it.
fn fault(peer: &str) -> Option<String> {
    let bare = bare(peer);
    if peer.is_empty() {
        return Some(String::from("it is empty"));
    }
    if peer == OTHER {
        return Some(String::from("it stands for all peers that are not listed"));
    }
    if bare != peer {
        let rule = "a peer is a host, or a host and a port";
        return Some(match bare {
            "" => String::from(rule),
            bare => format!("{rule}; write {bare:?}"),
        });
    }
    if peer.parse::<Ipv6Addr>().is_ok() {
        return Some(format!(
            "an IPv6 address is in brackets; write \"[{peer}]\""
        ));
    }
    if peer.contains('*') {
        return Some(String::from("`*` is not a wildcard; list each host"));
    }
    let authority: Authority = peer.parse().ok()?;
    let has_port = authority.host() != peer;
    (has_port && authority.port_u16().is_none()).then(|| {
        format!(
            "its port is not a number up to 65535; without one it is {:?} on any port",
            authority.host()
        )
    })
}

/// The host and the port of what may be a whole URL.
fn bare(peer: &str) -> &str {
    let peer = peer.trim();
    let after_scheme = match peer.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => peer.strip_prefix("//").unwrap_or(peer),
    };
    let authority = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}
