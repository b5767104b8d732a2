"""What the cases of alerts are made of."""

from dataclasses import dataclass, field

from .requests import Requests
from .world import World

JOB, USERS = {}, {"route": "/users/{id}"}
A, B = {"instance": "a"}, {"instance": "b"}
THREE = ["a", "b", "c"]
# One every other minute: too few for any ratio.
SELDOM = [(1, 1), (0, 1)] * 100


@dataclass
class AlertCase:
    alert: str
    title: str
    minutes: int
    world: World
    # (minute, [(labels, what the value reads as)])
    expect: list
    # How often rules are evaluated.
    pace: str = "1m"


@dataclass
class RuleCase:
    title: str
    minutes: int
    world: World
    # (minute, level, metric, operation, [(labels, value)], tolerance)
    expect: list
    # (series, minute, [(labels, value)]) of those that have no level and operation.
    named: list = field(default_factory=list)
    pace: str = "1m"


def ok(rise, minutes=150, **more):
    return Requests([(rise, minutes)], **more)


def failing(*rise, **more):
    return Requests(list(rise), status="503", error="503", **{"le": 1.0, **more})


def dropped(*rise, **more):
    return Requests(list(rise), status=None, phase="head", **more)


def left(*rise, **more):
    """Of a body that the client did not wait for."""
    return Requests(list(rise), status="206", phase="body", **more)


def slow(*rise, **more):
    return Requests(list(rise), status="202", **{"le": 2.5, **more})


def silent(*minutes):
    return [(minute, []) for minute in minutes]
