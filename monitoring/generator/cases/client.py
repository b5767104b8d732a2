"""Outgoing requests."""

from dataclasses import replace

from .kinds import SELDOM, AlertCase, silent
from .requests import Requests
from .world import World

STOCK = {"peer": "stock"}
ITEM = {"peer": "stock", "client_route": "/stock/{item}"}


def call(*rise, **more):
    return Requests(list(rise), **{"peer": "stock", "route": "/stock/{item}", **more})


def refused(*rise, **more):
    return call(*rise, status=None, error="service", **more)


def cases():
    # Every five minutes will do, and takes a fifth of the time.
    return [replace(case, pace="5m") for case in all_of_them()]


def all_of_them():
    missing = [call((50, 90)), call((0, 30), (50, 60), status="404", error="404")]
    other = [call((50, 90), peer="mail", route="/send")]
    grpc = [
        call((40, 90), method="POST", route="/shop.Stock/Get", grpc="OK"),
        call((10, 90), method="POST", route="/shop.Stock/Get", grpc="NOT_FOUND", error="NOT_FOUND"),
    ]
    return [
        AlertCase(
            "ClientErrorRatioHigh",
            "half of the requests to one of two peers are not found from minute 30 on",
            90,
            World(calls=missing + other),
            [(30, []), (38, []), (60, [(STOCK, "50%")])],
        ),
        AlertCase(
            "ClientErrorRatioHigh",
            "the route whose 404 is a normal answer is left out",
            90,
            World(calls=missing + other, excluded=[("client_errors", "/stock/{item}")]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientErrorRatioHigh",
            "a higher limit of this service",
            90,
            World(calls=missing, own={"client_error_ratio": 0.6}),
            silent(60, 90),
        ),
        AlertCase(
            "ClientErrorRatioHigh",
            "a fifth of gRPC calls are not OK, to a peer that is not declared",
            90,
            World(calls=[Requests(**{**vars(x), "peer": None}) for x in grpc]),
            [(60, [({"peer": None}, "20%")])],
        ),
        AlertCase(
            "ClientErrorRatioHigh",
            "all fail, and there are hardly any",
            90,
            World(calls=[refused(*SELDOM)]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientErrorRatioHigh",
            "one of a hundred fails",
            90,
            World(calls=[call((99, 90)), refused((1, 90))]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientNoResponse",
            "one of fifty connections is refused",
            90,
            World(calls=[call((98, 90)), refused((2, 90))]),
            [(5, []), (60, [(STOCK, "2%")])],
        ),
        AlertCase("ClientNoResponse", "responses are errors", 90, World(calls=missing), silent(60, 90)),
        AlertCase(
            "ClientNoResponse",
            "all are refused, and there are hardly any",
            90,
            World(calls=[refused(*SELDOM)]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientCancelledRatioHigh",
            "a fifth is given up, some of them over gRPC",
            90,
            World(
                calls=[
                    call((80, 90)),
                    call((10, 90), status=None, phase="head"),
                    call(
                        (10, 90),
                        method="POST",
                        route="/shop.Stock/Get",
                        grpc="CANCELLED",
                        status=None,
                        phase="head",
                    ),
                ]
            ),
            [(5, []), (60, [(STOCK, "20%")])],
        ),
        AlertCase(
            "ClientCancelledRatioHigh",
            "a fifth is refused",
            90,
            World(calls=[call((80, 90)), refused((20, 90))]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientLatencyHigh",
            "a tenth of the requests to one of two peers is slow",
            90,
            World(calls=[call((90, 90)), call((10, 90), le=2.5, status="202"), *other]),
            [(5, []), (60, [(ITEM, "1.75s")])],
        ),
        AlertCase(
            "ClientLatencyHigh",
            "the route is left out",
            90,
            World(calls=[call((90, 90), le=2.5)], excluded=[("client_latency", "/stock/{item}")]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientLatencyHigh",
            "one of a hundred is slow",
            90,
            World(calls=[call((99, 90)), call((1, 90), le=2.5, status="202")]),
            silent(60, 90),
        ),
        AlertCase(
            "ClientLatencyHigh",
            "all are slow, and there are hardly any",
            90,
            World(calls=[call(*SELDOM, le=2.5)]),
            silent(60, 90),
        ),
    ]
