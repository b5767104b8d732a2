use super::HistogramBounds;
use std::collections::HashMap;

/// What tells the series of one source from those of another that has the same families.
#[derive(Default)]
pub(crate) struct Identity {
    /// The labels that all its series have.
    pub(crate) constant: Vec<(String, String)>,
    /// The names of the labels that some of them have.
    pub(crate) labels: Vec<String>,
    /// The peers that a client lists.
    pub(crate) peers: Vec<String>,
    pub(crate) histograms: Vec<HistogramBounds>,
    /// Which of the durations' bounds a route shows, if not the first.
    pub(crate) bounds_of_routes: HashMap<String, usize>,
}

/// How the series of two sources differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// By a label that all of them have.
    Always,
    /// By their peers. Those of peers that neither lists may be the same: they can be added up.
    ByPeer,
    /// They may be the same.
    None,
}

impl Identity {
    pub(crate) fn difference(&self, other: &Self) -> Difference {
        if self.is_marked_against(other) || other.is_marked_against(self) {
            return Difference::Always;
        }
        let listed = |peers: &[String], peer: &String| peers.contains(peer);
        let are_clients = !self.peers.is_empty() && !other.peers.is_empty();
        let is_common = self.peers.iter().any(|peer| listed(&other.peers, peer));
        let are_alike =
            self.histograms == other.histograms && self.bounds_of_routes == other.bounds_of_routes;
        match are_clients && !is_common && are_alike {
            true => Difference::ByPeer,
            false => Difference::None,
        }
    }

    /// Whether it has a constant label with a value that no series of the other one has.
    fn is_marked_against(&self, other: &Self) -> bool {
        let value_of = |name: &str| {
            let mut constant = other.constant.iter();
            constant
                .find(|(other, _)| other == name)
                .map(|(_, value)| value)
        };
        let is_mark = |(name, value): &(String, String)| match value_of(name) {
            Some(other) => other != value,
            // To Prometheus, an empty value is no label.
            None => !value.is_empty() && !other.labels.contains(name),
        };
        self.constant.iter().any(is_mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(constant: &[(&str, &str)], labels: &[&str], peers: &[&str]) -> Identity {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let constant = constant
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        Identity {
            constant: constant.collect(),
            labels: owned(labels),
            peers: owned(peers),
            ..Identity::default()
        }
    }

    #[test]
    fn a_constant_label_of_another_value_makes_a_difference() {
        let plain = identity(&[], &["method"], &[]);
        let v1 = identity(&[("version", "v1")], &["method"], &[]);
        let v2 = identity(&[("version", "v2")], &["method"], &[]);
        let empty = identity(&[("version", "")], &["method"], &[]);
        let dynamic = identity(&[], &["method", "version"], &[]);
        for (one, other, expected) in [
            (&plain, &plain, Difference::None),
            (&v1, &v1, Difference::None),
            (&v1, &v2, Difference::Always),
            (&v1, &plain, Difference::Always),
            (&empty, &plain, Difference::None),
            (&empty, &v1, Difference::Always),
            (&dynamic, &v1, Difference::None),
        ] {
            assert_eq!(one.difference(other), expected);
            assert_eq!(other.difference(one), expected);
        }
    }

    #[test]
    fn clients_differ_by_peers_if_they_have_none_in_common() {
        let billing = identity(&[], &["peer"], &["billing"]);
        let bank = identity(&[], &["peer"], &["bank"]);
        let both = identity(&[], &["peer"], &["bank", "billing"]);
        let any = identity(&[], &[], &[]);
        assert_eq!(billing.difference(&bank), Difference::ByPeer);
        assert_eq!(billing.difference(&both), Difference::None);
        assert_eq!(billing.difference(&any), Difference::None);
    }
}
