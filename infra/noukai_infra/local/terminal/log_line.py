"""The rendering of function log lines for people."""

import json
import re
from datetime import datetime

# Fields that the logger adds to every line, shown elsewhere or not at all.
_NOT_SHOWN = frozenset(
    (
        "level",
        "location",
        "message",
        "timestamp",
        "service",
        "exception",
        "exception_name",
        "exception_text",
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
# The folder into which the emulator unpacks an asset; the rest begins with `flows/` or `noukai_functions/`.
# Paths are searched only at the beginning of words: at every character, a long word would take seconds.
_UNPACKED = re.compile(r"(?<![^\s\"'])[^\s\"']*/(?:ministack-lambda-[^/\s]+/code|code-[0-9a-f]{64})/")


def is_metrics(line: str) -> bool:
    """Return whether a line is for CloudWatch, which makes metrics of it, and not for people."""
    return line.startswith('{"_aws":')


def readable(function: str, line: str, now: datetime) -> str:
    """Return a readable form of a log line, JSON or not.

    For instance `12:00:00 INFO    worker       claimed job_id=job_1`; a traceback follows on its own lines,
    with files named as in the asset.
    """
    entry = _entry(line)
    extras = "".join(f" {name}={_text(value)}" for name, value in entry.items() if name not in _NOT_SHOWN)
    first = f"{now:%H:%M:%S} {entry.get('level', ''):<8}{function:<12} {entry['message']}{extras}"
    # The trace ends with the exception's name, with which its message begins.
    places, _, name = str(entry.get("exception", "")).rpartition("\n")
    rows = [*places.splitlines(), *str(entry.get("exception_text", name)).splitlines()]
    message, *more = first.split("\n")
    return _UNPACKED.sub("", "\n".join([message, *(_INDENT + row for row in [*more, *rows])]))


def _entry(line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    return entry if isinstance(entry, dict) and "message" in entry else {"message": line}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
