"""Alerts on traffic and targets: is it there, and does anything reach it?"""

from ..text import block
from .model import INSTANCE, JOB


def targets(a):
    no_traffic(a)
    down(a)
    target_down(a)


def no_traffic(a):
    r = a.r
    a.add(
        "NoTraffic",
        block(
            """
            @long@
            # At this time of the week there is traffic, and for an hour more.
            and on (job) @expected@
            unless on (job) @short@ > 0
            and on (job) max by (job) (up) == 1
            """,
            long=a.above(r("job", "requests", "rate6h"), "page_rate"),
            expected=a.above(r("job", "requests", "expected_rate5m"), "page_rate"),
            short=r("job", "requests", "rate5m"),
        ),
        "10m",
        "critical",
        f"{JOB} is up and finishes no requests",
        f"Over the last 6 hours it had more than {a.limit('page_rate')} a second, and at this time a week or a "
        "day ago too.",
        means="A service that can be scraped finishes no request, at a time when it had traffic without a pause a "
        "week ago (or yesterday, while there is no week of data). So it does not fire at quiet times such as "
        "nights and weekends, nor on the first day.",
        look="Requests in flight? None: nothing reaches it, so look at what is in front of it: load balancer, "
        "ingress, DNS, certificates, readiness of the replicas. Many, and more all the time: they hang, so look "
        "at what they wait for.",
        act="Restore the path to it, or restart replicas that hang. The alert ends by itself after six hours without "
        "traffic.",
    )


def down(a):
    r = a.r
    seen, rate = r("job", "service", "seen"), r("job", "requests", "rate1h")
    gone = block(
        """
        (
          max by (job) (up) == 0
          and on (job) @known@
        )
        or
        (
          0 * last_over_time(@seen@[1h])
          unless on (job) up
        )
        """,
        known=r("job", "service", "known"),
        seen=seen,
    )
    matters = block(
        """
        @volume@
        # Silent where a day or a week ago there were hardly any requests at this time.
        unless on (job) @expected@ <= on (job) @page_rate@
        """,
        volume=a.above(f"max_over_time({rate}[1d])", "page_rate"),
        expected=r("job", "requests", "expected_rate5m"),
        page_rate=r.threshold("page_rate"),
    )
    text = "(\n  @gone@\n)\n@word@ on (job) (\n  @matters@\n)"
    look = (
        "Do its processes run? Then ask the endpoint by hand, as Prometheus does: address, port, token, "
        "certificate. The page of targets in Prometheus says what went wrong."
    )
    act = (
        "Start it, or fix the reason why it cannot be scraped. If it was removed on purpose, this ends after an "
        "hour."
    )
    a.add(
        "ServiceDown",
        block(text, gone=gone, word="and", matters=matters),
        "2m",
        "critical",
        f"{JOB} cannot be scraped at all",
        "No replica answers, or there is none left.",
        means="A service that had traffic within a day, and is expected to have it now, cannot be scraped: no "
        "replica answers, or none is left.",
        look=look,
        act=act,
    )
    a.add(
        "QuietServiceDown",
        block(text, gone=gone, word="unless", matters=matters),
        "10m",
        "warning",
        f"{JOB}, which has few requests now, cannot be scraped at all",
        "No replica answers, or there is none left.",
        means=f"The same as {a.name('ServiceDown')}, for a service with so few requests, or at such a quiet "
        "time, that it can wait.",
        look=look,
        act=act,
    )


def target_down(a):
    a.add(
        "TargetDown",
        f"up == 0\nand on (job) {a.r('job', 'service', 'known')}",
        "5m",
        "warning",
        f"{INSTANCE} of {JOB} cannot be scraped",
        "Its requests are missing from all numbers.",
        means="One replica does not answer when it is scraped.",
        look="The page of targets in Prometheus says what went wrong.",
        act="Restart or replace the replica. If the process is healthy but the scrape times out, see how many "
        "label sets it holds.",
        variables=("instance",),
    )
