"""The place of a job in a trace of its caller: two headers, and the attributes of spans.

The headers are those of the W3C's Trace Context: https://www.w3.org/TR/trace-context/
"""

import re
from typing import NamedTuple

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"

INSTRUMENTATION = "noukai"
"""The name of our tracers."""

ORG = "noukai.org"
FLOW = "noukai.flow"
"""The attribute with `project/flow`."""
JOB_ID = "noukai.job.id"
JOBS = "noukai.jobs"
"""The attribute with the number of jobs that one request submits, or one iteration waits for."""
ATTEMPT = "noukai.job.attempt"
ERROR_TYPE = "error.type"
"""OpenTelemetry's attribute with the name of an exception's class; messages may quote an input."""

_VALUE = r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
"""Compiled on first use: the client needs the names alone."""
_SAMPLED = 1

_MEMBER = (
    r"([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    r"=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
)
_MOST_MEMBERS = 32
_MOST_STATE = 512
"""Characters of a `tracestate` that every vendor should pass on; a longer one is dropped."""


class Trace(NamedTuple):
    """A place in a trace: the caller's span, and what tracing systems add to it."""

    parent: str
    """The `traceparent`."""
    state: str | None = None
    """The `tracestate`."""


def read_trace(parent: str, state: str | None) -> Trace | None:
    """Return the place that two headers name; None if the first one is invalid.

    The standard says that an invalid header is ignored: it is never an error.
    """
    read = read_traceparent(parent)
    return None if read is None else Trace(read, None if state is None else read_tracestate(state))


def read_tracestate(text: str) -> str | None:
    """Return a valid `tracestate` without white space; None for an invalid, empty or long one."""
    members = [member for each in text.split(",") if (member := each.strip(" \t"))]
    found = [re.fullmatch(_MEMBER, member) for member in members]
    keys = {each[1] for each in found if each is not None}
    read = ",".join(members)
    is_valid = 0 < len(keys) == len(members) <= _MOST_MEMBERS and len(read) <= _MOST_STATE
    return read if is_valid else None


def read_traceparent(text: str) -> str | None:
    """Return a valid `traceparent`, in the form of version 00; None for an invalid one."""
    found = re.fullmatch(_VALUE, text.strip(" \t"))
    if found is None:
        return None
    version, trace, parent, flags, rest = found.groups()
    if version == "ff" or not trace.strip("0") or not parent.strip("0"):
        return None
    if version == "00":
        return None if rest else found[0]
    return f"00-{trace}-{parent}-{int(flags, 16) & _SAMPLED:02x}"
