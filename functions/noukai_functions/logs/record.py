"""The records of Python's logging, as a flow process writes them and its worker reads them."""

import json
import re
from typing import Any

from noukai_functions.logs.line import LOG, STDERR, Line
from noukai_functions.logs.text_lines import MOST_LINE_BYTES, shortened

LEVELS = ("debug", "info", "warning", "error", "critical")
_LEVEL_STEP = 10
_PRINTED = re.compile(r"(DEBUG|INFO|ERROR|CRITICAL):")
"""Levels other than a warning, which a line on standard error has anyway."""


def level_of(number: int) -> str:
    """Return the name of the highest of the usual levels that a level reaches."""
    return LEVELS[min(max(number // _LEVEL_STEP, 1), len(LEVELS)) - 1]


def printed_level(stream: int, text: str) -> str | None:
    """Return the level that a line on standard error begins with, as `logging.basicConfig` writes it."""
    found = _PRINTED.match(text) if stream == STDERR else None
    return found[1].lower() if found else None


def write_record(at: int, level: str, message: str, fields: dict[str, Any]) -> bytes:
    """Return a record as a line of JSON; a message or fields of more than 16 KB are cut."""
    size = len(message)
    stated: dict[str, Any] = {"at": at, "level": level, "message": message[: MOST_LINE_BYTES + 1]}
    if size > MOST_LINE_BYTES + 1:
        stated["more"] = size - MOST_LINE_BYTES - 1
    if fields:
        text = json.dumps(fields, default=_shown, skipkeys=True)
        stated["fields"] = json.loads(text) if len(text) <= MOST_LINE_BYTES else {"cut": len(text)}
    return json.dumps(stated, separators=(",", ":")).encode() + b"\n"


def read_record(text: str, left_out: int, now: int) -> Line:
    """Read a record, or whatever else a flow has written in its place."""
    try:
        stated = json.loads(text)
        at, level, message = stated["at"], stated["level"], stated["message"]
        fields, more = stated.get("fields"), stated.get("more", 0)
        is_sound = level in LEVELS and isinstance(message, str) and isinstance(fields, dict | None)
        if is_sound and type(at) is type(more) is int:
            return Line(at if abs(now - at) < _AGE_MS else now, LOG, shortened(message, more), level, fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return Line(now, LOG, shortened(text, left_out))


_AGE_MS = 15 * 60 * 1000
"""The greatest age of a record: an attempt takes no longer."""


def _shown(value: object) -> str:
    return str(value)
