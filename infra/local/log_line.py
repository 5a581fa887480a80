"""A line of a function's log as a person reads it."""

import json
from datetime import datetime

# What the logger adds to every line, and what the terminal shows in another place or not at all.
_NOT_SHOWN = frozenset(
    (
        "level",
        "location",
        "message",
        "timestamp",
        "service",
        "exception",
        "exception_name",
        "stack_trace",
        "cold_start",
        "function_name",
        "function_memory_size",
        "function_arn",
        "function_request_id",
        "xray_trace_id",
    )
)
_INDENT = "    "


def readable(function: str, line: str, now: datetime) -> str:
    """Render a line that a function has just written: a JSON line of its logger, or any other text as it is.

    For instance `12:00:00 INFO    worker       claimed job_id=job_1`; a traceback follows on lines of its own.
    """
    entry = _entry(line)
    shown = [f"{now:%H:%M:%S} {entry.get('level', '') if entry else '':<8}{function:<13}"]
    shown[0] += str(entry.get("message", "")) if entry else line
    if entry:
        shown[0] += "".join(f" {name}={_text(value)}" for name, value in entry.items() if name not in _NOT_SHOWN)
        shown += [_INDENT + row for row in str(entry.get("exception", "")).splitlines()]
    return "\n".join(shown)


def _entry(line: str) -> dict[str, object] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "message" in entry else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
