//! The soak from its start to its verdict.

use crate::{
    cli::Options,
    client::AnyError,
    load::{Load, Sent},
    process::Process,
    report::{self, Sample},
    scrape::{self, FORMATS, Monitor},
    totals::{self, Seen},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval, sleep},
};

/// Returns whether nothing was found.
#[tokio::main]
pub(crate) async fn run(options: &Options) -> Result<bool, AnyError> {
    let process = Process::start().await?;
    let monitor = Arc::new(Monitor::default());
    let load = Load::start(process.public, options.rate);
    let scrapers = scrape::start(process.admin, &monitor);
    println!("{}", report::HEADER);

    let mut progress = Progress::default();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let ended = tokio::select! {
        ended = progress.watch(&process, &monitor) => ended,
        () = sleep(options.duration) => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    let sent = load.stop().await;
    drop(scrapers);
    ended?;

    let seen = match process.idle().await {
        Ok(seen) => seen,
        Err(error) => {
            monitor.fault(&error.to_string());
            process.seen().await?
        }
    };
    progress.show(&seen, &monitor);
    compare(&process, &monitor, &seen, sent).await?;
    process.stop().await?;
    Ok(verdict(&monitor, &seen, &progress.samples))
}

#[derive(Default)]
struct Progress {
    /// One each second.
    samples: Vec<Sample>,
    /// Those that a line has been printed of.
    shown: usize,
}

impl Progress {
    /// Prints a line each minute.
    async fn watch(&mut self, process: &Process, monitor: &Monitor) -> Result<(), AnyError> {
        let begun = Instant::now();
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for second in 0_u64.. {
            ticks.tick().await;
            if second % 60 == 59 {
                self.show(&process.seen().await?, monitor);
            }
            self.samples.push(Sample {
                at: begun.elapsed(),
                memory: process.memory().await?,
                label_sets: monitor.size().0,
            });
        }
        Ok(())
    }

    /// Prints a line of the samples that are new.
    fn show(&mut self, seen: &Seen, monitor: &Monitor) {
        let new = &self.samples[self.shown..];
        let (size, times) = (monitor.size(), monitor.times());
        // What was cut short after a second or two says nothing.
        if new.len() > 5 {
            println!("{}", report::row(new, seen.requests(), size, times));
        }
        self.shown = self.samples.len();
    }
}

/// Compares what is exposed with what the service saw itself.
async fn compare(
    process: &Process,
    monitor: &Monitor,
    seen: &Seen,
    sent: Sent,
) -> Result<(), AnyError> {
    for format in FORMATS {
        let families = format.scrape(process.admin).await?;
        for fault in &families.faults {
            monitor.fault(&format!("{format:?}: {fault}"));
        }
        for difference in seen.differences(&families.totals()) {
            monitor.fault(&format!("{format:?}: {difference}"));
        }
        for (series, value) in families.active() {
            monitor.fault(&format!(
                "{format:?}: nothing is active, but {series} {value}"
            ));
        }
    }
    let requests = seen.requests();
    if requests > sent.requests || requests < sent.answered {
        monitor.fault(&format!("{requests} requests, but {sent:?}"));
    }
    Ok(())
}

fn verdict(monitor: &Monitor, seen: &Seen, samples: &[Sample]) -> bool {
    println!(
        "\n{} requests, {} scrapes, of which the longest took {:.1} ms. How it all ended:\n",
        seen.requests(),
        monitor.scrapes(),
        monitor.longest().as_secs_f64() * 1e3
    );
    for (ending, count) in totals::endings(&seen.ended) {
        println!("- {ending}: {count}");
    }
    println!();
    let growths = report::growths(samples);
    for growth in &growths {
        println!("{}", growth.line());
    }
    let faults = monitor.faults();
    match faults {
        0 => println!("all totals and scrapes are exact"),
        faults => println!("FAULTS: {faults}"),
    }
    faults == 0 && growths.iter().all(report::Growth::is_allowed)
}
