"""The description of exceptions for callers and the log.

A caller gets types, texts and places, in 2 KB; the log gets the places alone, since texts may quote an input.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from linecache import cache as source_lines
from pathlib import Path
from stat import S_ISREG
from traceback import FrameSummary, extract_tb, walk_tb
from types import TracebackType

from functions.context import PermanentError
from functions.outcome import Raised
from functions.text import cut
from noukai_wire.limits import MAX_BACKOFF_SECONDS, MAX_ERROR_BYTES

_LOCKS = ("multiprocessing", "synchronize.py")
_OURS = Path(__file__).parent
_MOST_ERRORS = 32
_SHORTEST_LINE = 100
"""Bytes to which a line is cut at most; if that is not enough, the last lines are left out."""
_INDENT = "  "
_DEEPEST = 4
"""How many levels of groups within groups are described."""


def raised_by(error: BaseException) -> Raised:
    """Return the outcome of a flow that raised.

    A group is permanent if one of its members is; its pause is the longest that a member asks for.
    """
    try:
        return _raised_by(error)
    except BaseException as raised:  # noqa: BLE001 - the exception's class is the author's, and may be anything
        what = f"{_name_of(error)}: it cannot be described, since that raises {_name_of(raised)}"
        return Raised(cut(what), issubclass(type(error), PermanentError))


def _raised_by(error: BaseException) -> Raised:
    members = list(islice(_members(error, set()), _MOST_ERRORS))
    pauses = [pause for pause in map(_retry_after, members) if pause is not None]
    is_permanent = any(issubclass(type(member), PermanentError) for member in members)
    return Raised(describe_error(error), is_permanent, max(pauses, default=None))


def describe_error(error: BaseException) -> str:
    """Describe an exception, its group's members and its causes, a line for each.

    If the lines take more than an error may, the longest ones are cut first, and then the last ones are left
    out.
    """
    lines = list(islice(_lines(error, set()), _MOST_ERRORS))
    longest = max(_SHORTEST_LINE, _fair_length(lines))
    return cut("\n".join(cut(line, longest) for line in lines))


def frames_of(error: BaseException) -> list[FrameSummary]:
    """Return the frames of an exception, the innermost last, without our own."""
    frames = _frames(error.__traceback__)
    return [frame for frame in frames if Path(frame.filename).parent != _OURS] or frames


def _frames(traceback: TracebackType | None) -> list[FrameSummary]:
    """Return the frames of a trace.

    Only regular files are read for their lines, since reading a pipe would block.
    """
    for frame, _ in walk_tb(traceback):
        source = frame.f_code.co_filename
        if source not in source_lines and not _is_regular(source):
            source_lines[source] = (0, None, [], source)
    return list(extract_tb(traceback))


def _is_regular(path: str) -> bool:
    """Return whether a path is a regular file."""
    try:
        return S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return True


def cause_of(error: BaseException) -> BaseException | None:
    """Return the exception that led to another, as Python would show it."""
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions that a group holds together; none if it is no group."""
    with suppress(Exception):  # it may be a property that the author has made
        if isinstance(error, BaseExceptionGroup):
            return tuple(member for member in error.exceptions if issubclass(type(member), BaseException))
    return ()


def _fair_length(lines: list[str]) -> int:
    """Return the length to cut long lines to, so that all fit; short lines stay whole."""
    room = MAX_ERROR_BYTES - (len(lines) - 1)
    sizes = sorted(len(line.encode("utf-8", "replace")) for line in lines)
    for place, size in enumerate(sizes):
        share = room // (len(sizes) - place)
        if size > share:
            return share
        room -= size
    return MAX_ERROR_BYTES


def _lines(error: BaseException, told: set[int], depth: int = 0) -> Iterator[str]:
    """Return a line for an exception, its members and its causes, each once."""
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
    return cut(text, MAX_ERROR_BYTES // 2) + place


def _name_of(error: BaseException) -> str:
    """Return the name of an exception's class, even if a metaclass overrides it."""
    name: str = type.__dict__["__name__"].__get__(type(error))
    return name


def _text_of(error: BaseException) -> str:
    name = _name_of(error)
    try:
        return "\n".join([f"{name}: {error}".removesuffix(": "), *_notes_of(error)]) + _advice(error)
    except BaseException as raised:  # noqa: BLE001 - it is the author's, and may be anything
        return f"{name}: its text cannot be shown, since that raises {type(raised).__name__}"


def _notes_of(error: BaseException) -> Iterator[str]:
    """Return what `add_note` has added; the list is the author's to change."""
    notes = getattr(error, "__notes__", ())
    if isinstance(notes, list | tuple):
        yield from (note for note in islice(notes, _MOST_ERRORS) if isinstance(note, str))


def _advice(error: BaseException) -> str:
    """Return advice if Lambda forbids the operation, which Python's message does not say."""
    frames = _frames(error.__traceback__) if isinstance(error, OSError) else []
    if not any(Path(frame.filename).parts[-2:] == _LOCKS for frame in frames):
        return ""
    return (
        "; there is no shared memory here, nor on Lambda, for the locks of multiprocessing's pools, queues and "
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
    """Return the pause that an exception asks for in seconds or as a `timedelta`; ignore any other value."""
    with suppress(BaseException):  # it is the author's, and may be a property that raises
        asked = getattr(error, "retry_after", None)
        seconds = asked.total_seconds() if isinstance(asked, timedelta) else asked
        if isinstance(seconds, int | float) and seconds >= 0:
            return float(min(seconds, MAX_BACKOFF_SECONDS))
    return None
