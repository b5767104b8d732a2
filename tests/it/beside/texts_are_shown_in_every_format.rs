//! What other libraries really write is shown in the format that was asked for: `samples/` has it, and what is shown.

use super::showing;
use crate::support::{CLASSIC, OPEN_METRICS, text};
use std::{env, fs, path::Path};
use tower_red::MetricsLayer;

/// Of client_golang, what Debian's Prometheus 2.42 says of itself. `python.py` and `examples/beside/tests/samples.rs`
/// make the others.
const CLIENTS: [&str; 4] = ["client_golang", "python", "metrics", "prometheus"];
/// What the format allows beyond that.
const BY_HAND: &str = "by_hand";

fn sample(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/beside/samples");
    fs::read_to_string(folder.join(file)).unwrap()
}

/// Compares with a file, or writes it if `RECORD` is set.
fn compare(text: &str, file: &str) {
    if env::var_os("RECORD").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/beside/samples");
        fs::write(folder.join(file), text).unwrap();
    }
    assert_eq!(text, sample(file), "{file}");
}

#[tokio::test]
async fn what_clients_really_write_is_shown_to_the_letter_in_both_text_formats() {
    for name in CLIENTS.into_iter().chain([BY_HAND]) {
        let exposition = showing([sample(&format!("{name}.txt"))]);
        let classic = text(&exposition, CLASSIC).await;
        compare(&classic, &format!("{name}.shown.txt"));
        let open_metrics = text(&exposition, OPEN_METRICS).await;
        compare(&open_metrics, &format!("{name}.openmetrics.txt"));
    }
}

#[tokio::test]
async fn what_is_shown_can_be_shown_again_and_is_the_same() {
    for name in CLIENTS.into_iter().chain([BY_HAND]) {
        let once = sample(&format!("{name}.shown.txt"));
        assert_eq!(text(&showing([&once]), CLASSIC).await, once, "{name}");
    }
}

#[cfg(feature = "protobuf")]
#[tokio::test]
async fn every_format_says_what_the_text_said() {
    use crate::protobuf::{Said, compare};
    for name in CLIENTS {
        let original = sample(&format!("{name}.txt"));
        let (said, _) = compare(&showing([&original])).await;
        let before = Said::of_classic(&original);
        assert!(before.samples.len() > 20, "{name}");
        assert_eq!(said.samples, before.samples, "{name}");
        assert_eq!(said.times, before.times, "{name}");
        assert_eq!(said.families, before.families, "{name}");
    }
    compare(&showing([sample("by_hand.txt")])).await;
}

#[tokio::test]
async fn texts_come_in_the_order_in_which_they_were_added_and_before_the_layer() {
    let gauge = |name: &str| format!("# HELP {name} A.\n# TYPE {name} gauge\n{name} 1\n");
    let (first, second, third) = (gauge("c"), gauge("a"), gauge("b"));
    let beside = [first.clone(), second.clone(), third.clone()].map(|text| move || text.clone());
    let [one, two, three] = beside;
    let (_, alone) = MetricsLayer::pair();
    let (_, exposition) = MetricsLayer::builder()
        .beside(one)
        .beside(two)
        .pair()
        .unwrap();
    let exposition = exposition.beside(three);
    let ours = text(&alone, CLASSIC).await;
    let expected = format!("{first}{second}{third}{ours}");
    assert_eq!(text(&exposition, CLASSIC).await, expected);
    assert_eq!(exposition.render().unwrap(), expected);
}

#[tokio::test]
async fn an_empty_text_shows_nothing() {
    for empty in [
        "",
        "\n",
        "# a comment\n",
        "\n \t\n#\n# HELP\n".trim_end_matches("# HELP\n"),
    ] {
        assert_eq!(text(&showing([empty]), CLASSIC).await, "", "{empty:?}");
        assert_eq!(text(&showing([empty]), OPEN_METRICS).await, "# EOF\n");
    }
}
