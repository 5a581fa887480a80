"""The rendering of function log lines for people."""

import json
import re
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
# Where the emulator unpacks an asset: what is left begins with `flows/` or `noukai_functions/`. A path is looked for
# at the beginning of a word only: at each character of it, a long word would take seconds.
_UNPACKED = re.compile(r"(?<![^\s\"'])[^\s\"']*/(?:ministack-lambda-[^/\s]+/code|code-[0-9a-f]{64})/")


def readable(function: str, line: str, now: datetime) -> str:
    """Return a readable form of a log line, JSON or not.

    For instance `12:00:00 INFO    worker       claimed job_id=job_1`; a traceback follows on lines of its
    own, with files named as in the asset.
    """
    entry = _entry(line)
    extras = "".join(f" {name}={_text(value)}" for name, value in entry.items() if name not in _NOT_SHOWN)
    first = f"{now:%H:%M:%S} {entry.get('level', ''):<8}{function:<13}{entry['message']}{extras}"
    # The trace ends with the exception's name, which its text begins with.
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
