"""What `generate.py` writes: names, queries, rules, alerts, their tests, and dashboards."""
