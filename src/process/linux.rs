use super::family::family;
use crate::model::{Family, Kind, Number};
use procfs::process::{LimitValue, Limits, Process, Stat};
use std::sync::OnceLock;

/// What /proc says of this process now. What cannot be read there is left out.
pub(super) fn families() -> Vec<Family> {
    let Ok(process) = Process::myself() else {
        return Vec::new();
    };
    let stat = process.stat();
    let limits = process.limits();
    let mut families = Vec::new();
    families.extend(stat.as_ref().map(cpu_time).ok());
    families.extend(process.fd_count().map(open_files).ok());
    families.extend(limits.as_ref().map(most_files).ok());
    if let Ok(stat) = &stat {
        families.push(resident_memory(stat));
        families.extend(start_time(stat));
        families.push(threads(stat));
        families.push(virtual_memory(stat));
    }
    families.extend(limits.as_ref().map(most_memory).ok());
    families
}

fn cpu_time(stat: &Stat) -> Family {
    let seconds = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
    single(
        "process_cpu_seconds",
        "Time that the process spent on processors, by itself and in the kernel.",
        Kind::Counter,
        Number::Float(seconds),
    )
}

fn open_files(count: usize) -> Family {
    // One of them is the folder in /proc, which is open only while it is read.
    let count = count.saturating_sub(1) as u64;
    let help = "File descriptors that are open.";
    single(
        "process_open_fds",
        help,
        Kind::Gauge,
        Number::Unsigned(count),
    )
}

fn most_files(limits: &Limits) -> Family {
    let help = "The most file descriptors that may be open.";
    let limit = number(limits.max_open_files.soft_limit);
    single("process_max_fds", help, Kind::Gauge, limit)
}

fn resident_memory(stat: &Stat) -> Family {
    let bytes = Number::Unsigned(stat.rss.saturating_mul(procfs::page_size()));
    let help = "Memory of the process that is in RAM.";
    single("process_resident_memory_bytes", help, Kind::Gauge, bytes)
}

/// The same in every scrape, or it would look like a restart: the kernel's time of boot moves with its clock.
fn start_time(stat: &Stat) -> Option<Family> {
    static START_TIME: OnceLock<f64> = OnceLock::new();
    let seconds = match START_TIME.get() {
        Some(seconds) => *seconds,
        None => {
            let booted = procfs::boot_time_secs().ok()? as f64;
            let ticks = stat.starttime as f64 / procfs::ticks_per_second() as f64;
            *START_TIME.get_or_init(|| booted + ticks)
        }
    };
    let help = "When the process started, since 1970.";
    let seconds = Number::Float(seconds);
    Some(single(
        "process_start_time_seconds",
        help,
        Kind::Gauge,
        seconds,
    ))
}

fn threads(stat: &Stat) -> Family {
    let threads = Number::Signed(stat.num_threads);
    let help = "Threads of the process.";
    single("process_threads", help, Kind::Gauge, threads)
}

fn virtual_memory(stat: &Stat) -> Family {
    let bytes = Number::Unsigned(stat.vsize);
    let help = "Address space of the process that is in use.";
    single("process_virtual_memory_bytes", help, Kind::Gauge, bytes)
}

fn most_memory(limits: &Limits) -> Family {
    let bytes = number(limits.max_address_space.soft_limit);
    let help = "The most address space that the process may use.";
    single("process_virtual_memory_max_bytes", help, Kind::Gauge, bytes)
}

/// No limit is the largest number, as in Prometheus' own clients.
fn number(limit: LimitValue) -> Number {
    Number::Unsigned(match limit {
        LimitValue::Value(limit) => limit,
        LimitValue::Unlimited => u64::MAX,
    })
}

/// A family with one series, which has no labels.
fn single(name: &'static str, help: &'static str, kind: Kind, value: Number) -> Family {
    family(name, help, kind, vec![(String::new(), value)])
}
