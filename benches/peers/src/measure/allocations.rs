use super::rounds::Rounds;
use crate::{
    allocator,
    contenders::{BARE, Contender, WRAPPER},
    report::Table,
    support::{drive, routes, served, targets},
};
use serde::{Deserialize, Serialize};

const REQUESTS: usize = 60_000;
const WARM_UP: usize = 20_000;

/// Per request.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    allocations: f64,
    bytes: f64,
}

/// Counts what is allocated once all label sets were seen.
pub(crate) fn measure(contender: &Contender) -> Figures {
    let router = served(contender.set_up_by_default().add_to(routes()));
    let targets = targets();
    drive(&router, &targets, WARM_UP);
    let ((), heap) = allocator::count(|| drive(&router, &targets, REQUESTS));
    Figures {
        allocations: heap.allocations as f64 / REQUESTS as f64,
        bytes: heap.bytes as f64 / REQUESTS as f64,
    }
}

pub(crate) fn table(rounds: &Rounds<Figures>) -> Table {
    let mut table = Table::new(
        "Allocations per request",
        [
            "",
            "all",
            "beyond bare",
            "beyond the wrapper",
            "bytes, all",
            "beyond bare",
            "beyond the wrapper",
        ],
    );
    table.note("Those that making a request takes are among them.");
    let bare = rounds.of(BARE).first();
    let wrapper = rounds.of(WRAPPER).first();
    for (contender, figures) in rounds.iter() {
        let Figures { allocations, bytes } = figures[0];
        table.row(
            contender.title,
            [
                format!("{allocations:.2}"),
                beyond(allocations, bare.map(|base| base.allocations), 2),
                beyond(allocations, wrapper.map(|base| base.allocations), 2),
                format!("{bytes:.0}"),
                beyond(bytes, bare.map(|base| base.bytes), 0),
                beyond(bytes, wrapper.map(|base| base.bytes), 0),
            ],
        );
    }
    table
}

fn beyond(figure: f64, base: Option<f64>, decimals: usize) -> String {
    base.map_or(String::new(), |base| {
        format!("{:+.decimals$}", figure - base)
    })
}
