"""Requests, as the tests of rules and alerts play them."""

from dataclasses import dataclass


@dataclass
class Requests:
    """Requests of one kind to one replica. All of them take between two bounds of the histogram."""

    # (so many a minute, for so many minutes), one after the other.
    rise: list
    # The upper bound.
    le: float = 0.1
    method: str = "GET"
    route: str | None = "/users/{id}"
    # None: there was no head.
    status: str | None = "200"
    error: str | None = None
    # Cancelled: `head` or `body`.
    phase: str | None = None
    grpc: str | None = None
    instance: str = "a"
    # Of an outgoing request: whom it goes to.
    peer: str | None = None
    # The minute in which the series appears, and its first value.
    born: int = 0
    first: int = 0
    # The minute in which it goes, and comes back from its first value.
    restart: int | None = None

    def values(self, counts=True):
        """In promtool's notation. A bucket that counts none of them is there all the same, as 0."""
        parts = [f"_x{self.born}"] if self.born else []
        value, minute, started = self.first, self.born, False
        for step, minutes in self.rise:
            if minute == self.restart:
                parts.append("stale _x2")
                value, started = self.first, False
            if started:
                value += step
            shown, rise = (value, step) if counts else (0, 0)
            times = minutes - 1 if started else minutes
            parts.append(f"{shown}+{rise}x{times}")
            value += step * times
            minute, started = minute + minutes, True
        return " ".join(parts)
