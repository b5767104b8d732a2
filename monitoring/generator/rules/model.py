"""What rules are made of."""

from dataclasses import dataclass, field


@dataclass
class Rule:
    record: str
    expr: str
    # What must have happened for it to record anything: read by `queries.py`.
    needs: tuple = ("requests",)


@dataclass
class Group:
    name: str
    interval: str
    comment: str
    rules: list = field(default_factory=list)

    def add(self, record, expr, **more):
        self.rules.append(Rule(record, expr, **more))


def document(groups):
    return {
        "groups": [
            {
                **({f"# {group.comment}": ""} if group.comment else {}),
                "name": group.name,
                "interval": group.interval,
                "rules": [{"record": rule.record, "expr": rule.expr} for rule in group.rules],
            }
            for group in groups
        ]
    }
