"""The logger, which writes JSON lines, and the fields that they share."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache, wraps
from traceback import StackSummary, format_list, walk_tb
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


_Event = TypeVar("_Event")
_Context = TypeVar("_Context")
_Answer = TypeVar("_Answer")

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


def _complete(record: logging.LogRecord) -> bool:
    """Add the shared fields to a line, unless it has its own: it may be about another job.

    Replaces the line's exception by its trace without texts, since those may quote what a caller has sent.
    """
    for name, value in _SHARED.get().items():
        vars(record).setdefault(name, value)
    if isinstance(record.exc_info, tuple) and (error := record.exc_info[1]) is not None:
        # Powertools prefers these fields to its own text of an exception, which has messages and notes.
        vars(record).update(exception_name=type(error).__name__, exception=own_trace_of(error))
        record.exc_info = record.exc_text = None
    return True


@cache
def logger() -> "Logger":
    """Return the process's logger; its level is `LOG_LEVEL`."""
    # Imported here so that a function that logs nothing does not pay for it at a cold start.
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    made = Logger(service=SERVICE, use_rfc3339=True, utc=True, serialize_stacktrace=False)
    logging.getLogger(SERVICE).addFilter(_complete)
    return made


def renew_logger() -> None:
    """Reset the logger, so that it writes to the current streams, and forget the fields of its lines."""
    logger.cache_clear()
    _SHARED.set(_NONE)
    known = logging.getLogger(SERVICE)
    known.handlers.clear()
    for mark in ("init", "powertools_handler"):
        vars(known).pop(mark, None)


class InvocationFailedError(Exception):
    """A failed invocation, whose error is logged."""


def logs_failures(handler: Callable[[_Event, _Context], _Answer]) -> Callable[[_Event, _Context], _Answer]:
    """Return a handler that logs its exceptions and raises one without a text.

    Lambda writes the text of an exception that it gets into the log.
    """

    @wraps(handler)
    def handle(event: _Event, context: _Context) -> _Answer:
        try:
            return handler(event, context)
        except Exception as error:  # noqa: BLE001 - it is raised again
            logger().exception("an invocation failed")
            raise InvocationFailedError(type(error).__name__) from None

    return handle


def trace_of(error: BaseException | None) -> str:
    """Return the traces of a flow's exception, its causes and its group's members.

    Leaves out our own frames, and the messages: they may quote an input.
    """
    from noukai_wire.exceptions import frames_of  # noqa: PLC0415 - few processes log an exception

    return _joined(error, lambda each: f"{''.join(format_list(frames_of(each)))}{type(each).__qualname__}")


def own_trace_of(error: BaseException) -> str:
    """Return the traces of an exception of our own code, its causes and its group's members.

    Only an error of AWS or of the system has a text, which names no value.
    """
    return _joined(error, lambda each: f"{''.join(_places(each))}{_said(each)}")


def _places(error: BaseException) -> Iterator[str]:
    """Yield the places of an exception's trace. Source lines would treble the size of the line."""
    for frame in StackSummary.extract(walk_tb(error.__traceback__), lookup_lines=False):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'


def _said(error: BaseException) -> str:
    """Return the class of an exception, with its text if it cannot quote a caller."""
    from noukai_functions.aws.errors import AwsError  # noqa: PLC0415 - as above

    name = type(error).__qualname__
    if isinstance(error, AwsError):
        return f"{name}: {error}"
    if isinstance(error, OSError) and type(error.errno) is int:
        return f"{name}: {os.strerror(error.errno)}"
    return name


def _joined(error: BaseException | None, trace: Callable[[BaseException], str]) -> str:
    with suppress(BaseException):  # the class is the flow author's, and so may be its source's loader
        from noukai_wire.exceptions import with_short_paths  # noqa: PLC0415 - few processes log an exception

        return with_short_paths("\n\n".join(reversed(_traces(error, trace, set()))))[-_MOST_TRACE:]
    return "the trace cannot be shown"


def _traces(error: BaseException | None, trace: Callable[[BaseException], str], told: set[int]) -> list[str]:
    """Return the traces of an exception, its group's members and its causes, each once."""
    from noukai_wire.exceptions import cause_of, members_of  # noqa: PLC0415 - as above

    parts: list[str] = []
    while error is not None and len(told) < _MOST_TRACES and id(error) not in told:
        told.add(id(error))
        parts.append(trace(error))
        for member in reversed(members_of(error)):
            parts.extend(_traces(member, trace, told))
        error = cause_of(error)
    return parts
