use super::{client, refused};

#[test]
fn a_peer_that_is_no_host() {
    let rule = "a peer is a host, or a host and a port";
    let other = |peer: &str| format!("{rule}; write {peer:?}");
    let port = |host: &str| {
        format!("its port is not a number up to 65535; without one it is {host:?} on any port")
    };
    for (peer, reason) in [
        ("", String::from("it is empty")),
        (
            "_OTHER",
            String::from("it stands for all peers that are not listed"),
        ),
        ("http://billing", other("billing")),
        ("https://billing:8080/pay?all", other("billing:8080")),
        ("//billing", other("billing")),
        ("billing/", other("billing")),
        ("billing/x", other("billing")),
        ("billing//x", other("billing")),
        ("billing?x=http://y", other("billing")),
        ("billing#x", other("billing")),
        ("me@billing", other("billing")),
        ("http://me:secret@billing:80/", other("billing:80")),
        (" billing", other("billing")),
        ("billing\n", other("billing")),
        ("http://", rule.to_owned()),
        ("/", rule.to_owned()),
        (
            "::1",
            String::from("an IPv6 address is in brackets; write \"[::1]\""),
        ),
        (
            "*.example.com",
            String::from("`*` is not a wildcard; list each host"),
        ),
        ("billing:", port("billing")),
        ("billing:http", port("billing")),
        ("billing:65536", port("billing")),
        ("[::1]:x", port("[::1]")),
    ] {
        let message = format!("peer {peer:?} is not allowed: {reason}");
        refused(|| client().peers(["users", peer]), &message);
    }
}

#[test]
fn a_peer_that_is_listed_twice() {
    for (first, second) in [
        ("billing", "billing"),
        ("billing", "BILLING"),
        ("Billing:8080", "billing:8080"),
        ("billing:80", "billing:080"),
        ("[FE80::1]:1", "[fe80::1]:1"),
        ("the bank", "the bank"),
    ] {
        let message =
            format!("peer {second:?} is not allowed: it is listed twice, first as {first:?}");
        refused(
            || client().peers([first, "users"]).peers([second]),
            &message,
        );
    }
    let different = [
        "billing",
        "billing:80",
        "billing:443",
        "the bank",
        "The bank",
    ];
    assert!(client().peers(different).pair().is_ok());
}

#[test]
fn more_peers_than_can_be_told_apart() {
    let many = |count: usize| client().peers((0..count).map(|n| format!("peer{n}")));
    assert!(many(62).pair().is_ok());
    refused(
        || many(63),
        "there are more than 62 peers, the most that can be told apart",
    );
}
