"""The monthly bill of a load."""

from collections.abc import Mapping

from noukai_infra.planning.load import Load
from noukai_infra.planning.plan import Plan
from noukai_infra.planning.prices import usd

UNITS: Mapping[str, float] = {
    "api_requests": 2.0,
    "lambda_requests": 2.2,
    "write_units": 4.1,
    "read_units": 2.40625,
    "sqs_requests": 1.2,
    "bytes_out": 1051.3,
}
"""The units of a job of a second's fraction under load, which `make bench ARGS=bill` counts: it is submitted,
runs in a batch of ten, and is waited for in one held request."""

_ALONE: Mapping[str, float] = {**UNITS, "lambda_requests": 3.1, "sqs_requests": 3.0}
"""The same for a job that is a batch of its own."""

_GB_SECONDS = 0.016
"""Of the functions, without the flow's own compute and the time of the held request."""

_WAIT_GB = 0.125
_MONTH_SECONDS = 365 / 12 * 86_400
_KEPT_PARTS = ("stored_bytes", "recoverable_bytes")
_NAMES = {
    "api_requests": "gateway",
    "lambda_requests": "Lambda, requests",
    "write_units": "DynamoDB, writes",
    "read_units": "DynamoDB, reads",
    "sqs_requests": "SQS",
    "bytes_out": "answers to the internet",
}


def monthly(plan: Plan) -> dict[str, float]:
    """Return the price of a month at a plan's rate, in USD by part: list prices, without discounts."""
    load = plan.load
    jobs = load.jobs_per_second * _MONTH_SECONDS
    units = UNITS if load.batch_size > 1 else _ALONE
    found = {_NAMES[item]: usd(item, each * jobs) for item, each in units.items()}
    found[_NAMES["api_requests"]] += usd("api_requests", (load.waits - 1) * jobs)
    hold = load.hold_seconds * _WAIT_GB
    found["Lambda, functions"] = usd("gb_seconds", (_GB_SECONDS + hold) * jobs)
    found["Lambda, the flows themselves"] = usd("gb_seconds", load.seconds * load.memory / 1024 * jobs)
    found["DynamoDB, storage"] = sum(usd(item, load.kept_bytes) for item in _KEPT_PARTS)
    pollers = plan.settings["worker"].get("provisioned_pollers")
    if pollers:
        count = pollers["minimum"] * plan.settings["worker"].get("queues", 1)
        found["provisioned pollers, at least"] = usd("poller_hours", count * _MONTH_SECONDS / 3600)
    return found


def per_million(load: Load, total: float) -> float:
    """Return the price of a million jobs of a month's total."""
    return total / (load.jobs_per_second * _MONTH_SECONDS / 1_000_000)
