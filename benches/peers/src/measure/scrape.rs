use super::{heap, label_sets::LabelSets, rounds::Rounds};
use crate::{
    contenders::{Contender, Middleware},
    report::Table,
    statistics::{Quartiles, median},
};
use serde::{Deserialize, Serialize};
use std::time::Instant;

const SCRAPES: usize = 5;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    first: Stretches,
    /// Medians of the scrapes after it.
    later: Stretches,
    lines: usize,
    bytes: usize,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Stretches {
    all: f64,
    /// The longest without a chance for other work.
    longest: f64,
}

/// Scrapes when all label sets were touched since the last scrape. `None` if there is nothing to scrape.
pub(crate) fn measure(contender: &Contender, label_sets: usize) -> Option<Figures> {
    let middleware = (contender.set_up)(label_sets);
    let router = LabelSets::new(&*middleware, label_sets);
    router.touch();
    let first = scrape(&*middleware)?;
    let later: Vec<_> = (0..SCRAPES)
        .filter_map(|_| {
            router.touch();
            scrape(&*middleware)
        })
        .collect();
    let mut last = Vec::new();
    middleware.scrape(&mut |piece| last.extend_from_slice(&piece))?;
    let last = String::from_utf8(last).expect("expositions are text");
    router.check(&last);
    Some(Figures {
        first,
        later: Stretches {
            all: median(later.iter().map(|scrape| scrape.all)),
            longest: median(later.iter().map(|scrape| scrape.longest)),
        },
        lines: last.lines().count(),
        bytes: last.len(),
    })
}

fn scrape(middleware: &dyn Middleware) -> Option<Stretches> {
    let begun = Instant::now();
    let scrape = middleware.scrape(&mut drop)?;
    let all = begun.elapsed();
    Some(Stretches {
        all: all.as_secs_f64() * 1e3,
        longest: scrape.longest_stretch.as_secs_f64() * 1e3,
    })
}

pub(crate) fn table(
    label_sets: usize,
    rounds: &Rounds<Option<Figures>>,
    heaps: &Rounds<Option<heap::Figures>>,
) -> Table {
    let mut table = Table::new(
        format!("Scrape of {label_sets} label sets"),
        [
            "",
            "ms",
            "longest stretch, ms",
            "first, ms",
            "its longest stretch, ms",
            "lines",
            "MB",
            "heap per label set, bytes",
            "once scraped",
        ],
    );
    table.note(
        "The buckets are 14. The first scrape may make what later ones use again. \
         A stretch is what the thread could do nothing else in.",
    );
    for (contender, rounds) in rounds.iter() {
        let rounds: Vec<_> = rounds.iter().flatten().collect();
        let Some(last) = rounds.last() else { continue };
        let quartiles = |figure: fn(&Figures) -> f64| {
            format!(
                "{:.2}",
                Quartiles::of(rounds.iter().map(|figures| figure(figures)))
            )
        };
        let heap = heaps.of(contender.name).first().copied().flatten();
        table.row(
            contender.title,
            [
                quartiles(|figures| figures.later.all),
                quartiles(|figures| figures.later.longest),
                quartiles(|figures| figures.first.all),
                quartiles(|figures| figures.first.longest),
                last.lines.to_string(),
                format!("{:.1}", last.bytes as f64 / 1e6),
                heap.map_or(String::new(), |heap| format!("{:.0}", heap.recorded)),
                heap.map_or(String::new(), |heap| format!("{:.0}", heap.scraped)),
            ],
        );
    }
    table
}
