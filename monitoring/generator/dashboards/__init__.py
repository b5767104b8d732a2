"""The Grafana dashboards: an overview of services, one route in depth, and gRPC."""

from ..grafana import verify
from .grpc import grpc
from .overview import overview
from .route import in_depth


def dashboards(c):
    """File names and dashboards."""
    slugs = {key: f"{c.slug}-{key}" for key in ["overview", "route", "grpc"]}
    found = {"overview.json": overview(c, slugs), "route.json": in_depth(c, slugs), "grpc.json": grpc(c, slugs)}
    for name, one in found.items():
        verify(name, one)
    return found
