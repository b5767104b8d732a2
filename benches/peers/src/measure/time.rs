use super::rounds::Rounds;
use crate::{
    contenders::{AXUM_PROMETHEUS, BARE, Contender, Middleware, STOPPED, TOWER_RED},
    report::{Bar, Table},
    statistics::{Quartiles, median},
    support::{NothingLayer, drive, routes, served, targets},
};
use axum::Router;
use http::Method;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Requests in a slice of time: a millisecond or two, too short for the machine to change within a pass.
const REQUESTS: usize = 2_000;
const PASSES: usize = 60;
const WARM_UP: usize = 20_000;

/// Nanoseconds of one round.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    /// A request to the bare router.
    pub(crate) bare: f64,
    /// What the layer adds to it that wraps future and body, and does nothing.
    pub(crate) wrapper: f64,
    /// What the contender adds.
    pub(crate) added: f64,
}

/// Compares slices of the bare router, the wrapper and the contender, over and over.
pub(crate) fn measure(contender: &Contender) -> Figures {
    let middleware = contender.set_up_by_default();
    let routers = [
        routes(),
        routes().layer(NothingLayer),
        middleware.add_to(routes()),
    ]
    .map(served);
    let targets = targets();
    for router in &routers {
        drive(router, &targets, WARM_UP);
    }
    let passes: Vec<_> = (0..=PASSES)
        .map(|_| pass(&routers, &targets, &*middleware))
        .collect();
    Figures::of(&passes)
}

/// Nanoseconds of a request to each router.
fn pass(
    routers: &[Router; 3],
    targets: &[(Method, String)],
    middleware: &dyn Middleware,
) -> [f64; 3] {
    let nanoseconds = routers.each_ref().map(|router| {
        let begun = Instant::now();
        drive(router, targets, REQUESTS);
        begun.elapsed().as_nanos() as f64 / REQUESTS as f64
    });
    middleware.upkeep();
    // So that the next slice does not find the upkeep's data in the caches.
    drive(&routers[0], targets, REQUESTS / 10);
    nanoseconds
}

impl Figures {
    /// Each slice is compared with the bare ones right before and after it.
    fn of(passes: &[[f64; 3]]) -> Self {
        let differences = |router: usize| {
            median(
                passes
                    .windows(2)
                    .map(|pair| pair[0][router] - (pair[0][0] + pair[1][0]) / 2.0),
            )
        };
        Self {
            bare: median(passes.iter().map(|pass| pass[0])),
            wrapper: differences(1),
            added: differences(2),
        }
    }
}

pub(crate) fn table(rounds: &Rounds<Figures>) -> Table {
    let mut table = Table::new(
        "Time per request",
        ["", "added ns", "of the wrapper's", "of axum-prometheus's"],
    );
    let bare = rounds
        .iter()
        .flat_map(|(_, rounds)| rounds)
        .map(|round| round.bare);
    table.note(format!(
        "Medians of {} rounds, and quartiles. To make a request and have the bare router serve it takes \
         {:.0} ns.",
        rounds
            .iter()
            .map(|(_, rounds)| rounds.len())
            .max()
            .unwrap_or(0),
        Quartiles::of(bare)
    ));
    for (contender, figures) in rounds.iter() {
        let peer = rounds.of(AXUM_PROMETHEUS);
        table.row(
            contender.title,
            [
                format!("{:.0}", added(figures)),
                format!(
                    "{:.2}",
                    Quartiles::of(figures.iter().map(|round| round.added / round.wrapper))
                ),
                ratio(figures, peer),
            ],
        );
    }
    table
}

/// What each adds to the bare router.
pub(super) fn bars(rounds: &Rounds<Figures>) -> Vec<Bar> {
    let layers = rounds
        .iter()
        .filter(|(contender, _)| ![BARE, STOPPED].contains(&contender.name));
    let bar = |(contender, figures): (&Contender, &[Figures])| Bar {
        title: contender.title.replace(['*', '`'], ""),
        added: added(figures),
        ours: contender.name == TOWER_RED,
    };
    layers.map(bar).collect()
}

fn added(rounds: &[Figures]) -> Quartiles {
    Quartiles::of(rounds.iter().map(|round| round.added))
}

/// Round by round.
fn ratio(figures: &[Figures], others: &[Figures]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let ratios = figures
        .iter()
        .zip(others)
        .map(|(figures, other)| figures.added / other.added);
    format!("{:.3}", Quartiles::of(ratios))
}
