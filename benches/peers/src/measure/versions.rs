use crate::{contenders, report::Table};

/// The versions that were measured.
const LOCK: &str = include_str!("../../Cargo.lock");

/// Who is compared.
pub(super) fn table() -> Table {
    let mut table = Table::new("Contenders", ["", "version", "records"]);
    for contender in &contenders::ALL {
        let version = contender.package.and_then(version).unwrap_or_default();
        table.row(
            contender.title,
            [version.to_owned(), contender.records.to_owned()],
        );
    }
    table
}

fn version(package: &str) -> Option<&'static str> {
    let (_, entry) = LOCK.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(entry.split_once('"')?.0)
}
