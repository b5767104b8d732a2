"""What is around the panels: variables and links."""

from ..grafana import Dashboard, Variable


def job_variable(c):
    # Held from the start, before there is any request.
    return Variable("job", "Service", "The job of its scrape.", c.label_sets, "job", False)


def instance_variable(c):
    series = f'{c.label_sets}{{job=~"$job"}}'
    return Variable("instance", "Replica", "One or more replicas.", series, "instance", True)


def route_variable(c, everything):
    series = c.requests[0].select('job=~"$job"')
    return Variable("route", "Route", "Templates, as the router has them.", series, c.route, everything)


def method_variable(c):
    series = c.grpc.select('job=~"$job"')
    return Variable("route", "Method", "Service and method.", series, c.grpc_route, True, ("grpc",))


def dashboard(c, uid, title, description, rows, variables, slugs):
    names = [("overview", "Services"), ("route", "Route"), ("grpc", "gRPC"), ("client", "Outgoing")]
    others = [link(name, slugs[key]) for key, name in names if slugs[key] != uid]
    return Dashboard(uid, title, description, rows, variables, others)


def link(title, uid):
    """To another dashboard."""
    return {
        "title": title,
        "type": "link",
        "icon": "dashboard",
        # Service and data source go along; routes are not the same everywhere.
        "url": f"/d/{uid}?${{datasource:queryparam}}&${{job:queryparam}}",
        "keepTime": True,
        "includeVars": False,
        "targetBlank": False,
        "asDropdown": False,
        "tags": [],
        "tooltip": "",
    }
