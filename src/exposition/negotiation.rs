//! Which format a scraper prefers, by its `Accept` headers (RFC 9110, section 12.5.1).

use super::media_range::{MediaRange, NAMED, split};
use crate::format::{FORMATS, Format};
use http::{HeaderMap, header::ACCEPT};

/// The format that the client prefers. Without a preference, or with one for none of ours, the first of the table.
///
/// Among formats of equal weight, one that is named comes before one that only a wildcard matches.
pub(super) fn negotiate(headers: &HeaderMap) -> &'static Format {
    let ranges: Vec<_> = accepted(headers).filter_map(MediaRange::parse).collect();
    let mut best = &FORMATS[0];
    let mut most = (0, 0);
    for format in FORMATS {
        let preference = Preference::of(format, &ranges);
        if preference.quality > 0 && preference.rank(format) > most {
            best = format;
            most = preference.rank(format);
        }
    }
    best
}

/// The elements of all headers. Headers that are not text are ignored.
fn accepted(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(ACCEPT).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split(value, ','))
}

/// What the most specific media ranges say of a format.
#[derive(Default)]
struct Preference {
    specificity: u8,
    /// In thousandths.
    quality: u16,
}

impl Preference {
    fn of(format: &Format, ranges: &[MediaRange<'_>]) -> Self {
        let mut preference = Self::default();
        for range in ranges {
            let Some(specificity) = range.specificity(format) else {
                continue;
            };
            let quality = range.quality;
            if specificity > preference.specificity {
                preference = Self {
                    specificity,
                    quality,
                };
            } else if specificity == preference.specificity {
                preference.quality = preference.quality.max(quality);
            }
        }
        preference
    }

    fn rank(&self, format: &Format) -> (u16, u8) {
        let is_named = self.specificity >= NAMED;
        (self.quality, if is_named { format.rank } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    fn of(values: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        negotiate(&headers).content_type
    }

    #[test]
    fn open_metrics_is_for_who_prefers_it() {
        for accept in [
            "application/openmetrics-text",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "Application/OpenMetrics-Text;Version=\"1.0.0\"",
            "application/*",
            "text/plain;q=0.5, application/openmetrics-text;q=0.501",
            // Prometheus 2.42.
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            // Prometheus 3.
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "text/plain;q=0, */*;q=0.1",
            "text/html;title=\"a, text/plain;\", application/openmetrics-text",
            // Both are named, or only this one.
            "application/openmetrics-text, text/plain;version=0.0.4",
            "text/plain;version=0.0.4;charset=utf-8, application/openmetrics-text",
            "application/openmetrics-text, */*",
        ] {
            assert_eq!(of(&[accept]), OPEN_METRICS, "{accept}");
        }
        assert_eq!(
            of(&["text/plain;q=0.1", "application/openmetrics-text"]),
            OPEN_METRICS
        );
    }

    #[test]
    fn classic_is_for_everybody_else() {
        for accept in [
            "",
            "*/*",
            "text/*",
            "text/plain",
            "text/plain, */*",
            "text/*, application/*",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "application/json",
            "application/openmetrics-text;version=0.0.1",
            "application/openmetrics-text;version=2.0.0, text/plain",
            "application/openmetrics-text;charset=latin1",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.4, text/plain;q=0.5",
            "application/openmetrics-text;q=0.4, */*;q=0.5",
            "application/openmetrics-text;q=0, application/*",
            // Prometheus 2.20, which asks for a version of OpenMetrics before the first one.
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ] {
            assert_eq!(of(&[accept]), CLASSIC, "{accept}");
        }
        assert_eq!(of(&[]), CLASSIC);
    }

    #[cfg(feature = "protobuf")]
    #[test]
    fn protobuf_is_for_who_names_it() {
        const DELIMITED: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        for accept in [
            DELIMITED,
            "application/vnd.google.protobuf",
            "Application/Vnd.Google.Protobuf; Proto=\"io.prometheus.client.MetricFamily\"; Encoding=Delimited",
            &format!("{DELIMITED},application/openmetrics-text,text/plain,*/*"),
            &format!("{DELIMITED};q=0.3,text/plain;q=0.2,application/openmetrics-text;q=0.3"),
            &format!("{DELIMITED};q=0.1,text/html"),
            // What is more specific wins.
            &format!("application/vnd.google.protobuf;q=0,{DELIMITED}"),
            // Prometheus 2.42 with native histograms.
            &format!(
                "{DELIMITED},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            ),
            // Prometheus 3 with native histograms.
            &format!(
                "{DELIMITED};q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
            ),
        ] {
            assert_eq!(
                of(&[accept]),
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
                "{accept}"
            );
        }
        for accept in [
            "*/*",
            "text/plain",
            "application/vnd.google.protobuf;encoding=text",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text",
            "application/vnd.google.protobuf;proto=io.prometheus.client.Metric;encoding=delimited",
            &format!("{DELIMITED};q=0"),
            &format!("{DELIMITED};q=0.4,text/plain;q=0.5"),
            &format!("{DELIMITED};q=0.4,*/*;q=0.5"),
            &format!("application/vnd.google.protobuf,{DELIMITED};q=0"),
            "application/protobuf",
        ] {
            assert_eq!(of(&[accept]), CLASSIC, "{accept}");
        }
        for accept in [
            "application/*",
            "text/plain;q=0, */*;q=0.1",
            &format!("{DELIMITED};q=0.4,application/openmetrics-text;q=0.5"),
            "application/vnd.google.protobuf;encoding=text,application/openmetrics-text;q=0.5",
        ] {
            assert_eq!(of(&[accept]), OPEN_METRICS, "{accept}");
        }
    }

    #[test]
    fn malformed_elements_say_nothing() {
        for accept in [
            "application/openmetrics-text;q=2",
            "application/openmetrics-text;q=-1",
            "application/openmetrics-text;q=NaN",
            "application/openmetrics-text;q=0.1234",
            "application/openmetrics-text;q=",
            "application/openmetrics-text;q",
            "application",
            ",;=,\"",
            "\"application/openmetrics-text",
        ] {
            assert_eq!(of(&[accept]), CLASSIC, "{accept}");
            let and_more = format!("{accept}\", application/openmetrics-text;q=0.2");
            let and_more = if accept.contains('"') {
                and_more
            } else {
                and_more.replacen('"', "", 1)
            };
            assert_eq!(of(&[&and_more]), OPEN_METRICS, "{and_more}");
        }
    }
}
