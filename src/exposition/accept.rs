//! Which dialect a scraper prefers, by its `Accept` headers (RFC 9110, section 12.5.1).

use super::text::Dialect;
use http::{HeaderMap, HeaderName, header::ACCEPT};

/// The dialect that is preferred; the classic one if there is no preference, or for nothing that we have.
pub(super) fn negotiate(headers: &HeaderMap) -> Dialect {
    let mut classic = Preference::default();
    let mut open_metrics = Preference::default();
    #[cfg(feature = "protobuf")]
    let mut protobuf = Preference::default();
    for range in elements(headers, &ACCEPT).filter_map(MediaRange::parse) {
        let quality = range.quality;
        classic.weigh(range.specificity(("text", "plain"), &["0.0.4"]), quality);
        let name = ("application", "openmetrics-text");
        open_metrics.weigh(range.specificity(name, &["1.0.0"]), quality);
        #[cfg(feature = "protobuf")]
        protobuf.weigh(range.specificity_of_protobuf(), quality);
    }
    // Who names it at all has a use for it, and it says the most.
    #[cfg(feature = "protobuf")]
    if protobuf.quality > 0 && protobuf.quality >= classic.quality.max(open_metrics.quality) {
        return Dialect::Protobuf;
    }
    if open_metrics.quality > classic.quality {
        Dialect::OpenMetrics
    } else {
        Dialect::Classic
    }
}

/// The elements of all headers of that name. A header that is no text says nothing.
pub(super) fn elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split(value, ','))
}

/// What the most specific media range says of a type so far.
#[derive(Default)]
struct Preference {
    specificity: u8,
    /// In thousandths.
    quality: u16,
}

impl Preference {
    /// By a range that describes the type so closely, or not at all.
    fn weigh(&mut self, specificity: Option<u8>, quality: u16) {
        let Some(specificity) = specificity else {
            return;
        };
        if specificity > self.specificity {
            *self = Self {
                specificity,
                quality,
            };
        } else if specificity == self.specificity {
            self.quality = self.quality.max(quality);
        }
    }
}

/// One element of an `Accept` header.
struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    version: Option<&'a str>,
    charset: Option<&'a str>,
    #[cfg(feature = "protobuf")]
    proto: Option<&'a str>,
    #[cfg(feature = "protobuf")]
    encoding: Option<&'a str>,
    quality: u16,
}

impl<'a> MediaRange<'a> {
    /// `None` if it is malformed: such an element says nothing, and does not spoil the others.
    fn parse(element: &'a str) -> Option<Self> {
        let mut parts = split(element, ';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut range = Self {
            kind,
            subtype,
            version: None,
            charset: None,
            #[cfg(feature = "protobuf")]
            proto: None,
            #[cfg(feature = "protobuf")]
            encoding: None,
            quality: 1_000,
        };
        for parameter in parts
            .map(str::trim)
            .filter(|parameter| !parameter.is_empty())
        {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "q" => range.quality = parse_quality(value)?,
                "version" => range.version = Some(value),
                "charset" => range.charset = Some(value),
                #[cfg(feature = "protobuf")]
                "proto" => range.proto = Some(value),
                #[cfg(feature = "protobuf")]
                "encoding" => range.encoding = Some(value),
                // Prometheus 3 sends `escaping`, which only matters for names that have to be escaped.
                _ => {}
            }
        }
        Some(range)
    }

    /// How closely the range describes a type of ours; `None` if it does not match it.
    fn specificity(&self, (kind, subtype): (&str, &str), versions: &[&str]) -> Option<u8> {
        if (self.kind, self.subtype) == ("*", "*") {
            return Some(1);
        }
        if !self.kind.eq_ignore_ascii_case(kind) {
            return None;
        }
        if self.subtype == "*" {
            return Some(2);
        }
        let charset = self
            .charset
            .is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"));
        if !self.subtype.eq_ignore_ascii_case(subtype) || !charset {
            return None;
        }
        match self.version {
            None => Some(3),
            Some(version) => versions.contains(&version).then_some(4),
        }
    }

    /// The same for protobuf as we write it. It has to be named: whoever takes anything may want to read it.
    #[cfg(feature = "protobuf")]
    fn specificity_of_protobuf(&self) -> Option<u8> {
        let is = |a: &str, b| a.eq_ignore_ascii_case(b);
        if !is(self.kind, "application") || !is(self.subtype, "vnd.google.protobuf") {
            return None;
        }
        let proto = self
            .proto
            .map(|it| it == "io.prometheus.client.MetricFamily");
        // There are `text` and `compact-text` too, which are for debugging.
        let encoding = self.encoding.map(|it| is(it, "delimited"));
        let given = [proto, encoding];
        let matches = !given.contains(&Some(false));
        matches.then_some(3 + given.iter().flatten().count() as u8)
    }
}

