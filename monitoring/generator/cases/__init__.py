"""The tests of rules and alerts."""

from .alerts import alert_tests, verify
from .missing import missing_tests
from .recorded import rule_tests
from .world import document

__all__ = ["test_files"]


def test_files(c):
    """By how often rules are evaluated: what takes days is played in fewer steps."""
    verify(c)
    return {
        "rules.test.yaml": document(c, rule_tests(c, "1m"), "1m"),
        "alerts.test.yaml": document(c, alert_tests(c, "1m"), "1m"),
        "alerts-hours.test.yaml": document(c, alert_tests(c, "5m"), "5m"),
        "alerts-days.test.yaml": document(c, [*rule_tests(c, "30m"), *alert_tests(c, "30m")], "30m"),
        "settings.test.yaml": missing_tests(c),
    }
