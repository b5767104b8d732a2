use super::{
    Families,
    sample::{label, split},
};
use std::collections::HashMap;

/// Histograms whose buckets do not rise, or do not add up to their count.
pub(super) fn faults(families: &Families) -> Vec<String> {
    let mut histograms: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
    for (series, value) in families.iter() {
        let (name, labels) = split(series);
        let bound = label(labels, "le").and_then(|bound| Some((bound, bound.parse().ok()?)));
        if let (Some(name), Some((text, bound))) = (name.strip_suffix("_bucket"), bound) {
            // The count has the same labels but the bound.
            let le = format!("le=\"{text}\"");
            let labels = labels.replace(&format!("{le},"), "").replace(&le, "");
            let buckets = histograms.entry(format!("{name}_count{{{labels}}}"));
            buckets.or_default().push((bound, value));
        }
    }
    let mut faults = Vec::new();
    for (count, mut buckets) in histograms {
        buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        if buckets.windows(2).any(|pair| pair[0].1 > pair[1].1) {
            faults.push(format!("buckets that do not rise, of {count}: {buckets:?}"));
        }
        // A series without labels has no braces.
        let total = families
            .get(&count)
            .or(families.get(count.trim_end_matches("{}")));
        if buckets.last().map(|(_, all)| *all) != total {
            faults.push(format!(
                "buckets that are not {total:?} in all, of {count}: {buckets:?}"
            ));
        }
    }
    faults
}
