"""The place of a job in a trace of its caller: the `traceparent` header, and the attributes of spans.

The header is that of the W3C's Trace Context: https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re

TRACEPARENT = "traceparent"
VARIABLE = "TRACEPARENT"
"""The environment variable that passes it to child processes, as OpenTelemetry specifies."""

INSTRUMENTATION = "noukai"
"""The name of our tracers."""

ORG = "noukai.org"
FLOW = "noukai.flow"
"""The attribute with `project/flow`."""
JOB_ID = "noukai.job.id"
JOBS = "noukai.jobs"
"""The attribute with the number of jobs that one request submits."""
ATTEMPT = "noukai.job.attempt"
ERROR_TYPE = "error.type"
"""OpenTelemetry's attribute with the name of an exception's class; messages may quote an input."""

_VALUE = r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
"""Compiled on first use: the client needs the names alone."""
_SAMPLED = 1


def read_traceparent(text: str) -> str | None:
    """Return a valid value, in the form of version 00; None for an invalid one.

    The standard says that an invalid value is ignored: it is never an error.
    """
    found = re.fullmatch(_VALUE, text.strip(" \t"))
    if found is None:
        return None
    version, trace, parent, flags, rest = found.groups()
    if version == "ff" or not trace.strip("0") or not parent.strip("0"):
        return None
    if version == "00":
        return None if rest else found[0]
    return f"00-{trace}-{parent}-{int(flags, 16) & _SAMPLED:02x}"
