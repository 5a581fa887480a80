"""The frames, causes and members of exceptions."""

import sys
from contextlib import suppress
from linecache import cache as source_lines
from pathlib import Path
from stat import S_ISREG
from traceback import FrameSummary, extract_tb, walk_tb

_OURS = ("noukai_functions.", "noukai.flow.", "noukai.testing.")
"""The packages whose frames run a flow, and so say nothing about its error."""


def frames_of(error: BaseException) -> list[FrameSummary]:
    """Return the frames of an exception, innermost last, without our own."""
    # A flow may have set `sys.tracebacklimit`, which shortens the list of frames but not of modules.
    modules = [frame.f_globals.get("__name__") for frame, _ in walk_tb(error.__traceback__)]
    frames = all_frames(error)
    return [frame for frame, module in zip(frames, modules, strict=False) if not _is_ours(module)] or frames


def all_frames(error: BaseException) -> list[FrameSummary]:
    """Return the frames of an exception.

    Source lines are read only from regular files, since reading a pipe would block.
    """
    for frame, _ in walk_tb(error.__traceback__):
        source = frame.f_code.co_filename
        if source not in source_lines and not _is_regular(source):
            source_lines[source] = (0, None, [], source)
    return list(extract_tb(error.__traceback__))


def with_short_paths(trace: str) -> str:
    """Replace the files of a trace by their paths below an import folder, such as `flows/demo.py`."""
    given = {folder.rstrip("/") for folder in sys.path if isinstance(folder, str)} - {""}
    # A file may be named by the real path of its folder. One folder may lie in another.
    folders = given | {str(Path(folder).resolve()) for folder in given}
    for folder in sorted(folders, key=len, reverse=True):
        trace = trace.replace(f'File "{folder}/', 'File "')
    return trace


def _is_ours(module: object) -> bool:
    """Return whether a module is ours, by its name, which a flow may have set to anything."""
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
    """Return the members of an exception group; empty for other exceptions."""
    with suppress(Exception):  # it may be a property of the author's
        if isinstance(error, BaseExceptionGroup):
            return tuple(member for member in error.exceptions if issubclass(type(member), BaseException))
    return ()
