"""Traffic and targets."""

from .kinds import JOB, A, AlertCase, B, ok, silent
from .requests import Requests
from .world import World

DAY, WEEK = 24 * 60, 7 * 24 * 60
# Days of it take too long otherwise.
SLOWLY = "30m"


def day(minutes=480, rate=60):
    """From nine o'clock on."""
    return [(0, 540), (rate, minutes), (0, DAY - 540 - minutes)]


def cases():
    return [*no_traffic(), *weeks(), *down(), *targets()]


def no_traffic():
    case = lambda title, world, minutes, expect: AlertCase("NoTraffic", title, minutes, world, expect, SLOWLY)
    end = DAY + 500
    office = World([Requests(day() + day())])
    return [
        case(
            "requests day and night, and then none",
            World([Requests([(60, DAY + 400), (0, 100)])]),
            end,
            [*silent(DAY + 390, DAY + 420), (DAY + 480, [(JOB, "")])],
        ),
        case(
            "the process starts anew and nothing reaches it: its series are gone",
            World([Requests([(60, DAY + 400)])]),
            end,
            [(DAY + 480, [(JOB, "")])],
        ),
        case(
            "requests hang: they are in flight, and none ends",
            World(
                [Requests([(60, DAY + 400), (0, 100)])],
                in_flight={("GET", "/users/{id}"): f"3x{DAY + 400} 3+60x100"},
            ),
            end,
            [(DAY + 480, [(JOB, "")])],
        ),
        case(
            "an hour of requests on the first day, and then none",
            World([Requests([(60, 60), (0, 90)])]),
            150,
            silent(60, 120, 150),
        ),
        # Five and six o'clock on the first and the second day, the night between them, and nine o'clock.
        case(
            "an office-hours service",
            office,
            2 * DAY,
            silent(1050, 1080, 1500, DAY + 540, DAY + 1050, DAY + 1080, DAY + 1140, 2 * DAY),
        ),
        case(
            "an office-hours service that closes half an hour earlier today",
            World([Requests(day() + day(450))]),
            2 * DAY,
            silent(DAY + 1020, DAY + 1050, DAY + 1080),
        ),
        case(
            "a batch client of 150 requests an hour, which stops",
            World([Requests([(5, 1), (0, 1)] * (DAY // 2 + 200) + [(0, 100)])]),
            end,
            silent(DAY + 300, DAY + 450, DAY + 480),
        ),
        case(
            "a batch client that sends thousands within minutes, and nothing for the rest of an hour",
            World([Requests([(600, 10), (0, 50)] * 32)]),
            1920,
            silent(DAY + 90, DAY + 110, 1910),
        ),
        case(
            "streams that clients leave at once, every forty minutes",
            World(
                [Requests([(400, 1), (0, 39)] * 48, route="/events")], in_flight={("GET", "/events"): "400x1920"}
            ),
            1920,
            silent(DAY + 120, DAY + 150, 1910),
        ),
        case(
            "it is down, and that is another alert's",
            World([Requests([(60, DAY + 400)])], up={"a": f"1x{DAY + 400} 0x100"}),
            end,
            silent(DAY + 480),
        ),
    ]


def weeks():
    """From recorded series, every 5 minutes: a week of raw ones would take too long."""
    rate = ("job", "requests", "rate5m")

    def recorded(*parts):
        # Each value that many minutes, by promtool's notation: one value a minute.
        return World(
            label_sets=None, recorded={rate: " ".join(f"{value}x{minutes - 1}" for value, minutes in parts)}
        )

    end = WEEK + 700
    return [
        AlertCase(
            "NoTraffic",
            "closed on Sunday, and nothing on Monday from ten o'clock on",
            end,
            recorded((0, 480), (1, 600), (0, WEEK - 1080), (0, 480), (1, 120), (0, 100)),
            [(WEEK + 600, []), (WEEK + 690, [(JOB, "")])],
            SLOWLY,
        ),
        AlertCase(
            "NoTraffic",
            "open until noon on the second Saturday as on the first, and until evening on Friday",
            end,
            recorded((0, 480), (1, 240), (0, WEEK - 720 - 840), (1, 600), (0, 240), (0, 480), (1, 240), (0, 100)),
            silent(WEEK + 720, WEEK + 780, WEEK + 800),
            SLOWLY,
        ),
    ]


def down():
    held = "10x30 stale"
    busy = [ok(30, 30), ok(30, 30, instance="b")]
    gone = {"a": "1x30 0x60", "b": "1x40 0x50"}
    both_down = World(busy, replicas=["a", "b"], up=gone, label_sets=held)
    none_left = World([ok(60, 30)], gone=30, up={"a": "1x30 stale"}, label_sets=held)
    quiet = World([ok(1, 30)], replicas=["a", "b"], up=gone, label_sets=held)
    quiet_gone = World([ok(1, 30)], gone=30, up={"a": "1x30 stale"}, label_sets=held)
    never = World(up={"a": "0x60"}, label_sets=None)
    # Switched off from six in the evening to eight in the morning, an hour after the last request.
    off = "1x1079 0x839 1x599 0x200"
    held_by_day = "10x1079 stale _x838 10x599 stale"
    office = World(
        [Requests(day()[:2] + [(0, 60)]), Requests(day()[1:2] + [(0, 60)], born=DAY + 540, status="201")],
        up={"a": off},
        label_sets=held_by_day,
    )
    second_evening = DAY + 1170
    return [
        AlertCase(
            "ServiceDown",
            "no replica answers",
            90,
            both_down,
            [(35, []), (41, []), (45, [(JOB, "0")]), (90, [(JOB, "0")])],
        ),
        AlertCase("QuietServiceDown", "no replica answers", 90, both_down, silent(35, 60, 90)),
        AlertCase(
            "ServiceDown",
            "no replica is left",
            120,
            none_left,
            [(30, []), (40, [(JOB, "0")]), (85, [(JOB, "0")]), (110, [])],
        ),
        AlertCase("ServiceDown", "one request a minute, and no replica answers", 90, quiet, silent(45, 60, 90)),
        AlertCase(
            "QuietServiceDown",
            "one request a minute, and no replica answers",
            90,
            quiet,
            [(35, []), (60, [(JOB, "0")])],
        ),
        AlertCase("ServiceDown", "one request a minute, and no replica is left", 90, quiet_gone, silent(45, 80)),
        AlertCase(
            "QuietServiceDown",
            "one request a minute, and no replica is left",
            90,
            quiet_gone,
            [(60, [(JOB, "0")])],
        ),
        AlertCase("ServiceDown", "it never had these metrics, so it is none of ours", 60, never, silent(30, 60)),
        AlertCase(
            "QuietServiceDown", "it never had these metrics, so it is none of ours", 60, never, silent(30, 60)
        ),
        AlertCase(
            "ServiceDown",
            "an office-hours service that is off by night",
            second_evening,
            office,
            silent(second_evening),
            SLOWLY,
        ),
        AlertCase(
            "QuietServiceDown",
            "an office-hours service that is off by night",
            second_evening,
            office,
            [(second_evening, [(JOB, "0")])],
            SLOWLY,
        ),
    ]


def targets():
    return [
        AlertCase(
            "TargetDown",
            "one of two replicas does not answer",
            60,
            World(replicas=["a", "b"], up={"b": "1x30 0x30"}),
            [(30, []), (33, []), (40, [(B, "0")])],
        ),
        AlertCase(
            "TargetDown",
            "all answer, but for one scrape",
            60,
            World(replicas=["a", "b"], up={"b": "1x30 0 1x28"}),
            silent(31, 40, 60),
        ),
        AlertCase(
            "TargetDown",
            "it never had these metrics, so it is none of ours",
            60,
            World(up={"a": "0x60"}, label_sets=None),
            silent(30, 60),
        ),
        AlertCase(
            "TargetDown",
            "a process that only has a client",
            60,
            World(label_sets=None, calls=[Requests([(60, 30)], peer="stock")], up={"a": "1x30 0x30"}),
            [(30, []), (40, [(A, "0")])],
        ),
    ]
