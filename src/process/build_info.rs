use super::family::family;
use crate::{
    format::encode_families,
    model::{Family, Kind, Number, push_label},
};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
use std::fmt;

/// [`Collector`] of a gauge `build_info{version="…",revision="…"}`, which is always 1: which build runs where, and when
/// it changed.
///
/// ```
/// use tower_red::{BuildInfo, MetricsLayer};
///
/// // The revision is what your build says, say `env!("GIT_REVISION")`.
/// let build = BuildInfo::new("1.4.2", "9fceb02").namespace("shop");
/// let (metrics, exposition) = MetricsLayer::builder().collector(build).pair()?;
/// # let _ = metrics;
/// let text = exposition.render()?;
/// assert!(text.contains(r#"shop_build_info{version="1.4.2",revision="9fceb02"} 1"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a collector shows nothing unless an endpoint exposes it"]
pub struct BuildInfo {
    namespace: Option<String>,
    version: String,
    revision: String,
}

impl BuildInfo {
    /// With that version, usually `env!("CARGO_PKG_VERSION")`, and that revision of the source. To Prometheus, a label
    /// with an empty value is no label.
    pub fn new(version: impl Into<String>, revision: impl Into<String>) -> Self {
        Self {
            namespace: None,
            version: version.into(),
            revision: revision.into(),
        }
    }

    /// The beginning of the name: `shop` makes `shop_build_info`. Defaults to nothing.
    ///
    /// An underscore is added after it. The layer's builder, or else the scrape, refuses an invalid name.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    fn family(&self) -> Family {
        let mut labels = String::new();
        push_label(&mut labels, "version", &self.version);
        push_label(&mut labels, "revision", &self.revision);
        let name = match &self.namespace {
            Some(namespace) => format!("{namespace}_build_info"),
            None => String::from("build_info"),
        };
        let help = "The build that runs: always 1.";
        family(name, help, Kind::Gauge, vec![(labels, Number::Unsigned(1))])
    }
}

impl Collector for BuildInfo {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        encode_families(&[self.family()], &mut encoder)
    }
}
