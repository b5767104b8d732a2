"""Error ratios."""

from .kinds import JOB, SELDOM, USERS, AlertCase, failing, ok, silent
from .world import World


def both(title, world, minutes, expect):
    """The service and its only route agree."""
    return [
        AlertCase("ErrorRatioHigh", title, minutes, world, [(m, [(JOB, v)] if v else []) for m, v in expect]),
        AlertCase(
            "RouteErrorRatioHigh", title, minutes, world, [(m, [(USERS, v)] if v else []) for m, v in expect]
        ),
    ]


def only_a_warning(title, world, minutes, expect):
    """Nobody is paged, at any time, but somebody finds it in the morning."""
    return [
        AlertCase("ErrorRatioHigh", title, minutes, world, silent(*[m for m, _ in expect])),
        AlertCase(
            "RouteErrorRatioHigh", title, minutes, world, [(m, [(USERS, v)] if v else []) for m, v in expect]
        ),
    ]


def cases():
    # 150 an hour, as five every other minute.
    batch = [(5, 1), (0, 1)] * 60
    return [
        *both(
            "half of the requests fail from minute 30 on",
            World([ok(50), failing((0, 30), (50, 30))]),
            60,
            [(30, None), (31, None), (50, "50%")],
        ),
        *both("no request has ever failed", World([ok(50)]), 60, [(1, None), (30, None), (60, None)]),
        *both(
            "the first errors of all come in one burst, in a series that is new",
            World([ok(15), failing((0, 30), born=30, first=25)]),
            60,
            [(29, None), (33, "25%"), (37, None)],
        ),
        *both("one of a hundred fails", World([ok(99), failing((1, 60))]), 60, [(30, None), (60, None)]),
        *both("all fail, and there are hardly any", World([failing(*SELDOM)]), 60, [(30, None), (60, None)]),
        *only_a_warning(
            "a batch client of 150 requests an hour fails all of them",
            World([failing(*batch)]),
            120,
            [(30, "100%"), (60, "100%"), (110, "100%")],
        ),
        *only_a_warning(
            "a batch client sends its 150 requests of an hour in five minutes, and all fail",
            World([failing(*[(30, 5), (0, 55)] * 2)]),
            120,
            [(50, None), (63, "100%"), (100, None)],
        ),
        *only_a_warning(
            "three errors in an hour, when there are few other requests for a while",
            World([ok(60, 55, status="201"), ok(2), failing((0, 57), (3, 1), (0, 30))]),
            88,
            [(50, None), (62, "23.08%"), (80, None)],
        ),
    ]
