use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{family::Family, gauge::Gauge},
};
use std::{
    fmt,
    sync::{Mutex, PoisonError, atomic::AtomicU64},
};
use sysinfo::{Disks, System};

/// The machine's processors, memory and disks, read when they are scraped.
#[derive(Debug)]
pub(crate) struct Host {
    /// Kept: how busy processors are is told since the last time.
    system: Mutex<System>,
}

type Bytes = Family<[(&'static str, String); 1], Gauge<f64, AtomicU64>>;

impl Host {
    pub(crate) fn new() -> Self {
        let mut system = System::new();
        system.refresh_cpu_usage();
        let system = Mutex::new(system);
        Self { system }
    }
}

impl Collector for Host {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        system.refresh_cpu_usage();
        system.refresh_memory();
        let busy = Gauge::<f64, AtomicU64>::default();
        busy.set(f64::from(system.global_cpu_usage()) / 100.0);
        let help = "How busy the machine's processors were since the last scrape, from 0 to 1";
        encode(&mut encoder, "host_cpu_ratio", help, &busy)?;

        let memory = Bytes::default();
        set(&memory, "state", "used", system.used_memory());
        set(&memory, "state", "total", system.total_memory());
        let help = "The machine's memory";
        encode(&mut encoder, "host_memory_bytes", help, &memory)?;

        let (free, size) = (Bytes::default(), Bytes::default());
        for disk in &Disks::new_with_refreshed_list() {
            let mount = disk.mount_point().display().to_string();
            set(&free, "mount", &mount, disk.available_space());
            set(&size, "mount", &mount, disk.total_space());
        }
        let help = "Space on a disk that is free";
        encode(&mut encoder, "host_disk_free_bytes", help, &free)?;
        let help = "Space on a disk";
        encode(&mut encoder, "host_disk_size_bytes", help, &size)
    }
}

fn set(bytes: &Bytes, label: &'static str, value: &str, amount: u64) {
    // Exact up to 2^53, which is 8 PiB.
    let amount = amount as f64;
    bytes
        .get_or_create(&[(label, value.to_owned())])
        .set(amount);
}

fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    let encoder = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
    metric.encode(encoder)
}
