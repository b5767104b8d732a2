"""The Grafana dashboards: an overview of services, one route in depth, gRPC, and outgoing requests."""

from ..grafana import verify
from .client import client
from .grpc import grpc
from .overview import overview
from .route import in_depth


def dashboards(c):
    """File names and dashboards."""
    slugs = {key: f"{c.slug}-{key}" for key in ["overview", "route", "grpc", "client"]}
    found = {
        "overview.json": overview(c, slugs),
        "route.json": in_depth(c, slugs),
        "grpc.json": grpc(c, slugs),
        "client.json": client(c, slugs),
    }
    assert len({one.uid for one in found.values()}) == len(found), "two dashboards of one uid"
    for name, one in found.items():
        verify(name, one)
    return found
