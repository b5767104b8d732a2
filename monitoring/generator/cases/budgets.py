"""The burn of error and latency budgets."""

from dataclasses import replace

from .kinds import JOB, SELDOM, AlertCase, failing, ok, silent, slow
from .world import World

# Minutes.
THREE_DAYS = 3 * 24 * 60
BURNS = [f"{what}BudgetBurn{name}" for what in ["Error", "Latency"] for name in ["Fast", "Medium", "Slow"]]


def cases():
    # Three days of it take too long otherwise.
    return [replace(case, pace="5m") for case in [*fast(), *six_hours()]] + [
        replace(case, pace="30m") for case in three_days()
    ]


def fast():
    few = [ok(980, 200), failing((20, 100), (1, 100))]
    return [
        AlertCase(
            "ErrorBudgetBurnFast",
            "2 % fail from the beginning, and far fewer from minute 100 on",
            120,
            World(few),
            # Not before there is an hour of data.
            [*silent(2, 30, 60), (90, [(JOB, "2%")]), (115, [])],
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "2 % fail, for eight minutes only",
            110,
            World([ok(98), failing((0, 90), (2, 8), (0, 12))]),
            silent(96, 98, 100),
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "all fail, and there are hardly any",
            120,
            World([failing(*SELDOM)]),
            silent(30, 90, 120),
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "a batch client of 150 requests an hour fails all of them",
            120,
            World([failing(*[(5, 1), (0, 1)] * 60)]),
            silent(30, 90, 120),
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "three errors in an hour, of so few requests that they are 2 %",
            120,
            World([ok(5, 120), failing(*[(0, 19), (1, 1)] * 6)]),
            silent(85, 90, 100, 120),
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "ten errors in an hour, of a service with enough requests",
            120,
            World([ok(13, 120), failing(*[(0, 4), (1, 1)] * 24)]),
            silent(85, 90, 100, 120),
        ),
        AlertCase("ErrorBudgetBurnFast", "1 % fails", 120, World([ok(99), failing((1, 120))]), silent(80, 120)),
        AlertCase(
            "LatencyBudgetBurnFast",
            "four fifths are slow from the beginning, and few from minute 100 on",
            120,
            World([ok(20), slow((80, 100), (2, 20), le=0.75)]),
            [*silent(2, 30, 60), (90, [(JOB, "80%")]), (115, [])],
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "the same, for eight minutes only",
            110,
            World([ok(20), slow((0, 90), (80, 8), (0, 12), le=0.75)]),
            silent(96, 98, 100),
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "a batch client of 150 requests an hour, and all are slow",
            120,
            World([slow(*[(5, 1), (0, 1)] * 60)]),
            silent(30, 90, 120),
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "half are slow: too many, but not so fast",
            120,
            World([ok(50), slow((50, 120), le=0.75)]),
            silent(80, 120),
        ),
    ]


def three_days():
    end = THREE_DAYS + 240
    # Errors are slow here too: 5 % fail, 85 % are slow.
    bad = World([ok(15, end), slow((80, end), le=0.75), failing((5, end))])
    fires = {"Error": "5%", "Latency": "85%"}
    since = {"Fast": 60, "Medium": 360, "Slow": THREE_DAYS}
    found = []
    for alert in BURNS:
        what, name = alert.split("BudgetBurn")
        first = since[name]
        expect = [*silent(30, first - 30), (first + 150, [(JOB, fires[what])]), (end, [(JOB, fires[what])])]
        found.append(AlertCase(alert, "too many from the beginning", end, bad, expect))
    well = World([ok(99_900, end), slow((2_000, end), le=0.75), failing((50, end))])
    found += [AlertCase(a, "within the objectives", end, well, silent(900, THREE_DAYS + 120, end)) for a in BURNS]
    hardly = World([failing(*[(1, 1), (0, 1)] * (end // 2))])
    found += [AlertCase(a, "hardly any requests", end, hardly, silent(900, THREE_DAYS + 120, end)) for a in BURNS]
    return found


def six_hours():
    medium, end = ["ErrorBudgetBurnMedium", "LatencyBudgetBurnMedium"], 600
    found = [
        AlertCase(
            alert,
            "a batch client of 150 requests an hour fails all of them",
            end,
            World([failing(*[(5, 1), (0, 1)] * (end // 2))]),
            silent(400, end),
        )
        for alert in medium
    ]
    mixed = World([ok(990, 450), failing((0, 410), (10, 40)), slow((0, 410), (990, 40), le=0.75)])
    found += [AlertCase(a, "for the last 40 minutes only", 450, mixed, silent(410, 450)) for a in medium]
    before = World([ok(50, 450), failing((50, 400), (0, 50)), slow((50, 400), (0, 50), le=0.75)])
    found += [AlertCase(a, "for 400 minutes, and then no longer", 450, before, [(445, [])]) for a in medium]
    half = World([ok(700, 450), failing((3, 450)), slow((150, 450), le=0.75)])
    return found + [AlertCase(a, "half of what it takes", 450, half, silent(400, 450)) for a in medium]