/// A weight from 0 to 1 with up to three digits, in thousandths.
pub(super) fn parse_quality(value: &str) -> Option<u16> {
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

/// Splits at a separator that is not inside a quoted string.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |char| {
        if escaped {
            escaped = false;
            return false;
        }
        match char {
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        char == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Dialect {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        negotiate(&headers)
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
        ] {
            assert_eq!(of(&[accept]), Dialect::OpenMetrics, "{accept}");
        }
        assert_eq!(
            of(&["text/plain;q=0.1", "application/openmetrics-text"]),
            Dialect::OpenMetrics
        );
    }

    #[test]
    fn classic_is_for_everybody_else() {
        for accept in [
            "",
            "*/*",
            "text/*",
            "text/plain",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "application/json",
            "application/openmetrics-text;version=0.0.1",
            "application/openmetrics-text;version=2.0.0, text/plain",
            "application/openmetrics-text;charset=latin1",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.4, text/plain;q=0.5",
            "application/openmetrics-text, text/plain;version=0.0.4",
            "application/openmetrics-text;q=0.4, */*;q=0.5",
            "application/openmetrics-text;q=0, application/*",
            // Prometheus 2.20, which asks for a version of OpenMetrics before the first one.
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ] {
            assert_eq!(of(&[accept]), Dialect::Classic, "{accept}");
        }
        assert_eq!(of(&[]), Dialect::Classic);
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
            assert_eq!(of(&[accept]), Dialect::Protobuf, "{accept}");
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
            assert_eq!(of(&[accept]), Dialect::Classic, "{accept}");
        }
        for accept in [
            "application/*",
            "text/plain;q=0, */*;q=0.1",
            &format!("{DELIMITED};q=0.4,application/openmetrics-text;q=0.5"),
            "application/vnd.google.protobuf;encoding=text,application/openmetrics-text;q=0.5",
        ] {
            assert_eq!(of(&[accept]), Dialect::OpenMetrics, "{accept}");
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
            assert_eq!(of(&[accept]), Dialect::Classic, "{accept}");
            let and_more = format!("{accept}\", application/openmetrics-text;q=0.2");
            let and_more = if accept.contains('"') {
                and_more
            } else {
                and_more.replacen('"', "", 1)
            };
            assert_eq!(of(&[&and_more]), Dialect::OpenMetrics, "{and_more}");
        }
    }

    #[test]
    fn weights_have_up_to_three_digits() {
        let cases = [
            ("0", 0),
            ("1", 1_000),
            ("1.000", 1_000),
            ("0.5", 500),
            ("0.05", 50),
            ("0.", 0),
        ];
        for (text, thousandths) in cases {
            assert_eq!(parse_quality(text), Some(thousandths), "{text}");
        }
        for text in ["", "1.001", "2", ".5", "0.0001", "0.+5", " 1", "1e0"] {
            assert_eq!(parse_quality(text), None, "{text}");
        }
    }
}
