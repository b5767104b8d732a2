/// Units as Prometheus names them, in words, and their codes by the Unified Code for Units of Measure.
const CODES: [(&str, &str); 24] = [
    ("amperes", "A"),
    ("bits", "bit"),
    ("bytes", "By"),
    ("celsius", "Cel"),
    ("days", "d"),
    ("gigabytes", "GBy"),
    ("grams", "g"),
    ("hertz", "Hz"),
    ("hours", "h"),
    ("joules", "J"),
    ("kilobytes", "kBy"),
    ("kilograms", "kg"),
    ("megabytes", "MBy"),
    ("meters", "m"),
    ("microseconds", "us"),
    ("milliseconds", "ms"),
    ("minutes", "min"),
    ("nanoseconds", "ns"),
    ("percent", "%"),
    ("ratio", "1"),
    ("ratios", "1"),
    ("seconds", "s"),
    ("volts", "V"),
    ("watts", "W"),
];

/// The code of a unit. A word that has none stays as it is.
pub(super) fn code(word: &str) -> &str {
    let known = CODES.iter().find(|(known, _)| *known == word);
    known.map_or(word, |(_, code)| code)
}
