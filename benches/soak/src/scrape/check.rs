use super::{Families, families::is_active, histograms, sample::split};

impl Families {
    /// Compares what the same scrape says twice, and what it says with an earlier one.
    pub(super) fn check(&mut self, earlier: Option<&Self>) {
        let mut faults = histograms::faults(self);
        let totals = [
            ("http_requests", "http_request_duration_seconds"),
            (
                "http_client_requests",
                "http_client_request_duration_seconds",
            ),
            ("db_query", "db_query_duration_seconds"),
        ];
        for (series, value) in self.iter() {
            let (name, labels) = split(series);
            for (counter, histogram) in totals {
                if name.strip_suffix("_total") == Some(counter) {
                    let count = self.get(&format!("{histogram}_count{{{labels}}}"));
                    if count != Some(value) {
                        faults.push(format!("{series} {value}, but its durations {count:?}"));
                    }
                }
            }
            if is_active(name) && value < 0.0 {
                faults.push(format!("negative: {series} {value}"));
            }
        }
        for (series, before) in earlier.iter().flat_map(|earlier| &earlier.samples) {
            let now = self.get(series);
            if before.is_counter && now.is_none_or(|now| now < before.value) {
                faults.push(format!("{series} went from {} to {now:?}", before.value));
            }
        }
        self.faults.append(&mut faults);
    }
}
