"""The layer itself, and the settings."""

from dataclasses import replace

from .. import settings as s
from .kinds import JOB, AlertCase, ok, silent
from .world import World

HELD = s.default("label_sets")


def cases():
    # Every five minutes will do, and takes a fifth of the time.
    return [replace(case, pace="5m") for case in all_of_them()]


def all_of_them():
    return [
        AlertCase(
            "LabelSetsNearBudget",
            "nine tenths of the budget",
            60,
            World(label_sets=f"10x30 {HELD * 9 // 10}x30"),
            [(30, []), (33, []), (60, [(JOB, f"{HELD * 9 / 10000:.4g}k")])],
        ),
        AlertCase(
            "LabelSetsNearBudget",
            "half of the budget",
            60,
            World(label_sets=f"{HELD // 2}x60"),
            silent(30, 60),
        ),
        AlertCase(
            "LabelSetsGrowing",
            "five a minute, from hour two on",
            300,
            World(label_sets="100x120 100+5x180"),
            [(120, []), (180, []), (240, [(JOB, "300")])],
        ),
        AlertCase("LabelSetsGrowing", "one a minute", 300, World(label_sets="100+1x300"), silent(120, 240, 300)),
        AlertCase(
            "LabelSetsGrowing",
            "replicas start anew and warm up again",
            300,
            World(label_sets="500x120 0 300 500x180"),
            silent(60, 122, 180, 200, 300),
        ),
        AlertCase(
            "RequestsOverflowed",
            "the budget is spent from minute 30 on",
            60,
            World(overflowed="0x30 60+60x30"),
            [(30, []), (60, [(JOB, "1")])],
        ),
        AlertCase(
            "RequestsOverflowed",
            "the first one, in a series that is new",
            60,
            World(overflowed="_x30 3x30"),
            [(29, []), (31, [(JOB, "10m")]), (40, [])],
        ),
        AlertCase("RequestsOverflowed", "never", 60, World(overflowed="0x60"), silent(30, 60)),
        AlertCase(
            "LatencyObjectiveUnmeasured",
            "the objective is a bound",
            60,
            World([ok(60)]),
            silent(30, 60),
        ),
        AlertCase("SettingsMissing", "all settings are there", 60, World([ok(60)]), silent(5, 30, 60)),
    ]
