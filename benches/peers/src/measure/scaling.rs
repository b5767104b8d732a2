use super::rounds::Rounds;
use crate::{
    contenders::{Contender, Middleware},
    report::Table,
    statistics::{Quartiles, median},
    support::{NothingLayer, drive, routes, served, targets},
};
use axum::Router;
use serde::{Deserialize, Serialize};
use std::{
    iter,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

const SLICE: Duration = Duration::from_millis(20);
const PASSES: usize = 8;
const WARM_UP: usize = 1_000;
/// Requests between two looks at the clock.
const BATCH: usize = 240;

/// Throughput of some threads over that of one.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Point {
    threads: usize,
    contender: f64,
    wrapper: f64,
}

/// Drives the wrapper and the contender in turns, by one thread and by more.
///
/// Each thread has a router of its own, as each connection has when it is served. The metrics are shared.
pub(crate) fn measure(contender: &Contender, threads: &[usize]) -> Vec<Point> {
    let middleware = contender.set_up_by_default();
    let most = threads.iter().copied().max().unwrap_or(1);
    let wrapper: Vec<_> = (0..most)
        .map(|_| served(routes().layer(NothingLayer)))
        .collect();
    let contender: Vec<_> = (0..most)
        .map(|_| served(middleware.add_to(routes())))
        .collect();
    let point = |&threads: &usize| {
        let passes: Vec<_> = (0..PASSES)
            .map(|_| [&wrapper, &contender].map(|routers| ratio(&routers[..threads], &*middleware)))
            .collect();
        Point {
            threads,
            wrapper: median(passes.iter().map(|pass| pass[0])),
            contender: median(passes.iter().map(|pass| pass[1])),
        }
    };
    threads.iter().map(point).collect()
}

/// Throughput of a thread for each router, over that of one.
fn ratio(routers: &[Router], middleware: &dyn Middleware) -> f64 {
    let one = throughput(&routers[..1]);
    middleware.upkeep();
    let all = throughput(routers);
    middleware.upkeep();
    all / one
}

/// Requests per second, by a thread for each router.
fn throughput(routers: &[Router]) -> f64 {
    let start = Barrier::new(routers.len());
    thread::scope(|scope| {
        let threads: Vec<_> = routers
            .iter()
            .map(|router| scope.spawn(|| serve_for_a_slice(router, &start)))
            .collect();
        let rates = threads
            .into_iter()
            .map(|thread| thread.join().expect("requests are served"));
        rates.sum()
    })
}

fn serve_for_a_slice(router: &Router, start: &Barrier) -> f64 {
    let targets = targets();
    drive(router, &targets, WARM_UP);
    start.wait();
    let begun = Instant::now();
    let mut requests = 0;
    while begun.elapsed() < SLICE {
        drive(router, &targets, BATCH);
        requests += BATCH;
    }
    requests as f64 / begun.elapsed().as_secs_f64()
}

pub(crate) fn tables(rounds: &Rounds<Vec<Point>>) -> [Table; 2] {
    [
        table("Throughput over that of one thread", rounds, |point| {
            point.contender
        }),
        table("The same over the wrapper's", rounds, |point| {
            point.contender / point.wrapper
        }),
    ]
}

/// A column for each number of threads, which are the same for all.
fn table(title: &str, rounds: &Rounds<Vec<Point>>, figure: fn(&Point) -> f64) -> Table {
    let points = rounds.iter().next().map(|(_, rounds)| &rounds[0]);
    let threads = points.into_iter().flatten().map(|point| point.threads);
    let threads: Vec<usize> = threads.collect();
    let header = threads.iter().map(|threads| format!("{threads} threads"));
    let mut table = Table::new(title, iter::once(String::new()).chain(header));
    for (contender, rounds) in rounds.iter() {
        let cell = |place: usize| {
            let figures = rounds.iter().map(|points| figure(&points[place]));
            format!("{:.2}", Quartiles::of(figures))
        };
        table.row(contender.title, (0..threads.len()).map(cell));
    }
    table
}
