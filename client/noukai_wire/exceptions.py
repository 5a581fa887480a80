"""The frames, causes and members of exceptions."""

from contextlib import suppress
from linecache import cache as source_lines
from pathlib import Path
from stat import S_ISREG
from traceback import FrameSummary, extract_tb, walk_tb

_OURS = ("noukai_functions.", "noukai.flow.", "noukai.testing.")
"""The packages whose frames run a flow, and say nothing about its error."""


def frames_of(error: BaseException) -> list[FrameSummary]:
    """Return the frames of an exception, the innermost last, without our own."""
    # `sys.tracebacklimit`, which a flow may have set, shortens the frames at their end, and not the modules.
    modules = [frame.f_globals.get("__name__") for frame, _ in walk_tb(error.__traceback__)]
    frames = all_frames(error)
    return [frame for frame, module in zip(frames, modules, strict=False) if not _is_ours(module)] or frames


def all_frames(error: BaseException) -> list[FrameSummary]:
    """Return the frames of an exception.

    Only regular files are read for their lines, since reading a pipe would block.
    """
    for frame, _ in walk_tb(error.__traceback__):
        source = frame.f_code.co_filename
        if source not in source_lines and not _is_regular(source):
            source_lines[source] = (0, None, [], source)
    return list(extract_tb(error.__traceback__))


def _is_ours(module: object) -> bool:
    """Return whether a module is ours, by its name: a flow may have set it to anything."""
    return isinstance(module, str) and f"{module}.".startswith(_OURS)


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
