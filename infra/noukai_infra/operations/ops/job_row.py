"""The row of a job, as an operator may see it: neither its input nor its result."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from noukai_functions import names

_TEXTS = {"org": names.ORG, "flow": names.FLOW, "state": names.STATE}
_TIMES = {
    "created": names.CREATED_AT,
    "not before": names.NOT_BEFORE,
    "start by": names.START_BY,
    "first started": names.STARTED_AT,
    "claimed": names.CLAIMED_AT,
    "lease until": names.LEASE_UNTIL,
    "ended": names.COMPLETED_AT,
    "stopped": names.STOPPED_AT,
}


def described(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of what a row says."""
    yield from ((name, row[key]["S"]) for name, key in _TEXTS.items() if key in row)
    if names.ATTEMPT in row:
        yield "attempt", f"{row[names.ATTEMPT]['N']} of {row.get(names.MAX_ATTEMPTS, {}).get('N', '?')}"
    yield from ((name, _moment(row[key]["N"])) for name, key in _TIMES.items() if key in row)


def _moment(milliseconds: str) -> str:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).isoformat(timespec="milliseconds")
