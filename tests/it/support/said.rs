//! What a scrape says, whatever it is written in.

use std::collections::BTreeMap;

pub(crate) type Labels = BTreeMap<String, String>;

/// What a scrape says, however it is written.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// By the name that the classic format declares: type and help. Of families that have samples.
    pub(crate) families: BTreeMap<String, (String, String)>,
    pub(crate) samples: BTreeMap<(String, Labels), Number>,
    /// By sample: its time in milliseconds, if it is not that of the scrape.
    pub(crate) times: BTreeMap<(String, Labels), i64>,
    /// By sample: labels, value, and time in milliseconds.
    pub(crate) exemplars: BTreeMap<(String, Labels), (Labels, Number, Option<i64>)>,
}

/// A number that equals itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.0.is_nan() && other.0.is_nan()
    }
}

impl Said {
    pub(crate) fn add(&mut self, name: &str, labels: Labels, value: f64, time: Option<i64>) {
        let series = (name.to_owned(), labels);
        self.times.extend(time.map(|time| (series.clone(), time)));
        let before = self.samples.insert(series, Number(value));
        assert_eq!(before, None, "{name}");
    }

    pub(crate) fn of_text(classic: &str, open_metrics: &str) -> Self {
        let mut said = Self::of_classic(classic);
        for line in open_metrics.lines().filter(|line| !line.starts_with('#')) {
            let (name, labels, rest) = parse_series(line);
            let sample = rest.split(" # ").next().unwrap();
            let (value, time) = sample.split_once(' ').unwrap_or((sample, ""));
            let series = (name, labels);
            let value = Number(value.parse().unwrap());
            assert_eq!(said.samples.get(&series), Some(&value), "{line}");
            let time = time.parse::<f64>().ok();
            let time = time.map(|seconds| (seconds * 1e3).round() as i64);
            assert_eq!(said.times.get(&series), time.as_ref(), "{line}");
            if let Some((_, exemplar)) = rest.split_once(" # ") {
                let (_, pairs, rest) = parse_series(exemplar);
                let (value, time) = rest.split_once(' ').unwrap_or((rest, ""));
                let millis = match time {
                    "" => None,
                    time => Some((time.parse::<f64>().unwrap() * 1e6).round() as i64 / 1_000),
                };
                let value = Number(value.parse().unwrap());
                said.exemplars.insert(series, (pairs, value, millis));
            }
        }
        said
    }

    pub(crate) fn of_classic(text: &str) -> Self {
        let mut said = Self::default();
        let mut declared = BTreeMap::new();
        let mut helped = ("", "");
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                helped = rest.split_once(' ').unwrap();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                let help = match helped {
                    (other, help) if other == name => unescape(help),
                    _ => String::new(),
                };
                declared.insert(name.to_owned(), (kind.to_owned(), help));
            } else {
                let (name, labels, rest) = parse_series(line);
                let of = declared.keys().filter(|family| {
                    let suffix = name.strip_prefix(family.as_str());
                    suffix.is_some_and(|it| ["", "_sum", "_count", "_bucket"].contains(&it))
                });
                let family = of.max_by_key(|family| family.len()).unwrap().clone();
                said.families
                    .insert(family.clone(), declared[&family].clone());
                let (value, time) = rest.split_once(' ').unwrap_or((rest, ""));
                let time = time.parse().ok();
                said.add(&name, labels, value.parse().unwrap(), time);
            }
        }
        said
    }
}

/// A bound, or a quantile, in one of its spellings.
pub(crate) fn bound_text(bound: f64) -> String {
    format!("{bound:?}")
}

fn unescape(help: &str) -> String {
    let mut plain = String::new();
    let mut chars = help.chars();
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => match chars.next().unwrap() {
                'n' => '\n',
                char => char,
            },
            char => char,
        });
    }
    plain
}

/// The name, the labels, and what comes after them.
fn parse_series(line: &str) -> (String, Labels, &str) {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        while !inside.starts_with('}') {
            let (label, after) = inside.split_once("=\"").unwrap();
            let mut value = String::new();
            let mut chars = after.chars();
            loop {
                match chars.next().unwrap() {
                    '"' => break,
                    '\\' => value.push(match chars.next().unwrap() {
                        'n' => '\n',
                        char => char,
                    }),
                    char => value.push(char),
                }
            }
            if ["le", "quantile"].contains(&label) {
                value = bound_text(value.parse().unwrap());
            }
            labels.insert(label.to_owned(), value);
            inside = chars.as_str();
            inside = inside.strip_prefix(',').unwrap_or(inside);
        }
        rest = inside.strip_prefix('}').unwrap();
    }
    (name.to_owned(), labels, rest.strip_prefix(' ').unwrap())
}
