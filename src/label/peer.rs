use super::OTHER;
use http::{
    Request,
    uri::{Authority, Uri},
};

/// How many peers can be listed.
pub(crate) const MAX_PEERS: usize = 62;

/// The peer of an outgoing request, for requests whose URI does not name it, or to call it something else.
///
/// Put it into the request's extensions. It becomes the value of the label `peer` if
/// [`MetricsLayerBuilder::peers`](crate::MetricsLayerBuilder::peers) lists it, or else `_OTHER`.
///
/// ```
/// use tower_red::{MetricsLayer, Peer};
///
/// const BILLING: Peer = Peer::new("billing");
///
/// let builder = MetricsLayer::builder().client().peers([BILLING.as_str()]);
/// let request = http::Request::post("/pay").extension(BILLING).body(())?;
/// assert_eq!(request.extensions().get::<Peer>().map(|peer| peer.as_str()), Some("billing"));
/// # let _ = builder.pair()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(&'static str);

impl Peer {
    /// The peer, by its name on the list.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The listed peers.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    /// Peers with a port come first, so that the first match is the most specific one.
    listed: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    name: String,
    /// What URIs are compared with. `None` if the name is no host.
    authority: Option<Authority>,
}

impl Peers {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut listed: Vec<_> = names.into_iter().map(Listed::new).collect();
        listed.sort_by_key(|listed| listed.port().is_none());
        Self { listed }
    }

    /// The index of a request's peer: 0 if none are listed, and one past the last for any other.
    pub(super) fn of<B>(&self, request: &Request<B>) -> u8 {
        if self.listed.is_empty() {
            return 0;
        }
        let named = request.extensions().get::<Peer>();
        let mut listed = self.listed.iter();
        let found = match (named, request.uri().host()) {
            (Some(peer), _) => listed.position(|listed| listed.name == peer.as_str()),
            (None, Some(host)) => {
                let port = port(request.uri());
                listed.position(|listed| listed.is(host, port))
            }
            (None, None) => None,
        };
        found.unwrap_or(self.listed.len()) as u8 + 1
    }

    /// The indices of all that a request's peer can be.
    pub(super) fn indices(&self) -> impl Iterator<Item = u8> + use<> {
        match self.listed.len() as u8 {
            0 => 0..=0,
            listed => 1..=listed + 1,
        }
    }

    /// The host of the peer at an index, if its name is one.
    pub(crate) fn host(&self, index: u8) -> Option<&str> {
        Some(self.get(index)?.authority.as_ref()?.host())
    }

    /// The port of the peer at an index, if its name has one.
    pub(crate) fn port(&self, index: u8) -> Option<u16> {
        self.get(index)?.port()
    }

    fn get(&self, index: u8) -> Option<&Listed> {
        self.listed.get(usize::from(index).checked_sub(1)?)
    }

    /// The name of the peer at an index. `None` for 0.
    pub(crate) fn name(&self, index: u8) -> Option<&str> {
        let index = usize::from(index).checked_sub(1)?;
        Some(self.listed.get(index).map_or(OTHER, |listed| &listed.name))
    }
}

impl Listed {
    fn new(name: String) -> Self {
        Self {
            authority: name.parse().ok(),
            name,
        }
    }

    fn port(&self) -> Option<u16> {
        self.authority.as_ref()?.port_u16()
    }

    /// A peer that is listed without a port matches every port of its host.
    fn is(&self, host: &str, port: Option<u16>) -> bool {
        let listed = self.authority.as_ref().map(Authority::host);
        listed.is_some_and(|listed| listed.eq_ignore_ascii_case(host))
            && (self.port().is_none() || self.port() == port)
    }
}

/// The port that a request goes to: that of its URI, or else that of the scheme.
fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str()? {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    })
}

/// Whether two names on a list are the same peer.
pub(crate) fn is_same_peer(one: &str, other: &str) -> bool {
    match (one.parse::<Authority>(), other.parse::<Authority>()) {
        (Ok(one), Ok(other)) => {
            one.host().eq_ignore_ascii_case(other.host()) && one.port_u16() == other.port_u16()
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peers: &[&str], uri: &str, named: Option<Peer>) -> Option<String> {
        let peers = Peers::new(peers.iter().map(ToString::to_string));
        let mut request = Request::get(uri).body(()).unwrap();
        request.extensions_mut().extend(
            named
                .map(|peer| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(peer);
                    extensions
                })
                .unwrap_or_default(),
        );
        peers.name(peers.of(&request)).map(str::to_owned)
    }

    #[test]
    fn a_peer_is_one_of_the_list_or_other() {
        let listed = ["users", "10.0.0.1:8080", "[::1]:443", "the bank"];
        for (uri, expected) in [
            ("http://users/a", "users"),
            ("http://USERS:81/a", "users"),
            ("http://me:secret@users/a", "users"),
            ("http://10.0.0.1:8080/", "10.0.0.1:8080"),
            ("http://10.0.0.1/", "_OTHER"),
            ("https://[::1]:443/", "[::1]:443"),
            ("https://[::1]/", "[::1]:443"),
            ("http://[::1]/", "_OTHER"),
            ("http://evil/", "_OTHER"),
            ("/users", "_OTHER"),
        ] {
            assert_eq!(of(&listed, uri, None).as_deref(), Some(expected), "{uri}");
        }
        let named = |name| of(&listed, "http://users/", Some(Peer::new(name)));
        assert_eq!(named("the bank").as_deref(), Some("the bank"));
        assert_eq!(named("elsewhere").as_deref(), Some("_OTHER"));
        assert_eq!(of(&[], "http://users/", None), None);
    }

    #[test]
    fn a_host_and_a_port_come_before_the_host_alone_in_either_order() {
        let orders = [
            ["billing", "billing:8080", "billing:443"],
            ["billing:8080", "billing:443", "billing"],
        ];
        for listed in orders {
            for (uri, expected) in [
                ("http://billing:8080/", "billing:8080"),
                ("http://BILLING:8080/", "billing:8080"),
                ("https://billing:8080/", "billing:8080"),
                ("https://billing/", "billing:443"),
                ("wss://billing/", "billing:443"),
                ("http://billing:443/", "billing:443"),
                ("http://billing/", "billing"),
                ("http://billing:80/", "billing"),
                ("https://billing:8443/", "billing"),
                // Without a scheme, no port is meant.
                ("billing", "billing"),
                ("ftp://billing/", "billing"),
            ] {
                let found = of(&listed, uri, None);
                assert_eq!(found.as_deref(), Some(expected), "{uri} in {listed:?}");
            }
        }
    }

    #[test]
    fn an_index_says_the_host_and_the_port_of_its_own_name() {
        let names = ["a", "b:1", "the bank", "c"].map(str::to_owned);
        let peers = Peers::new(names);
        let mut all: Vec<_> = (0..=5)
            .map(|index| (peers.name(index), peers.host(index), peers.port(index)))
            .collect();
        all.sort_unstable();
        let expected = [
            (None, None, None),
            (Some("_OTHER"), None, None),
            (Some("a"), Some("a"), None),
            (Some("b:1"), Some("b"), Some(1)),
            (Some("c"), Some("c"), None),
            (Some("the bank"), None, None),
        ];
        assert_eq!(all, expected);
    }
}
