"""Alerts on the process, its machine, and what metrics cost."""

from ...alerts import INSTANCE, NUMBER, SECONDS, SHARE
from ...text import number
from ..model import Case, Measure, alert
from . import budget as limits

REPLICA = {"instance": "a"}


def resource(name, measure, summary, description, runbook, fires, silent, value, wait="10m", labels=REPLICA):
    return alert(
        name,
        measure,
        wait=wait,
        summary=summary,
        description=description,
        runbook=runbook,
        fires=Case("too much", fires, value=value, labels=labels),
        silent=Case("enough is left", silent),
    )


def resources(q):
    each = "job, instance"
    used, total = (f'host_memory_bytes{{state="{state}"}}' for state in ["used", "total"])
    free, size = ('host_disk_free_bytes{mount="/"}', 'host_disk_size_bytes{mount="/"}')
    disks = q.part("job, instance, mount", "host_disk_free_bytes", "host_disk_size_bytes")
    return [
        resource(
            "TaskProcessBusy",
            Measure(q.rate(each, "process_cpu_seconds_total"), "> 0.9"),
            f"{INSTANCE} keeps {NUMBER} processors busy",
            "Over 5 minutes. The limit is 0.9.",
            "Are there more requests or tasks than usual? If not, take a profile.",
            {"process_cpu_seconds_total": "0+57x60"},
            {"process_cpu_seconds_total": "0+6x60"},
            "950m",
        ),
        resource(
            "TaskMemoryHigh",
            Measure(q.level(each, "process_resident_memory_bytes"), "> 500e6"),
            f"{INSTANCE} uses {{{{ $value | humanize1024 }}}}B of memory",
            "Resident memory. The limit is 500 MB.",
            "Does it keep growing? Look at the queue and the label sets first.",
            {"process_resident_memory_bytes": "0+20971520x60"},
            {"process_resident_memory_bytes": "20971520x60"},
            "1.172Gi",
        ),
        resource(
            "TaskFilesNearLimit",
            Measure(q.part(each, "process_open_fds", "process_max_fds"), "> 0.8"),
            f"{INSTANCE} has {SHARE} of its file descriptors open",
            "The limit is 80 %. Without a free one, it accepts no connection.",
            "Are there more clients than usual, or connections that nobody closes?",
            {"process_open_fds": "900x60", "process_max_fds": "1000x60"},
            {"process_open_fds": "100x60", "process_max_fds": "1000x60"},
            "90%",
        ),
        resource(
            "TaskMachineBusy",
            Measure(q.level(each, "host_cpu_ratio"), "> 0.9"),
            f"The machine of {INSTANCE} is {SHARE} busy",
            "All its processors together. The limit is 90 %.",
            "Compare it with the CPU of the process. What else runs there?",
            {"host_cpu_ratio": "0.95x60"},
            {"host_cpu_ratio": "0.5x60"},
            "95%",
            wait="15m",
        ),
        resource(
            "TaskMachineMemoryLow",
            Measure(q.part(each, used, total), "> 0.9"),
            f"The machine of {INSTANCE} uses {SHARE} of its memory",
            "The limit is 90 %. Without memory, the kernel kills processes.",
            "Compare it with the memory of the process. What else runs there?",
            {used: "95x60", total: "100x60"},
            {used: "50x60", total: "100x60"},
            "95%",
        ),
        resource(
            "TaskDiskLow",
            Measure(disks, "< 0.1"),
            f"{{{{ $labels.mount }}}} on the machine of {INSTANCE} has {SHARE} of its space left",
            "It should be 10 % at least.",
            "What grows? Often it is logs.",
            {free: "5x60", size: "100x60"},
            {free: "50x60", size: "100x60"},
            "5%",
            labels={**REPLICA, "mount": "/"},
        ),
    ]


def budget(q):
    each = "job, instance"
    seconds = "exposition_scrape_duration_seconds"
    many = "Which label has so many values? `topk(10, count by (label) (family))` tells."
    return [
        resource(
            "TaskScrapesBusy",
            Measure(limits.scrape_share(q, each), f"> {number(limits.CPU)}"),
            f"Scrapes of {INSTANCE} take {SHARE} of a processor",
            "Over 5 minutes. The budget is 1 %.",
            f"How often is it scraped, and by how many Prometheus servers? {many}",
            {f"{seconds}_sum": "0+1.2x60"},
            {f"{seconds}_sum": "0+0.03x60"},
            "2%",
        ),
        resource(
            "TaskScrapesSlow",
            Measure(q.mean(each, seconds), f"> {number(limits.SECONDS)}"),
            f"A scrape of {INSTANCE} takes {SECONDS}",
            "The mean over 5 minutes. The budget is 50 ms.",
            f"Is the machine busy? {many}",
            {f"{seconds}_sum": "0+0.4x60", f"{seconds}_count": "0+4x60"},
            {f"{seconds}_sum": "0+0.01x60", f"{seconds}_count": "0+4x60"},
            "100ms",
        ),
        resource(
            "TaskSeriesMany",
            Measure(q.level(each, "scrape_samples_scraped"), f"> {limits.SERIES}"),
            f"{INSTANCE} exposes {NUMBER} series",
            "The budget is 500.",
            many,
            {"scrape_samples_scraped": "600x60"},
            {"scrape_samples_scraped": "250x60"},
            "600",
        ),
    ]
