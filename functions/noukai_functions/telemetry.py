"""The logger, which writes JSON lines."""

import logging
from contextlib import suppress
from functools import cache
from traceback import format_list
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


SERVICE = "noukai"
_MOST_TRACES = 16
"""The most exceptions of a chain or a group that are shown."""
_MOST_TRACE = 1 << 15
"""Characters. The end of a trace is kept, since it says the most."""


@cache
def logger() -> "Logger":
    """Return the process's logger; its level is `LOG_LEVEL`."""
    # Imported here so that a function that logs nothing does not pay for it at a cold start.
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    return Logger(service=SERVICE, use_rfc3339=True, utc=True, serialize_stacktrace=False)


def renew_logger() -> None:
    """Reset the logger, so that it writes to the current streams."""
    logger.cache_clear()
    known = logging.getLogger(SERVICE)
    known.handlers.clear()
    for mark in ("init", "powertools_handler"):
        vars(known).pop(mark, None)


def trace_of(error: BaseException | None) -> str:
    """Return the traces of an exception, its causes and its group's members.

    Leaves out the messages: they may quote an input.
    """
    with suppress(BaseException):  # the class is the flow author's, and so may be its source's loader
        return "\n\n".join(reversed(_traces(error, set())))[-_MOST_TRACE:]
    return "the trace cannot be shown"


def _traces(error: BaseException | None, told: set[int]) -> list[str]:
    """Return the traces of an exception, its group's members and its causes, each once."""
    from noukai_wire.exceptions import cause_of, frames_of, members_of  # noqa: PLC0415 - few processes log an exception

    parts: list[str] = []
    while error is not None and len(told) < _MOST_TRACES and id(error) not in told:
        told.add(id(error))
        parts.append(f"{''.join(format_list(frames_of(error)))}{type(error).__qualname__}")
        for member in reversed(members_of(error)):
            parts.extend(_traces(member, told))
        error = cause_of(error)
    return parts
