"""The run of a flow to its outcome: a return value, or a description of an exception.

A caller gets types, messages and places, in 2 KB. The log gets only places, since messages may quote an
input.

Functions are imported by name, so that a flow cannot replace them in their modules.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from json import dumps
from pathlib import Path
from typing import Any, Protocol

from noukai_wire import limits
from noukai_wire.exceptions import all_frames, cause_of, frames_of, members_of
from noukai_wire.text import cut

from ._context import PermanentError

_LOCKS = ("multiprocessing", "synchronize.py")
_MOST_ERRORS = 32
_SHORTEST_LINE = 100
"""The bytes below which no line is cut; if that is not enough, the last lines are left out."""
_INDENT = "  "
_DEEPEST = 4
"""The deepest level at which nested groups are described."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The outcome of a flow that returned; `result` is its output as JSON text."""

    result: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The outcome of a flow that raised, or returned an invalid result.

    `retry_after` is in seconds. `trace` has the places where it raised, for the log, without messages.
    """

    error: str
    permanent: bool = False
    retry_after: float | None = None
    trace: str | None = None


class Interrupted(KeyboardInterrupt):
    """An exception raised in the flow's main thread to stop it; `except Exception` does not catch it.

    From any task, asyncio passes on only a `KeyboardInterrupt`, and cancels the other tasks.
    """


class Log(Protocol):
    """An interface to log a flow's exception."""

    def exception(self, msg: object, /, *, exc_info: BaseException) -> None:
        """Log the exception with its trace."""


def outcome_of(run: Callable[[], Any], logger: Callable[[], Log]) -> Returned | Raised:
    """Return the outcome of a flow, whatever it does; log an exception."""
    try:
        return result_of(run())
    except Interrupted as error:
        logger().exception("the flow was told to stop", exc_info=error)
        return Raised("Interrupted: the flow was told to stop")
    except BaseException as error:  # noqa: BLE001 - a flow may raise SystemExit or worse
        logger().exception("the flow raised", exc_info=error)
        return raised_by(error)


def result_of(value: object) -> Returned | Raised:
    """Convert a flow's return value to its result; a result that is too large is an error."""
    text = dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    size = len(text.encode())
    if size > limits.MAX_PAYLOAD_BYTES:
        what = f"the result is {size} bytes of JSON; at most {limits.MAX_PAYLOAD_BYTES} are allowed"
        return Raised(f"ValueError: {what}", permanent=True)
    return Returned(text)


def raised_by(error: BaseException) -> Raised:
    """Return the outcome for an exception.

    A group is permanent if one of its members is; its pause is the longest that a member asks for.
    """
    try:
        return _raised_by(error)
    except BaseException as raised:  # noqa: BLE001 - the exception's class belongs to the author, and may do anything
        what = f"{_name_of(error)}: it cannot be described, because that raises {_name_of(raised)}"
        return Raised(cut(what), issubclass(type(error), PermanentError))


def _raised_by(error: BaseException) -> Raised:
    members = list(islice(_members(error, set()), _MOST_ERRORS))
    pauses = [pause for pause in map(_retry_after, members) if pause is not None]
    is_permanent = any(issubclass(type(member), PermanentError) for member in members)
    return Raised(describe_error(error), is_permanent, max(pauses, default=None))


def describe_error(error: BaseException) -> str:
    """Describe an exception, its group's members and its causes, one per line.

    If the lines exceed the limit of an error, the longest are cut first; then the last are left out.
    """
    lines = list(islice(_lines(error, set()), _MOST_ERRORS))
    longest = max(_SHORTEST_LINE, _fair_length(lines))
    return cut("\n".join(cut(line, longest) for line in lines))


def _fair_length(lines: list[str]) -> int:
    """Return the length to which long lines are cut, so that all lines fit."""
    room = limits.MAX_ERROR_BYTES - (len(lines) - 1)
    sizes = sorted(len(line.encode("utf-8", "replace")) for line in lines)
    for place, size in enumerate(sizes):
        share = room // (len(sizes) - place)
        if size > share:
            return share
        room -= size
    return limits.MAX_ERROR_BYTES


def _lines(error: BaseException, told: set[int], depth: int = 0) -> Iterator[str]:
    """Yield a line for an exception, its members and its causes, each once."""
    indent = _INDENT * depth
    yield indent + _in_line(error) if depth else _text_of(error)
    while True:
        told.add(id(error))
        for member in members_of(error) if depth < _DEEPEST else ():
            if id(member) not in told:
                yield from _lines(member, told, depth + 1)
        relation = "caused by" if error.__cause__ else "while handling"
        cause = cause_of(error)
        if cause is None or id(cause) in told:
            return
        yield f"{indent}{relation} {_in_line(cause)}"
        error = cause


def _in_line(error: BaseException) -> str:
    """Return an exception and its place in one line."""
    text = " ".join(_text_of(error).split())
    frames = frames_of(error)
    if not frames:
        return text
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})"
    return cut(text, limits.MAX_ERROR_BYTES // 2) + place


def _name_of(error: BaseException) -> str:
    """Return the name of an exception's class, even if a metaclass overrides it."""
    name: str = type.__dict__["__name__"].__get__(type(error))
    return name


def _text_of(error: BaseException) -> str:
    name = _name_of(error)
    try:
        return "\n".join([f"{name}: {error}".removesuffix(": "), *_notes_of(error)]) + _advice(error)
    except BaseException as raised:  # noqa: BLE001 - its text belongs to the author, and may do anything
        return f"{name}: its text cannot be shown, because that raises {type(raised).__name__}"


def _notes_of(error: BaseException) -> Iterator[str]:
    """Return the notes that `add_note` has added; the author may have changed the list."""
    notes = getattr(error, "__notes__", ())
    if isinstance(notes, list | tuple):
        yield from (note for note in islice(notes, _MOST_ERRORS) if isinstance(note, str))


def _advice(error: BaseException) -> str:
    """Return advice for an operation that Lambda forbids, since Python's message does not say so."""
    frames = all_frames(error) if isinstance(error, OSError) else []
    if not any(Path(frame.filename).parts[-2:] == _LOCKS for frame in frames):
        return ""
    return (
        "; Lambda has no shared memory for the locks of multiprocessing's pools, queues and "
        "executors: use ThreadPoolExecutor, or Process with Pipe"
    )


def _members(error: BaseException, met: set[int]) -> Iterator[BaseException]:
    """Yield an exception and, if it is a group, its members; a group may contain itself."""
    if id(error) in met or len(met) > _MOST_ERRORS:
        return
    met.add(id(error))
    yield error
    for member in members_of(error):
        yield from _members(member, met)


def _retry_after(error: BaseException) -> float | None:
    """Return the pause that an exception asks for, in seconds or as a `timedelta`; ignore other values."""
    with suppress(BaseException):  # it may be a property of the author's that raises
        asked = getattr(error, "retry_after", None)
        seconds = asked.total_seconds() if isinstance(asked, timedelta) else asked
        if isinstance(seconds, int | float) and seconds >= 0:
            return float(min(seconds, limits.MAX_BACKOFF_SECONDS))
    return None
