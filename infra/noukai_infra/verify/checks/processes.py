"""The processes of flows, as a worker's log tells of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from noukai_infra.operations.account import handler_of
from noukai_infra.verify.check import CheckSkippedError, Saw, check, expect
from noukai_infra.verify.deployed import Deployed

_WARNING = "flow processes:"
"""All that a worker says of a fault with them begins with it."""
_JOB_SECONDS = 30
_LOG_SECONDS = 60
"""How long a line may take to be found in its log."""
_LOOK_SECONDS = 2
_MARGIN = timedelta(minutes=5)
"""How far the clock here may be ahead of the log's."""
_FREEZE_SECONDS = 20
_MOST_JOBS = 5


@check(
    "A worker that was frozen between two jobs warns of nothing about its flows' processes.",
    on_aws=True,
    needs_demo=True,
)
def processes_work(deployed: Deployed, saw: Saw) -> None:
    groups = _worker_logs(deployed)
    used: list[tuple[str, str]] = []
    while len(used) == len({*used}):
        if len(used) == _MOST_JOBS:
            raise CheckSkippedError(
                f"{_MOST_JOBS} jobs had a worker each, so that none was frozen between two"
            )
        if used:
            deployed.sleep(_FREEZE_SECONDS)
        used.append(_worker_of_a_job(deployed, groups))
    group, stream = used[-1]
    warnings = [event["message"] for event in _events(deployed, group, _WARNING, logStreamNames=[stream])]
    saw("; ".join(warnings) or f"{len(used)} jobs, no warning in {group} {stream}")
    expect(warnings, [])


def _worker_logs(deployed: Deployed) -> list[str]:
    """Return the log groups of the workers, which must keep warnings."""
    logs = [
        each["LoggingConfig"]
        for each in deployed.functions()
        if handler_of(each) == "noukai_functions.handlers.worker.handler"
    ]
    if any(each.get("ApplicationLogLevel") in ("ERROR", "FATAL") for each in logs):
        raise CheckSkippedError("the workers log no warnings")
    return [each["LogGroup"] for each in logs]


def _worker_of_a_job(deployed: Deployed, groups: list[str]) -> tuple[str, str]:
    """Run a job that raises, which is logged with its id; return the log group and stream."""
    began = datetime.now(UTC)
    job = deployed.submit("word-count", {"message": "word", "pause": -1}, maxAttempts=1)
    deployed.ended(job, _JOB_SECONDS)
    deadline = deployed.clock() + _LOG_SECONDS
    while True:
        since = round((began - _MARGIN).timestamp() * 1000)
        for group in groups:
            for event in _events(deployed, group, job, startTime=since):
                return group, event["logStreamName"]
        if deployed.clock() >= deadline:
            raise CheckSkippedError(f"job {job} is not in the workers' logs")
        deployed.sleep(_LOOK_SECONDS)


def _events(deployed: Deployed, group: str, text: str, **bounds: Any) -> Iterator[dict[str, Any]]:
    pages = deployed.session.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, filterPattern=f'"{text}"', **bounds):
        for event in page["events"]:
            yield dict(event)
