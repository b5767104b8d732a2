use super::Kind;
use crate::ScrapeError;
use std::collections::HashMap;

/// Whether a metric may have that name: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub(crate) fn is_metric_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    let first = name.bytes().next();
    name.bytes().all(legal) && first.is_some_and(|byte| !byte.is_ascii_digit())
}

/// The names that the families of a scrape take up, so that none is there twice.
#[derive(Debug, Default)]
pub(crate) struct FamilyNames {
    /// By name, the family that has it.
    taken: HashMap<String, String>,
}

impl FamilyNames {
    /// Takes the name of a family, and those of its samples.
    pub(crate) fn take(&mut self, family: &str, kind: Kind) -> Result<(), ScrapeError> {
        // A counter's bare name is no sample's, but OpenMetrics has it in `TYPE`.
        let bare = (!kind.suffixes().contains(&"")).then_some("");
        for suffix in bare.into_iter().chain(kind.suffixes().iter().copied()) {
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
