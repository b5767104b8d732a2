use super::{Identity, Snapshot};
use crate::model::{Family, FamilyNames, Kind};
#[cfg(feature = "page")]
use crate::naming::Convention;
use std::{future::Future, pin::Pin};

/// Something that has families to expose.
pub(crate) trait FamilySource: Send + Sync {
    /// All families, as they are now. Everything but what is active is of one moment.
    fn gather(&self) -> Pin<Box<dyn Future<Output = Vec<Family>> + Send + '_>>;

    /// The names of the families, and their kinds.
    fn names(&self) -> Vec<(String, Kind)>;

    /// Adds what it counted to a snapshot.
    fn read(&self, snapshot: &mut Snapshot);

    /// What tells its series from those of others.
    fn identity(&self) -> &Identity;

    /// What the families of an HTTP layer mean.
    #[cfg(feature = "page")]
    fn convention(&self) -> Option<&Convention>;

    /// How many label sets it may hold, and the labels that all of its series have, as text.
    #[cfg(feature = "page")]
    fn budget(&self) -> (usize, &str);
}

/// The first of the families whose name one of the others has. The others may have names in common among themselves.
pub(crate) fn find_duplicate<'a>(
    others: &[(String, Kind)],
    families: impl IntoIterator<Item = &'a (String, Kind)>,
) -> Option<String> {
    let mut names = FamilyNames::default();
    for (name, kind) in others {
        // Names that they have in common are found by the scrape.
        let _ = names.take(name, *kind);
    }
    let mut families = families.into_iter();
    let duplicate = families.find(|(name, kind)| names.take(name, *kind).is_err());
    duplicate.map(|(name, _)| name.clone())
}
