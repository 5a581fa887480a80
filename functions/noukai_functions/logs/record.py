"""The records of Python's logging, as a flow process writes them and its worker reads them."""

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.logs.line import LOG, STDERR, Line
from noukai_functions.logs.text_lines import MOST_LINE_BYTES, readable, shortened
from noukai_wire.text import cut, is_too_deep

if TYPE_CHECKING:
    from noukai_functions.logs.masking import Masker

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


def may_name_level(stream: int, text: str) -> bool:
    """Return whether a line of a text may have a level that `printed_level` returns."""
    return stream == STDERR and any(f"{level.upper()}:" in text for level in LEVELS)


def write_record(at: int, level: str, message: str, fields: Mapping[str, Any]) -> bytes:
    """Return a record as a line of JSON; a message or fields of more than 16 KB are cut."""
    stated: dict[str, Any] = {"at": at, "level": level, "message": message}
    if len(message) > MOST_LINE_BYTES // 4:  # shorter ones have no more bytes than that in UTF-8
        stated["message"] = kept = cut(message[: MOST_LINE_BYTES + 1], MOST_LINE_BYTES + 1)
        if more := len(message.encode("utf-8", "replace")) - len(kept.encode()):
            stated["more"] = more
    if fields:
        shown = {name: _shown(value) for name, value in fields.items()}
        size = len(json.dumps(shown))
        stated["fields"] = shown if size <= MOST_LINE_BYTES else {"cut": size}
    return json.dumps(stated, separators=(",", ":")).encode() + b"\n"


def read_record(text: str, left_out: int, now: int, masker: "Masker") -> Line:
    """Read a record, or whatever else a flow has written in its place; mask what it says.

    Secrets are masked in each value: JSON writes some of their characters in another way.
    """
    try:
        stated = json.loads(text, parse_constant=str)
        at, level, message = stated["at"], stated["level"], stated["message"]
        fields, more = stated.get("fields"), stated.get("more", 0)
        is_sound = level in LEVELS and isinstance(message, str) and isinstance(fields, dict | None)
        if is_sound and type(at) is type(more) is int:
            masked = masker.mask(readable(message), is_cut=more > 0)
            shown = None if is_too_deep(fields) else _masked(fields, masker)
            return Line(at if abs(now - at) < _AGE_MS else now, LOG, shortened(masked, more), level, shown)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return Line(now, LOG, shortened(masker.mask(text, is_cut=left_out > 0), left_out))


_AGE_MS = 15 * 60 * 1000
"""The greatest age of a record: an attempt takes no longer."""


def _shown(value: object) -> Any:
    """Return the value of a field as JSON has it; say so of one that has no such form."""
    try:
        text = json.dumps(value, default=str, skipkeys=True)
        stated = json.loads(text, parse_constant=str)
        return text if is_too_deep(stated) else stated
    except Exception as error:  # noqa: BLE001 - the value's class belongs to the author, and may do anything
        return f"cannot be shown: {type(error).__name__}"


def _masked(value: Any, masker: "Masker") -> Any:
    """Return a JSON value without secrets, and without numbers that JSON does not have."""
    if isinstance(value, str):
        return masker.mask(value)
    if isinstance(value, dict):
        return {masker.mask(name): _masked(each, masker) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, masker) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if type(value) in (int, float) and (masked := masker.mask(text := str(value))) != text:
        return masked
    return value
