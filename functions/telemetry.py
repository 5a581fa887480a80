"""Logs, as JSON lines."""

import traceback
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


_MOST_CAUSES = 8
"""How much of a chain of exceptions is of use to a reader."""


@cache
def logger() -> "Logger":
    """The process's logger; its level is `LOG_LEVEL`."""
    # Imported here so that a function that logs nothing does not pay for it at its cold start.
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    return Logger(service="noukai", use_rfc3339=True, utc=True, serialize_stacktrace=False)


def trace_of(error: BaseException | None) -> str:
    """Say where an exception, those that led to it and those in a group were raised.

    Their texts are left out: they may quote an input.
    """
    parts: list[str] = []
    while error is not None and len(parts) < _MOST_CAUSES:
        within = error.exceptions[:_MOST_CAUSES] if isinstance(error, BaseExceptionGroup) else ()
        raised = f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__qualname__}"
        parts.append("\n\n".join([*map(trace_of, within), raised]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(reversed(parts))
