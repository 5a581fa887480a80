"""The logger, which writes JSON lines, and the fields that they share."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from traceback import format_list
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


SERVICE = "noukai"
_MOST_TRACES = 16
"""The most exceptions of a chain or a group that are shown."""
_MOST_TRACE = 1 << 15
"""Characters. The end of a trace is kept, since it says the most."""
_NONE: Mapping[str, object] = MappingProxyType({})
_SHARED: ContextVar[Mapping[str, object]] = ContextVar("noukai_line_fields", default=_NONE)
"""The fields of each line that is written now."""


class _Named(Protocol):
    """The parts of a job that lines about it name."""

    @property
    def id(self) -> str: ...
    @property
    def org(self) -> str: ...
    @property
    def flow(self) -> str: ...
    @property
    def attempt(self) -> int: ...


def job_fields(job: _Named) -> Mapping[str, object]:
    """Return the fields of a line about a job."""
    return {"job_id": job.id, "org": job.org, "flow": job.flow, "attempt": job.attempt}


@contextmanager
def line_fields(**fields: object) -> Iterator[None]:
    """Add fields to each line of the request or delivery that is handled within the context."""
    token = _SHARED.set({**_SHARED.get(), **fields})
    try:
        yield
    finally:
        _SHARED.reset(token)


def add_fields(**fields: object) -> None:
    """Add fields that have become known to the lines until the end of the context of `line_fields`."""
    _SHARED.set({**_SHARED.get(), **fields})


def trace_id_of(traceparent: str) -> str:
    """Return the id of the trace that a valid `traceparent` names."""
    return traceparent.split("-")[1]


def _share_fields(record: logging.LogRecord) -> bool:
    """Add the shared fields to a line, unless it has its own: it may be about another job."""
    for name, value in _SHARED.get().items():
        vars(record).setdefault(name, value)
    return True


@cache
def logger() -> "Logger":
    """Return the process's logger; its level is `LOG_LEVEL`."""
    # Imported here so that a function that logs nothing does not pay for it at a cold start.
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    made = Logger(service=SERVICE, use_rfc3339=True, utc=True, serialize_stacktrace=False)
    logging.getLogger(SERVICE).addFilter(_share_fields)
    return made


def renew_logger() -> None:
    """Reset the logger, so that it writes to the current streams, and forget the fields of its lines."""
    logger.cache_clear()
    _SHARED.set(_NONE)
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
