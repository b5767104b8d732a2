"""What dashboards are made of."""

from dataclasses import dataclass, field

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

GREEN, ORANGE, RED = "green", "orange", "red"
PLAIN_STEPS = [(None, GREEN)]


@dataclass
class Target:
    expr: str
    legend: str
    # What must have happened for it to return anything: read by `queries.py`.
    needs: tuple = ("requests",)
    # A column of a table.
    name: str = ""
    unit: str = ""
    steps: list = field(default_factory=list)


@dataclass
class Panel:
    kind: str
    title: str
    description: str
    unit: str
    targets: list
    width: int
    height: int = 8
    steps: list = field(default_factory=list)
    stack: bool = False
    options: dict = field(default_factory=dict)


@dataclass
class Row:
    title: str
    panels: list


@dataclass
class Variable:
    name: str
    label: str
    description: str
    # The values of `of` among these series.
    series: str
    of: str
    everything: bool
    needs: tuple = ("requests",)
