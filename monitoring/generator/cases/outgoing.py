"""Outgoing requests, as the tests play them."""


def write_call(c, x, bounds):
    """The series that a call appears in."""
    client = c.client
    if c.name == "prometheus":
        name = {client.peer: x.peer, c.method: x.method, client.route: x.route or "_unmatched"}
        labels = {**name, client.status: x.status or "_none", c.grpc_code: x.grpc}
        yield client.requests[0].family, labels
        if x.error:
            yield client.errors[0].family, {**name, client.error: x.error}
        if x.phase:
            yield client.cancelled[0].family, {**name, client.cancelled_by: x.phase}
        histogram = client.buckets[0].family
    elif x.grpc:
        labels = {
            "rpc_system_name": "grpc",
            "rpc_method": x.route.removeprefix("/") if x.route else "_OTHER",
            c.grpc_code: x.grpc,
            client.error: x.error or ("CANCELLED" if x.phase else None),
            client.peer: x.peer,
        }
        yield client.requests[1].family, labels
        histogram = client.buckets[1].family
    else:
        labels = {
            c.method: x.method,
            client.route: x.route,
            client.status: x.status,
            client.error: x.error or ("cancelled" if x.phase else None),
            client.peer: x.peer,
            "server_port": "443",
            "url_scheme": "http",
            "network_protocol_version": "1.1",
        }
        yield client.requests[0].family, labels
        histogram = client.buckets[0].family
    for bound in bounds:
        yield histogram, {**labels, "le": bound}
