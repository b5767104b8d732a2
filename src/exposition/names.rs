use super::error::ScrapeError;
use std::collections::HashMap;

/// The names that the families of a scrape take up, so that none is there twice.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By name, the family that has it.
    taken: HashMap<String, String>,
}

impl Names {
    /// Takes the name of a family, and those of its samples.
    pub(super) fn take(&mut self, family: &str, kind: &str) -> Result<(), ScrapeError> {
        if !is_legal(family) {
            return Err(ScrapeError::InvalidName {
                family: family.to_owned(),
            });
        }
        // A counter's bare name is no sample's, but OpenMetrics has it in `TYPE`.
        let bare = (!suffixes(kind).contains(&"")).then_some("");
        for suffix in bare.into_iter().chain(suffixes(kind).iter().copied()) {
            let name = format!("{family}{suffix}");
            if let Some(other) = self.taken.insert(name, family.to_owned()) {
                return Err(ScrapeError::DuplicateFamily {
                    family: family.to_owned(),
                    other,
                });
            }
        }
        Ok(())
    }
}

/// Whether a metric may have that name: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
fn is_legal(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    let first = name.bytes().next();
    name.bytes().all(legal) && first.is_some_and(|byte| !byte.is_ascii_digit())
}

/// What the names of samples add to their family's.
pub(super) fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "histogram" => &["_bucket", "_count", "_sum"],
        "info" => &["_info"],
        _ => &[""],
    }
}
